"""A local org with believable Accounts, and what is recorded of its answers."""

from __future__ import annotations

import json
import sqlite3
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import recorded_rows
from recorded_rows import NotRecordableError, RecordedRows
from servers import LocalOrg

from salesforce_local_org.filler import seed_bulk
from salesforce_local_org.org import Org

if TYPE_CHECKING:
    from collections.abc import Sequence
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


class Recorder(LocalOrg):
    """Runs a local org with many rows, and records its answers.

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
        super().__init__(folder, schema, database)
        self.created_job: dict[str, Any] = {}
        self.complete_job: dict[str, Any] = {}

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
        answer = self.call(method, target, body)
        if answer.status >= 300:
            raise NotRecordableError(answer.body.decode()[:500])
        return answer.body
