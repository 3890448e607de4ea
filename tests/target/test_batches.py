"""Batches: order, merging, API calls, state."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorder import Recorder
from target_pipe import group, identify, messages, track

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_org_client import OrgClient


def people(number: int) -> list[dict[str, Any]]:
    """Identifies of distinct people."""
    return [
        identify(
            {"email": f"person.{n:05d}@example.com", "name": f"Person {n}", "company": "C", "title": "T"}
        )
        for n in range(number)
    ]


def test_a_thousand_people_cost_three_calls_and_two_when_repeated(org: OrgClient, send: Any) -> None:
    org.forget_requests()
    first = send(*people(1000))
    first.doors(created=1000)
    assert first.counts["api_calls"] == org.api_calls() == 3
    org.forget_requests()
    again = send(*people(1000))
    again.doors(unchanged=1000)
    assert again.counts["api_calls"] == org.api_calls() == 2
    org.forget_requests()
    changed = send(*(event | {"traits": event["traits"] | {"phone": "1"}} for event in people(1200)))
    changed.doors(updated=1000, created=200)
    assert changed.counts["api_calls"] == org.api_calls() == 5
    assert len(org.query("SELECT Id FROM Lead")) == 1200


def test_events_on_one_person_become_one_write_in_order(org: OrgClient, send: Any) -> None:
    events = [
        identify({"email": "a@example.com", "title": "1", "phone": "1"}),
        identify({"email": " A@Example.COM ", "title": "2"}),
        identify({"email": "b@example.com", "title": "b"}),
        identify({"email": "a@example.com", "title": "3", "phone": None}),
        identify({"email": "a@example.com", "title": "3"}),
    ]
    send(*events).doors(created=2, updated=2, unchanged=1)
    assert org.query("SELECT Email, Title, Phone FROM Lead ORDER BY Email") == [
        {"Email": "a@example.com", "Title": "3", "Phone": None},
        {"Email": "b@example.com", "Title": "b", "Phone": None},
    ]
    send(*events[1:2], *events[3:4]).doors(unchanged=2)


@pytest.mark.parametrize("batch_size", [1, 10])
def test_an_address_keeps_the_case_it_came_with_first(org: OrgClient, send: Any, batch_size: int) -> None:
    spellings = ("a@example.com", "A@Example.com", " a@EXAMPLE.com ", "a@example.com\n")
    outcome = send(*(identify({"email": email}) for email in spellings), batch_size=batch_size)
    outcome.doors(created=1, unchanged=3)
    assert org.query("SELECT Email FROM Lead") == [{"Email": "a@example.com"}]


@pytest.mark.parametrize("batch_size", [1, 10])
def test_letters_that_only_look_alike_are_different_keys(org: OrgClient, send: Any, batch_size: int) -> None:
    keys = ("Straße", "STRASSE", "Strasse", "ﬁ", "fi", "é", "e\u0301")
    outcome = send(*(group(key, {"name": key}) for key in keys), batch_size=batch_size)
    outcome.doors(created=6, updated=1)
    accounts = org.query("SELECT AccountNumber, Name FROM Account")
    assert {(each["AccountNumber"], each["Name"]) for each in accounts} == {
        (key, "Strasse" if key == "STRASSE" else key) for key in keys if key != "Strasse"
    }


def test_group_events_merge_too_and_streams_share_one_batch(org: OrgClient, run: Any) -> None:
    content = [
        *messages([group("7", {"name": "Old", "phone": "1"})], "a"),
        *messages([group(7, {"name": "New"})], "b"),
        *messages([group(" 7 ", {"phone": "2"})], "a")[1:],
    ]
    run(content).doors(created=1, updated=2)
    assert org.query("SELECT Name, Phone, AccountNumber FROM Account") == [
        {"Name": "New", "Phone": "2", "AccountNumber": "7"}
    ]


PEOPLE = st.sampled_from(["a@example.com", "B@example.com", " b@EXAMPLE.com", "c@example.com"])
VALUES = st.sampled_from(["1", "2", "", None])
EVENTS = st.one_of(
    st.builds(
        lambda email, traits: identify({"email": email} | traits),
        PEOPLE,
        st.dictionaries(st.sampled_from(["title", "phone", "lastName", "company"]), VALUES),
    ),
    st.builds(lambda email: track("Gone", {"email": email}), PEOPLE),
)
GONE = {
    "event": "track",
    "event_name": "Gone",
    "operation": "delete",
    "object": "Lead",
    "upsert_rules": {"properties.email": "Email"},
}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EVENTS, max_size=12))
def test_a_batch_comes_to_the_same_as_its_events_one_by_one(
    org: OrgClient, send: Any, events: list[Any]
) -> None:
    results = []
    for batch_size in (1, 1000):
        org.reset()
        outcome = send(*events, batch_size=batch_size, actions=[GONE])
        counts = {door: number for door, number in outcome.counts.items() if door != "api_calls"}
        rows = org.query("SELECT Email, Title, Phone, LastName, Company FROM Lead ORDER BY Email")
        results.append((rows, counts["rejected"], counts["events"], counts["created"], counts["deleted"]))
    (one_by_one, *first), (together, *second) = results
    assert [row | {"Email": row["Email"].lower()} for row in one_by_one] == [
        row | {"Email": row["Email"].lower()} for row in together
    ]
    assert first == second


def states(number: int) -> list[Any]:
    """Messages of so many people, a state after each."""
    content: list[Any] = messages([])
    for position, event in enumerate(people(number)):
        content.append({"type": "RECORD", "stream": "events", "record": event})
        content.append({"type": "STATE", "value": {"seen": position + 1}})
    return content


def test_state_follows_each_batch_and_is_never_ahead(org: OrgClient, run: Any) -> None:
    outcome = run(states(25), batch_size=10)
    outcome.doors(created=25)
    assert [state["seen"] for state in outcome.states] == [9, 10, 19, 20, 25]


def test_the_state_of_a_settled_batch_does_not_wait_for_the_next_one(org: OrgClient, live: Any) -> None:
    out_after: list[int] = []

    def tap() -> Iterator[Any]:
        for message in states(12):
            yield message
            out_after.append(sys.stdout.getvalue().count("\n"))  # type: ignore[attr-defined]

    live(tap(), batch_size=5).doors(created=12)
    assert out_after[9:12] == [1, 2, 2]  # the fifth record settles the batch, its state follows at once


def test_state_of_the_settled_batches_survives_the_quota_guard(org: OrgClient, cli: Any) -> None:
    org.limits(DailyApiRequests={"Max": 1000, "Remaining": 1000 - 796})
    outcome = cli(states(50), batch_size=10)
    assert outcome.exit_code == 3
    assert "quota_percent_total" in outcome.log
    assert "10 events were taken in but are not settled: the state does not cover them" in outcome.log
    settled = outcome.counts["created"]
    assert outcome.counts["events"] == settled == len(org.query("SELECT Id FROM Lead"))
    assert 0 < settled < 50
    assert outcome.states[-1]["seen"] <= settled
    assert outcome.rejects == []
    org.limits(DailyApiRequests={"Max": 100000, "Remaining": 100000})
    cli(states(50), batch_size=10).doors(created=50 - settled, unchanged=settled)
    assert len(org.query("SELECT Id FROM Lead")) == 50


def test_a_summary_for_programs(org: OrgClient, send: Any, tmp_path: Any) -> None:
    path = tmp_path / "summary.json"
    send(*people(3), identify({}, userId=None), identify({}, integrations={}), summary_path=str(path)).doors(
        created=3, rejected=1, skipped=1
    )
    summary = json.loads(path.read_text())
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", summary["started_at"])
    assert summary["started_at"] <= summary["ended_at"]
    assert summary["seconds"] > 0
    assert summary["api_requests"]["used"] >= 3
    assert {name: summary[name] for name in SUMMARY} == SUMMARY


SUMMARY = {
    "plugin": "target-salesforce-seg",
    "events": 5,
    "written": 3,
    "created": 3,
    "updated": 0,
    "deleted": 0,
    "unchanged": 0,
    "not_for_salesforce": 1,
    "rejected": 1,
    "not_for_salesforce_because": {
        "integrations.Salesforce is not true (`always_enabled` sends every event)": 1
    },
    "rejected_because": {"MISSING_KEY": 1},
    "objects": {"Lead": {"created": 3, "updated": 0, "deleted": 0, "unchanged": 0}},
    "not_settled": 0,
    "api_calls": 3,
}


def test_several_leads_with_one_address(org: OrgClient, send: Any) -> None:
    org.clock(freeze_at="2026-01-01T00:00:00Z")
    new = {"LastName": "L", "Company": "C", "Email": "a@example.com"}
    first = org.create("Lead", [new])
    org.clock(freeze_at="2026-01-02T00:00:00Z")
    second = org.create("Lead", [new])
    org.clock()

    def titled(title: str) -> list[str]:
        return [row["Id"] for row in org.query(f"SELECT Id FROM Lead WHERE Title = '{title}'")]

    event = {"email": "a@example.com"}
    outcome = send(identify(event | {"title": "reject"}))
    outcome.doors(rejected=1)
    assert (outcome.codes, outcome.rejects[0]["fields"]) == (["MULTIPLE_MATCHES"], ["Email"])
    assert first[0] in outcome.rejects[0]["reason"]
    send(identify(event | {"title": "new"}), multiple_matches="newest").doors(updated=1)
    assert titled("new") == second
    send(identify(event | {"title": "old"}), multiple_matches="oldest").doors(updated=1)
    assert titled("old") == first
    send(identify(event | {"title": "all"}), multiple_matches="all").doors(updated=1)
    assert sorted(titled("all")) == sorted(first + second)


def test_hostile_and_foreign_keys_are_found_again(org: OrgClient, send: Any) -> None:
    keys = ["o'brien@example.com", "a%_b@example.com"]
    events = [identify({"email": key, "title": "T"}) for key in keys]
    events += [group(key, {"name": "N"}) for key in ("x' OR Name != '", "\\", 'q"', "%", "ß")]
    events.append(group("@{ref.id}", {"name": "@{ref.id}"}))
    send(*events).doors(created=8)
    send(*events).doors(unchanged=8)


@pytest.mark.parametrize(
    ("chosen", "on_create", "on_update"),
    [
        ({}, {"Sforce-Auto-Assign": "FALSE"}, {"Sforce-Auto-Assign": "FALSE"}),
        (
            {"auto_assign": True, "allow_duplicates": True},
            {"Sforce-Auto-Assign": "TRUE", "Sforce-Duplicate-Rule-Header": "allowSave=true"},
            {"Sforce-Auto-Assign": "FALSE", "Sforce-Duplicate-Rule-Header": "allowSave=true"},
        ),
    ],
)
def test_assignment_and_duplicate_rules_are_told_what_to_do(
    org: OrgClient, send: Any, chosen: dict[str, bool], on_create: Any, on_update: Any
) -> None:
    known, new = identify({"email": "a@example.com"}), identify({"email": "b@example.com"})
    text_like_a_reference = identify({"email": "c@example.com", "title": "@{x.y}"})
    send(known).doors(created=1)
    known["traits"]["title"] = "T"
    with Recorder(org.url) as recorder:
        login = {
            "instance_url": recorder.url,
            "access_token": org.token(),
            "username": None,
            "password": None,
        }
        send(known, new, text_like_a_reference, **login, **chosen).doors(created=2, updated=1)
    create, update = recorder.bodies[-2]["compositeRequest"]
    assert (create["method"], create["httpHeaders"]) == ("POST", on_create)
    assert (update["method"], update["httpHeaders"]) == ("PATCH", on_update)
    assert recorder.bodies[-1]["records"][0]["Title"] == "@{x.y}"
    assert on_create.items() <= recorder.headers[-1].items()
