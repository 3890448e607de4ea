"""What happens when Salesforce fails: nothing is lost, nothing is written twice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from local_org_client import LocalOrgProcess
from target_pipe import CASE, CLOSE, COMPOSITE, group, identify, messages, track

if TYPE_CHECKING:
    from pathlib import Path

    from local_org_client import OrgClient

BUSY = {"status": 503, "body": '[{"message":"Server too busy","errorCode":"SERVER_UNAVAILABLE"}]'}


def person(n: int, **traits: Any) -> dict[str, Any]:
    return identify({"email": f"p{n}@example.com"} | traits)


def row_failing_with(code: str, *messages_of_fields: tuple[str, str]) -> dict[str, Any]:
    """An answer to a composite with one collection of one record."""
    told = messages_of_fields or (("x", ""),)
    errors = [{"statusCode": code, "message": text, "fields": [name] if name else []} for text, name in told]
    row = {"success": False, "errors": errors}
    member = {"body": [row], "httpHeaders": {}, "httpStatusCode": 200, "referenceId": "r"}
    return {"status": 200, "body": {"compositeResponse": [member]}}


def leads(org: OrgClient) -> int:
    return len(org.query("SELECT Id FROM Lead"))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("action", [CLOSE, BUSY, {"status": 502, "body": "<html>Bad gateway</html>"}])
def test_a_create_whose_answer_was_lost_is_never_made_twice(
    org: OrgClient, send: Any, when: str, action: Any
) -> None:
    org.faults([COMPOSITE | {"skip": 2, "times": 1, "when": when, "action": action}])
    outcome = send(*(person(n) for n in range(300)), group("1", {"name": "N"}))
    outcome.doors(created=301)
    assert leads(org) == 300
    assert len(org.query("SELECT Id FROM Account")) == 1


def test_a_lost_update_is_counted_as_one(org: OrgClient, send: Any) -> None:
    send(person(1))
    org.faults([COMPOSITE | {"skip": 2, "times": 1, "when": "after", "action": CLOSE}])
    send(person(1, title="T"), person(2)).doors(updated=1, created=1)
    assert leads(org) == 2


@pytest.mark.parametrize(("status", "body"), [(400, "<html>"), (400, "[]"), (404, "null"), (413, "")])
def test_an_error_that_is_none_of_salesforces_may_follow_a_write(
    org: OrgClient, send: Any, status: int, body: str
) -> None:
    odd = {"times": 1, "when": "after", "action": {"status": status, "body": body}}
    org.faults([COMPOSITE | {"skip": 2} | odd])
    issue = track("Issue", {"title": "T"})
    outcome = send(person(1), person(2), issue, actions=[CASE])
    outcome.doors(created=2, rejected=1)
    assert outcome.codes == ["OUTCOME_UNKNOWN"]
    assert leads(org) == 2
    assert len(org.query("SELECT Id FROM Case")) == 1


def test_a_lost_create_that_nothing_finds_again_is_a_reject(org: OrgClient, send: Any) -> None:
    org.faults([COMPOSITE | {"skip": 1, "times": 1, "when": "after", "action": CLOSE}])
    outcome = send(track("Issue", {"title": "T"}), actions=[CASE])
    outcome.doors(rejected=1)
    assert outcome.codes == ["OUTCOME_UNKNOWN"]
    assert len(org.query("SELECT Id FROM Case")) == 1


def test_a_server_that_stays_away_ends_the_run_with_the_settled_state(org: OrgClient, cli: Any) -> None:
    content: list[Any] = messages([person(n) for n in range(4)])
    content.insert(3, {"type": "STATE", "value": {"seen": 2}})
    org.faults([COMPOSITE | {"skip": 3, "times": None, "action": BUSY}])
    outcome = cli(content, batch_size=2, max_retries=1)
    assert outcome.exit_code == 1
    assert "503" in outcome.log
    assert "Server too busy" in outcome.log
    outcome.doors(created=2)
    assert outcome.states == [{"seen": 2}]
    assert outcome.rejects == []
    assert leads(org) == 2


def test_locked_rows_are_sent_again(org: OrgClient, send: Any) -> None:
    send(*(person(n) for n in range(3)))
    org.faults([COMPOSITE | {"skip": 2, "times": 2, "action": {"lock_rows": True}}])
    send(*(person(n, title="T") for n in range(5))).doors(updated=3, created=2)


def test_rows_that_stay_locked_are_rejects(org: OrgClient, send: Any) -> None:
    org.faults([COMPOSITE | {"skip": 2, "times": None, "action": {"lock_rows": True}}])
    outcome = send(person(1), person(2), max_retries=1)
    outcome.doors(rejected=2)
    assert outcome.codes == ["GAVE_UP"] * 2
    assert "Gave up after 2 tries: UNABLE_TO_LOCK_ROW: " in outcome.rejects[0]["reason"]
    assert leads(org) == 0


def test_a_lookup_that_fails_for_a_while_is_made_again(org: OrgClient, send: Any) -> None:
    org.faults([COMPOSITE | {"skip": 1, "times": 1, "action": BUSY}])
    send(person(1)).doors(created=1)


@pytest.mark.parametrize(
    ("skip", "member"),
    [(1, {"httpStatusCode": 200, "body": [1]}), (1, {"httpStatusCode": 200, "body": {}}), (1, {}), (2, {})],
)
def test_an_answer_of_another_shape_ends_the_run_with_a_message(
    org: OrgClient, cli: Any, skip: int, member: dict[str, Any]
) -> None:
    action = {"status": 200, "body": {"compositeResponse": [member]}}
    org.faults([COMPOSITE | {"skip": skip, "when": "after", "action": action}])
    outcome = cli([*messages([person(1)]), {"type": "STATE", "value": {"seen": 1}}])
    assert outcome.exit_code == 1
    outcome.doors()
    assert "unforeseen" not in outcome.log
    assert "look for a proxy or gateway in between" in outcome.log
    assert outcome.states == outcome.rejects == []
    again = cli(messages([person(1)]))
    again.doors(created=skip == 1, unchanged=skip == 2)
    assert leads(org) == 1


def test_an_expired_session_is_renewed_in_the_middle_of_a_batch(org: OrgClient, send: Any) -> None:
    org.faults([COMPOSITE | {"skip": 2, "times": 1, "action": {"expire_sessions": True}}])
    send(*(person(n) for n in range(10))).doors(created=10)
    send(*(person(n) for n in range(10))).doors(unchanged=10)


def test_one_bad_event_spoils_no_other_on_the_same_record(org: OrgClient, send: Any) -> None:
    org.custom_field(
        "Lead.tier__c",
        "Picklist",
        valueSet={
            "restricted": True,
            "valueSetDefinition": {"value": [{"fullName": "Gold", "label": "Gold", "default": False}]},
        },
    )
    outcome = send(
        person(1, title="1"),
        person(1, tier="Tin"),
        person(1, title="3"),
        person(1, tier="Gold"),
        person(1, tier="Tin"),
        person(2, title="x"),
    )
    outcome.doors(created=2, updated=2, rejected=2)
    assert outcome.codes == ["INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"] * 2
    assert [line["fields"] for line in outcome.rejects] == [["tier__c"]] * 2
    assert org.query("SELECT Title, tier__c FROM Lead ORDER BY Email") == [
        {"Title": "3", "tier__c": "Gold"},
        {"Title": "x", "tier__c": None},
    ]


def test_a_refusal_that_names_no_field_is_tried_in_halves(org: OrgClient, send: Any) -> None:
    refused = row_failing_with("FIELD_CUSTOM_VALIDATION_EXCEPTION")
    org.faults([COMPOSITE | {"skip": 2, "action": refused}])
    events = [person(1, title="1"), person(1, phone="2"), person(1, title="3")]
    send(*events).doors(created=1, updated=2)
    assert org.query("SELECT Title, Phone FROM Lead") == [{"Title": "3", "Phone": "2"}]
    org.faults([COMPOSITE | {"skip": 2, "action": refused}, COMPOSITE | {"skip": 3, "action": refused}])
    outcome = send(person(1, title="4"), person(1, phone="5"))
    outcome.doors(updated=1, rejected=1)
    assert outcome.codes == ["FIELD_CUSTOM_VALIDATION_EXCEPTION"]


def test_one_row_that_spoils_its_whole_call_is_found(org: OrgClient, send: Any) -> None:
    spoiled = '[{"message":"Cannot deserialize instance of string","errorCode":"JSON_PARSER_ERROR"}]'
    org.faults([COMPOSITE | {"skip": 2, "times": 2, "action": {"status": 400, "body": spoiled}}])
    send(*(person(n) for n in range(250))).doors(created=250)
    assert leads(org) == 250
    org.faults([COMPOSITE | {"skip": 2, "times": None, "action": {"status": 400, "body": spoiled}}])
    outcome = send(person(900), person(901))
    outcome.doors(rejected=2)
    assert outcome.codes == ["JSON_PARSER_ERROR"] * 2


def test_a_lead_converted_since_the_lookup_is_looked_up_again(org: OrgClient, send: Any) -> None:
    send(person(1))
    for code in ("ENTITY_IS_DELETED", "CANNOT_UPDATE_CONVERTED_LEAD"):
        org.faults([COMPOSITE | {"skip": 2, "times": 1, "action": row_failing_with(code)}])
        send(person(1, title=code)).doors(updated=1)
    failing = COMPOSITE | {"action": row_failing_with("CANNOT_UPDATE_CONVERTED_LEAD")}
    org.faults([failing | {"skip": 2}, failing | {"skip": 3}])
    outcome = send(person(1, title="again"))
    outcome.doors(rejected=1)
    assert outcome.codes == ["CANNOT_UPDATE_CONVERTED_LEAD"]


def test_full_storage_stops_the_run(org: OrgClient, cli: Any) -> None:
    org.faults([COMPOSITE | {"skip": 2, "times": 1, "action": row_failing_with("STORAGE_LIMIT_EXCEEDED")}])
    outcome = cli(messages([person(1)]))
    assert outcome.exit_code == 1
    assert "STORAGE_LIMIT_EXCEEDED" in outcome.log
    outcome.doors()
    assert outcome.rejects == []


def test_a_reject_says_all_that_salesforce_minds(org: OrgClient, cli: Any) -> None:
    told = (("A phone number, please.", "Phone"), ("No such title.", "Title"))
    answer = row_failing_with("FIELD_CUSTOM_VALIDATION_EXCEPTION", *told)
    org.faults([COMPOSITE | {"skip": 2, "action": answer}])
    outcome = cli(messages([person(1)]))
    outcome.doors(rejected=1)
    (line,) = outcome.rejects
    assert line["reason"] == "A phone number, please. No such title."
    assert line["fields"] == ["Phone", "Title"]


def test_a_duplicate_rule_says_what_to_do(tmp_path: Path, config: dict[str, Any], cli: Any) -> None:
    rule = {"object": "Lead", "name": "Same_phone", "fields": ["Phone"], "action": "alert"}
    (tmp_path / "schema.json").write_text(json.dumps({"duplicate_rules": [rule]}))
    with LocalOrgProcess("--schema", str(tmp_path / "schema.json")) as process:
        config["login_url"] = process.url
        events = messages([person(1, phone="5"), person(2, phone="5")])
        outcome = cli(events, batch_size=1)
        outcome.doors(created=1, rejected=1)
        assert outcome.codes == ["DUPLICATES_DETECTED"]
        assert "set allow_duplicates if the rule only warns" in outcome.rejects[0]["reason"]
        cli((), f"--replay={config['rejects_path']}", allow_duplicates=True).doors(created=1)
