"""The ingest jobs of the stand-in for an org."""

from __future__ import annotations

import csv
import io
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from records import Records

csv.field_size_limit(2**31)


class Jobs:
    """Ingest jobs of Bulk API 2.0, done as soon as they are closed."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._numbers = count(1)
        self._jobs: dict[str, dict[str, Any]] = {}
        self._uploads: dict[str, bytes] = {}
        self._results: dict[str, str] = {}

    def create(self, body: dict[str, Any]) -> dict[str, Any]:
        job_id = f"750{next(self._numbers):012d}AAA"
        counts = {"numberRecordsProcessed": 0, "numberRecordsFailed": 0}
        self._jobs[job_id] = {**body, "id": job_id, "state": "Open", **counts}
        return self._jobs[job_id]

    def upload(self, job_id: str, content: bytes) -> None:
        self._uploads[job_id] = content

    def change(self, job_id: str, state: str) -> dict[str, Any]:
        """Close a job, which carries it out, or abort it."""
        job = self._jobs[job_id]
        job["state"] = state
        if state == "UploadComplete":
            rows = list(csv.DictReader(io.StringIO(self._uploads.pop(job_id).decode(), newline="")))
            job["numberRecordsProcessed"] = len(rows)
            job["state"] = "JobComplete"
            self._results[job_id] = self._carried_out(job, rows)
        return job

    def _carried_out(self, job: dict[str, Any], rows: list[dict[str, str]]) -> str:
        result = io.StringIO(newline="")
        writer = csv.DictWriter(result, ["sf__Id", "sf__Created", *(rows[0] if rows else ())])
        writer.writeheader()
        for row in rows:
            fields: dict[str, Any] = {name: value for name, value in row.items() if value}
            creates = job["operation"] == "insert"
            record_id = self._records.create(job["object"], fields) if creates else fields.pop("Id")
            if not creates:
                self._records.update(record_id, fields)
            writer.writerow({"sf__Id": record_id, "sf__Created": str(creates).lower(), **row})
        return result.getvalue()

    def info(self, job_id: str) -> dict[str, Any]:
        return self._jobs[job_id]

    def results(self, job_id: str, kind: str) -> bytes:
        return self._results[job_id].encode() if kind == "successfulResults" else b"sf__Id,sf__Error\n"

    def delete(self, job_id: str) -> None:
        self._jobs.pop(job_id, None)
        self._results.pop(job_id, None)
