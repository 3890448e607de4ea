"""One record at a time: create, read, update, delete, upsert by a key (REST guide, "sObject Rows")."""

from __future__ import annotations

import base64
from datetime import datetime, timezone
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from salesforce_local_org import ids, writes
from salesforce_local_org.api.http import (
    JSON_BODY_OR_PARTS,
    ApiError,
    Request,
    Response,
    Router,
    json_response,
    not_found,
)
from salesforce_local_org.api.multipart import record_body
from salesforce_local_org.api.records import (
    api_error,
    field_list,
    find_object,
    no_such_key,
    read_records,
    record_id_in_path,
    record_url,
)
from salesforce_local_org.rules import draft, references
from salesforce_local_org.rules.errors import RecordError

if TYPE_CHECKING:
    from salesforce_local_org.schema import SObject

router = Router()

_BASE = "/services/data/v{version}/sobjects/{sobject}"
_FORMAT_EXTENSION = ".inc"
"""A last path segment that ends so is taken for a file name: a documented trap of upserts by e-mail."""
_FIRST_VERSION_WITH_UPSERT_BODY = 46.0


@router.route("POST", _BASE, takes=JSON_BODY_OR_PARTS)
def create(request: Request) -> Response:
    """Create a record: 201 with its id and Location."""
    sobject = find_object(request)
    body = record_body(request, sobject)
    try:
        with request.org.store.transaction():
            record_id = writes.create(request.org, draft.read(sobject, body), writes.Options.of(request))
    except RecordError as error:
        raise api_error(error, request.version) from None
    return _created(request, sobject, record_id)


@router.route("GET", _BASE + "/{id}")
def read(request: Request) -> Response:
    """A record with all its fields, or those of ``fields``."""
    sobject = find_object(request)
    return _record(request, sobject, record_id_in_path(request, sobject, request.params["id"]))


@router.route("PATCH", _BASE + "/{id}", takes=JSON_BODY_OR_PARTS)
def update(request: Request) -> Response:
    """Change the fields given: 204."""
    sobject = find_object(request)
    record_id = record_id_in_path(request, sobject, request.params["id"])
    body = record_body(request, sobject)
    try:
        read_draft = draft.read(sobject, body)
        _refuse_in_body("Id", present=read_draft.id is not None)
        with request.org.store.transaction():
            _check_there(request, sobject, record_id)
            writes.update(request.org, read_draft, record_id, writes.Options.of(request))
    except RecordError as error:
        raise api_error(error, request.version) from None
    return Response(204)


@router.route("DELETE", _BASE + "/{id}")
def delete(request: Request) -> Response:
    """Put a record into the recycle bin: 204."""
    sobject = find_object(request)
    record_id = record_id_in_path(request, sobject, request.params["id"])
    try:
        with request.org.store.transaction():
            _check_there(request, sobject, record_id)
            writes.delete(request.org, sobject, record_id)
    except RecordError as error:
        raise api_error(error, request.version) from None
    return Response(204)


@router.route("POST", _BASE + "/Id", takes=JSON_BODY_OR_PARTS)
def create_by_upsert(request: Request) -> Response:
    """Upsert by a record id that is left out: a create (REST guide, "Insert or Update a Record")."""
    return create(request)


@router.route("PATCH", _BASE + "/{key}/{value}", takes=JSON_BODY_OR_PARTS)
def upsert(request: Request) -> Response:
    """Change the record with that key, or create it: 200 or 201; 300 when several records have the key."""
    sobject = find_object(request)
    key, text = _key(request, sobject)
    body = record_body(request, sobject)
    org, options = request.org, writes.Options.of(request)
    try:
        read_draft = draft.read(sobject, body)
        _refuse_in_body("Id", present=read_draft.id is not None)
        _refuse_in_body(key, present=key != "Id" and key in read_draft.values)
        with org.store.transaction():
            if key == "Id":
                value = record_id_in_path(request, sobject, text)
                _check_there(request, sobject, value)
            else:
                value = references.read_key(sobject, key, text)
                found = references.match(org, sobject, key, value)
                if len(found) > 1:
                    return _several(request, sobject, [row["Id"] for row in found])
                if not found and request.query.get("updateOnly", "").lower() == "true":
                    raise not_found()
            record_id, created = writes.upsert(org, read_draft, key, value, options)
    except RecordError as error:
        raise api_error(error, request.version) from None
    return _upserted(request, sobject, record_id, created)


@router.route("GET", _BASE + "/{key}/{value}")
def read_by_key(request: Request) -> Response:
    """A record by an external id; or, below a record's id, the content of a blob field or a parent record."""
    sobject = find_object(request)
    if _is_id_of(request, sobject, request.params["key"]):
        return _part_of_record(request, sobject)
    found = _ids_by_key(request, sobject)
    return found if isinstance(found, Response) else _record(request, sobject, found)


@router.route("DELETE", _BASE + "/{key}/{value}")
def delete_by_key(request: Request) -> Response:
    """Put the record with that key into the recycle bin: 204."""
    sobject = find_object(request)
    found = _ids_by_key(request, sobject)
    if isinstance(found, Response):
        return found
    try:
        with request.org.store.transaction():
            writes.delete(request.org, sobject, found)
    except RecordError as error:
        raise api_error(error, request.version) from None
    return Response(204)


