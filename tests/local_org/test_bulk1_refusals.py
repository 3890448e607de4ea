"""Bulk API 1.0: what Salesforce refuses, and in which words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from bulk1_jobs import NAMESPACE, Bulk1, values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from local_org_client import OrgClient


@pytest.mark.parametrize(
    ("soql", "message"),
    [
        (
            "SELECT BillingAddress FROM Account",
            "FUNCTIONALITY_NOT_ENABLED: Selecting compound data not supported in Bulk Query",
        ),
        (
            "SELECT Id FROM Contact",
            "INVALID_TYPE_FOR_OPERATION: The root entity of the requested query (Contact) does not match",
        ),
        (
            "SELECT Foo FROM Account",
            "INVALID_FIELD: \nSELECT Foo FROM",
        ),
        ("", "MALFORMED_QUERY: "),
    ],
)
@pytest.mark.parametrize("chunked", [{}, {"Sforce_Enable_PKChunking": "true"}])
def test_failed_queries(org: OrgClient, soql: str, message: str, chunked: dict[str, str]) -> None:
    bulk = Bulk1(org)
    job_id = bulk.create("Account", "query", **chunked)
    batch_id = bulk.add(job_id, soql)
    info = bulk.wait(job_id, batch_id)
    assert info["state"] == "Failed"
    assert info["stateMessage"].startswith(f"InvalidBatch : Failed to process query: {message}")
    assert list(info)[2:4] == ["state", "stateMessage"]
    assert bulk.call("GET", f"job/{job_id}/batch/{batch_id}/result").status_code == 400


def test_binary_fields(org: OrgClient) -> None:
    bulk = Bulk1(org)
    job_id = bulk.create("Document", "query")
    info = bulk.wait(job_id, bulk.add(job_id, "SELECT Body FROM Document"))
    assert (info["state"], info["stateMessage"]) == (
        "Failed",
        "FeatureNotEnabled : Binary field not supported",
    )


@pytest.mark.parametrize(
    ("content_type", "body", "message"),
    [
        ("CSV", "Name,Nope\na,b\n", "InvalidBatch : Field name not found : Nope"),
        ("CSV", "", "InvalidBatch : Records not found"),
        ("JSON", '[{"Name": "a", "Nope": 1}]', "InvalidBatch : Field name not found : Nope"),
        ("JSON", "[]", "InvalidBatch : Records not found"),
        ("JSON", "{", "InvalidBatch : Failed to parse JSON"),
        ("JSON", '{"Name": "a"}', "InvalidBatch : Failed to parse JSON"),
        ("XML", "<sObjects/>", "InvalidBatch : Records not found"),
        ("XML", "<sObjects>", "Invalid XML"),
        (
            "XML",
            "<sObjects><sObject><Nope>1</Nope></sObject></sObjects>",
            "InvalidBatch : Field name not found : Nope",
        ),
    ],
)
def test_batches_refused_whole(org: OrgClient, content_type: str, body: str, message: str) -> None:
    bulk = Bulk1(org)
    job_id = bulk.create("Account", "insert", content_type)
    info = bulk.wait(job_id, bulk.add(job_id, body))
    assert info["state"] == "Failed"
    assert info["stateMessage"].startswith(message)
    assert org.query("SELECT Id FROM Account") == []


BODIES = st.one_of(
    st.binary(max_size=40),
    st.text("[]{}<>/\"',:\\udSObjectsName \n\0", max_size=60).map(str.encode),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["Name", "Id", "Owner", "Parent", "attributes", ""]), inner, max_size=4
            )
        ),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode()),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=BODIES,
    content_type=st.sampled_from(["CSV", "JSON", "XML"]),
    operation=st.sampled_from(["insert", "upsert", "query"]),
)
def test_any_bytes_are_taken_or_refused(
    org: OrgClient, body: bytes, content_type: str, operation: str
) -> None:
    key = {"externalIdFieldName": "Id"} if operation == "upsert" else {}
    bulk = Bulk1(org)
    job_id = bulk.create("Account", operation, content_type, **key)
    info = bulk.wait(job_id, bulk.add(job_id, body))
    assert info["state"] == "Completed" or not info["stateMessage"].startswith("InternalServerError")
    bulk.media = "application/xml"
    answer = bulk.call("POST", "job", body, Sforce_Enable_PKChunking="x=;=")
    assert answer.status_code == 400


@pytest.mark.parametrize("media", ["application/xml", "application/json"])
def test_a_dead_session_is_a_400_of_its_own(org: OrgClient, media: str) -> None:
    headers = {"X-SFDC-Session": "nonsense", "Content-Type": media}
    answer = org.http("POST", "/services/async/62.0/job", data=b"", headers=headers)
    assert answer.status_code == 400
    if media == "application/json":
        assert answer.json() == {
            "exceptionCode": "InvalidSessionId",
            "exceptionMessage": "Invalid session id",
        }
    else:
        assert answer.text == (
            f'<?xml version="1.0" encoding="UTF-8"?><error\n   xmlns="{NAMESPACE}">\n'
            " <exceptionCode>InvalidSessionId</exceptionCode>\n"
            " <exceptionMessage>Invalid session id</exceptionMessage>\n</error>\n"
        )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("<jobInfo>", "InvalidXML"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><jobInfo/>", "InvalidXML"),
        ("<jobInfo><operation>merge</operation><object>Account</object></jobInfo>", "InvalidJob"),
        ("<jobInfo><operation>insert</operation><object>Nope</object></jobInfo>", "InvalidJob"),
        ("<jobInfo><operation>query</operation><object>TaskStatus</object></jobInfo>", "InvalidEntity"),
        ("<jobInfo><operation>upsert</operation><object>Account</object></jobInfo>", "InvalidJob"),
        (
            "<jobInfo><operation>insert</operation><object>Account</object><contentType>ZIP_CSV</contentType></jobInfo>",
            "FeatureNotEnabled",
        ),
    ],
)
def test_malformed_jobs_are_refused(org: OrgClient, body: str, code: str) -> None:
    answer = Bulk1(org).call("POST", "job", body)
    assert (answer.status_code, values(answer)["exceptionCode"]) == (400, code)


def test_a_retired_version_is_a_400_here(org: OrgClient) -> None:
    answer = org.http("POST", "/services/async/20.0/job", headers={"X-SFDC-Session": org.token()})

    assert (answer.status_code, values(answer)["exceptionCode"]) == (400, "InvalidVersion")


def test_unknown_things(org: OrgClient) -> None:
    bulk = Bulk1(org)
    job_id = bulk.create("Account", "query")
    bulk.media = "application/xml"
    assert (
        values(bulk.call("GET", f"job/{job_id}/batch/751000000000000AAA"))["exceptionCode"] == "InvalidBatch"
    )
    assert bulk.call("POST", f"job/{job_id}", "<jobInfo><state>Open</state></jobInfo>").status_code == 400
    assert bulk.call("GET", "nonsense").status_code in {400, 404}
    for header in ("chunkSize=0", "chunkSize=x", "chunkSize=250001", "true; startRow=nonsense"):
        body = "<jobInfo><operation>query</operation><object>Account</object></jobInfo>"
        assert bulk.call("POST", "job", body, Sforce_Enable_PKChunking=header).status_code == 400
