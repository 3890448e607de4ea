"""The XML and JSON of Bulk API 1.0: jobInfo, batchInfo, lists of them, errors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from salesforce_local_org.api.http import ApiError, Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from salesforce_local_org.api.bulk1.batch import Batch, ClassicJob

NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"

_EXCEPTION_CODES = {
    "INVALID_SESSION_ID": "InvalidSessionId",
    "INVALID_AUTH_HEADER": "InvalidSessionId",
    "REQUEST_LIMIT_EXCEEDED": "ExceededQuota",
    "JSON_PARSER_ERROR": "ClientInputError",
    "METHOD_NOT_ALLOWED": "MethodNotAllowed",
    "NOT_FOUND": "InvalidUrl",
    "UNSUPPORTED_API_VERSION": "InvalidVersion",
    "UNKNOWN_EXCEPTION": "InternalServerError",
}
"""What REST calls an error, and what Bulk API 1.0 calls it (Bulk API guide, "Errors")."""
_MESSAGES = {"InvalidSessionId": "Invalid session id"}
_KEPT_STATUSES = frozenset({404, 405, 500})


class AsyncError(ApiError):
    """A refusal by Bulk API 1.0, by its own exception code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(400, code, message)


def wants_json(request: Request) -> bool:
    """Whether a request speaks JSON; its answer about the job then does, too."""
    return "json" in request.headers.get("content-type", "").lower()


def error_document(request: Request, error: ApiError) -> Response:
    """An error in the language of the request. The status is 400 for nearly all, a dead session included."""
    code = _EXCEPTION_CODES.get(error.code, error.code)
    values = {"exceptionCode": code, "exceptionMessage": _MESSAGES.get(code, error.message)}
    status = error.status if error.status in _KEPT_STATUSES else 400
    return _answer(values, "error", wants_json(request), status)


def job_document(job: ClassicJob, *, as_json: bool, status: int = 200) -> Response:
    """A jobInfo."""
    values: dict[str, Any] = {
        "id": job.id,
        "operation": job.operation,
        "object": job.sobject,
        "createdById": job.created_by_id,
        "createdDate": _stamp(job.created, as_json=as_json),
        "systemModstamp": _stamp(job.changed, as_json=as_json),
        "state": job.state,
    }
    if job.external_id_field:
        values["externalIdFieldName"] = job.external_id_field
    values |= {"concurrencyMode": job.concurrency_mode, "contentType": job.content_type}
    values |= {f"numberBatches{state}": number for state, number in job.batch_counts().items()}
    values |= {
        "numberBatchesTotal": len(job.batches),
        "numberRecordsProcessed": sum(each.records_processed for each in job.batches),
        "numberRetries": 0,
        "apiVersion": float(job.api_version),
        "numberRecordsFailed": sum(each.records_failed for each in job.batches),
    } | _times(sum(each.milliseconds for each in job.batches))
    return _answer(values, "jobInfo", as_json, status)


def batch_document(batch: Batch, *, status: int = 200) -> Response:
    """A batchInfo, in the language of its job."""
    return _answer(_batch_values(batch), "batchInfo", batch.job.speaks_json, status)


def batch_list_document(job: ClassicJob) -> Response:
    """A batchInfoList, in the language of its job."""
    infos = [_batch_values(batch) for batch in job.batches]
    if job.speaks_json:
        return _json_response({"batchInfo": [dict(sorted(each.items())) for each in infos]}, 200)
    body = "".join(f" <batchInfo>\n{_elements(each, '  ')} </batchInfo>\n" for each in infos)
    return _xml_response("batchInfoList", body, 200)


def result_list_document(result_ids: Iterable[str], *, as_json: bool) -> Response:
    """The ids of a query batch's results."""
    if as_json:
        return _json_response(list(result_ids), 200)
    return _xml_response("result-list", "".join(f"<result>{each}</result>" for each in result_ids), 200)


def read_document(request: Request) -> dict[str, Any]:
    """A jobInfo that a client sends, JSON or XML; XML values are text.

    Raises:
        ApiError: 400 InvalidXML or ClientInputError when it is neither.
    """
    if wants_json(request):
        return request.json_object()
    root = parse_xml(request.body)
    return {local_name(child): (child.text or "").strip() for child in root}


def parse_xml(body: bytes) -> ET.Element:
    """An XML document's root.

    Raises:
        ApiError: 400 InvalidXML.
    """
    if b"<!DOCTYPE" in body:
        raise AsyncError("InvalidXML", "Invalid XML: a document type is not allowed")
    try:
        return ET.fromstring(body)  # noqa: S314 -- without a DOCTYPE there are no entities to expand
    except (ET.ParseError, ValueError, LookupError) as error:
        raise AsyncError("InvalidXML", f"Invalid XML: {error}") from error


def local_name(element: ET.Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def is_nil(element: ET.Element) -> bool:
    """Whether an element says ``xsi:nil="true"``."""
    return element.get(_NIL, "").lower() in {"true", "1"}


def xml_text(value: object) -> str:
    """A value as XML text, without the characters that XML cannot hold."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return escape("".join(each for each in text if each in "\t\n\r" or " " <= each not in "\ufffe\uffff"))


def _batch_values(batch: Batch) -> dict[str, Any]:
    as_json = batch.job.speaks_json
    values: dict[str, Any] = {"id": batch.id, "jobId": batch.job.id, "state": batch.state}
    if batch.error_message is not None:
        values["stateMessage"] = batch.error_message
    return (
        values
        | {
            "createdDate": _stamp(batch.created, as_json=as_json),
            "systemModstamp": _stamp(batch.changed, as_json=as_json),
            "numberRecordsProcessed": batch.records_processed,
            "numberRecordsFailed": batch.records_failed,
        }
        | _times(batch.milliseconds)
    )


def _times(milliseconds: int) -> dict[str, int]:
    return {
        "totalProcessingTime": milliseconds,
        "apiActiveProcessingTime": milliseconds,
        "apexProcessingTime": 0,
    }


def _stamp(moment: datetime, *, as_json: bool) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000") + ("+0000" if as_json else "Z")


def _answer(values: Mapping[str, Any], root: str, as_json: bool, status: int) -> Response:
    if as_json:
        return _json_response(dict(sorted(values.items())), status)
    return _xml_response(root, _elements(values, " "), status)


def _elements(values: Mapping[str, Any], indent: str) -> str:
    return "".join(f"{indent}<{name}>{xml_text(value)}</{name}>\n" for name, value in values.items())


def _xml_response(root: str, body: str, status: int) -> Response:
    text = f'{_HEAD}<{root}\n   xmlns="{NAMESPACE}">\n{body}</{root}>\n'
    return Response(status, text.encode("utf-8", "replace"), {"Content-Type": "application/xml"})


def _json_response(value: Any, status: int) -> Response:
    return Response(status, json.dumps(value).encode(), {"Content-Type": "application/json"})
