"""Kills, lost answers and events that come again: nothing is made twice, and nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from target_pipe import CASE, CLOSE, COMPOSITE, group, identify, messages, track

from salesforce_seg.errors import ConfigurationError

if TYPE_CHECKING:
    from local_org_client import OrgClient

UNKNOWN = {"status": 500, "body": '[{"errorCode":"UNKNOWN_EXCEPTION","message":"An unexpected error"}]'}


def person(n: int, **traits: Any) -> dict[str, Any]:
    return identify({"email": f"p{n}@example.com", "lastName": "L", "company": "C"} | traits)


def issue(n: int, message_id: str | None = None) -> dict[str, Any]:
    return track("Issue", {"title": f"T{n}"}, messageId=message_id or f"m-{n}")


@pytest.fixture
def event_ids(org: OrgClient, request: pytest.FixtureRequest) -> dict[str, Any]:
    """Settings for an org that keeps the messageId in its Cases."""
    unique = getattr(request, "param", True)
    org.custom_field("Case.Event_Id__c", length=100, externalId=True, unique=unique)
    return {"actions": [CASE], "event_id_field": {"Case": "Event_Id__c"}}


@pytest.mark.parametrize("event_ids", [True, False], indirect=True)
def test_an_event_that_comes_again_creates_its_record_once(
    org: OrgClient, send: Any, event_ids: dict[str, Any]
) -> None:
    events = [issue(1), issue(2), issue(1), issue(3)]
    send(*events, **event_ids).doors(created=3, unchanged=1)
    send(*events, issue(4), **event_ids).doors(created=1, unchanged=4)
    assert len(org.query("SELECT Id FROM Case")) == 4
    org.faults([COMPOSITE | {"skip": 2, "times": 1, "when": "after", "action": CLOSE}])
    send(issue(5), issue(6), **event_ids).doors(created=2)
    assert len(org.query("SELECT Id FROM Case")) == 6


def test_two_records_of_one_event_have_keys_of_their_own(
    org: OrgClient, send: Any, event_ids: dict[str, Any]
) -> None:
    two = event_ids | {"actions": [CASE, CASE], "event_id_field": {"*": "Event_Id__c"}}
    send(issue(1), **two).doors(created=1)
    send(issue(1), **two).doors(unchanged=1)
    assert org.query("SELECT Event_Id__c FROM Case ORDER BY Event_Id__c") == [
        {"Event_Id__c": "m-1"},
        {"Event_Id__c": "m-1:2"},
    ]


def test_a_message_id_that_no_field_holds_refuses_only_what_is_created_with_it(
    org: OrgClient, send: Any, event_ids: dict[str, Any]
) -> None:
    upsert = {"operation": "upsert", "object": "Lead", "upsert_rules": {"properties.email": "Email"}}
    both = event_ids | {"actions": [CASE, CASE | upsert]}
    event = track("Issue", {"title": "T", "email": "a@example.com"}, messageId="m" * 101)
    outcome = send(event, **both)
    outcome.doors(rejected=1)
    assert outcome.codes == ["KEY_TOO_LONG"]
    assert org.query("SELECT Email, Title FROM Lead") == [{"Email": "a@example.com", "Title": None}]


def test_a_message_id_that_salesforce_would_change_finds_its_record_again(
    org: OrgClient, send: Any, event_ids: dict[str, Any]
) -> None:
    events = [issue(1, "a\0b"), issue(2, "\ud800"), issue(3, "\0")]
    send(*events, **event_ids).doors(created=3)
    send(*events, **event_ids).doors(created=1, unchanged=2)  # the last has none
    rows = org.query("SELECT Event_Id__c FROM Case WHERE Event_Id__c != null ORDER BY Event_Id__c")
    assert [row["Event_Id__c"] for row in rows] == ["ab", "\ufffd"]


def test_an_event_id_field_must_be_an_external_id(org: OrgClient, send: Any) -> None:
    org.custom_field("Case.Plain__c", length=100)
    org.custom_field("Case.Number__c", "Number", precision=18, scale=0, externalId=True)
    for name in ("Plain__c", "None__c", "Number__c"):
        with pytest.raises(ConfigurationError, match=f"event_id_field: Case has no text field {name}"):
            send(issue(1), actions=[CASE], event_id_field={"Case": name})
    with pytest.raises(ConfigurationError, match="event_id_field: 'not a name'"):
        send(issue(1), actions=[CASE], event_id_field="not a name")
    send(issue(1), actions=[CASE], event_id_field="None__c").doors(created=1)


def test_an_event_without_a_message_id_is_created_as_before(
    org: OrgClient, send: Any, event_ids: dict[str, Any]
) -> None:
    keyless = track("Issue", {"title": "T"})
    outcome = send(keyless, issue(1, "x" * 101), **event_ids)
    outcome.doors(created=1, rejected=1)
    assert outcome.codes == ["KEY_TOO_LONG"]


@pytest.mark.parametrize(("when", "skip"), [("after", 1), ("before", 2)])
def test_a_run_that_is_killed_at_its_writes_is_made_good(
    org: OrgClient, cli: Any, killed: Any, when: str, skip: int
) -> None:
    org.custom_field("Case.Event_Id__c", length=100, externalId=True, unique=True)
    more = {"actions": [CASE], "event_id_field": "Event_Id__c", "batch_size": 10}
    content: list[Any] = messages(
        [each for n in range(10) for each in (person(n), group(f"g{n}", {"name": "N"}), issue(n))]
    )
    killed(content, COMPOSITE | {"skip": 2 * skip, "when": when}, **more)
    outcome = cli(content, **more)
    assert outcome.counts["created"] + outcome.counts["unchanged"] == 30
    for sobject in ("Lead", "Account", "Case"):
        assert len(org.query(f"SELECT Id FROM {sobject}")) == 10, sobject


def test_what_keeps_failing_alone_is_given_up(
    org: OrgClient, send: Any, cli: Any, config: dict[str, Any]
) -> None:
    send(person(0)).doors(created=1)
    chokes = {"method": "PATCH", "path": "/composite/sobjects$", "times": None, "action": UNKNOWN}
    org.faults([COMPOSITE | {"skip": 2, "times": 1, "action": UNKNOWN}, chokes])
    outcome = send(person(0, title="T"), *(person(n) for n in range(1, 40)), max_retries=0)
    outcome.doors(created=39, rejected=1)
    assert outcome.codes == ["GAVE_UP"]
    assert "UNKNOWN_EXCEPTION" in outcome.rejects[0]["reason"]
    org.local("DELETE", "faults")
    cli((), f"--replay={config['rejects_path']}").doors(updated=1)


def test_an_org_that_takes_no_writes_ends_the_run(org: OrgClient, cli: Any) -> None:
    writes = {"path": "/composite/sobjects$", "times": None, "action": UNKNOWN}
    org.faults([COMPOSITE | {"skip": 2, "times": 1, "action": UNKNOWN}, writes])
    outcome = cli(
        [*messages([person(n) for n in range(300)]), {"type": "STATE", "value": {"seen": 1}}], max_retries=0
    )
    assert outcome.exit_code == 1
    assert "UNKNOWN_EXCEPTION" in outcome.log
    outcome.doors()
    assert (outcome.states, outcome.rejects) == ([], [])
    assert "300 events were taken in but are not settled" in outcome.log
