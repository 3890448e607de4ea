"""Ingest jobs of Bulk API 2.0: create, upload, close, wait, read what became of each row, delete.

Source: Bulk API 2.0 and Bulk API Developer Guide, "Bulk API 2.0 Ingest".
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from salesforce_seg.bulk2_job import LONGEST_HOURS, Bulk2Job
from salesforce_seg.errors import RunFailed, SalesforceError, ServerUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from salesforce_seg.session import Session

MOST_BYTES = 100_000_000
"""Of one upload: Salesforce takes 150 MB of base64, which 100 MB of text become at worst."""

LONGEST_CELL = 32_000
LONGEST_ROW = 400_000
"""Characters."""

NULL = "#N/A"
"""The cell that clears a field; an empty one leaves it as it is."""

WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before the first looks at a job: each costs an API call."""

_OVER = frozenset({"JobComplete", "Failed", "Aborted"})
_RESULTS = {"successful": "successfulResults", "failed": "failedResults", "unprocessed": "unprocessedrecords"}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a job ended.

    Attributes:
        state: JobComplete (which is no promise for any row), Failed or Aborted.
        message: Salesforce's words, if it failed.
        processed: Rows it looked at; what it committed stays, however it ended.
        failed: Those of them that were not written.
    """

    state: str
    message: str
    processed: int
    failed: int

    @property
    def code(self) -> str:
        """The code that the message begins with, such as ``InvalidBatch``."""
        return self.message.partition(" : ")[0] if " : " in self.message else ""


class IngestJob(Bulk2Job):
    """An ingest job."""

    @classmethod
    def create(
        cls, session: Session, sobject: str, operation: str, *, external_id_field: str = ""
    ) -> IngestJob:
        """Create a job, which waits for its rows.

        Args:
            session: The connection to the org.
            sobject: The object's API name.
            operation: insert, update, upsert or delete.
            external_id_field: The key of an upsert.

        Raises:
            SalesforceError: Salesforce refused; an ObjectUnavailable when Bulk API 2.0 does not write it.
        """
        body: dict[str, Any] = {
            "object": sobject,
            "operation": operation,
            "contentType": "CSV",
            "lineEnding": "LF",
        }
        if external_id_field:
            body["externalIdFieldName"] = external_id_field
        answer = session.call_json("POST", "jobs/ingest", json=body)
        return cls(session, answer["id"], f"{operation} of {sobject}", sleep=session.backoff.sleep)

    @property
    def _path(self) -> str:
        return f"jobs/ingest/{self.id}"

    def upload(self, content: bytes) -> None:
        """Give the job its rows, once.

        Raises:
            ServerUnavailable: ``outcome_unknown``: whether it has them is not known. Begin with a new job:
                nothing happens before this one is closed.
        """
        self._session.call(
            "PUT",
            f"{self._path}/batches",
            data=content,
            headers={"Content-Type": "text/csv"},
            repeatable=False,
        )

    def close(self) -> None:
        """Let Salesforce begin. When the answer is lost, the job itself says whether it has begun.

        Raises:
            ServerUnavailable: Salesforce does not answer; whether it has begun is not known.
            SalesforceError: It was refused and has not begun.
        """
        tries = 1
        while not self._has_begun():
            if tries > self._session.settings.max_retries:
                raise RunFailed(f"The Bulk API job {self.id} ({self._title}) cannot be closed.")
            tries += 1
            self._sleep(self._session.backoff.wait_before(tries))

    def _has_begun(self) -> bool:
        try:
            self._session.call("PATCH", self._path, json={"state": "UploadComplete"}, repeatable=False)
        except ServerUnavailable:
            return bool(self._info()["state"] != "Open")
        return True

    def wait(self) -> Ended:
        """Wait until the job is over.

        Raises:
            RunFailed: It is still under way after hours.
            ObjectUnavailable: It is no more: Salesforce deletes jobs after seven days.
        """
        for _ in self._looks(WAITS):
            info = self._info()
            if info["state"] in _OVER:
                return Ended(
                    info["state"],
                    info.get("errorMessage") or "",
                    int(info.get("numberRecordsProcessed") or 0),
                    int(info.get("numberRecordsFailed") or 0),
                )
        raise RunFailed(
            f"The Bulk API job {self.id} ({self._title}) is still under way after {LONGEST_HOURS} hours. "
            "Look at it in Salesforce Setup, Bulk Data Load Jobs."
        )

    def wait_if_begun(self) -> None:
        """Wait until the job is over, or discard it when Salesforce has never begun with it.

        Raises:
            ObjectUnavailable: It is no more.
        """
        if self._info()["state"] == "Open":
            self.discard()
        else:
            self.wait()

    def rows(self, kind: str) -> Iterator[dict[str, str]]:
        """The rows of a result, in Salesforce's order, which is not that of the upload.

        Args:
            kind: successful (with ``sf__Id`` and ``sf__Created``), failed (``sf__Id`` and ``sf__Error``) or
                unprocessed.

        Yields:
            Texts by column, some of them not as they were sent (numbers, date-times).
        """
        response = self._session.call("GET", f"{self._path}/{_RESULTS[kind]}", headers={"Accept": "text/csv"})
        lines = io.TextIOWrapper(io.BytesIO(response.content), encoding="utf-8", newline="")
        yield from csv.DictReader(lines)

    def discard(self) -> None:
        """Remove a job that was never closed; one that cannot be removed stays behind and does nothing."""
        try:
            self._session.call("PATCH", self._path, json={"state": "Aborted"})
            self.delete()
        except SalesforceError:
            return

    def delete(self) -> None:
        """Remove the job, its rows and its results from the org."""
        self._session.call("DELETE", self._path)

    def _info(self) -> dict[str, Any]:
        info = self._session.call_json("GET", self._path)
        if not isinstance(info, dict) or "state" not in info:
            raise RunFailed(f"The Bulk API job {self.id}: Salesforce's answer does not say its state.")
        return info


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Rows as a job takes them: UTF-8, LF, every cell quoted."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()
