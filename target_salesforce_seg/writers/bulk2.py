"""Writes through Bulk API 2.0 ingest jobs: many records in few API calls, each row's fate read one by one.

Sources: Bulk API 2.0 and Bulk API Developer Guide, "Bulk API 2.0 Ingest", "Valid CSV Record Rows", "Get Job
Failed Record Results"; a job that is complete says nothing of its rows, and results come in any order.
"""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from salesforce_seg import fields as field_types
from salesforce_seg.bulk2_ingest import (
    LONGEST_CELL,
    LONGEST_ROW,
    MOST_BYTES,
    NULL,
    IngestJob,
    csv_bytes,
)
from salesforce_seg.errors import (
    ApiError,
    ConfigurationError,
    RecordRejected,
    SalesforceError,
    ServerUnavailable,
    remedy_for,
)
from target_salesforce_seg.catalog import missing_column
from target_salesforce_seg.intents import comparable
from target_salesforce_seg.writers.results import (
    PASSING,
    STOP,
    Lost,
    Refused,
    Result,
    Written,
    gave_up,
    of_row,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from salesforce_seg.bulk2_ingest import Ended
    from salesforce_seg.session import Session
    from target_salesforce_seg.writers.journal import JobJournal
    from target_salesforce_seg.writes import Write

LOCK_WAITS = (1.0, 2.0, 4.0, 8.0)
"""Seconds before rows that were locked are sent again: Salesforce itself does not try them again."""

_ROW_ERROR = re.compile(r"(?P<code>[A-Z][A-Z0-9_]*):(?P<message>.*):(?P<fields>[^:]*)--\s*", re.DOTALL)
_OPERATIONS = {"create": "insert", "update": "update", "delete": "delete"}
_UNFIT = re.compile(r"[\x00\r]")

log = logging.getLogger(__name__)


class Load(NamedTuple):
    """What the rows of one job have in common: the object, the operation, and the key of an upsert."""

    sobject: str
    operation: str
    upsert_by: str = ""


class NotByBulk(Exception):  # noqa: N818  it says where else to go
    """Salesforce will not take these rows in this way; nothing of them was written."""


def load_of(write: Write) -> Load | None:
    """The job that a write may go into; None for one that has to go another way.

    A record that is created must have a key, by which its row is found among the results. Texts that a CSV
    file cannot hold, or that would mean something else there, go by REST.
    """
    if write.operation == "create" and write.intents[0].match is None:
        return None
    texts = [value for value in write.record.values() if isinstance(value, str)]
    if any(len(text) > LONGEST_CELL or text == NULL or _UNFIT.search(text) for text in texts):
        return None
    if sum(map(len, texts)) > LONGEST_ROW - 40 * len(write.record):
        return None
    if write.operation == "create" and write.upsert_by:
        return Load(write.sobject.name, "upsert", write.upsert_by)
    return Load(write.sobject.name, _OPERATIONS[write.operation])


class BulkWriter:
    """Writes to one org.

    Args:
        session: the connection.
        journal: where jobs are noted while they are under way.
    """

    def __init__(self, session: Session, journal: JobJournal) -> None:
        self._session = session
        self._journal = journal

    def write(self, load: Load, writes: Sequence[Write], results: dict[Write, Result]) -> None:
        """Write all.

        Args:
            load: what they have in common.
            writes: to be written, each record once.
            results: takes what becomes of each; filled as far as it is known even when an error is raised.

        Raises:
            NotByBulk: the writes that have no result yet must go another way.
            SalesforceError: the run cannot go on.
        """
        pending = list(writes)
        for wait in (*LOCK_WAITS, None):
            again: list[Write] = []
            for columns, part in _parts(pending):
                again += self._job(load, columns, part, results)
            if not again:
                return
            if wait is None:
                break
            self._session.backoff.sleep(wait)
            pending = sorted(again, key=_parent)
        for write in again:
            result = results.get(write)
            error = result.error if isinstance(result, Refused) else _UNPROCESSED
            results[write] = gave_up(error, 1 + len(LOCK_WAITS))

    def _job(
        self, load: Load, columns: Sequence[str], writes: Sequence[Write], results: dict[Write, Result]
    ) -> list[Write]:
        """Run one job; give back what is to be sent again."""
        job = self._begun(load, columns, writes)
        ended = job.wait()
        self._journal.forget_all()
        log.info(
            "Bulk API job %s: %s of %d %s records ended as %s, %d failed.",
            job.id,
            load.operation,
            len(writes),
            load.sobject,
            ended.state,
            ended.failed,
        )
        try:
            again = _Reading(load, writes, results).read(job, ended)
        except ServerUnavailable as error:
            results |= {write: Lost(error) for write in writes if write not in results}
            again = []
        try:
            job.delete()
        except SalesforceError as error:
            log.info("The Bulk API job %s could not be deleted: %s", job.id, error.message)
        return again

    def _begun(self, load: Load, columns: Sequence[str], writes: Sequence[Write]) -> IngestJob:
        """A job that Salesforce has begun with.

        Raises:
            NotByBulk: Salesforce does not take it.
        """
        content = csv_bytes(columns, (_row(load, columns, write) for write in writes))
        job: IngestJob | None = None
        try:
            job = IngestJob.create(
                self._session, load.sobject, load.operation, external_id_field=load.upsert_by
            )
            job = self._uploaded(job, load, content)
            self._journal.note(job.id)
            job.close()
        except (ConfigurationError, ServerUnavailable):
            raise
        except (SalesforceError, OSError) as error:
            if job is not None:
                job.discard()
            raise NotByBulk(str(error)) from None
        return job

    def _uploaded(self, job: IngestJob, load: Load, content: bytes) -> IngestJob:
        """The job with its rows; another one with them when it is not known whether the first has them."""
        for _ in range(self._session.settings.max_retries):
            if _takes(job, content):
                return job
            job.discard()
            job = IngestJob.create(
                self._session, load.sobject, load.operation, external_id_field=load.upsert_by
            )
        job.upload(content)
        return job


def _takes(job: IngestJob, content: bytes) -> bool:
    """Upload; whether the job surely has its rows then."""
    try:
        job.upload(content)
    except ServerUnavailable as error:
        if not error.outcome_unknown:
            raise
        return False
    return True


class _Reading:
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
            remedy = remedy_for(0, error.code, error.message)
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
                self._results[write] = Refused(_UNPROCESSED)
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


_UNPROCESSED = RecordRejected("Salesforce has not looked at the row.", code="UNPROCESSED")


def _row_error(text: str) -> ApiError:
    """An error of a result file: ``CODE:message:fields --``."""
    match = _ROW_ERROR.fullmatch(text)
    if match is None:
        return ApiError(text.partition(":")[0], text)
    fields = tuple(name.strip() for name in match["fields"].split(",") if name.strip())
    return ApiError(match["code"], match["message"], fields)


def _parts(writes: Iterable[Write]) -> Iterator[tuple[list[str], list[Write]]]:
    """Uploads of 100 MB at most, each with the columns that its rows have."""
    part: list[Write] = []
    size = 0
    for write in writes:
        length = sum(4 * len(str(value)) + 8 for value in write.record.values()) + 40
        if part and size + length > MOST_BYTES:
            yield _columns(part), part
            part, size = [], 0
        part.append(write)
        size += length
    if part:
        yield _columns(part), part


def _columns(writes: Iterable[Write]) -> list[str]:
    names: dict[str, None] = {}
    for write in writes:
        if write.record_id:
            names["Id"] = None
        names |= dict.fromkeys(write.record)
    return list(names)


def _row(load: Load, columns: Sequence[str], write: Write) -> list[str]:
    record = write.record | ({"Id": write.record_id} if write.record_id else {})
    if load.operation == "delete":
        record = {"Id": write.record_id}
    return [_cell(record[name]) if name in record else "" for name in columns]


def _cell(value: Any) -> str:
    """A value as a cell: an empty text clears the field, as in REST."""
    return field_types.csv_text(value) or NULL


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


def _parent(write: Write) -> str:
    """The records that a write locks beside its own, so that those that lock the same follow each other."""
    references = [field.name for field in write.sobject.fields if field.type == "reference"]
    values = {**write.stored, **write.record}
    return " ".join(str(values.get(name) or "") for name in references) + write.record_id
