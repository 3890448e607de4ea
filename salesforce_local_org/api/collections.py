"""Up to 200 records in one call: sObject collections (REST guide, "Composite Resources")."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

from salesforce_local_org import ids, writes
from salesforce_local_org.api.http import ApiError, Request, Response, Router, json_response
from salesforce_local_org.api.records import (
    api_error,
    field_list,
    find_object,
    no_such_key,
    read_records,
    row_error,
)
from salesforce_local_org.rules import draft, errors, references
from salesforce_local_org.rules.errors import RecordError, RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from salesforce_local_org.rules.draft import Draft
    from salesforce_local_org.schema import SObject

router = Router()

_BASE = "/services/data/v{version}/composite/sobjects"
_MOST_RECORDS = 200
_MOST_CHUNKS = 10
_MOST_RETRIEVED = {"GET": 800, "POST": 2000}
_ROLLED_BACK = RecordError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)
_TRUE = {"true", "1"}

Result = dict[str, Any]
_Item = TypeVar("_Item")


class _RolledBackError(Exception):
    """Leaves the transaction: some row failed, and the request wants all or none."""


@router.route("POST", _BASE)
def create(request: Request) -> Response:
    """Create records of one or several objects; a result each, in order."""
    options = writes.Options.of(request)
    body = _Body(request)
    drafts = [_read(_object(request, record), record) for record in body.records]
    _check_chunks(drafts)
    return body.write(drafts, lambda each: _done(writes.create(request.org, each, options)))


@router.route("PATCH", _BASE)
def update(request: Request) -> Response:
    """Change records that each name their ``id``; a result each, in order."""
    options = writes.Options.of(request)
    body = _Body(request)
    drafts = [_read(_object(request, record), record) for record in body.records]
    _check_chunks(drafts)

    def changed(each: Draft) -> Result:
        if each.id is None:
            raise RecordError("MISSING_ARGUMENT", "Id not specified in an update call")
        return _done(writes.update(request.org, each, each.id, options))

    return body.write(drafts, changed)


@router.route("PATCH", _BASE + "/{sobject}/{key}")
def upsert(request: Request) -> Response:
    """Change or create records of one object, found by a key; a result each, in order.

    Rows that share a key all fail, as do rows whose key several records have.
    """
    sobject = find_object(request)
    key = sobject.field(request.params["key"])
    if key is None or not references.is_key(sobject, key.name):
        raise no_such_key(request.params["key"])
    name, options, body = key.name, writes.Options.of(request), _Body(request)
    for record in body.records:
        if _object(request, record) is not sobject:
            raise ApiError(400, "INVALID_TYPE", f"All records must be of type {sobject.name}")
    drafts = [_read(sobject, record) for record in body.records]
    keys = [each.id if name == "Id" else each.values.pop(name, None) for each in drafts]
    twice = _given_twice(keys)

    def upserted(keyed: tuple[Draft, Any]) -> Result:
        each, value = keyed
        if _folded(value) in twice:
            raise errors.key_given_twice(name, value)
        if value is None and name != "Id":
            raise RecordError("MISSING_ARGUMENT", f"{name} not specified")
        each.id = None
        record_id, created = writes.upsert(request.org, each, name, value, options)
        return _done(record_id) | {"created": created}

    return body.write(list(zip(drafts, keys, strict=True)), upserted)


@router.route("DELETE", _BASE)
def delete(request: Request) -> Response:
    """Put the records of ``ids`` into the recycle bin; a result each, in order."""
    wanted = [each.strip() for each in request.query.get("ids", "").split(",") if each.strip()]
    if not wanted:
        raise ApiError(400, "MISSING_ARGUMENT", "The required parameter 'ids' is missing")
    _check_count(wanted)

    def deleted(text: str) -> Result:
        record_id = ids.normalise(text)
        sobject = request.org.schema.by_prefix(record_id) if record_id else None
        if sobject is None:
            raise RecordError("MALFORMED_ID", f"malformed id {text}")
        return _done(writes.delete(request.org, sobject, text))

    all_or_none = request.query.get("allOrNone", "").lower() in _TRUE
    return _write(request, wanted, deleted, all_or_none)


@router.route("GET", _BASE + "/{sobject}")
def retrieve(request: Request) -> Response:
    """The records of ``ids`` with the ``fields`` asked, in order; null for an id that no record has."""
    sobject = find_object(request)
    wanted = request.query.get("ids", "").split(",")
    return _retrieved(request, sobject, wanted, (request.query.get("fields") or "").split(","))


@router.route("POST", _BASE + "/{sobject}")
def retrieve_by_body(request: Request) -> Response:
    """The same with ``{"ids": [...], "fields": [...]}``, for more than a URL can hold."""
    sobject = find_object(request)
    body = request.json_object()
    return _retrieved(request, sobject, _strings(body, "ids"), _strings(body, "fields"))


def _strings(body: dict[str, Any], name: str) -> list[str]:
    texts = body.get(name)
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ApiError(400, "JSON_PARSER_ERROR", f"{name} must be an array of strings")
    return texts


class _Body:
    """The body of a create, update or upsert, checked for its shape."""

    def __init__(self, request: Request) -> None:
        body = request.json_object()
        records = body.get("records")
        if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
            raise ApiError(
                400, "JSON_PARSER_ERROR", "Cannot deserialize records: an array of objects is needed"
            )
        if not records:
            raise ApiError(400, "INVALID_INPUT", "The request has no records")
        _check_count(records)
        self._request = request
        self.records: list[dict[str, Any]] = records
        self._all_or_none = str(body.get("allOrNone", False)).lower() in _TRUE

    def write(self, items: Sequence[_Item], write_one: Callable[[_Item], Result]) -> Response:
        return _write(self._request, items, write_one, self._all_or_none)


def _write(
    request: Request, items: Sequence[_Item], write_one: Callable[[_Item], Result], all_or_none: bool
) -> Response:
    """Write rows one after the other in one transaction; failed ones leave no trace, or take all along."""
    try:
        with request.org.store.transaction():
            results = [_result(item, write_one) for item in items]
            if all_or_none:
                _undo_unless_all_succeeded(results)
    except _RolledBackError:
        results = [row_error(_ROLLED_BACK) if result["success"] else result for result in results]
    return json_response(results)


def _result(item: _Item, write_one: Callable[[_Item], Result]) -> Result:
    try:
        return write_one(item)
    except RecordError as error:
        return row_error(error)


def _undo_unless_all_succeeded(results: list[Result]) -> None:
    if not all(result["success"] for result in results):
        raise _RolledBackError


def _done(record_id: str) -> Result:
    return {"id": record_id, "success": True, "errors": []}


def _object(request: Request, record: dict[str, Any]) -> SObject:
    attributes = record.get("attributes")
    name = attributes.get("type") if isinstance(attributes, dict) else None
    if not isinstance(name, str):
        raise ApiError(400, "INVALID_TYPE", "Each record needs attributes with its type")
    sobject = request.org.schema.object(name)
    if sobject is None:
        raise ApiError(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.")
    return sobject


def _read(sobject: SObject, record: dict[str, Any]) -> Draft:
    try:
        return draft.read(sobject, record)
    except RequestError as error:
        raise api_error(error) from None


def _check_count(records: Sequence[object]) -> None:
    if len(records) > _MOST_RECORDS:
        text = f"record limit reached. cannot submit more than {_MOST_RECORDS} records into this call"
        raise ApiError(400, "EXCEEDED_ID_LIMIT", text)


def _check_chunks(drafts: list[Draft]) -> None:
    """Records are cut where their object changes, into ten pieces at most."""
    if sum(1 for _ in groupby(each.sobject.name for each in drafts)) > _MOST_CHUNKS:
        raise ApiError(
            400,
            "INVALID_INPUT",
            f"Cannot have more than {_MOST_CHUNKS} chunks in a single operation."
            " Please rearrange the data to reduce chunking.",
        )


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _given_twice(keys: list[Any]) -> set[Any]:
    seen: set[Any] = set()
    twice: set[Any] = set()
    for key in keys:
        if key is not None:
            (twice if _folded(key) in seen else seen).add(_folded(key))
    return twice


def _retrieved(request: Request, sobject: SObject, wanted: list[str], names: list[str]) -> Response:
    fields = field_list(sobject, [name for name in names if name.strip()] or ["Id"])
    most = _MOST_RETRIEVED[request.method]
    if len(wanted) > most:
        raise ApiError(400, "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {most} ids")
    record_ids = [_id_of(request, sobject, text.strip()) for text in wanted]
    found = read_records(request.org, sobject, dict.fromkeys(record_ids), fields, request.version)
    body = b",".join(found.get(record_id, b"null") for record_id in record_ids)
    return Response(200, b"[" + body + b"]", {"Content-Type": "application/json;charset=UTF-8"})


def _id_of(request: Request, sobject: SObject, text: str) -> str:
    record_id = ids.normalise(text)
    if record_id is None or request.org.schema.by_prefix(record_id) is not sobject:
        raise ApiError(400, "MALFORMED_ID", f"malformed id {text}")
    return record_id
