"""The page at ``/``, for this machine only: what is in the org, what came and what it cost, and SOQL."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from salesforce_local_org import ids, soql
from salesforce_local_org.api.html import Html, element, link, page, section, shown, table
from salesforce_local_org.api.http import Request, Response, Router
from salesforce_local_org.api.limits import count_records
from salesforce_local_org.limits import API_REQUESTS

if TYPE_CHECKING:
    from salesforce_local_org.org import Org
    from salesforce_local_org.schema import SObject

router = Router()

_ROWS_SHOWN = 200
_REQUESTS_SHOWN = 20
_ADDRESS_SHOWN = 160
_FIRST_QUERY = "SELECT Id, Name, CreatedDate FROM Account ORDER BY CreatedDate DESC LIMIT 20"
_LISTED_FIELDS = ("IsDeleted", "CreatedDate", "SystemModstamp")


@router.route("GET", "/", needs_session=False)
def overview(request: Request) -> Response:
    """The org at a glance."""
    org = request.org
    return page(
        "Salesforce org on this machine",
        section("Company Information", _company(org)),
        section("SOQL", _query_box(_FIRST_QUERY)),
        section(f"Last {_REQUESTS_SHOWN} requests", _requests(org)),
        section("Objects", _objects(org)),
    )


@router.route("GET", "/_page/object", needs_session=False)
def list_records(request: Request) -> Response:
    """An object's records, newest first."""
    sobject = request.org.schema.object(request.query.get("name", ""))
    if sobject is None or not sobject.queryable:
        return _not_there("There is no such object, or it cannot be queried.")
    names = ["Id", *([sobject.name_field.name] if sobject.name_field else [])]
    names += [name for name in _LISTED_FIELDS if sobject.field(name)]
    order = next((name for name in ("SystemModstamp", "CreatedDate") if sobject.field(name)), "Id")
    text = f"SELECT {', '.join(names)} FROM {sobject.name} ORDER BY {order} DESC LIMIT {_ROWS_SHOWN}"  # noqa: S608
    return page(sobject.label_plural, _query_box(text), _answer(request.org, text))


@router.route("GET", "/_page/record", needs_session=False)
def show_record(request: Request) -> Response:
    """All fields of one record, deleted or not."""
    record_id = ids.normalise(request.query.get("id", ""))
    sobject = request.org.schema.by_prefix(record_id) if record_id else None
    row = _record(request.org, sobject, record_id) if sobject and record_id else None
    if sobject is None or row is None:
        return _not_there("There is no such record.")
    labels = {field.name: field.label for field in sobject.fields}
    rows = [(name, labels.get(name), _value(request.org, value)) for name, value in row.items()]
    return page(f"{sobject.label} {record_id}", table(("Field", "Label", "Value"), rows))


@router.route("GET", "/_page/query", needs_session=False)
def query(request: Request) -> Response:
    """The answer to a SOQL statement."""
    text = request.query.get("q", "")
    return page("SOQL", _query_box(text), _answer(request.org, text))


def _not_there(message: str) -> Response:
    return page("Nothing here", element("p", message), status=404)


def _company(org: Org) -> Html:
    organization = org.store.get("Organization", org.org_id) or {}
    used, maximum = int(org.limits.used(API_REQUESTS)), org.limits.maximum(API_REQUESTS)
    facts = (
        ("Organization Name", organization.get("Name")),
        ("Organization Edition", organization.get("OrganizationType")),
        ("Salesforce.com Organization ID", org.org_id[:15]),
        ("Instance", organization.get("InstanceName")),
        ("Default Time Zone", organization.get("TimeZoneSidKey")),
        ("API Requests, Last 24 Hours", f"{used:,} ({maximum:,} max)"),
        ("Time of the org's clock", org.clock.stamp()),
    )
    return table(("", ""), facts)


def _objects(org: Org) -> Html:
    counts = count_records(org, org.schema)
    names = sorted(counts, key=lambda name: (counts[name] == 0, name.lower()))
    rows = [(link("/_page/object", name, name=name), counts[name]) for name in names]
    return table(("Object", "Records"), rows)


def _requests(org: Org) -> Html:
    newest = islice(reversed(list(org.usage.requests)), _REQUESTS_SHOWN)
    rows = [
        (
            entry.method,
            _address(entry.path, entry.query),
            str(entry.status or "under way or cut"),
            entry.api_calls,
            entry.client,
        )
        for entry in newest
    ]
    return table(("Method", "Path", "Status", "API calls", "Client"), rows)


def _address(path: str, query: str) -> str:
    """A request's path and query as people read them, no longer than a few lines."""
    address = f"{path}?{unquote_plus(query)}" if query else path
    return address if len(address) <= _ADDRESS_SHOWN else f"{address[:_ADDRESS_SHOWN]}…"


def _query_box(text: str) -> Html:
    box = element("textarea", text, name="q", rows="3", aria_label="SOQL")
    return element("form", Html(box + element("button", "Run")), action="/_page/query", method="get")


def _answer(org: Org, text: str) -> Html:
    """A statement's first rows as a table, or why there are none."""
    if not text.strip():
        return Html("")
    try:
        with org.store.lock:
            result = soql.run(org, text)
            if result.statement.kind == soql.COUNT:
                return element("p", f"{result.count():,} rows")
            rows = list(islice(result.rows(), _ROWS_SHOWN + 1))
    except soql.SoqlError as error:
        return element("p", f"{error.code}: {error.message}", class_="error")
    rows = [_flat(row) for row in rows]
    headings = list(dict.fromkeys(name for row in rows for name in row))
    shown_rows = [[_value(org, row.get(name)) for name in headings] for row in rows[:_ROWS_SHOWN]]
    more = (
        f"The first {_ROWS_SHOWN} rows; there are more." if len(rows) > _ROWS_SHOWN else f"{len(rows)} rows"
    )
    return Html(element("p", more) + table(headings, shown_rows))


def _record(org: Org, sobject: SObject, record_id: str) -> dict[str, Any] | None:
    names = ", ".join(field.name for field in sobject.fields)
    text = f"SELECT {names} FROM {sobject.name} WHERE Id = '{record_id}'"  # noqa: S608 - names of the schema
    try:
        with org.store.lock:
            row = next(soql.run(org, text, all_rows=True).rows(), None)
    except soql.SoqlError:
        return None
    if row:
        row.pop("attributes", None)
    return row


def _flat(row: dict[str, Any], path: str = "") -> dict[str, Any]:
    """A row with the fields of its parents beside its own: ``Owner.Name``."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict) and "attributes" in value:
            flat |= _flat(value, f"{path}{name}.")
        elif isinstance(value, dict) and "records" in value:
            flat[path + name] = [_flat(child) for child in value["records"]]
        elif name != "attributes":
            flat[path + name] = value
    return flat


def _value(org: Org, value: object) -> Html:
    """A field's value; an id leads to its record, an address or a list of children is JSON."""
    if isinstance(value, (dict, list)):
        return shown(json.dumps(value, ensure_ascii=False))
    if isinstance(value, str) and len(value) == 18 and ids.normalise(value) and org.schema.by_prefix(value):
        return link("/_page/record", value, id=value)
    return shown(value if not isinstance(value, int) or isinstance(value, bool) else str(value))
