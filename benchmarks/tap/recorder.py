"""A local org with believable Accounts, and what is recorded of its answers."""

from __future__ import annotations

import http.client
import json
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import recorded_rows
from recorded_rows import NotRecordableError, RecordedRows

from salesforce_local_org.filler import seed_bulk
from salesforce_local_org.org import Org

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

OBJECTS = ("Account", "Contact", "Lead", "Opportunity")
"""Of which there are many rows; all others are as an org without customers has them."""

SCHEMA = """
fields:
- {object: Account, name: Discount__c, type: Percent, precision: 5, scale: 2}
- {object: Account, name: Invoices_To__c, type: Email}
- {object: Account, name: Interests__c, type: MultiselectPicklist, values: [Rivers, Harbours, Bridges, Locks]}
- {object: Account, name: Opens_At__c, type: Time}
- {object: Account, name: Remarks__c, type: LongTextArea, length: 32768}
"""
"""With them an Account has 68 fields, and every type of field but base64, anyType and location."""

_BELIEVABLE = (
    "UPDATE Account SET Opens_At__c = printf('%02d:30:00.000Z', 6 + rowid % 5) WHERE rowid % 3 > 0",
    "UPDATE Account SET BillingStreet = rowid || ' Harbour Street' || char(10) || 'Suite ' || (rowid % 40)",
    "UPDATE Account SET NumberOfEmployees = rowid * 7919 % 12000, AnnualRevenue = rowid * 104729 % 90000000",
    "UPDATE Account SET BillingLatitude = rowid * 7919 % 180000 / 1000.0 - 90",
    "UPDATE Account SET BillingLongitude = rowid * 7907 % 360000 / 1000.0 - 180",
)
_HOP_BY_HOP = {"connection", "content-length", "keep-alive", "transfer-encoding", "date", "host"}
_SECONDS = 300


@dataclass(frozen=True)
class Answer:
    """What the org answered, as it was on the wire."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Recorder:
    """Runs a local org, and asks it.

    Args:
        folder: An empty folder for its database.
        rows: How many rows each object has.

    Attributes:
        created_job: What the org said of a bulk query when it was created.
        complete_job: What it said of it when it was done.
    """

    def __init__(self, folder: Path, rows: int) -> None:
        database, schema = folder / "org.sqlite", folder / "schema.yaml"
        schema.write_text(SCHEMA)
        org = Org(database=database, schema_file=schema)
        for sobject in OBJECTS:
            seed_bulk(org, sobject, rows)
        org.store.close()
        with sqlite3.connect(database) as connection:
            for statement in _BELIEVABLE:
                connection.execute(statement)
        connection.close()
        command = [sys.executable, "-m", "salesforce_local_org", "serve", "--port=0"]
        with (folder / "org.log").open("wb") as log:
            self._process = subprocess.Popen(
                [*command, f"--database={database}", f"--schema={schema}"], stdout=subprocess.PIPE, stderr=log
            )
        assert self._process.stdout is not None
        word, _, url = self._process.stdout.readline().decode().strip().partition(" ")
        if word != "ready":
            raise NotRecordableError(f"The local org did not start: {(folder / 'org.log').read_text()}")
        self._netloc = urlsplit(url).netloc
        self._token = ""
        self.created_job: dict[str, Any] = {}
        self.complete_job: dict[str, Any] = {}

    def close(self) -> None:
        """End the org."""
        self._process.terminate()
        self._process.wait(_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Pass a request on to the org, with the headers of its client."""
        connection = http.client.HTTPConnection(self._netloc, timeout=_SECONDS)
        passed = {name: value for name, value in headers.items() if name.lower() not in _HOP_BY_HOP}
        host = headers.get("host", self._netloc)
        try:
            connection.request(method, target, body, passed | {"Host": host, "Accept-Encoding": "identity"})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        kept = tuple(each for each in answer.getheaders() if each[0].lower() not in _HOP_BY_HOP)
        return Answer(answer.status, kept, content)

    def query(self, version: str, sobject: str, fields: Sequence[str]) -> tuple[RecordedRows, int]:
        """A recording of a REST query for all rows of an object, and the rows of one page of it.

        Raises:
            NotRecordableError: The org refused the query, or found nothing.
        """
        text = f"SELECT {','.join(fields)} FROM {sobject} ORDER BY Id"
        page = self._call("GET", f"/services/data/v{version}/queryAll?q={quote(text)}")
        records = recorded_rows.json_records(page)
        page_rows = len(records)
        while following := json.loads(page).get("nextRecordsUrl"):
            page = self._call("GET", following)
            records += recorded_rows.json_records(page)
        return recorded_rows.of_json(records), page_rows

    def bulk_result(self, version: str, sobject: str, fields: Sequence[str]) -> RecordedRows:
        """A recording of the result of a Bulk API 2.0 query for all rows of an object.

        Raises:
            NotRecordableError: The org refused the query, or found nothing.
        """
        text = f"SELECT {','.join(fields)} FROM {sobject} ORDER BY Id"
        jobs = f"/services/data/v{version}/jobs/query"
        job = self.created_job = json.loads(
            self._call("POST", jobs, {"operation": "queryAll", "query": text})
        )
        url = f"{jobs}/{job['id']}"
        while job["state"] not in {"JobComplete", "Failed", "Aborted"}:
            time.sleep(0.1)
            job = json.loads(self._call("GET", url))
        if job["state"] != "JobComplete":
            raise NotRecordableError(job.get("errorMessage", job["state"]))
        self.complete_job = job
        content = self._call("GET", f"{url}/results")
        self._call("DELETE", url)
        return recorded_rows.of_csv(content)

    def _call(self, method: str, target: str, body: Any = None) -> bytes:
        headers = {"Authorization": f"Bearer {self._access_token()}", "Content-Type": "application/json"}
        answer = self.ask(method, target, headers, json.dumps(body).encode() if body else b"")
        if answer.status >= 300:
            raise NotRecordableError(answer.body.decode()[:500])
        return answer.body

    def _access_token(self) -> str:
        if not self._token:
            form = b"grant_type=client_credentials&client_id=recorder&client_secret=recorder"
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = self.ask("POST", "/services/oauth2/token", kind, form)
            self._token = json.loads(answer.body)["access_token"]
        return self._token
