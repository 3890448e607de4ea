"""Bulk API 2.0 in few words, for tests: create a job, wait for it, read its CSV."""

from __future__ import annotations

import csv
import io
import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests
    from local_org_client import OrgClient

OVER = {"JobComplete", "Failed", "Aborted"}
MULTIPART = """--BOUNDARY
Content-Type: application/json
Content-Disposition: form-data; name="job"

{job}
--BOUNDARY
Content-Type: text/csv
Content-Disposition: form-data; name="content"; filename="content"

{content}
--BOUNDARY--
""".replace("\n", "\r\n")


def lines(*rows_of_file: str) -> str:
    """A file of these rows."""
    return "".join(f"{row}\n" for row in rows_of_file)


def parse(text: bytes | str, delimiter: str = ",") -> list[dict[str, str]]:
    """The rows of a CSV answer."""
    decoded = text.decode("utf-8") if isinstance(text, bytes) else text
    return list(csv.DictReader(io.StringIO(decoded, newline=""), delimiter=delimiter, strict=True))


def wait(org: OrgClient, kind: str, job_id: str, until: set[str] = OVER) -> dict[str, Any]:
    """Poll a job until its state is one of these; what it tells then."""
    for _ in range(3000):
        answer = org.rest("GET", f"jobs/{kind}/{job_id}")
        assert answer.status_code == 200, answer.text
        job: dict[str, Any] = answer.json()
        if job["state"] in until:
            return job
        time.sleep(0.01)
    raise AssertionError(f"job {job_id} stays {job['state']}")


def start_query(org: OrgClient, soql: str, **more: Any) -> str:
    """Create a query job; its id."""
    answer = org.rest("POST", "jobs/query", json={"operation": "query", "query": soql} | more)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def query(org: OrgClient, soql: str, **more: Any) -> str:
    """Create a query job and wait until it is complete; its id."""
    job_id = start_query(org, soql, **more)
    job = wait(org, "query", job_id)
    assert job["state"] == "JobComplete", job
    return job_id


def results(org: OrgClient, job_id: str, **params: Any) -> requests.Response:
    """One page of a query's result."""
    answer = org.rest("GET", f"jobs/query/{job_id}/results", params=params)
    assert answer.status_code == 200, answer.text
    return answer


def rows(org: OrgClient, soql: str, **more: Any) -> list[dict[str, str]]:
    """All rows of a query, by Bulk API 2.0."""
    return parse(results(org, query(org, soql, **more)).content)


def create_ingest(org: OrgClient, sobject: str, operation: str = "insert", **more: Any) -> dict[str, Any]:
    """Create an ingest job; what it tells."""
    answer = org.rest("POST", "jobs/ingest", json={"object": sobject, "operation": operation} | more)
    assert answer.status_code == 200, answer.text
    job: dict[str, Any] = answer.json()
    return job


def upload(org: OrgClient, job_id: str, content: str | bytes) -> requests.Response:
    """Send a job its file."""
    body = content.encode() if isinstance(content, str) else content
    return org.rest("PUT", f"jobs/ingest/{job_id}/batches", data=body, headers={"Content-Type": "text/csv"})


def close(org: OrgClient, job_id: str) -> requests.Response:
    """Tell a job that its file is complete."""
    return org.rest("PATCH", f"jobs/ingest/{job_id}", json={"state": "UploadComplete"})


def ingest(
    org: OrgClient, sobject: str, content: str | bytes, operation: str = "insert", **more: Any
) -> dict[str, Any]:
    """Load a file and wait for the end; what the job tells then."""
    job_id = create_ingest(org, sobject, operation, **more)["id"]
    assert upload(org, job_id, content).status_code == 201
    assert close(org, job_id).status_code == 200
    return wait(org, "ingest", job_id)


def ingest_multipart(org: OrgClient, job: dict[str, Any], content: str) -> requests.Response:
    """Create a job with its file in the same request."""
    body = MULTIPART.replace("{job}", json.dumps(job)).replace("{content}", content)
    headers = {"Content-Type": 'multipart/form-data; boundary="BOUNDARY"'}
    return org.rest("POST", "jobs/ingest", data=body.encode(), headers=headers)


def result_text(org: OrgClient, job_id: str, kind: str) -> str:
    """A result file of an ingest job: ``successfulResults``, ``failedResults`` or ``unprocessedrecords``."""
    answer = org.rest("GET", f"jobs/ingest/{job_id}/{kind}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/csv; charset=UTF-8"
    return answer.content.decode()


def result_rows(org: OrgClient, job_id: str, kind: str) -> list[dict[str, str]]:
    """The rows of a result file of an ingest job."""
    return parse(result_text(org, job_id, kind))


def error_of(answer: requests.Response, status: int = 400) -> tuple[str, str]:
    """Code and message of a refusal."""
    assert answer.status_code == status, answer.text
    (error,) = answer.json()
    return error["errorCode"], error["message"]
