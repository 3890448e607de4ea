"""Records on the wire: what the write resources share in reading requests and showing records and errors."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from salesforce_local_org import ids, soql
from salesforce_local_org.api.http import ApiError, Request, not_found
from salesforce_local_org.rules.errors import RecordError, RequestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from salesforce_local_org.org import Org
    from salesforce_local_org.schema import SObject

_FIELD_PATH = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*", re.ASCII)
_IDS_AT_ONCE = 500


def find_object(request: Request, name: str | None = None) -> SObject:
    """The object that the path, or a name, means.

    Raises:
        ApiError: 404 NOT_FOUND when the org has no such object.
    """
    sobject = request.org.schema.object(name or request.params["sobject"])
    if sobject is None:
        raise not_found()
    return sobject


def record_id_in_path(request: Request, sobject: SObject, text: str) -> str:
    """The 18-character id that a URL names.

    Raises:
        ApiError: 404 NOT_FOUND when it is no id, 400 MALFORMED_ID when it is another object's.
    """
    record_id = ids.normalise(text)
    if record_id is None:
        raise no_such_key(text)
    if request.org.schema.by_prefix(record_id) is not sobject:
        label = f"{sobject.label} ID"
        raise ApiError(400, "MALFORMED_ID", f"{label}: id value of incorrect type: {text}", ["Id"])
    return record_id


def no_such_key(name: str) -> ApiError:
    """The answer to a URL that names records by a field that is no key."""
    return ApiError(
        404, "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {name}"
    )


def api_error(error: RecordError, version: str = "") -> ApiError:
    """A refused record as a call on one record answers it."""
    if isinstance(error, RequestError):
        return ApiError(400, error.code, error.message)
    details = error.details
    if "duplicateResult" in details:
        details = {"duplicateResut": with_record_urls(details["duplicateResult"], version)}
        return ApiError(400, error.code, error.message, None, **details)
    return ApiError(400, error.code, error.message, error.fields)


def row_error(error: RecordError) -> dict[str, Any]:
    """A refused record as collections answer it: a row without an id."""
    entry = {"statusCode": error.code, "message": error.message, "fields": error.fields}
    return {"success": False, "errors": [entry]}


def with_record_urls(result: dict[str, Any], version: str) -> dict[str, Any]:
    """A duplicate rule's result, each record in it with its URL."""
    copy: dict[str, Any] = json.loads(json.dumps(result))
    for matches in copy["matchResults"]:
        for match in matches["matchRecords"]:
            record = match["record"]
            kind = record["attributes"]["type"]
            record["attributes"]["url"] = record_url(version, kind, record["Id"])
    return copy


def record_url(version: str, name: str, record_id: str) -> str:
    """Where a record is found."""
    return f"/services/data/v{version}/sobjects/{name}/{record_id}"


def field_list(sobject: SObject, names: str | Sequence[str] | None) -> list[str]:
    """The fields of a ``fields`` parameter, each once, the Id always among them; all fields without one.

    Raises:
        ApiError: 400 INVALID_FIELD when a name is no field path.
    """
    if names is None:
        return [each.name for each in sobject.fields]
    wanted = [name.strip() for name in (names.split(",") if isinstance(names, str) else names)]
    for name in wanted:
        if not _FIELD_PATH.fullmatch(name):
            raise ApiError(400, "INVALID_FIELD", f"No such column '{name}' on entity '{sobject.name}'")
    if "id" not in {name.lower() for name in wanted}:
        wanted.append("Id")
    return list({name.lower(): name for name in reversed(wanted)}.values())[::-1]


def read_records(
    org: Org, sobject: SObject, record_ids: Iterable[str], fields: list[str], version: str
) -> dict[str, bytes]:
    """Records that are not deleted, as JSON, by their ids.

    Args:
        org: The org.
        sobject: Their object.
        record_ids: 18-character ids; those that no record has are left out of the answer.
        fields: Field names and paths over lookups; ``field_list`` gives them.
        version: The API version that URLs name.

    Raises:
        ApiError: 400 INVALID_FIELD when there is no such field.
    """
    wanted = list(record_ids)
    found: dict[str, bytes] = {}
    with org.store.lock:
        for start in range(0, len(wanted), _IDS_AT_ONCE):
            chunk = "', '".join(wanted[start : start + _IDS_AT_ONCE])
            alive = " AND IsDeleted = false" if sobject.soft_deletes else ""
            text = f"SELECT {', '.join(fields)} FROM {sobject.name} WHERE Id IN ('{chunk}'){alive}"  # noqa: S608
            found |= _rows_by_id(org, text, version)
    return found


def _rows_by_id(org: Org, text: str, version: str) -> dict[str, bytes]:
    try:
        result = soql.run(org, text, all_rows=True, version=version)
        return {_id_of(row): row.encode() for rows in result.json_rows() for row in rows}
    except soql.SoqlError as error:
        raise ApiError(400, error.code, error.message) from None


def _id_of(row: str) -> str:
    """The record's id: the last segment of the URL in its attributes, which come first."""
    start = row.index('"url":"') + 7
    return row[start : row.index('"', start)].rpartition("/")[2]
