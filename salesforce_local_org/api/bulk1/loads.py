"""Batches of records of Bulk API 1.0: CSV, JSON or XML in, results in the same language and order out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from salesforce_local_org.api.bulk1.documents import (
    NAMESPACE,
    AsyncError,
    is_nil,
    local_name,
    parse_xml,
    xml_text,
)
from salesforce_local_org.bulk.load import (
    BATCH_ROWS,
    FileRefusedError,
    Loader,
    Outcome,
    columns_of,
    record_of,
    step_rows,
)
from salesforce_local_org.csv_io import CsvError, CsvFile, Dialect
from salesforce_local_org.jobs import JobFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from xml.etree import ElementTree as ET

    from salesforce_local_org.api.bulk1.batch import Batch
    from salesforce_local_org.bulk.load import Record
    from salesforce_local_org.org import Org
    from salesforce_local_org.schema import SObject

_NOTHING = "InvalidBatch : Records not found"


def work(org: Org, batch: Batch) -> None:
    """Write the records of a batch.

    Raises:
        JobFailedError: The batch is refused as a whole.
        JobStoppedError: The batch was ended on the way; what is written stays.
    """
    job = batch.job
    sobject = org.schema.object(job.sobject)
    assert sobject is not None, job.sobject
    try:
        loader = Loader(org, sobject, job.operation, job.options, job.external_id_field)
        records = _READERS[job.content_type](org, batch, sobject)
        loader.check_names(list(dict.fromkeys(name for record in records for name in record)))
    except (CsvError, FileRefusedError, AsyncError) as error:
        raise JobFailedError(str(error)) from error
    if len(records) > BATCH_ROWS:
        raise JobFailedError(f"InvalidBatch : A batch cannot have more than {BATCH_ROWS} records")
    outcomes: list[Outcome] = []
    try:
        for some in loader.load(records, step_rows(len(records), doomed=batch.doom is not None)):
            outcomes += some
            batch.records_processed += len(some)
            batch.records_failed += sum(each.error is not None for each in some)
            batch.go_on()
    finally:
        batch.result_path.write_bytes(_WRITERS[job.content_type](outcomes))


def _read_csv(org: Org, batch: Batch, sobject: SObject) -> list[Record]:
    file = CsvFile.check(batch.request_path, Dialect(), any_line_ending=True)
    columns = columns_of(sobject, file.header, org.schema.object)
    return [record_of(columns, row) for row in file.rows()]


def _read_json(_org: Org, batch: Batch, _sobject: SObject) -> list[Record]:
    try:
        records = json.loads(batch.request_path.read_bytes(), parse_constant=lambda _: None)
        json.dumps(records, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise FileRefusedError(f"InvalidBatch : Failed to parse JSON: {error}") from error
    if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
        raise FileRefusedError("InvalidBatch : Failed to parse JSON: a list of objects is expected")
    if not records:
        raise FileRefusedError(_NOTHING)
    for record in records:
        record.pop("attributes", None)
    return records


def _read_xml(_org: Org, batch: Batch, _sobject: SObject) -> list[Record]:
    root = parse_xml(batch.request_path.read_bytes())
    if not len(root):
        raise FileRefusedError(_NOTHING)
    records = [_xml_record(each) for each in root]
    for record in records:
        record.pop("attributes", None)
    return records


def _xml_record(element: ET.Element) -> Record:
    record: Record = {}
    for child in element:
        if local_name(child) == "type":
            record["attributes"] = {"type": (child.text or "").strip()}
        elif is_nil(child):
            record[local_name(child)] = None
        elif len(child):
            record[local_name(child)] = _xml_record(child[0])
        else:
            record[local_name(child)] = child.text or ""
    return record


_READERS: dict[str, Callable[[Org, Batch, SObject], list[Record]]] = {
    "CSV": _read_csv,
    "JSON": _read_json,
    "XML": _read_xml,
}


def _as_csv(outcomes: Sequence[Outcome]) -> bytes:
    dialect = Dialect()
    lines = [dialect.line(("Id", "Success", "Created", "Error"))]
    for each in outcomes:
        success, created = str(each.error is None).lower(), str(each.created).lower()
        lines.append(dialect.line((each.record_id or "", success, created, each.error_text)))
    return "".join(lines).encode("utf-8", "replace")


def _as_json(outcomes: Sequence[Outcome]) -> bytes:
    results = [
        {
            "success": each.error is None,
            "created": each.created,
            "id": each.record_id,
            "errors": [_error_values(each)] if each.error else [],
        }
        for each in outcomes
    ]
    return json.dumps(results).encode()


def _error_values(outcome: Outcome) -> dict[str, Any]:
    assert outcome.error is not None
    return {
        "extendedErrorDetails": None,
        "fields": outcome.error.fields,
        "message": outcome.error.message,
        "statusCode": outcome.error.code,
    }


def _as_xml(outcomes: Sequence[Outcome]) -> bytes:
    results = []
    for each in outcomes:
        parts = []
        if each.error:
            fields = "".join(f"<fields>{xml_text(name)}</fields>" for name in each.error.fields)
            message, code = xml_text(each.error.message), xml_text(each.error.code)
            parts.append(
                f"<errors>{fields}<message>{message}</message><statusCode>{code}</statusCode></errors>"
            )
        if each.record_id:
            parts.append(f"<id>{xml_text(each.record_id)}</id>")
        parts.append(f"<success>{xml_text(each.error is None)}</success>")
        parts.append(f"<created>{xml_text(each.created)}</created>")
        results.append(f"<result>{''.join(parts)}</result>")
    head = f'<?xml version="1.0" encoding="UTF-8"?><results xmlns="{NAMESPACE}">'
    return f"{head}{''.join(results)}</results>".encode("utf-8", "replace")


_WRITERS = {"CSV": _as_csv, "JSON": _as_json, "XML": _as_xml}
