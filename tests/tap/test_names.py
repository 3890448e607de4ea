from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_salesforce_seg.collections import COLLECTIONS

if TYPE_CHECKING:
    from local_org_client import OrgClient
    from running import Outcome, TapRunner

LOOKUPS = {
    "CampaignMember": ["LeadOrContactOwner"],
    "CampaignShare": ["UserOrGroup"],
    "Case": ["Owner"],
    "Dashboard": ["Folder"],
    "Document": ["Folder"],
    "Event": ["Who", "What", "Owner"],
    "Group": ["Related", "Owner"],
    "Lead": ["Owner"],
    "Note": ["Parent"],
    "Task": ["Who", "What", "Owner"],
}
"""The relationships of the documented objects that may lead to several objects."""


def names_in(org: OrgClient) -> dict[str, tuple[str, str]]:
    """Type and name of all records that lookups lead to, asked one relationship at a time."""
    found = {}
    for sobject, relationships in LOOKUPS.items():
        for each in relationships:
            soql = f"SELECT {each}.Id, {each}.Type, {each}.Name FROM {sobject}"
            for row in org.query(soql, all_rows=True):
                if row[each]:
                    found[row[each]["Id"]] = (row[each]["Type"], row[each]["Name"])
    return found


def by_id(outcome: Outcome) -> dict[str, dict[str, Any]]:
    rows = outcome.records("names")
    assert len(rows) == len({row["id"] for row in rows}), "each name once a run"
    return {row["id"]: row for row in rows}


def named(outcome: Outcome) -> dict[str, tuple[str, str]]:
    return {record_id: (row["type"], row["name"]) for record_id, row in by_id(outcome).items()}


@pytest.mark.parametrize("api_type", ["rest", "bulk2"])
def test_names_are_those_that_lookups_lead_to(
    demo_org: OrgClient, demo_tap: TapRunner, api_type: str
) -> None:
    outcome = demo_tap.run(catalog=demo_tap.catalog("names"), api_type=api_type).ended()
    assert named(outcome) == names_in(demo_org)
    kinds = {kind for kind, _ in named(outcome).values()}
    assert {"User", "Group", "Contact", "Lead", "Account", "Opportunity", "Folder"} <= kinds


def test_both_ways_give_the_same_lines(demo_tap: TapRunner) -> None:
    catalog = demo_tap.catalog("names")
    by_rest = by_id(demo_tap.run(catalog=catalog, api_type="rest").ended())
    assert by_id(demo_tap.run(catalog=catalog, api_type="bulk2").ended()) == by_rest
    person = next(row for row in by_rest.values() if row["type"] == "User")
    assert person["username"]
    assert person["last_name"]
    assert isinstance(person["is_active"], bool)


def test_api_naming_and_deselected_columns(demo_tap: TapRunner) -> None:
    catalog = demo_tap.catalog("Name", columns={"Name": ["Id", "Email"]}, naming="api")
    rows = demo_tap.run(catalog=catalog, naming="api").ended().records("Name")
    assert {tuple(row) for row in rows} == {("Id", "Email")}
    assert any(row["Email"] for row in rows)


@pytest.fixture
def loaded(org: OrgClient, tap: TapRunner) -> dict[str, Any]:
    """A Task about a Lead, and the state of a run that has read both streams."""
    org.clock(freeze_at="2026-06-01T09:00:00Z")
    ada, bert = org.create("Lead", [{"LastName": name, "Company": "Ltd"} for name in ("Ada", "Bert")])
    (task,) = org.create("Task", [{"Subject": "Call", "WhoId": ada}])
    org.clock(freeze_at="2026-06-01T12:00:00Z")
    catalog = tap.catalog("names", "tasks")
    first = tap.run(catalog=catalog).ended()
    assert ada in named(first)
    assert bert not in named(first), "no lookup leads to Bert"
    return {"bert": bert, "task": task, "catalog": catalog, "state": first.state}


def test_names_come_with_the_rows_that_lead_to_them(
    org: OrgClient, tap: TapRunner, loaded: dict[str, Any]
) -> None:
    org.clock(freeze_at="2026-06-01T15:00:00Z")
    assert tap.run(catalog=loaded["catalog"], state=loaded["state"]).ended().counts() == {}
    org.rest("PATCH", f"sobjects/Task/{loaded['task']}", json={"WhoId": loaded["bert"]})
    org.clock(freeze_at="2026-06-01T18:00:00Z")
    outcome = tap.run(catalog=loaded["catalog"], state=loaded["state"]).ended()
    owner = org.query("SELECT OwnerId FROM Task")[0]["OwnerId"]
    assert named(outcome).keys() == {loaded["bert"], owner}
    assert outcome.bookmark("names") == "2026-06-01T18:00:00Z"


