"""The Tooling API, as far as adding to the schema goes: custom fields and custom objects.

On a real org a new field is invisible until its field-level security is granted; here it is seen at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesforce_local_org import custom, ids
from salesforce_local_org.api.http import ApiError, Request, Response, Router, json_response, not_found

if TYPE_CHECKING:
    from collections.abc import Mapping

router = Router()

_BASE = "/services/data/v{version}/tooling/sobjects"
_FIELD_PREFIX, _OBJECT_PREFIX = "00N", "01I"


@router.route("POST", _BASE + "/CustomField")
def create_field(request: Request) -> Response:
    """Add a custom field: ``{"FullName": "Lead.Score__c", "Metadata": {"type": "Number", ...}}``."""
    full_name, metadata = _definition(request)
    object_name, _, name = full_name.rpartition(".")
    sobject = request.org.schema.object(object_name)
    if sobject is None:
        raise ApiError(400, "INVALID_TYPE", f"Cannot find the object of {full_name!r}", ["FullName"])
    with request.org.store.transaction():
        try:
            custom.add_field(request.org, sobject, {**metadata, "name": name})
        except custom.DefinitionError as error:
            raise ApiError(400, error.code, str(error), ["FullName"]) from None
        return _created(request, _FIELD_PREFIX, f"{sobject.name}.{name}")


@router.route("POST", _BASE + "/CustomObject")
def create_object(request: Request) -> Response:
    """Add a custom object: ``{"FullName": "Invoice__c", "Metadata": {"label": "Invoice", ...}}``."""
    full_name, metadata = _definition(request)
    with request.org.store.transaction():
        try:
            custom.add_object(request.org, {**metadata, "name": full_name})
        except custom.DefinitionError as error:
            raise ApiError(400, error.code, str(error), ["FullName"]) from None
        return _created(request, _OBJECT_PREFIX, full_name)


@router.route("GET", _BASE + "/CustomField/{id}")
def read_field(request: Request) -> Response:
    """A custom field that was added here, by the id of its creation."""
    full_name = request.org.store.setting("tooling", {}).get(ids.normalise(request.params["id"]) or "")
    object_name, _, name = (full_name or "").rpartition(".")
    sobject = request.org.schema.object(object_name)
    field = sobject.field(name) if sobject else None
    if field is None:
        raise not_found()
    url = f"/services/data/v{request.version}/tooling/sobjects/CustomField/{request.params['id']}"
    return json_response(
        {
            "attributes": {"type": "CustomField", "url": url},
            "Id": request.params["id"],
            "DeveloperName": field.name.removesuffix("__c"),
            "FullName": full_name,
            "TableEnumOrId": object_name,
        }
    )


def _definition(request: Request) -> tuple[str, Mapping[str, Any]]:
    body = request.json_object()
    full_name, metadata = body.get("FullName"), body.get("Metadata")
    if not isinstance(full_name, str) or not full_name:
        raise ApiError(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [FullName]", ["FullName"])
    if not isinstance(metadata, dict):
        raise ApiError(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Metadata]", ["Metadata"])
    return full_name, metadata


def _created(request: Request, prefix: str, full_name: str) -> Response:
    store = request.org.store
    record_id = ids.make(prefix, store.next_number(f"_tooling_{prefix}"))
    store.save_setting("tooling", store.setting("tooling", {}) | {record_id: full_name})
    body = {"id": record_id, "success": True, "errors": [], "warnings": [], "infos": []}
    return json_response(body, 201)
