"""Configured actions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from target_pipe import ISSUE, group, identify, messages, track

from salesforce_seg.errors import ConfigurationError

if TYPE_CHECKING:
    from local_org_client import OrgClient


CONTACT = {
    "event": "identify",
    "replaces_default": True,
    "operation": "upsert",
    "object": "Contact",
    "upsert_rules": {"userId": "UserId__c"},
    "field_mappings": {"traits.email": "Email", "traits.phone": "Phone", "traits.last_name": "LastName"},
}


def test_a_track_event_creates_a_case(org: OrgClient, send: Any) -> None:
    context = {"traits": {"email": "a@example.com"}}
    events = [
        track("Issue Submitted", {"title": "It burns"}, context=context),
        track("issue  submitted ", {"Title": "It smokes"}),
        track("Issue Closed", {"title": "no"}),
        track("Issue Submitted", {"title": "gated"}, integrations={}),
    ]
    send(*events, actions=[ISSUE]).doors(created=2, skipped=2)
    assert org.query("SELECT Subject, SuppliedEmail, Description FROM Case ORDER BY Subject") == [
        {"Subject": "It burns", "SuppliedEmail": "a@example.com", "Description": "Issue Submitted"},
        {"Subject": "It smokes", "SuppliedEmail": None, "Description": "issue  submitted"},
    ]


def test_an_upsert_action_as_the_segment_page_shows_it(org: OrgClient, send: Any) -> None:
    org.custom_field("Contact.UserId__c", externalId=True)
    first = identify({"email": "a@example.com", "phone": "1", "lastName": "King"}, userId="u-1")
    send(first, actions=[CONTACT]).doors(created=1)
    send(first, actions=[CONTACT]).doors(unchanged=1)
    send(identify({"phone": "2"}, userId="U-1"), actions=[CONTACT]).doors(updated=1)
    assert org.query("SELECT UserId__c, Email, Phone, LastName FROM Contact") == [
        {"UserId__c": "u-1", "Email": "a@example.com", "Phone": "2", "LastName": "King"}
    ]
    assert org.query("SELECT Id FROM Lead") == []


def test_upsert_rules_that_find_nothing_in_the_event_are_a_reject(org: OrgClient, send: Any) -> None:
    org.custom_field("Contact.UserId__c")
    outcome = send(identify({"email": "a@example.com"}, userId=None), actions=[CONTACT])
    outcome.doors(rejected=1)
    line = outcome.rejects[0]
    assert (line["code"], line["object"], line["operation"]) == ("MISSING_KEY", "Contact", "upsert")
    assert "`userId`" in line["reason"]


def test_all_upsert_rules_must_match(org: OrgClient, send: Any) -> None:
    org.create(
        "Contact", [{"LastName": "A", "Email": "a@example.com"}, {"LastName": "B", "Email": "a@example.com"}]
    )
    action = CONTACT | {
        "upsert_rules": {"traits.email": "Email", "traits.lastName": "LastName"},
        "field_mappings": {"traits.phone": "Phone"},
    }
    names = ["a", "B", "C"]
    events = [identify({"email": "A@example.com", "lastName": name, "phone": name}) for name in names]
    send(*events, actions=[action]).doors(updated=2, created=1)
    assert org.query("SELECT LastName, Phone FROM Contact ORDER BY LastName") == [
        {"LastName": "A", "Phone": "a"},
        {"LastName": "B", "Phone": "B"},
        {"LastName": "C", "Phone": "C"},
    ]


def test_an_update_by_id_creates_nothing(org: OrgClient, send: Any) -> None:
    (case,) = org.create("Case", [{"Subject": "S", "Status": "New"}])
    action = {
        "event": "track",
        "event_name": "Case Closed",
        "operation": "update",
        "object": "Case",
        "field_mappings": {"properties.id": "Id", "properties.status": "Status"},
    }
    ids = [case[:15], case[:-3] + "ZZZ", "5005i00000000zzAAA", "no id", None]
    events = [track("Case Closed", {"id": each, "status": "Closed"}) for each in ids]
    outcome = send(*events, actions=[action])
    outcome.doors(updated=1, rejected=4)
    assert outcome.codes == ["MALFORMED_ID", "NOT_FOUND", "MALFORMED_ID", "MISSING_KEY"]
    assert org.query("SELECT Status FROM Case") == [{"Status": "Closed"}]


def test_several_actions_of_one_event_are_one_event(org: OrgClient, send: Any) -> None:
    note = ISSUE | {"object": "Campaign", "field_mappings": {"properties.title": "Name"}}
    broken = ISSUE | {"object": "Contact", "field_mappings": {"properties.title": "Department"}}
    outcome = send(track("Issue Submitted", {"title": "T"}), actions=[ISSUE, note])
    outcome.doors(created=1)
    outcome = send(track("Issue Submitted", {"title": "T"}), actions=[ISSUE, broken])
    outcome.doors(rejected=1)
    assert [(line["object"], line["operation"], line["code"]) for line in outcome.rejects] == [
        ("Contact", "create", "REQUIRED_FIELD_MISSING")
    ]
    assert len(org.query("SELECT Id FROM Case")) == 2


def test_an_action_replaces_the_default_only_if_it_says_so(org: OrgClient, send: Any) -> None:
    action = {
        "event": "group",
        "replaces_default": True,
        "operation": "upsert",
        "object": "Account",
        "upsert_rules": {"traits.website": "Website"},
        "field_mappings": {"traits.name": "Name", "groupId": "Site"},
    }
    send(group("g1", {"name": "N", "website": "https://n.example"}), actions=[action]).doors(created=1)
    assert org.query("SELECT Name, Website, Site, AccountNumber FROM Account") == [
        {"Name": "N", "Website": "https://n.example", "Site": "g1", "AccountNumber": None}
    ]
    org.custom_field("Contact.UserId__c")
    both = CONTACT | {"replaces_default": False}
    person = identify({"email": "a@example.com", "lastName": "King"}, userId="u-1")
    outcome = send(person, group("g2", {"name": "M"}), actions=[both, action | {"replaces_default": False}])
    outcome.doors(created=1, rejected=1)
    assert [(line["object"], line["code"]) for line in outcome.rejects] == [("Account", "MISSING_KEY")]
    assert org.query("SELECT LastName, Email FROM Lead") == [{"LastName": "King", "Email": "a@example.com"}]
    assert org.query("SELECT LastName, UserId__c FROM Contact") == [{"LastName": "King", "UserId__c": "u-1"}]
    assert org.query("SELECT Name FROM Account WHERE AccountNumber = 'g2'") == [{"Name": "M"}]


def test_two_ways_to_find_one_record_in_a_batch_make_one_record(org: OrgClient, send: Any) -> None:
    org.custom_field("Contact.UserId__c")
    by_email = CONTACT | {
        "replaces_default": False,
        "event": "track",
        "event_name": "Seen",
        "upsert_rules": {"properties.email": "Email"},
    }
    by_email["field_mappings"] = {"properties.name": "LastName", "properties.dept": "Department"}
    events = [
        identify({"email": "a@example.com", "lastName": "King"}, userId="u1"),
        track("Seen", {"email": "a@example.com", "name": "King", "dept": "D"}),
    ]
    send(*events, actions=[CONTACT, by_email]).doors(created=1, updated=1)
    assert org.query("SELECT UserId__c, Email, Department FROM Contact") == [
        {"UserId__c": "u1", "Email": "a@example.com", "Department": "D"}
    ]


def test_a_write_and_a_delete_of_one_record_stay_in_order(org: OrgClient, send: Any) -> None:
    delete = {
        "event": "track",
        "event_name": "Gone",
        "operation": "delete",
        "object": "Lead",
        "upsert_rules": {"properties.email": "Email"},
    }
    person = {"email": "a@example.com"}
    events = [identify(person | {"title": "1"}), track("Gone", person), identify(person | {"title": "2"})]
    send(*events, actions=[delete]).doors(created=2, deleted=1)
    assert org.query("SELECT Title FROM Lead") == [{"Title": "2"}]
    send(*events[:2], actions=[delete]).doors(updated=1, deleted=1)
    assert org.query("SELECT Title FROM Lead") == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"event": "page"}, "actions[0]: event must be one of identify, group, track, not 'page'"),
        ({"event_name": ""}, "actions[0]: a track action needs event_name"),
        ({"event": "identify"}, "actions[0]: event_name is for track only"),
        (
            {"operation": "merge"},
            "actions[0]: operation must be one of create, update, upsert, delete, read, not 'merge'",
        ),
        ({"object": None}, "actions[0]: object must be the API name of a Salesforce object, not None"),
        ({"object": "Ca se"}, "actions[0]: object must be the API name"),
        ({"operation": "upsert"}, "actions[0]: upsert needs upsert_rules"),
        (
            {"operation": "upsert", "upsert_rules": {"properties.id": "Id"}},
            "upsert_rules cannot use Id: Salesforce",
        ),
        (
            {"operation": "upsert", "upsert_rules": {"x": "CreatedDate"}},
            "upsert_rules cannot use CreatedDate",
        ),
        ({"operation": "update"}, "actions[0]: update needs a field mapping to Id, or upsert_rules"),
        ({"operation": "delete", "field_mappings": {}}, "actions[0]: delete needs a field mapping to Id, or"),
        ({"upsert_rules": {"a": "Subject"}}, "create takes neither upsert_rules nor an Id"),
        ({"field_mappings": {}}, "actions[0]: create needs field_mappings"),
        (
            {"field_mappings": {"properties.x": "No Field"}},
            "maps `properties.x` to 'No Field': give a path, and the API name",
        ),
        ({"field_mappings": ["a"]}, "actions[0]: field_mappings must be an object"),
        ({"opration": "create"}, "actions[0]: unknown key `opration`"),
        ({"operation": "read", "field_mappings": {}}, "actions[0]: read needs a field mapping to Id, or"),
        (
            {"operation": "read", "field_mappings": {"a": "Id", "b": "Subject"}},
            "actions[0]: read writes nothing: field_mappings can only map Id",
        ),
        ({"replaces_default": True}, "actions[0]: replaces_default is for identify and group"),
        ({"replaces_default": "yes"}, "actions[0]: replaces_default must be true or false, not 'yes'"),
        ({"field_mappings": {".": "Subject"}}, "actions[0]: field_mappings maps `.` to 'Subject'"),
    ],
)
def test_a_wrong_action_is_one_clear_message_at_the_start(send: Any, change: Any, told: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(told)):
        send(actions=[{k: v for k, v in (ISSUE | change).items() if v != ""}])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"object": "Nope__c"}, "actions[0]: "),
        (
            {"operation": "upsert", "upsert_rules": {"properties.title": "Nope__c"}},
            "actions[0]: Case has no field Nope__c",
        ),
        (
            {"operation": "upsert", "upsert_rules": {"properties.title": "Description"}},
            "actions[0]: Salesforce cannot search Case by Description",
        ),
        (
            {"operation": "upsert", "upsert_rules": {"properties.title": "CaseNumber"}},
            "actions[0]: upsert_rules cannot use CaseNumber: no Case can be created with it",
        ),
    ],
)
def test_an_action_that_the_org_cannot_do_stops_the_run(send: Any, change: Any, told: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(told)):
        send(track("Issue Submitted", {"title": "T"}), actions=[ISSUE | change])


def test_an_unknown_field_of_an_action_is_left_out_and_said(org: OrgClient, send: Any) -> None:
    action = ISSUE | {"field_mappings": {"properties.title": "Subject", "properties.x": "Nope__c"}}
    outcome = send(track("Issue Submitted", {"title": "T", "x": 1}), actions=[action])
    outcome.doors(created=1)
    assert "Case has no field Nope__c" in outcome.log
    outcome = send(
        track("Issue Submitted", {"title": "T", "x": 1}), actions=[action], unknown_fields="reject"
    )
    outcome.doors(rejected=1)
    assert outcome.codes == ["INVALID_FIELD"]


def test_a_create_without_any_value_is_a_reject(org: OrgClient, run: Any, send: Any) -> None:
    lead = ISSUE | {"object": "Lead", "field_mappings": {"properties.title": "Title"}}
    streams = {"cases": {"object": "Case", "operation": "create"}}
    by_itself = {"externalId": [{"type": "Salesforce-Contact"}, {"type": "Salesforce-Case"}]}
    calls = send(track("No action")).counts["api_calls"]
    outcome = send(
        track("Issue Submitted", {"title": " ", "other": 1}),
        track("Issue Submitted", {"title": None}),
        identify({}, userId=None, context=by_itself),
        actions=[ISSUE | {"field_mappings": {"properties.title": "Subject"}}, lead],
    )
    outcome.doors(rejected=3)
    assert outcome.codes == ["NOTHING_TO_CREATE"] * 6
    assert "the Case that is to be created" in outcome.rejects[0]["reason"]
    assert outcome.counts["api_calls"] <= calls + 2  # login and describes: nothing is sent
    outcome = run(messages([{"subject": None, "nope": 1}, {"subject": "S"}], "cases"), streams=streams)
    outcome.doors(created=1, rejected=1)
    assert org.query("SELECT Subject FROM Case") == [{"Subject": "S"}]
    assert org.query("SELECT Id FROM Lead") == org.query("SELECT Id FROM Contact") == []
