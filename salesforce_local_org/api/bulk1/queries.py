"""Query batches of Bulk API 1.0, whole or chunk by chunk of primary keys."""

from __future__ import annotations

import json
from calendar import timegm
from time import strptime
from typing import TYPE_CHECKING, Any

from salesforce_local_org import jobs
from salesforce_local_org.api.bulk1.batch import Batch
from salesforce_local_org.api.bulk1.documents import NAMESPACE, xml_text
from salesforce_local_org.bulk.extract import (
    BulkRefusedError,
    Extract,
    between,
    header_names,
    refuse_unsupported,
    steps,
)
from salesforce_local_org.bulk.spool import Spool
from salesforce_local_org.csv_io import Dialect
from salesforce_local_org.jobs import JobFailedError
from salesforce_local_org.soql.compile import compile_statement
from salesforce_local_org.soql.errors import SoqlError
from salesforce_local_org.soql.parser import parse
from salesforce_local_org.soql.run import QueryResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from salesforce_local_org.api.bulk1.batch import ClassicJob
    from salesforce_local_org.org import Org
    from salesforce_local_org.soql.statement import Statement

NO_RECORDS = b"Records not found for this query"
"""What a CSV result without rows says instead of a header."""
_XML_START = (
    f'<?xml version="1.0" encoding="UTF-8"?><queryResult xmlns="{NAMESPACE}"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
)


def work(org: Org, batch: Batch) -> None:
    """Answer a query batch, or part it into chunks.

    Raises:
        JobFailedError: The query cannot be answered in bulk.
        JobStoppedError: The batch was ended on the way.
    """
    batch.go_on()
    job = batch.job
    text = batch.request_path.read_bytes().decode("utf-8", "replace").strip()
    try:
        statement = _compile(org, job, text)
        _answer(org, batch, statement, text)
    except SoqlError as error:
        raise _failed_query(error.code, error.message) from error


def _answer(org: Org, batch: Batch, statement: Statement, text: str) -> None:
    job = batch.job
    if batch.rows:
        statement = between(statement, *batch.rows)
    elif job.pk_chunk_rows and not (statement.ordered or statement.limited):
        _part(org, batch, statement)
        return
    row_ids = Extract(org.store, statement, Dialect()).row_ids()
    _WRITERS[job.content_type](org, batch, statement, text, row_ids)
    batch.records_processed = len(row_ids)


def _compile(org: Org, job: ClassicJob, text: str) -> Statement:
    statement = compile_statement(org, text, all_rows=job.operation == "queryAll")
    _check_object(statement, job)
    try:
        refuse_unsupported(statement, offset=parse(text).offset is not None)
    except BulkRefusedError as error:
        if error.asynchronous:
            raise JobFailedError(error.message) from error
        raise _failed_query("FUNCTIONALITY_NOT_ENABLED", error.message) from error
    return statement


def _check_object(statement: Statement, job: ClassicJob) -> None:
    if statement.sobject.name != job.sobject:
        raise SoqlError(
            "INVALID_TYPE_FOR_OPERATION",
            f"The root entity of the requested query ({statement.sobject.name}) does not match the entity"
            f" of the requested Bulk API Job ({job.sobject}).",
        )


def _failed_query(code: str, message: str) -> JobFailedError:
    return JobFailedError(f"InvalidBatch : Failed to process query: {code}: {message}")


def _part(org: Org, batch: Batch, statement: Statement) -> None:
    """Make a batch of each chunk of the object's records, whether the query finds any of them or not."""
    job = batch.job
    assert job.pk_chunk_rows is not None
    table = statement.sobject.name
    sql = f'SELECT rowid FROM "{table}" WHERE Id >= ? ORDER BY rowid'  # noqa: S608
    with org.store.lock:
        numbers = [row[0] for row in org.store.connection.execute(sql, (job.pk_start_row or "",))]
    for start in range(0, len(numbers), job.pk_chunk_rows):
        chunk = numbers[start : start + job.pk_chunk_rows]
        part = Batch(
            id=org.jobs.new_id(jobs.BATCH_PREFIX),
            clock=batch.clock,
            state=jobs.QUEUED,
            job=job,
            result_id=org.jobs.new_id(jobs.RESULT_PREFIX),
            rows=(chunk[0], chunk[-1]),
        )
        part.request_path.write_bytes(batch.request_path.read_bytes())
        job.batches.append(part)
        org.jobs.start(part, lambda part=part: work(org, part))  # type: ignore[misc]
    batch.move_to(jobs.NOT_PROCESSED)


def _write_csv(org: Org, batch: Batch, statement: Statement, text: str, row_ids: Sequence[int]) -> None:
    dialect = Dialect()
    spool = Spool(batch.result_path)
    spool.append([dialect.line(header_names(text, statement)).encode()] if row_ids else [NO_RECORDS])
    try:
        Extract(org.store, statement, dialect).write(row_ids, spool, batch.go_on)
    finally:
        spool.seal()


def _write_json(org: Org, batch: Batch, statement: Statement, _text: str, row_ids: Sequence[int]) -> None:
    moments = [column.path for column in statement.columns if column.type in {"date", "datetime"}]
    with batch.result_path.open("wb") as file:
        separator = b"["
        for row in _records(org, batch, statement, row_ids):
            for path in moments:
                _to_milliseconds(row, path)
            file.write(separator + json.dumps(row, ensure_ascii=False).encode())
            separator = b",\n"
        file.write(b"]" if separator != b"[" else b"[]")


def _write_xml(org: Org, batch: Batch, statement: Statement, _text: str, row_ids: Sequence[int]) -> None:
    with batch.result_path.open("wb") as file:
        file.write(_XML_START.encode())
        for row in _records(org, batch, statement, row_ids):
            file.write(_xml_record("records", row).encode("utf-8", "replace"))
        file.write(b"</queryResult>")


_WRITERS = {"CSV": _write_csv, "JSON": _write_json, "XML": _write_xml}


def _records(
    org: Org, batch: Batch, statement: Statement, row_ids: Sequence[int]
) -> Iterator[dict[str, Any]]:
    for step in steps(statement, row_ids):
        with org.store.lock:
            rows = list(QueryResult(org, step, batch.job.api_version).rows())
        yield from rows
        batch.go_on()


def _to_milliseconds(row: dict[str, Any], path: tuple[str, ...]) -> None:
    """Dates and date-times in JSON are milliseconds since 1970."""
    record: Any = row
    for name in path[:-1]:
        record = record.get(name) if isinstance(record, dict) else None
    text = record.get(path[-1]) if isinstance(record, dict) else None
    if isinstance(text, str):
        form = "%Y-%m-%dT%H:%M:%S" if "T" in text else "%Y-%m-%d"
        record[path[-1]] = timegm(strptime(text.partition(".")[0], form)) * 1000


def _xml_record(tag: str, row: dict[str, Any]) -> str:
    kind = row.get("attributes", {}).get("type", "")
    elements = [f'<{tag} xsi:type="sObject"><type>{xml_text(kind)}</type>']
    for name, value in row.items():
        if name == "attributes":
            continue
        if isinstance(value, dict):
            elements.append(_xml_record(name, value))
        elif value is None:
            elements.append(f'<{name} xsi:nil="true"/>')
        else:
            elements.append(f"<{name}>{xml_text(value)}</{name}>")
    return "".join(elements) + f"</{tag}>"
