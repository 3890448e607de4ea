"""Bulk API 2.0 query: what Salesforce refuses, and in which words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bulk_jobs import error_of, query, start_query, wait

if TYPE_CHECKING:
    from local_org_client import OrgClient


@pytest.mark.parametrize(
    ("soql", "code", "message"),
    [
        (
            "SELECT BillingAddress FROM Account",
            "API_ERROR",
            "Selecting compound data not supported in Bulk Query",
        ),
        ("SELECT COUNT() FROM Account", "API_ERROR", "Aggregate Relationships not supported in Bulk Query"),
        ("SELECT COUNT(Id) FROM Account", "API_ERROR", "Aggregate Relationships not supported in Bulk Query"),
        (
            "SELECT Name FROM Account GROUP BY Name",
            "API_ERROR",
            "Aggregate Relationships not supported in Bulk Query",
        ),
        (
            "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
            "API_ERROR",
            "Aggregate Relationships not supported in Bulk Query",
        ),
        ("SELECT Id FROM Account LIMIT 5 OFFSET 1", "API_ERROR", "OFFSET not supported in Bulk Query"),
        (
            "SELECT TYPEOF What WHEN Account THEN Phone END FROM Task",
            "API_ERROR",
            "TYPEOF not supported in Bulk Query",
        ),
        ("SELECT Id FROM TaskStatus", "INVALIDENTITY", "TaskStatus is not supported by the Bulk API"),
    ],
)
def test_what_bulk_does_not_take(org: OrgClient, soql: str, code: str, message: str) -> None:
    answer = org.rest("POST", "jobs/query", json={"operation": "query", "query": soql})
    assert error_of(answer) == (code, message)


def test_a_wrong_query_is_refused_with_its_reason(org: OrgClient) -> None:
    body = {"operation": "query", "query": "SELECT Foo FROM Account"}
    code, message = error_of(org.rest("POST", "jobs/query", json=body))
    assert code == "API_ERROR"
    assert "ERROR at Row:1:Column:8\nNo such column 'Foo' on entity 'Account'." in message


@pytest.mark.parametrize(
    "body",
    [
        {"operation": "query"},
        {"operation": "insert", "query": "SELECT Id FROM Account"},
        {"operation": "query", "query": 7},
        {"operation": "query", "query": "SELECT Id FROM Account", "columnDelimiter": "SPACE"},
        {"operation": "query", "query": "SELECT Id FROM Account", "lineEnding": "CR"},
        {"operation": "query", "query": "SELECT Id FROM Account", "contentType": "JSON"},
    ],
)
def test_malformed_jobs_are_refused(org: OrgClient, body: dict[str, object]) -> None:
    code, message = error_of(org.rest("POST", "jobs/query", json=body))
    assert (code, message[:36]) == ("API_ERROR", "Value does not match expected type: ")


def test_binary_fields_fail_the_job(org: OrgClient) -> None:
    job_id = start_query(org, "SELECT Body FROM Document")
    job = wait(org, "query", job_id)
    assert (job["state"], job["errorMessage"]) == ("Failed", "FeatureNotEnabled : Binary field not supported")
    code, _ = error_of(org.rest("GET", f"jobs/query/{job_id}/results"))
    assert code == "INVALIDJOBSTATE"


def test_results_need_the_api_version_of_the_job(org: OrgClient) -> None:
    job_id = query(org, "SELECT Id FROM Account")
    bearer = {"Authorization": f"Bearer {org.token()}"}
    assert org.http("GET", f"/services/data/v64.0/jobs/query/{job_id}/results", headers=bearer).ok
    for resource in ("results", "resultPages"):
        other = org.http("GET", f"/services/data/v63.0/jobs/query/{job_id}/{resource}", headers=bearer)
        assert other.status_code == 409


@pytest.mark.parametrize(
    "params", [{"locator": "nonsense!"}, {"locator": "OTk5"}, {"maxRecords": 0}, {"maxRecords": "x"}]
)
def test_wrong_locators_and_sizes_are_refused(org: OrgClient, params: dict[str, str]) -> None:
    job_id = query(org, "SELECT Id FROM Account")
    assert org.rest("GET", f"jobs/query/{job_id}/results", params=params).status_code == 400
