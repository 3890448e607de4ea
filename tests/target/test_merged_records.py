"""Records that were merged into others in Salesforce: events that have their keys find those others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from target_pipe import convert, group, identify, merge, messages, track

if TYPE_CHECKING:
    from local_org_client import OrgClient

SAID = "was merged into another record"


def leads(org: OrgClient, *names: str, **fields: Any) -> list[str]:
    rows = [{"LastName": n, "Company": "C", "Email": f"{n}@example.com"} | fields for n in names]
    return org.create("Lead", rows)


def person(name: str, **traits: Any) -> dict[str, Any]:
    return identify({"email": f"{name}@example.com"} | traits)


def titles(org: OrgClient, sobject: str = "Lead") -> dict[str, str]:
    return {each["Email"]: each["Title"] for each in org.query(f"SELECT Email, Title FROM {sobject}")}


def action(event_name: str, operation: str, **mapped: str) -> dict[str, Any]:
    """An action on Contacts that are found by e-mail."""
    found = {"upsert_rules": {"properties.email": "Email"}} | (
        {"field_mappings": {f"properties.{path}": field for path, field in mapped.items()}} if mapped else {}
    )
    return {"event": "track", "event_name": event_name, "operation": operation, "object": "Contact"} | found


@pytest.mark.parametrize("api_type", ["rest", "bulk2"])
def test_the_address_of_a_merged_lead_finds_the_lead_that_stays(
    org: OrgClient, send: Any, api_type: str
) -> None:
    master, loser, between = leads(org, "master", "loser", "between")
    merge(org, "Lead", between, loser)
    merge(org, "Lead", master, between)
    events = [person("loser", phone="1"), person("MASTER", title="T"), person("Loser", title="U")]
    outcome = send(*events, api_type=api_type)
    outcome.doors(updated=3)
    assert titles(org) == {"master@example.com": "U"}
    assert outcome.log.count(SAID) == 2, "said once, counted once"
    assert "2 times: The Lead with an event's Email was merged" in outcome.log
    assert "loser@" not in outcome.log
    send(*events[:1]).doors(unchanged=1)


def test_following_costs_a_call_only_where_something_was_merged(org: OrgClient, send: Any) -> None:
    master, loser, _ = leads(org, "master", "loser", "alone")
    merge(org, "Lead", master, loser)
    assert send(person("alone", title="T"), person("new")).counts["api_calls"] == 3
    assert send(person("loser", title="T"), person("alone", title="U")).counts["api_calls"] == 4
    assert titles(org) == {"master@example.com": "T", "alone@example.com": "U", "new@example.com": None}


def test_a_record_that_has_the_key_wins_over_merged_ones(org: OrgClient, send: Any) -> None:
    master, loser, other = leads(org, "master", "loser", "other")
    merge(org, "Lead", master, loser)
    org.rest("PATCH", f"sobjects/Lead/{other}", json={"Email": "loser@example.com"})
    outcome = send(person("loser", title="T"))
    outcome.doors(updated=1)
    assert titles(org) == {"master@example.com": None, "loser@example.com": "T"}
    assert SAID not in outcome.log


def test_deleted_records_and_those_merged_into_deleted_ones_are_not_found(org: OrgClient, send: Any) -> None:
    master, loser, gone = leads(org, "master", "loser", "gone")
    merge(org, "Lead", master, loser)
    for each in (master, gone):
        org.rest("DELETE", f"sobjects/Lead/{each}")
    outcome = send(person("loser", title="T"), person("gone", title="U"))
    outcome.doors(created=2)
    assert titles(org) == {"loser@example.com": "T", "gone@example.com": "U"}
    assert SAID not in outcome.log


def test_a_lead_that_stayed_and_was_converted_leads_to_its_contact(org: OrgClient, send: Any) -> None:
    master, loser = leads(org, "master", "loser")
    merge(org, "Lead", master, loser)
    convert(org, master)
    event = person("loser", title="T")
    send(event).doors(updated=1)
    assert titles(org, "Contact") == {"master@example.com": "T"}
    outcome = send(event, converted_leads="reject")
    outcome.doors(rejected=1)
    assert outcome.codes == ["CANNOT_UPDATE_CONVERTED_LEAD"]


def test_several_survivors_of_one_address_are_several_matches(org: OrgClient, send: Any) -> None:
    masters = leads(org, "one", "two")
    for master in masters:
        (twin,) = leads(org, "twin")
        merge(org, "Lead", master, twin)
    event = person("twin", title="T")
    outcome = send(event)
    outcome.doors(rejected=1)
    assert outcome.codes == ["MULTIPLE_MATCHES"]
    send(event, multiple_matches="newest").doors(updated=1)
    assert titles(org) == {"one@example.com": None, "two@example.com": "T"}
    merge(org, "Lead", *masters)
    send(event).doors(updated=1)
    assert titles(org) == {"one@example.com": "T"}


def test_groups_and_actions_follow_and_deletes_do_not(org: OrgClient, send: Any) -> None:
    accounts = org.create("Account", [{"Name": n, "AccountNumber": n} for n in ("a-master", "a-loser")])
    merge(org, "Account", *accounts)
    contacts = org.create("Contact", [{"LastName": n, "Email": f"{n}@example.com"} for n in ("c", "d")])
    merge(org, "Contact", *contacts)
    actions = [
        action("Seen", "upsert", name="LastName", email="Email", title="Title"),
        action("Moved", "update", title="Title", new="Email"),
        action("Gone", "delete"),
    ]
    events = [
        group("a-loser", {"name": "N"}),
        track("Gone", {"email": "d@example.com"}),
        track("Seen", {"email": "d@example.com", "name": "S", "title": "T"}),
    ]
    send(*events, actions=actions).doors(updated=2, unchanged=1)
    assert org.query("SELECT Name, AccountNumber FROM Account") == [
        {"Name": "N", "AccountNumber": "a-master"}
    ]
    assert titles(org, "Contact") == {"c@example.com": "T"}
    moved = track("Moved", {"email": "d@example.com", "new": "e@example.com", "title": "U"})
    send(moved, track("Seen", {"email": "c@example.com", "name": "New"}), actions=actions).doors(
        updated=1, created=1
    )
    assert titles(org, "Contact") == {"e@example.com": "U", "c@example.com": None}


def test_a_merged_contact_stands_in_for_a_lead(org: OrgClient, send: Any) -> None:
    contacts = org.create("Contact", [{"LastName": n, "Email": f"{n}@example.com"} for n in ("c", "d")])
    merge(org, "Contact", *contacts)
    outcome = send(person("d", title="T"), match_contacts=True)
    outcome.doors(updated=1)
    assert "The Contact with an event's Email was merged" in outcome.log
    assert titles(org, "Contact") == {"c@example.com": "T"}
    assert org.query("SELECT Id FROM Lead") == []


def test_a_dry_run_follows_merges(org: OrgClient, cli: Any) -> None:
    master, loser = leads(org, "master", "loser")
    merge(org, "Lead", master, loser)
    events = [person("loser", title="T"), person("loser", title="U")]
    outcome = cli(messages(events), "--dry-run", prints=True)
    assert f"update Lead {master}" in outcome.printed
    assert "Email" not in outcome.printed
    assert titles(org) == {"master@example.com": None}


@pytest.mark.parametrize("way", ["hidden", "refused"])
def test_where_merged_records_are_not_shown_the_lookup_is_a_plain_one(
    org: OrgClient, send: Any, way: str
) -> None:
    master, loser = leads(org, "master", "loser")
    merge(org, "Lead", master, loser)
    if way == "hidden":
        org.local("POST", "hidden", ["Lead.MasterRecordId"])
    else:
        member = {
            "body": [{"errorCode": "INSUFFICIENT_ACCESS", "message": "no queryAll"}],
            "httpHeaders": {},
            "httpStatusCode": 403,
            "referenceId": "member0",
        }
        org.faults(
            [
                {
                    "method": "POST",
                    "path": "/composite$",
                    "skip": 1,
                    "times": 1,
                    "action": {"status": 200, "body": {"compositeResponse": [member]}},
                }
            ]
        )
    outcome = send(person("loser", title="T"), person("master", title="U"), batch_size=1)
    outcome.doors(created=1, updated=1)
    assert outcome.log.count("Salesforce answers no queryAll of Lead") == (way == "refused")
    assert titles(org) == {"master@example.com": "U", "loser@example.com": "T"}
    org.local("DELETE", "hidden")


def on_account(event_name: str, operation: str, sobject: str, key: str, **found: Any) -> dict[str, Any]:
    """An action whose record belongs to the Account that an event names."""
    mapped = {"properties.title": "Subject", "properties.team": key}
    return {
        "event": "track",
        "event_name": event_name,
        "operation": operation,
        "object": sobject,
        "field_mappings": mapped,
    } | found


@pytest.mark.parametrize("api_type", ["rest", "bulk2"])
@pytest.mark.parametrize("key", ["AccountNumber", "Key__c"])
def test_a_parent_that_was_merged_into_another_is_followed(
    org: OrgClient, send: Any, key: str, api_type: str
) -> None:
    org.custom_field("Account.Key__c", externalId=True, unique=True)
    org.custom_field("Case.Number__c", externalId=True)
    rows = [{"Name": name, "AccountNumber": name, "Key__c": name} for name in ("stays", "between", "loser")]
    stays, between, loser = org.create("Account", rows)
    merge(org, "Account", between, loser)
    merge(org, "Account", stays, between)
    by_number = {"upsert_rules": {"properties.number": "Number__c"}}
    actions = [
        on_account("Issue", "upsert", "Case", f"Account.{key}", **by_number),
        on_account("Call", "create", "Task", f"Account:What.{key}"),
    ]
    settings = {"actions": actions, "api_type": api_type}
    issue = track("Issue", {"title": "T", "number": "1", "team": "loser"})
    calls = [track("Call", {"title": team, "team": team}) for team in ("Loser", "stays", "nobody")]
    outcome = send(issue, *calls, **settings)
    outcome.doors(created=3, rejected=1)
    assert outcome.codes == ["INVALID_FIELD"]
    assert "No parent records have the value" in outcome.rejects[0]["reason"]
    assert f"A record that events name by Account.{key} was merged into another" in outcome.log
    assert org.query("SELECT AccountId FROM Case") == [{"AccountId": stays}]
    assert {row["WhatId"] for row in org.query("SELECT WhatId FROM Task")} == {stays}
    assert len(org.query("SELECT Id FROM Task")) == 2
    send(issue, **settings).doors(unchanged=1)