def test_objects_without_news_are_not_asked_again(demo_org: OrgClient, demo_tap: TapRunner) -> None:
    leading = [each.name for each in COLLECTIONS if each.sobject in LOOKUPS]
    catalog, without = demo_tap.catalog("names", *leading), demo_tap.catalog(*leading)
    demo_org.clock(offset_seconds=86_400)
    state = demo_tap.run(catalog=catalog).ended().state
    demo_org.clock(offset_seconds=172_800)
    calls = []
    for selected in (without, catalog):
        demo_org.forget_requests()
        assert demo_tap.run(catalog=selected, state=state).ended().counts() == {}
        calls.append(demo_org.api_calls())
    assert calls[0] == calls[1]


def test_a_rename_shows_when_names_are_refreshed(
    org: OrgClient, tap: TapRunner, loaded: dict[str, Any]
) -> None:
    state = tap.run(catalog=loaded["catalog"], state=loaded["state"], refresh_formula_fields="daily").state
    org.clock(freeze_at="2026-06-02T11:00:00Z")
    lead = org.query("SELECT Id FROM Lead WHERE LastName = 'Ada'")[0]["Id"]
    org.rest("PATCH", f"sobjects/Lead/{lead}", json={"LastName": "Lovelace"})
    catalog = tap.catalog("names")
    hourly = tap.run(catalog=catalog, state=state).ended()
    assert lead not in named(hourly), "no row that leads to it has changed"
    org.clock(freeze_at="2026-06-03T12:00:00Z")
    daily = tap.run(catalog=catalog, state=state, refresh_formula_fields="daily").ended()
    assert named(daily)[lead] == ("Lead", "Lovelace")
    catalog["streams"] = [each for each in catalog["streams"] if each["tap_stream_id"] == "names"]
    catalog["streams"][0]["replication_method"] = "FULL_TABLE"
    assert named(tap.run(catalog=catalog, state=state).ended())[lead] == ("Lead", "Lovelace")


def test_a_lookup_that_is_refused_is_left_out_and_said(org: OrgClient, tap: TapRunner) -> None:
    org.clock(freeze_at="2026-06-01T09:00:00Z")
    (ada,) = org.create("Lead", [{"LastName": "Ada", "Company": "Ltd"}])
    org.create("Task", [{"Subject": "Call", "WhoId": ada}])
    org.clock(freeze_at="2026-06-01T12:00:00Z")
    catalog = tap.catalog("names")
    refusal = [{"errorCode": "INVALID_FIELD", "message": "No such column 'Title' on entity 'Name'."}]
    action = {"status": 400, "body": refusal}
    org.faults([{"path": "/queryAll.*What.*Task", "times": None, "action": action}])
    outcome = tap.run(catalog=catalog).ended()
    (line,) = [line for line in outcome.stderr.splitlines() if "is left out" in line]
    assert "what Task.WhatId leads to is left out" in line
    assert named(outcome)[ada] == ("Lead", "Ada")


def test_a_killed_run_goes_on_within_an_object(org: OrgClient, tap: TapRunner) -> None:
    org.clock(freeze_at="2026-06-01T09:00:00Z")
    leads = org.create("Lead", [{"LastName": f"Lead {n}", "Company": "Ltd"} for n in range(2400)])
    org.create("Task", [{"Subject": "Call", "WhoId": lead} for lead in leads])
    org.clock(freeze_at="2026-06-01T12:00:00Z")
    catalog = tap.catalog("names")
    cut = {"path": "/query/.*-2000", "times": None, "action": {"status": 503}}
    org.faults([{**cut, "skip": 1}])  # the second page of Lead comes, that of Task does not
    broken = tap.run(catalog=catalog, max_retries=0).ended(1)
    assert "objects" in broken.state["bookmarks"]["names"]
    org.local("DELETE", "faults")
    org.forget_requests()
    rest = tap.run(catalog=catalog, state=broken.state).ended()
    assert len(org.requests()) < 12
    assert set(leads) <= {row["id"] for row in broken.records("names") + rest.records("names")}
    assert len(rest.records("names")) < 1000, "the first page is not read again"
