"""What an ingest job does once its file is there, and the files that tell what became of each row."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, ClassVar

from salesforce_local_org.bulk.load import (
    BATCH_ROWS,
    Column,
    FileRefusedError,
    Loader,
    Outcome,
    columns_of,
    record_of,
    step_rows,
)
from salesforce_local_org.bulk.order import unordered
from salesforce_local_org.bulk.spool import Spool
from salesforce_local_org.csv_io import CsvError, CsvFile, java_double
from salesforce_local_org.jobs import Job, JobFailedError
from salesforce_local_org.rules import values
from salesforce_local_org.rules.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from salesforce_local_org.csv_io import Dialect
    from salesforce_local_org.org import Org
    from salesforce_local_org.schema import SObject
    from salesforce_local_org.writes import Options

BATCHES = "DailyBulkApiBatches"
_RESULT_COLUMNS = {"successful": ("sf__Id", "sf__Created"), "failed": ("sf__Id", "sf__Error")}
_REFORMATTED_NUMBERS = frozenset({"double", "currency", "percent"})


@dataclass(slots=True, eq=False, kw_only=True)
class IngestJob(Job):
    """A file of records to be written and, when it is done, what became of each."""

    job_type: ClassVar[str] = "V2Ingest"

    dialect: Dialect
    options: Options
    external_id_field: str | None = None
    assignment_rule_id: str | None = None
    uploaded: bool = False
    _file: CsvFile | None = None
    _spools: dict[str, Spool] = field(default_factory=dict)

    @property
    def upload(self) -> Path:
        """Where the file lies."""
        return self.folder / "upload.csv"

    @contextmanager
    def taking_upload(self) -> Iterator[None]:
        """Let nobody else upload meanwhile."""
        with self._lock:
            yield

    def work(self, org: Org) -> None:
        """Write the records of the file.

        Raises:
            JobFailedError: The file is refused as a whole.
            JobStoppedError: The job was ended on the way; what is written stays.
        """
        sobject = org.schema.object(self.sobject)
        assert sobject is not None, self.sobject
        try:
            file = self._checked_file()
            columns = columns_of(sobject, file.header, org.schema.object)
            loader = Loader(org, sobject, self.operation, self.options, self.external_id_field)
            loader.check_names([column.name for column in columns])
        except (CsvError, FileRefusedError) as error:
            raise JobFailedError(str(error)) from error
        org.limits.use(BATCHES, -(-file.row_count // BATCH_ROWS))
        rows_of_step = step_rows(file.row_count, doomed=self.doom is not None)
        results = _Results(self, sobject, columns)
        rows = file.rows()
        try:
            while batch := list(islice(rows, BATCH_ROWS)):
                self._write_batch(loader, batch, columns, rows_of_step, results)
        finally:
            results.seal()

    def _checked_file(self) -> CsvFile:
        if not self.uploaded:
            raise CsvError("InvalidBatch : Records not found")
        self._file = CsvFile.check(self.upload, self.dialect)
        return self._file

    def _write_batch(
        self,
        loader: Loader,
        rows: list[list[str]],
        columns: list[Column],
        rows_of_step: int,
        results: _Results,
    ) -> None:
        records = [record_of(columns, row) for row in rows]
        done = 0
        for outcomes in loader.load(records, rows_of_step):
            results.add(rows[done : done + len(outcomes)], outcomes)
            done += len(outcomes)
            self.records_processed += len(outcomes)
            self.records_failed += sum(outcome.error is not None for outcome in outcomes)
            self.go_on()

    def spool(self, kind: str) -> Spool:
        """The rows that were written, or refused."""
        if kind not in self._spools:
            self._spools[kind] = Spool(self.folder / f"{kind}.csv")
        return self._spools[kind]

    def result(self, kind: str) -> Iterator[bytes]:
        """A result file: ``successful``, ``failed`` or ``unprocessed`` rows, below their header."""
        file = self._file or self._readable_file()
        header = file.header if file else []
        own = self.dialect.line(header, quote=False)
        if kind == "unprocessed":
            if file:
                yield own.encode()
                for row in islice(file.rows(), self.records_processed, None):
                    yield self.dialect.line(row).encode()
            return
        added = self.dialect.line(_RESULT_COLUMNS[kind]).removesuffix(self.dialect.terminator)
        yield (added + (self.dialect.delimiter + own if header else self.dialect.terminator)).encode()
        spool = self.spool(kind)
        yield from spool.read(0, spool.size)

    def _readable_file(self) -> CsvFile | None:
        try:
            return self._checked_file()
        except CsvError:
            return None


class _Results:
    """Sorts the rows of a job into its result files. Within a step their order is lost, as on Salesforce."""

    def __init__(self, job: IngestJob, sobject: SObject, columns: Sequence[Column]) -> None:
        self._dialect = job.dialect
        self._successful = job.spool("successful")
        self._failed = job.spool("failed")
        self._fields = [None if each.key else sobject.field(each.name) for each in columns]

    def add(self, rows: Sequence[list[str]], outcomes: Sequence[Outcome]) -> None:
        """Add the rows of one step with what became of them."""
        pairs = list(chain.from_iterable(unordered(list(zip(rows, outcomes, strict=True)))))
        self._successful.append([self._success(row, each) for row, each in pairs if not each.error])
        self._failed.append([self._failure(row, each) for row, each in pairs if each.error])

    def seal(self) -> None:
        """Put the rows where readers find them."""
        self._successful.seal()
        self._failed.seal()

    def _success(self, row: list[str], outcome: Outcome) -> bytes:
        own = [_reformatted(each, text) for each, text in zip(self._fields, row, strict=True)]
        return self._dialect.line([outcome.record_id or "", str(outcome.created).lower(), *own]).encode()

    def _failure(self, row: list[str], outcome: Outcome) -> bytes:
        return self._dialect.line([outcome.record_id or "", outcome.error_text, *row]).encode()


def _reformatted(field: Any, text: str) -> str:
    """A value as the successful results repeat it: numbers and date-times not as they were sent."""
    if field is None or not text or field.type not in _REFORMATTED_NUMBERS | {"datetime"}:
        return text
    try:
        value = values.fit(field, values.read(field, text))
    except RecordError:
        return text
    return java_double(value) if field.type in _REFORMATTED_NUMBERS else str(value)
