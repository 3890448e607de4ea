"""Bulk API 1.0 in few words, for tests: jobs, batches, and their results."""

from __future__ import annotations

import csv
import io
import time
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    import requests
    from local_org_client import OrgClient

NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
MEDIA = {"CSV": "text/csv", "JSON": "application/json", "XML": "application/xml"}


class Bulk1:
    """What a client of Bulk API 1.0 does."""

    def __init__(self, org: OrgClient, media: str = "application/xml") -> None:
        self.org = org
        self.media = media

    def call(
        self, method: str, path: str, body: str | bytes | None = None, **headers: str
    ) -> requests.Response:
        sent = {"X-SFDC-Session": self.org.token(), "Content-Type": self.media} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        data = body.encode() if isinstance(body, str) else body
        return self.org.http(method, f"/services/async/62.0/{path}", data=data, headers=sent)

    def create(self, sobject: str, operation: str, content_type: str = "CSV", **more: str) -> str:
        headers = {name: value for name, value in more.items() if name.startswith("Sforce")}
        rest = {name: value for name, value in more.items() if name not in headers}
        names = {"operation": operation, "object": sobject} | rest | {"contentType": content_type}
        elements = "".join(f"<{name}>{value}</{name}>" for name, value in names.items())
        body = f'<?xml version="1.0"?><jobInfo xmlns="{NAMESPACE}">{elements}</jobInfo>'
        answer = self.call("POST", "job", body, **headers)
        assert answer.status_code == 201, answer.text
        self.media = MEDIA[content_type]
        return str(values(answer)["id"])

    def add(self, job_id: str, body: str | bytes) -> str:
        answer = self.call("POST", f"job/{job_id}/batch", body)
        assert answer.status_code == 201, answer.text
        info = answer.json() if self.media == "application/json" else values(answer)
        assert info["jobId"] == job_id
        return str(info["id"])

    def wait(self, job_id: str, batch_id: str) -> dict[str, Any]:
        for _ in range(3000):
            answer = self.call("GET", f"job/{job_id}/batch/{batch_id}")
            info = answer.json() if self.media == "application/json" else values(answer)
            if info["state"] not in {"Queued", "InProgress"}:
                return info
            time.sleep(0.01)
        raise AssertionError(f"batch {batch_id} is never done")

    def load(self, sobject: str, operation: str, body: str, content_type: str = "CSV", **more: str) -> Any:
        job_id = self.create(sobject, operation, content_type, **more)
        batch_id = self.add(job_id, body)
        info = self.wait(job_id, batch_id)
        assert info["state"] == "Completed", info
        return self.call("GET", f"job/{job_id}/batch/{batch_id}/result")

    def query(self, sobject: str, soql: str, content_type: str = "CSV", operation: str = "query") -> bytes:
        job_id = self.create(sobject, operation, content_type)
        batch_id = self.add(job_id, soql)
        info = self.wait(job_id, batch_id)
        assert info["state"] == "Completed", info
        answer = self.call("GET", f"job/{job_id}/batch/{batch_id}/result")
        (result_id,) = (
            answer.json() if content_type == "JSON" else [each.text for each in ET.fromstring(answer.content)]
        )
        found = self.call("GET", f"job/{job_id}/batch/{batch_id}/result/{result_id}")
        assert found.status_code == 200
        return found.content


def values(answer: requests.Response) -> dict[str, Any]:
    """The elements of an XML answer."""
    assert answer.headers["Content-Type"] == "application/xml"
    return {child.tag.rpartition("}")[2]: child.text for child in ET.fromstring(answer.content)}


def rows(text: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.decode(), newline="")))
