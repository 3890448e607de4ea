"""The shapes events come in: batches of the HTTP API, RudderStack's full-event column, warehouse tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from target_pipe import OPEN_GATE, identify, messages, track

if TYPE_CHECKING:
    from local_org_client import OrgClient


def leads(org: OrgClient, *fields: str) -> list[dict[str, Any]]:
    return org.query(f"SELECT {', '.join(fields)} FROM Lead ORDER BY Email")


# Batches


def person(name: str, **members: Any) -> dict[str, Any]:
    """An identify without a gate of its own."""
    return {"type": "identify", "traits": {"email": f"{name}@example.com", "title": name}} | members


def test_each_event_of_a_batch_leaves_by_its_own_door(org: OrgClient, send: Any) -> None:
    batch = {
        "batch": [
            person("a"),
            person("b", integrations={"Salesforce": False}),
            person("c", integrations={"All": True}, context={"traits": {"email": "other@example.com"}}),
            {"type": "identify", "context": {"ip": "::1"}},
            {"type": "page", "name": "Home"},
            "no event",
        ],
        "integrations": OPEN_GATE,
        "context": {"ip": "127.0.0.1", "traits": {"email": "shared@example.com"}},
        "sentAt": "2026-01-31T12:00:00Z",
    }
    outcome = send(batch, person("d", integrations=OPEN_GATE), {"batch": []})
    outcome.doors(created=4, skipped=3, rejected=1)
    assert outcome.counts["events"] == 8
    assert outcome.codes == ["INVALID_RECORD"]
    assert [row["Email"] for row in leads(org, "Email")] == [
        f"{name}@example.com" for name in ("a", "c", "d", "shared")
    ]
    send(batch).doors(unchanged=3, skipped=2, rejected=1)


def test_a_rejected_event_of_a_batch_can_be_replayed_alone(org: OrgClient, send: Any) -> None:
    org.custom_field("Lead.score__c", "Number", precision=18, scale=0)
    bad = person("b")
    bad["traits"]["score"] = "many"
    outcome = send({"batch": [person("a"), bad], "integrations": OPEN_GATE, "context": {"ip": "::1"}})
    outcome.doors(created=1, rejected=1)
    event = outcome.rejects[0]["event"]
    assert event == bad | {"integrations": OPEN_GATE, "context": {"ip": "::1"}}
    event["traits"]["score"] = 7
    send(event).doors(created=1)


def test_a_batch_kept_as_text_and_one_in_a_stream_of_plain_records(
    org: OrgClient, send: Any, run: Any
) -> None:
    text = json.dumps([person("a"), json.dumps(person("b"))])
    send({"batch": text, "integrations": json.dumps(OPEN_GATE)}).doors(created=2)
    rule = {"cases": {"object": "Case", "operation": "create"}}
    run(messages([{"Subject": "S", "batch": [1, 2]}], "cases"), streams=rule).doors(created=1)


# RudderStack


@pytest.mark.parametrize("as_text", [True, False])
def test_the_column_with_the_full_event_is_read_instead_of_the_row(
    org: OrgClient, run: Any, as_text: bool
) -> None:
    full = [
        identify({"email": "a@example.com", "testProp": "x"}, context={"ip": "::1"}),
        identify({"email": "b@example.com"}, integrations={"Salesforce": False}),
        track("Nobody Waits"),
    ]
    org.custom_field("Lead.testProp__c")
    rows = [
        {
            "id": f"m{number}",
            "email": "row@example.com",
            "received_at": "2026-01-01T00:00:00Z",
            "rudder_event": json.dumps(event) if as_text else event,
        }
        for number, event in enumerate(full)
    ]
    run(messages(rows, "identifies")).doors(created=1, skipped=2)
    assert leads(org, "Email", "testProp__c") == [{"Email": "a@example.com", "testProp__c": "x"}]
    broken = [rows[0] | {"rudder_event": '{"type": "ident'}]
    run(messages(broken, "identifies"), always_enabled=True).doors(created=1)


def test_columns_of_rudderstack(org: OrgClient, run: Any) -> None:
    for name in ("userId", "order", "plan"):
        org.custom_field(f"Lead.{name}__c")
    row = {
        "id": "m1",
        "user_id": "u1",
        "_user_id": "trait",
        "_order": "first",
        "context_traits_email": "a@example.com",
        "context_traits_plan": "free",
        "context_traits_address_city": "Berlin",
        "plan": "pro",
        "first_name": "Ada",
        "context_library_name": "rudder",
        "sent_at": "2026-01-01T00:00:00Z",
        "_sdc_sequence": 1,
    }
    outcome = run(messages([row], "rudder-public-identifies"), always_enabled=True, unknown_fields="reject")
    outcome.doors(created=1)
    assert leads(org, "Email", "FirstName", "City", "userId__c", "order__c", "plan__c") == [
        {
            "Email": "a@example.com",
            "FirstName": "Ada",
            "City": "Berlin",
            "userId__c": "trait",
            "order__c": "first",
            "plan__c": "pro",
        }
    ]


# Warehouse tables


def test_the_type_of_rows_comes_from_the_streams_name(org: OrgClient, run: Any) -> None:
    action = {
        "event": "track",
        "event_name": "Issue Submitted",
        "operation": "create",
        "object": "Case",
        "field_mappings": {
            "properties.title": "Subject",
            "context.campaign.name": "Description",
            "traits.email": "SuppliedEmail",
            "properties.cart.total": "SuppliedName",
        },
    }
    message = {"id": "m1", "received_at": "2026-01-01T00:00:00Z", "anonymous_id": "x", "context_ip": "::1"}
    issue = message | {
        "event": "issue_submitted",
        "event_text": "Issue Submitted",
        "title": "It burns",
        "context_campaign_name": "spring",
        "context_traits_email": "a@example.com",
        "cart_total": 7,
    }
    content = [
        *messages([message | {"user_id": "u1", "email": "a@example.com"}], "identifies"),
        *messages([{"id": "b@example.com", "title": "CTO", "type": "vip"}], "warehouse.public.users"),
        *messages([message | {"group_id": "g1", "name": "One", "type": "Customer"}], "groups"),
        *messages([message | {"group_id": "g2", "name": "Two"}], "_groups"),
        *messages([issue], "issue_submitted"),
        *messages([message | {"event": "other", "event_text": "Other"}], "tracks"),
        *messages([message | {"path": "/"}], "pages"),
        *messages([message | {"user_id": "u1"}], "accounts"),
    ]
    outcome = run(content, always_enabled=True, actions=[action])
    outcome.doors(created=5, skipped=2, rejected=1)
    assert outcome.codes == ["MISSING_TYPE"]
    assert "accounts is no name of a warehouse table" in outcome.rejects[0]["reason"]
    assert leads(org, "Email", "Title") == [
        {"Email": "a@example.com", "Title": None},
        {"Email": "b@example.com", "Title": "CTO"},
    ]
    assert org.query("SELECT AccountNumber, Name, Type FROM Account ORDER BY AccountNumber") == [
        {"AccountNumber": "g1", "Name": "One", "Type": "Customer"},
        {"AccountNumber": "g2", "Name": "Two", "Type": None},
    ]
    assert org.query("SELECT Subject, Description, SuppliedEmail, SuppliedName FROM Case") == [
        {
            "Subject": "It burns",
            "Description": "spring",
            "SuppliedEmail": "a@example.com",
            "SuppliedName": "7",
        }
    ]


def test_a_stream_may_carry_all_types_beside_what_its_setting_says(org: OrgClient, run: Any) -> None:
    streams = {"everything": {"event": "group"}}
    events = [
        identify({"email": "a@example.com"}),
        {"group_id": "g1", "name": "One"},
        {"groupId": "g2", "traits": {"name": "Two"}, "integrations": OPEN_GATE},
    ]
    run(messages(events, "everything"), streams=streams, always_enabled=True).doors(created=3)
    assert len(org.query("SELECT Id FROM Account")) == 2


def test_traits_that_lost_their_case_find_their_field_if_one_fits(org: OrgClient, run: Any) -> None:
    for name in ("testProp", "oneTwo", "one_two"):
        org.custom_field(f"Lead.{name}__c")
    row = {"user_id": "a@example.com", "test_prop": "p", "one_two": "o", "TESTPROP2": 1}
    outcome = run(messages([row], "identifies"), always_enabled=True)
    outcome.doors(created=1)
    assert leads(org, "testProp__c", "oneTwo__c", "one_two__c") == [
        {"testProp__c": "p", "oneTwo__c": None, "one_two__c": "o"}
    ]
    assert "Lead has no field TESTPROP2__c" in outcome.log


@pytest.mark.parametrize(
    ("flag", "always", "door"),
    [
        (True, False, "created"),
        ("t", False, "created"),
        (1, False, "created"),
        ("Yes", False, "created"),
        (None, False, "skipped"),
        ("maybe", False, "skipped"),
        (False, True, "skipped"),
        ("0", True, "skipped"),
        (None, True, "created"),
    ],
)
def test_a_column_opens_the_gate_for_rows(
    org: OrgClient, run: Any, flag: Any, always: bool, door: str
) -> None:
    row = {"user_id": "a@example.com", "to_salesforce": flag}
    outcome = run(
        messages([row], "identifies"),
        gate_column="to_salesforce",
        always_enabled=always,
        unknown_fields="reject",
    )
    outcome.doors(**{door: 1})
    if door == "skipped":
        assert "because column to_salesforce is " in outcome.log