def _created(request: Request, sobject: SObject, record_id: str) -> Response:
    return json_response(
        {"id": record_id, "success": True, "errors": []},
        201,
        {"Location": record_url(request.version, sobject.name, record_id)},
    )


def _upserted(request: Request, sobject: SObject, record_id: str, created: bool) -> Response:
    has_body = float(request.version) >= _FIRST_VERSION_WITH_UPSERT_BODY
    if not has_body:
        return _created(request, sobject, record_id) if created else Response(204)
    body = {"id": record_id, "success": True, "errors": [], "created": created}
    location = {"Location": record_url(request.version, sobject.name, record_id)} if created else {}
    return json_response(body, 201 if created else 200, location)


def _several(request: Request, sobject: SObject, record_ids: list[str]) -> Response:
    return json_response([record_url(request.version, sobject.name, each) for each in record_ids], 300)


def _refuse_in_body(name: str, *, present: bool) -> None:
    if present:
        raise ApiError(400, "INVALID_FIELD", f"The {name} field should not be specified in the sobject data.")


def _check_there(request: Request, sobject: SObject, record_id: str) -> None:
    """404 for a record that never was, and for one that is in the bin; 412 for one changed meanwhile."""
    row = request.org.store.get(sobject, record_id)
    if row is None:
        gone = references.missing(request.org, sobject, record_id)
        raise ApiError(404, gone.code, gone.message, []) if gone.code == "ENTITY_IS_DELETED" else not_found()
    limit = _moment(request, "if-unmodified-since")
    if limit and _last_modified(row) > limit:
        raise ApiError(412, "PRECONDITION_FAILED", "The record has been modified since the given time")


def _key(request: Request, sobject: SObject) -> tuple[str, str]:
    """The key field of the path, in canonical case, and its value.

    Raises:
        ApiError: 404 NOT_FOUND when the field is no key, or the value looks like a file name.
    """
    name, value = request.params["key"], request.params["value"]
    if value.lower().endswith(_FORMAT_EXTENSION):
        raise not_found()
    field = sobject.field(name)
    if field is None or not references.is_key(sobject, name):
        raise no_such_key(name)
    return field.name, value


def _ids_by_key(request: Request, sobject: SObject) -> str | Response:
    key, value = _key(request, sobject)
    if key == "Id":
        return record_id_in_path(request, sobject, value)
    try:
        found = references.match(request.org, sobject, key, references.read_key(sobject, key, value))
    except RecordError:
        found = []
    if not found:
        raise not_found()
    record_ids = [row["Id"] for row in found]
    return record_ids[0] if len(record_ids) == 1 else _several(request, sobject, record_ids)


def _is_id_of(request: Request, sobject: SObject, text: str) -> bool:
    record_id = ids.normalise(text)
    return record_id is not None and request.org.schema.by_prefix(record_id) is sobject


def _record(request: Request, sobject: SObject, record_id: str) -> Response:
    row = request.org.store.get(sobject, record_id) if sobject.retrieveable else None
    if row is None:
        raise not_found()
    modified = _last_modified(row)
    headers = {"Last-Modified": format_datetime(modified, usegmt=True)}
    since = _moment(request, "if-modified-since")
    if since and modified <= since:
        return Response(304, headers=headers)
    fields = field_list(sobject, request.query.get("fields"))
    found = read_records(request.org, sobject, [record_id], fields, request.version)
    if record_id not in found:
        raise not_found()
    return Response(200, found[record_id], {"Content-Type": "application/json;charset=UTF-8"} | headers)


def _part_of_record(request: Request, sobject: SObject) -> Response:
    record_id = record_id_in_path(request, sobject, request.params["key"])
    row = request.org.store.get(sobject, record_id)
    if row is None:
        raise not_found()
    name = request.params["value"]
    field = sobject.field(name)
    if field is not None and field.type == "base64":
        content = base64.b64decode(row[field.name] or "")
        return Response(200, content, {"Content-Type": _content_type(row)})
    lookup = next((each for each in sobject.fields if (each.relationship_name or "") == name), None)
    parent_id = row.get(lookup.name) if lookup else None
    parent = request.org.schema.by_prefix(parent_id) if parent_id else None
    if parent is None:
        raise not_found()
    return _record(request, parent, str(parent_id))


def _content_type(row: dict[str, Any]) -> str:
    given = str(row.get("ContentType") or "")
    return given if given.isascii() and given.isprintable() and given else "application/octet-stream"


def _last_modified(row: dict[str, Any]) -> datetime:
    stamp = row.get("SystemModstamp") or row.get("LastModifiedDate") or row.get("CreatedDate")
    if stamp is None:
        return datetime(1970, 1, 1, tzinfo=timezone.utc)
    return datetime.strptime(stamp[:19] + "+0000", "%Y-%m-%dT%H:%M:%S%z")


def _moment(request: Request, header: str) -> datetime | None:
    """A date that a conditional header names; None without one, or when it is no date."""
    try:
        moment = parsedate_to_datetime(request.headers[header])
    except (KeyError, ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
