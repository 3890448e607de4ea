"""Writing by Bulk API 2.0 jobs: the same records as by REST, every row's fate told."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from target_pipe import CLOSE, group, identify, messages, track

if TYPE_CHECKING:
    from local_org_client import OrgClient

JOB = "/jobs/ingest/[^/]+$"


def person(n: int, **traits: Any) -> dict[str, Any]:
    return identify({"email": f"P{n:03}@Example.com", "lastName": "L", "company": "C"} | traits)


def jobs(org: OrgClient) -> list[dict[str, Any]]:
    """The jobs there still are."""
    return list(org.rest("GET", "jobs/ingest").json()["records"])


def created_jobs(org: OrgClient) -> int:
    """How many jobs were created."""
    return sum(each["method"] == "POST" and each["path"].endswith("/jobs/ingest") for each in org.requests())


@pytest.fixture
def bulk(send: Any) -> Any:
    """Feed events to a target that writes by jobs."""

    def feed(*events: Any, **settings: Any) -> Any:
        return send(*events, **{"api_type": "bulk2"} | settings)

    return feed


def hostile_events() -> list[Any]:
    """Values that a CSV file could get wrong."""
    org_fields = {"description": 'a "quoted", text\nof two lines', "score": 9_007_199_254_740_993}
    return [
        person(1, **org_fields),
        person(2, description="#N/A", score=912_260_031),
        person(3, description="x" * 32_000, seen="2026-01-31T12:00:00+02:00"),
        person(4, description="a\r\nb", title="naïve 🎈 @{x.id}"),
        person(5, description="NUL \u0000", title="null"),
        person(6, phone=None, title=""),
        group('o\'brien, "1"', {"name": "N", "employees": "10"}),
        group("7", {"name": "Seven"}),
        person(7, story="x" * 32_001),
    ]


def records(org: OrgClient) -> Any:
    leads = "SELECT Email, Description, Title, Phone, score__c, seen__c, story__c FROM Lead ORDER BY Email"
    return org.query(leads), org.query("SELECT Name, AccountNumber FROM Account ORDER BY Name")


def test_jobs_write_the_same_as_rest(org: OrgClient, send: Any) -> None:
    came_to = {}
    for api_type in ("rest", "bulk2"):
        org.reset()
        org.custom_field("Lead.score__c", "Number", precision=18, scale=0)
        org.custom_field("Lead.seen__c", "DateTime")
        org.custom_field("Lead.story__c", "LongTextArea", length=40_000, visibleLines=3)
        first = send(*hostile_events(), api_type=api_type)
        again = send(*hostile_events(), api_type=api_type)
        changes = [person(1, phone="1", description=None), person(3, seen=None), person(6, title="T")]
        changed = send(*changes, api_type=api_type)
        doors = [dict(each.counts, api_calls=0) for each in (first, again, changed)]
        came_to[api_type] = (records(org), doors)
    assert came_to["rest"] == came_to["bulk2"]
    assert came_to["rest"][1][0]["created"] == 9
    assert created_jobs(org) == 3
    assert jobs(org) == []


def test_a_large_load_goes_by_jobs_by_itself(org: OrgClient, send: Any) -> None:
    closed = [identify({}, integrations={})] * 10_000
    people = [identify({"email": f"{n}@example.com", "lastName": "L"}) for n in range(10_000)]
    large = send(*closed, *people)
    large.doors(skipped=10_000, created=10_000)
    assert created_jobs(org) == 1
    assert "insert of 10000 Lead records ended as JobComplete, 0 failed" in large.log
    assert large.counts["api_calls"] < 15


def test_bad_rows_spoil_no_other(org: OrgClient, bulk: Any) -> None:
    values = {"value": [{"fullName": "Gold", "label": "Gold", "default": False}]}
    org.custom_field("Lead.tier__c", "Picklist", valueSet={"restricted": True, "valueSetDefinition": values})
    outcome = bulk(person(1, tier="Tin"), person(2, tier="Gold"), person(3), group("1", {"phone": "1"}))
    outcome.doors(created=2, rejected=2)
    assert sorted(outcome.codes) == ["INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "REQUIRED_FIELD_MISSING"]
    assert {tuple(line["fields"]) for line in outcome.rejects} == {("tier__c",), ("Name",)}


def test_deletes_and_keyless_creates(org: OrgClient, bulk: Any) -> None:
    gone = {
        "event": "track",
        "event_name": "Gone",
        "operation": "delete",
        "object": "Lead",
        "upsert_rules": {"properties.email": "Email"},
    }
    case = {"event": "track", "event_name": "Issue", "operation": "create", "object": "Case"}
    actions = [gone, case | {"field_mappings": {"properties.t": "Subject"}}]
    bulk(person(1), person(2)).doors(created=2)
    outcome = bulk(
        track("Gone", {"email": "p001@example.com"}),
        track("Gone", {"email": "p009@example.com"}),
        track("Issue", {"t": "T"}),
        track("Issue", {"t": "T"}),
        actions=actions,
    )
    outcome.doors(deleted=1, unchanged=1, created=2)
    assert org.query("SELECT Email FROM Lead") == [{"Email": "P002@Example.com"}]


def test_locked_rows_are_sent_again_in_another_job(org: OrgClient, bulk: Any) -> None:
    org.faults([{"method": "PATCH", "path": JOB, "times": 1, "action": {"lock_rows": True}}])
    bulk(*(person(n) for n in range(3))).doors(created=3)
    assert created_jobs(org) == 2


def test_locked_rows_whose_next_job_is_refused_go_by_rest(org: OrgClient, bulk: Any) -> None:
    body = '[{"errorCode":"INVALIDENTITY","message":"Lead is not supported by the Bulk API"}]'
    refused = {"status": 400, "body": body}
    org.faults(
        [
            {"method": "PATCH", "path": JOB, "times": 1, "action": {"lock_rows": True}},
            {"method": "POST", "path": "/jobs/ingest$", "skip": 1, "times": 1, "action": refused},
        ]
    )
    bulk(*(person(n) for n in range(3))).doors(created=3)


@pytest.mark.parametrize("action", [{"abort_job": True}, {"fail_job": "InternalServerError : oops"}])
def test_what_a_job_leaves_undone_is_done_after_it(org: OrgClient, bulk: Any, action: Any) -> None:
    org.faults([{"method": "PATCH", "path": JOB, "times": 1, "action": action}])
    bulk(*(person(n) for n in range(10))).doors(created=10)
    assert len(org.query("SELECT Id FROM Lead")) == 10


def test_a_job_that_is_refused_goes_by_rest(org: OrgClient, bulk: Any) -> None:
    body = '[{"errorCode":"INVALIDENTITY","message":"Lead is not supported by the Bulk API"}]'
    org.faults(
        [{"method": "POST", "path": "/jobs/ingest$", "times": 1, "action": {"status": 400, "body": body}}]
    )
    outcome = bulk(*(person(n) for n in range(3)), batch_size=2)
    outcome.doors(created=3)
    assert outcome.log.count("Bulk API 2.0 does not take this insert of Lead: it goes by REST.") == 1


def test_no_batches_left_goes_by_rest(org: OrgClient, bulk: Any) -> None:
    org.limits(DailyBulkApiBatches={"Max": 15_000, "Remaining": 0})
    bulk(person(1)).doors(created=1)
    assert jobs(org) == []


def test_a_column_that_is_gone_is_left_out(org: OrgClient, bulk: Any) -> None:
    org.custom_field("Lead.score__c")
    org.faults(
        [
            {
                "method": "PUT",
                "path": "/batches$",
                "times": 1,
                "when": "before",
                "action": {"hide": ["Lead.score__c"]},
            }
        ]
    )
    bulk(person(1, score="1"), person(2)).doors(created=2)
    org.local("DELETE", "hidden")
    assert len(org.query("SELECT Id FROM Lead WHERE score__c = null")) == 2


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/jobs/ingest$"), ("PUT", "/batches$"), ("PATCH", JOB), ("DELETE", JOB)]
)
def test_lost_answers(org: OrgClient, bulk: Any, method: str, path: str, when: str) -> None:
    org.faults([{"method": method, "path": path, "times": 1, "when": when, "action": CLOSE}])
    bulk(*(person(n) for n in range(3))).doors(created=3)
    assert len(org.query("SELECT Id FROM Lead")) == 3


def test_results_that_are_short_of_rows_are_looked_up(org: OrgClient, bulk: Any) -> None:
    short = {"status": 200, "headers": {"Content-Type": "text/csv"}, "body": '"sf__Id","sf__Created",Email\n'}
    org.faults([{"method": "GET", "path": "/successfulResults$", "times": 1, "action": short}])
    bulk(*(person(n) for n in range(3))).doors(created=3)
    assert len(org.query("SELECT Id FROM Lead")) == 3


def test_results_that_cannot_be_read_are_looked_up(org: OrgClient, bulk: Any) -> None:
    org.faults([{"method": "GET", "path": "/successfulResults$", "times": 3, "action": CLOSE}])
    bulk(*(person(n) for n in range(3))).doors(created=3)
    assert len(org.query("SELECT Id FROM Lead")) == 3


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, 143)])
def test_a_run_waits_for_the_job_that_another_has_left(
    org: OrgClient, config: dict[str, Any], begun: Any, cli: Any, number: signal.Signals, code: int
) -> None:
    events = [person(n) for n in range(20)]
    slow = {"delay_job_seconds": 2}
    org.faults([{"method": "PATCH", "path": JOB, "times": 1, "action": slow}])
    process = begun(messages(events), api_type="bulk2")
    while not any(job["state"] == "InProgress" for job in jobs(org)):
        time.sleep(0.05)
    process.send_signal(number)
    assert process.wait(30) == code
    journal = Path(config["rejects_path"] + ".jobs")
    assert journal.stat().st_mode & 0o777 == 0o600
    outcome = cli(messages(events))
    outcome.doors(unchanged=20)
    assert "Waiting for the Bulk API job" in outcome.log
    assert len(org.query("SELECT Id FROM Lead")) == 20
    assert not journal.exists()


def test_unique_keys_become_upserts(org: OrgClient, bulk: Any) -> None:
    org.custom_field("Contact.Key__c", length=40, externalId=True, unique=True)
    action = {
        "event": "track",
        "event_name": "Seen",
        "operation": "upsert",
        "object": "Contact",
        "upsert_rules": {"properties.key": "Key__c"},
        "field_mappings": {"properties.name": "LastName"},
    }
    events = [track("Seen", {"key": f"k{n}", "name": f"N{n}"}) for n in range(3)]
    bulk(*events, actions=[action]).doors(created=3)
    operations = {job["operation"] for job in jobs(org)}
    assert operations <= {"upsert"}
    bulk(*events, actions=[action]).doors(unchanged=3)
