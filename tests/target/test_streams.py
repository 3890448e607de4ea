"""Streams that are not events as they come: plain records, and rows of warehouse tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from target_pipe import ISSUE, messages

from salesforce_seg.errors import ConfigurationError

if TYPE_CHECKING:
    from local_org_client import OrgClient


def test_plain_records_are_upserted_and_deleted(org: OrgClient, run: Any) -> None:
    org.custom_field("Case.Number__c", "Number", precision=18, scale=0)
    rule = {"object": "Case", "operation": "upsert", "upsert_rules": {"number": "Number__c"}}
    rows = [
        {"number": 1, "subject": "One", "_sdc_sequence": 1, "_sdc_deleted_at": None},
        {"number": 2, "Subject": "Two", "nope": 1},
        {"number": 1, "Status": "Closed"},
    ]
    outcome = run(messages(rows, "cases"), streams={"cases": rule})
    outcome.doors(created=2, updated=1)
    assert "Case has no field nope" in outcome.log
    assert "_sdc" not in outcome.log
    assert "Number__c" not in outcome.log
    assert org.query("SELECT Number__c, Subject, Status FROM Case ORDER BY Number__c") == [
        {"Number__c": 1, "Subject": "One", "Status": "Closed"},
        {"Number__c": 2, "Subject": "Two", "Status": "New"},
    ]
    gone = [{"number": 1, "_sdc_deleted_at": "2026-01-01T00:00:00Z"}]
    run(messages(gone, "cases"), streams={"cases": rule}).doors(deleted=1)
    assert org.query("SELECT Number__c FROM Case") == [{"Number__c": 2}]
    run(messages(gone, "cases"), streams={"cases": rule | {"operation": "update"}}).doors(skipped=1)
    run(messages([{"number": 2}], "cases"), streams={"cases": rule | {"operation": "delete"}}).doors(
        deleted=1
    )
    assert org.query("SELECT Number__c FROM Case") == []


def test_rows_of_warehouse_tables_are_events(org: OrgClient, run: Any) -> None:
    org.custom_field("Lead.testProp__c")
    org.custom_field("Lead.company_size__c")
    common = {
        "id": "m1",
        "received_at": "2026-01-01T00:00:00Z",
        "context_ip": "127.0.0.1",
        "uuid_ts": None,
        "anonymous_id": "x",
    }
    identifies = common | {
        "user_id": "u1",
        "email": "a@example.com",
        "first_name": "Ada",
        "last_name": "King",
        "address_postal_code": "10115",
        "address_city": "Berlin",
        "company_name": "Initech",
        "company_employee_count": 12,
        "company_size": "small",
        "test_prop": "p",
        "phone": None,
    }
    groups = common | {"user_id": "u1", "group_id": "813", "name": "Teemo", "employees": 4}
    users = {"id": "ada@example.com", "title": "CTO"}
    tracks = common | {"event": "issue_submitted", "event_text": "Issue Submitted"}
    content = [
        *messages([identifies], "identifies"),
        *messages([groups], "groups"),
        *messages([users], "users"),
        *messages([tracks | {"title": "T"}], "issue_submitted"),
    ]
    streams = {
        "identifies": {"event": "identify"},
        "users": {"event": "identify"},
        "groups": {"event": "group"},
        "issue_submitted": {"event": "track"},
    }
    outcome = run(content, streams=streams, always_enabled=True, actions=[ISSUE])
    outcome.doors(created=4)
    assert "left out" not in outcome.log
    fields = "Email, FirstName, LastName, Company, NumberOfEmployees, City, PostalCode, testProp__c"
    where = "WHERE Email = 'a@example.com'"
    assert org.query(f"SELECT {fields}, company_size__c FROM Lead {where}") == [
        {
            "Email": "a@example.com",
            "FirstName": "Ada",
            "LastName": "King",
            "Company": "Initech",
            "NumberOfEmployees": 12,
            "City": "Berlin",
            "PostalCode": "10115",
            "testProp__c": "p",
            "company_size__c": "small",
        }
    ]
    assert org.query("SELECT Title FROM Lead WHERE Email = 'ada@example.com'") == [{"Title": "CTO"}]
    assert org.query("SELECT AccountNumber, Name, NumberOfEmployees FROM Account") == [
        {"AccountNumber": "813", "Name": "Teemo", "NumberOfEmployees": 4}
    ]
    assert org.query("SELECT Subject FROM Case") == [{"Subject": "T"}]
    run(content, streams=streams).doors(skipped=4)


def test_rows_whose_columns_are_in_capitals_are_read_as_well(org: OrgClient, run: Any) -> None:
    moment = "2026-01-01T00:00:00Z"
    content = [
        *messages(
            [{"ID": "m1", "USER_ID": "w@example.com", "RECEIVED_AT": moment, "TIMESTAMP": moment}],
            "DB-SEGMENT-IDENTIFIES",
        ),
        *messages([{"ID": "u@example.com", "RECEIVED_AT": moment, "NAME": "U S"}], "USERS"),
        *messages([{"ID": "m2", "GROUP_ID": "813", "NAME": "Teemo", "RECEIVED_AT": moment}], "GROUPS"),
        *messages(
            [{"ID": "m3", "EVENT": "issue_submitted", "EVENT_TEXT": "Issue Submitted", "TITLE": "T"}],
            "SEGMENT-ISSUE_SUBMITTED",
        ),
    ]
    run(content, always_enabled=True, actions=[ISSUE]).doors(created=4)
    assert org.query("SELECT Email, LastName FROM Lead ORDER BY Email") == [
        {"Email": "u@example.com", "LastName": "S"},
        {"Email": "w@example.com", "LastName": "n/a"},
    ]
    assert org.query("SELECT AccountNumber FROM Account") == [{"AccountNumber": "813"}]
    assert org.query("SELECT Subject FROM Case") == [{"Subject": "T"}]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({}, "streams.s: object must be the API name"),
        ({"event": "page"}, "streams.s: event must be one of identify, group, track, not 'page'"),
        ({"event": "identify", "object": "Lead"}, "streams.s: give either event, or object"),
        ({"object": "Lead"}, "streams.s: operation must be one of create, update, upsert, delete, not None"),
        ({"object": "Lead", "operation": "upsert"}, "streams.s: upsert needs upsert_rules"),
        (
            {"object": "Lead", "operation": "create", "upsert_rules": {"a": "Email"}},
            "create takes no upsert_rules",
        ),
        ({"object": "Lead", "operation": "create", "rules": 1}, "streams.s: unknown key `rules`"),
    ],
)
def test_a_wrong_stream_is_one_clear_message(send: Any, rule: Any, told: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(told)):
        send(streams={"s": rule})
