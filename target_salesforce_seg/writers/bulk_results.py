"""What became of the rows of a Bulk API 2.0 job, read one by one and found by their keys.

Sources: Bulk API 2.0 and Bulk API Developer Guide, "Get Job Successful Record Results", "Get Job Failed
Record Results", "Get Job Unprocessed Record Results": rows come in any order, and some values not as they
were sent.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from salesforce_seg.error_table import ROW, remedy_for
from salesforce_seg.errors import ApiError, RecordRejected, SalesforceError, ServerUnavailable
from target_salesforce_seg.catalog import missing_column
from target_salesforce_seg.intents import comparable
from target_salesforce_seg.writers.results import PASSING, STOP, Lost, Refused, Result, Written, of_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from salesforce_seg.bulk2_ingest import Ended, IngestJob
    from target_salesforce_seg.writers.bulk_rows import Load
    from target_salesforce_seg.writes import Write

_ROW_ERROR = re.compile(r"(?P<code>[A-Z][A-Z0-9_]*):(?P<message>.*):(?P<fields>[^:]*)--\s*", re.DOTALL)

UNPROCESSED = RecordRejected("Salesforce has not looked at the row.", code="UNPROCESSED")


class NotByBulk(Exception):  # noqa: N818  it says where else to go
    """Salesforce will not take these rows in this way; nothing of them was written."""


class ResultReader:
    """Reads what became of the rows of a job."""

    def __init__(self, load: Load, writes: Sequence[Write], results: dict[Write, Result]) -> None:
        self._load = load
        self._writes = writes
        self._results = results
        self._by_key = {_key_of(load, write): write for write in writes}

    def read(self, job: IngestJob, ended: Ended) -> list[Write]:
        """Note the results; give back what is to be sent again.

        Raises:
            NotByBulk: The job was refused as a whole, or its rows cannot be told apart.
            SalesforceError: The run cannot go on.
        """
        if ended.state == "Failed" and not ended.processed:
            self._refused_whole(ended)
            return []
        again: list[Write] = []
        if ended.processed > ended.failed:
            for row in job.rows("successful"):
                if write := self._write_of(row):
                    created = row.get("sf__Created", "").lower() != "false"
                    self._results[write] = Written(created=created or self._load.operation != "upsert")
        if ended.failed:
            again += self._read_failed(job)
        if len(self._known()) < len(self._writes):
            self._read_rest(job, again)
        return again

    def _read_failed(self, job: IngestJob) -> Iterator[Write]:
        for row in job.rows("failed"):
            write = self._write_of(row)
            if write is None:
                continue
            error = _row_error(row.get("sf__Error", ""))
            remedy = remedy_for(ROW, error.code, error.message)
            if remedy in STOP:
                raise SalesforceError(f"Writing {self._load.sobject} records: {error}.", code=error.code)
            self._results[write] = of_row([error], remedy)
            if remedy in PASSING:
                yield write

    def _read_rest(self, job: IngestJob, again: list[Write]) -> None:
        """Send again what Salesforce says it did not look at; what it does not mention may be written."""
        for row in job.rows("unprocessed"):
            write = self._write_of(row)
            if write is not None and write not in self._results:
                self._results[write] = Refused(UNPROCESSED)
                again.append(write)
        known = self._known()
        lost = Lost(ServerUnavailable(f"The results of the Bulk API job {job.id} are short of rows."))
        self._results |= {write: lost for write in self._writes if write not in known}

    def _refused_whole(self, ended: Ended) -> None:
        error = RecordRejected(ended.message or "The Bulk API job failed.", code=ended.code)
        column = missing_column(error).lower()
        having = [write for write in self._writes if column in {name.lower() for name in write.record}]
        if not column or not having:
            raise NotByBulk(error.message)
        self._results |= {write: Refused(error, missing=column) for write in having}
        if len(having) < len(self._writes):
            raise NotByBulk(error.message)

    def _known(self) -> list[Write]:
        return [write for write in self._writes if write in self._results]

    def _write_of(self, row: dict[str, str]) -> Write | None:
        return self._by_key.get(_key_in(self._load, self._writes[0], row))


def _row_error(text: str) -> ApiError:
    """An error of a result file: ``CODE:message:fields --``."""
    match = _ROW_ERROR.fullmatch(text)
    if match is None:
        return ApiError(text.partition(":")[0], text)
    fields = tuple(name.strip() for name in match["fields"].split(",") if name.strip())
    return ApiError(match["code"], match["message"], fields)


def _key_of(load: Load, write: Write) -> tuple[Any, ...]:
    if load.operation in {"update", "delete"}:
        return (write.record_id[:15],)
    match = write.intents[0].match
    assert match is not None
    return match.key


def _key_in(load: Load, like: Write, row: dict[str, str]) -> tuple[Any, ...]:
    """The key of a result row: the Id, or the values of the fields that the record is found by."""
    if load.operation in {"update", "delete"}:
        return ((row.get("Id") or row.get("sf__Id") or "")[:15],)
    match = like.intents[0].match
    assert match is not None
    values: dict[str, Any] = defaultdict(str, row)
    return tuple(
        comparable(field, values[name]) if (field := like.sobject.field(name)) else values[name]
        for name in match.fields
    )
