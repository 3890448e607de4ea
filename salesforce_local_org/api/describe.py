"""Describe: all objects in short, one in full; ``304 Not Modified`` for those who have it already."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from salesforce_local_org.api.field_description import field_description
from salesforce_local_org.api.http import Request, Response, Router, json_response, not_found

if TYPE_CHECKING:
    from salesforce_local_org.schema import ChildRelationship, SObject

router = Router()

Description = dict[str, Any]

MAX_BATCH_SIZE = 200
MASTER_RECORD_TYPE_ID = "012000000000000AAA"

_FEED_ENABLED = {
    "Account",
    "Campaign",
    "Case",
    "Contact",
    "Contract",
    "Dashboard",
    "Event",
    "Lead",
    "Opportunity",
}
_FEED_ENABLED |= {"Product2", "Solution", "Task", "User"}


@router.route("GET", "/services/data/v{version}/sobjects")
def describe_global(request: Request) -> Response:
    """Every object of the org, in short."""
    sobjects = [short_description(sobject, request.version) for sobject in request.org.schema]
    sobjects.sort(key=lambda each: each["name"].lower())
    body = {"encoding": "UTF-8", "maxBatchSize": MAX_BATCH_SIZE, "sobjects": sobjects}
    return _unless_known(request, "", json_response(body))


@router.route("GET", "/services/data/v{version}/sobjects/{sobject}")
def basic_information(request: Request) -> Response:
    """One object in short, with the records last viewed: none, because nobody looks at records here."""
    sobject = _sobject(request)
    return json_response({"objectDescribe": short_description(sobject, request.version), "recentItems": []})


@router.route("GET", "/services/data/v{version}/sobjects/{sobject}/describe")
def describe(request: Request) -> Response:
    """One object in full."""
    sobject = _sobject(request)
    return _unless_known(request, sobject.name, json_response(full_description(sobject, request)))


def _sobject(request: Request) -> SObject:
    sobject = request.org.schema.object(request.params["sobject"])
    if sobject is None:
        raise not_found()
    return sobject


def _unless_known(request: Request, what: str, response: Response) -> Response:
    """The response with ETag and Last-Modified; 304 when the request shows that the client has it already."""
    assert isinstance(response.body, bytes)
    etag = f'"{hashlib.blake2s(response.body, digest_size=4).hexdigest()}"'
    modified = _last_modified(request, what, etag)
    response.headers |= {"ETag": etag, "Last-Modified": format_datetime(modified, usegmt=True)}
    if _is_known(request, etag, modified):
        response.status, response.body = 304, b""
        del response.headers["Content-Type"]
    return response


def _last_modified(request: Request, what: str, etag: str) -> datetime:
    """When a description became what it is. Each change is a later second, whatever the org's clock does."""
    stamps, now = request.org.description_stamps, request.org.clock.now()
    key = f"{request.version} {what}"
    known_etag, modified = stamps.get(key, ("", now))
    if known_etag and known_etag != etag:
        modified = max(now, modified + timedelta(seconds=1))
    stamps[key] = etag, modified
    return modified


def _is_known(request: Request, etag: str, modified: datetime) -> bool:
    if known := request.headers.get("if-none-match"):
        return (
            etag in (each.strip().removesuffix("-gzip") for each in known.split(",")) or known.strip() == "*"
        )
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except (TypeError, ValueError):
        return False
    return modified <= (since if since.tzinfo else since.replace(tzinfo=timezone.utc))


def short_description(sobject: SObject, version: str) -> Description:
    """An object as the global describe shows it."""
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": sobject.createable,
        "custom": sobject.custom,
        "customSetting": False,
        "deepCloneable": False,
        "deletable": sobject.deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": sobject.name in _FEED_ENABLED,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": sobject.key_prefix,
        "label": sobject.label,
        "labelPlural": sobject.label_plural,
        "layoutable": sobject.layoutable,
        "mergeable": sobject.mergeable,
        "mruEnabled": sobject.layoutable,
        "name": sobject.name,
        "queryable": sobject.queryable,
        "replicateable": sobject.replicateable,
        "retrieveable": sobject.retrieveable,
        "searchable": sobject.searchable,
        "triggerable": sobject.triggerable,
        "undeletable": sobject.undeletable,
        "updateable": sobject.updateable,
        "urls": _urls(sobject, version),
    }


def full_description(sobject: SObject, request: Request) -> Description:
    """An object as its own describe shows it."""
    short = short_description(sobject, request.version)
    more: Description = {
        "actionOverrides": [],
        "childRelationships": [_child_relationship(each) for each in sobject.child_relationships],
        "compactLayoutable": sobject.layoutable,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "fields": [field_description(field) for field in sobject.fields],
        "implementedBy": None,
        "implementsInterfaces": None,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": _record_types(sobject, request) if sobject.layoutable else [],
        "searchLayoutable": sobject.searchable,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": _scopes(sobject),
    }
    base = request.org.url
    pages = {
        "uiDetailTemplate": f"{base}/{{ID}}",
        "uiEditTemplate": f"{base}/{{ID}}/e",
        "uiNewRecord": f"{base}/{sobject.key_prefix}/e",
    }
    short["urls"] |= pages
    return dict(sorted((short | more).items()))


def _child_relationship(relationship: ChildRelationship) -> Description:
    return {
        "cascadeDelete": relationship.cascade_delete,
        "childSObject": relationship.child,
        "deprecatedAndHidden": False,
        "field": relationship.field,
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": relationship.name,
        "restrictedDelete": False,
    }


def _urls(sobject: SObject, version: str) -> dict[str, str]:
    base = f"/services/data/v{version}/sobjects/{sobject.name}"
    urls = {"rowTemplate": f"{base}/{{ID}}", "describe": f"{base}/describe", "sobject": base}
    if sobject.layoutable:
        urls |= {
            "approvalLayouts": f"{base}/describe/approvalLayouts",
            "compactLayouts": f"{base}/describe/compactLayouts",
            "defaultValues": f"{base}/defaultValues?recordTypeId&fields",
            "layouts": f"{base}/describe/layouts",
            "listviews": f"{base}/listviews",
            "quickActions": f"{base}/quickActions",
        }
    return urls


def _record_types(sobject: SObject, request: Request) -> list[Description]:
    own = (
        request.org.store.find("RecordType", "SobjectType", sobject.name)
        if _has_record_types(request)
        else []
    )
    kinds = [(row["Id"], row["Name"], row["DeveloperName"], False) for row in own if row["IsActive"]]
    kinds.append((MASTER_RECORD_TYPE_ID, "Master", "Master", True))
    layouts = f"/services/data/v{request.version}/sobjects/{sobject.name}/describe/layouts"
    return [
        {
            "active": True,
            "available": True,
            "defaultRecordTypeMapping": place == 0,
            "developerName": developer_name,
            "master": is_master,
            "name": name,
            "recordTypeId": record_type_id,
            "urls": {"layout": f"{layouts}/{record_type_id}"},
        }
        for place, (record_type_id, name, developer_name, is_master) in enumerate(kinds)
    ]


def _has_record_types(request: Request) -> bool:
    return request.org.schema.object("RecordType") is not None


def _scopes(sobject: SObject) -> list[dict[str, str]]:
    plural = sobject.label_plural.lower()
    scopes = [{"label": f"All {plural}", "name": "everything"}]
    if sobject.field("OwnerId"):
        scopes.append({"label": f"My {plural}", "name": "mine"})
    return scopes
