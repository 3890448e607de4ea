"""Bulk API 2.0 ingest: jobs, files and rows that Salesforce refuses, and in which words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from bulk_jobs import (
    ingest,
    lines,
    result_rows,
    result_text,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from local_org_client import OrgClient


UNESCAPED_QUOTE = (
    "InvalidBatch : Failed to parse CSV. Found unescaped quote. A value with quote should be within a quote"
)


@pytest.mark.parametrize(
    ("sobject", "header"),
    [
        ("Account", "Nope__c"),
        ("Account", "BillingAddress"),
        ("Contact", "Nope.Name"),
        ("Contact", "Account.Site"),
        ("Contact", "Account:Account.Id"),
        ("Task", "Who.Email"),
        ("Task", "Account:Who.Email"),
        ("Account", "Name"),
    ],
)
def test_one_unknown_column_refuses_the_file(org: OrgClient, sobject: str, header: str) -> None:
    first = {"Account": "Name", "Contact": "LastName", "Task": "Subject"}[sobject]
    job = ingest(org, sobject, lines(f"{first},{header}", "a,b", "c,d"))
    assert (
        job.items()
        >= {
            "state": "Failed",
            "errorMessage": f"InvalidBatch : Field name not found : {header}",
            "numberRecordsProcessed": 0,
            "numberRecordsFailed": 0,
        }.items()
    )
    assert org.query(f"SELECT Id FROM {sobject}") == []
    assert result_text(org, job["id"], "unprocessedrecords").count("\n") == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "InvalidBatch : Records not found"),
        (b"Name\n", "InvalidBatch : Records not found"),
        (
            b"Name\r\nA\r\n",
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF",
        ),
        (
            b'Name\n"A\r\nB"\n',
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF",
        ),
        (
            b'\xef\xbb\xbf"Name"\nA\n',
            UNESCAPED_QUOTE,
        ),
        (
            b'Name,Site\nA, "B"\n',
            UNESCAPED_QUOTE,
        ),
        (b"\xef\xbb\xbfName\nA\n", "InvalidBatch : Field name not found : \ufeffName"),
        (b"Name\n\xff\n", "InvalidBatch : Failed to parse CSV. The file is not encoded in UTF-8"),
        (b'Name\n"A\n', "InvalidBatch : Failed to parse CSV. A quoted value does not end"),
        (b"Name,Site\nA\n", "InvalidBatch : Failed to parse CSV. Row 1 has 1 values, the header has 2"),
        (
            b"Name\n" + b"x" * 32_001 + b"\n",
            "InvalidBatch : Failed to parse CSV. Row 1 has a value longer than 32000 characters",
        ),
    ],
)
def test_files_that_break_the_rules_are_refused_whole(org: OrgClient, content: bytes, message: str) -> None:
    job = ingest(org, "Account", content)
    assert (job["state"], job["errorMessage"], job["numberRecordsProcessed"]) == ("Failed", message, 0)
    assert org.query("SELECT Id FROM Account") == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"object": "Account", "operation": "merge"},
        {"object": "Nope", "operation": "insert"},
        {"object": "Account", "operation": "upsert"},
        {"object": "Account", "operation": "insert", "externalIdFieldName": "Id"},
        {"object": "Account", "operation": "insert", "contentType": "JSON"},
        {"object": "Account", "operation": "insert", "assignmentRuleId": "01Q000000000000AAA"},
        {"object": "Lead", "operation": "insert", "assignmentRuleId": 7},
    ],
)
def test_malformed_jobs_are_refused(org: OrgClient, body: dict[str, Any]) -> None:
    assert org.rest("POST", "jobs/ingest", json=body).status_code == 400


def test_an_upsert_key_must_be_one(org: OrgClient) -> None:
    job = ingest(org, "Account", lines("Site,Name", "a,b"), "upsert", externalIdFieldName="Site")
    assert job["state"] == "Failed"
    assert job["errorMessage"] == (
        "InvalidBatch : Field name provided, Site does not match an External ID, Salesforce Id, or indexed"
        " field for Account"
    )


def test_a_delete_takes_nothing_but_ids(org: OrgClient) -> None:
    job = ingest(org, "Account", lines("Id,Name", "001000000000000AAA,x"), "delete")
    assert job["errorMessage"] == "InvalidBatch : The 'delete' batch must contain only ids"


@pytest.mark.parametrize(
    ("column", "value", "code", "message"),
    [
        (
            "AnnualRevenue",
            "lots",
            "INVALID_TYPE_ON_FIELD_IN_RECORD",
            "Annual Revenue: value not of required type: lots",
        ),
        (
            "NumberOfEmployees",
            "1.5",
            "INVALID_TYPE_ON_FIELD_IN_RECORD",
            "Employees: value not of required type: 1.5",
        ),
        (
            "ParentId",
            "003000000000001AAA",
            "MALFORMED_ID",
            "Parent Account ID: id value of incorrect type: 003000000000001AAA",
        ),
        (
            "Phone",
            "9" * 41,
            "STRING_TOO_LONG",
            f"Account Phone: data value too large: {'9' * 41} (max length=40)",
        ),
    ],
)
def test_rows_fail_for_the_reasons_of_every_door(
    org: OrgClient, column: str, value: str, code: str, message: str
) -> None:
    job = ingest(org, "Account", lines(f"Name,{column}", f"bad,{value}", "good,"))
    (failed,) = result_rows(org, job["id"], "failedResults")
    error = f"{code}:{message}:{column} --"
    assert failed == {"sf__Id": "", "sf__Error": error, "Name": "bad", column: value}
    assert [row["Name"] for row in org.query("SELECT Name FROM Account")] == ["good"]


def test_update_without_id(org: OrgClient) -> None:
    job = ingest(org, "Account", lines("Name", "x"), "update")
    (failed,) = result_rows(org, job["id"], "failedResults")
    assert failed["sf__Error"] == "MISSING_ARGUMENT:Id not specified in an update call:--"


CSV_BYTES = st.one_of(
    st.binary(max_size=40),
    st.lists(
        st.sampled_from([b"Name", b"Id", b'"', b",", b"\n", b"\r\n", b"\0", b" ", b"#N/A", b".", b":x."]),
        max_size=25,
    ).map(b"".join),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=CSV_BYTES, operation=st.sampled_from(["insert", "update", "delete"]))
def test_any_bytes_are_loaded_or_refused(org: OrgClient, content: bytes, operation: str) -> None:
    job = ingest(org, "Account", content, operation)
    if job["state"] == "Failed":
        assert re.match("InvalidBatch : |ClientInputError : ", job["errorMessage"])
    counts = [len(result_rows(org, job["id"], kind)) for kind in ("successfulResults", "failedResults")]
    assert sum(counts) == job["numberRecordsProcessed"]
    assert counts[1] == job["numberRecordsFailed"]
