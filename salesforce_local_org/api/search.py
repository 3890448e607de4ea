"""SOSL over REST: ``/search`` and ``/parameterizedSearch``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from salesforce_local_org import soql
from salesforce_local_org.api.http import ApiError, Request, Response, Router
from salesforce_local_org.soql.parser import parse_search
from salesforce_local_org.soql.sosl import run_search

if TYPE_CHECKING:
    from collections.abc import Mapping

router = Router()

FIRST_VERSION_WITH_OBJECT = 37.0
"""Before, the answer was a bare array."""
_TARGET_KEYS = {"fields": "", "where": "WHERE", "orderBy": "ORDER BY", "limit": "LIMIT"}
"""What a target object takes, and the SOSL word for it, in the order SOSL wants them."""
_CONTENT_TYPE = {"Content-Type": "application/json;charset=UTF-8"}


@router.route("GET", "/services/data/v{version}/search")
def search(request: Request) -> Response:
    """Run a SOSL statement."""
    return _answer(request, request.query.get("q", ""))


@router.route("GET", "/services/data/v{version}/parameterizedSearch")
def parameterized_search(request: Request) -> Response:
    """Run a search that is put together from URL parameters."""
    given = request.query
    sobjects = [
        {"name": name} | {key: given[f"{name}.{key}"] for key in _TARGET_KEYS if f"{name}.{key}" in given}
        for name in _listed(given.get("sobject"))
    ]
    body = {"q": given.get("q"), "in": given.get("in"), "fields": given.get("fields"), "sobjects": sobjects}
    limits = {"overallLimit": given.get("overallLimit") or given.get("limit")}
    return _answer(request, _sosl(request, body | limits | {"defaultLimit": given.get("defaultLimit")}))


@router.route("POST", "/services/data/v{version}/parameterizedSearch")
def parameterized_search_by_post(request: Request) -> Response:
    """Run a search that is put together from a JSON body."""
    return _answer(request, _sosl(request, request.json_object()))


def _answer(request: Request, text: str) -> Response:
    org = request.org
    try:
        tree = parse_search(text)
        with org.store.lock:
            found = ",".join(run_search(org, text, tree, request.version))
    except soql.SoqlError as error:
        raise ApiError(400, error.code, error.message) from None
    records = f"[{found}]"
    if float(request.version) >= FIRST_VERSION_WITH_OBJECT:
        records = f'{{"searchRecords":{records}}}'
    return Response(200, records.encode(), dict(_CONTENT_TYPE))


def _sosl(request: Request, wanted: Mapping[str, Any]) -> str:
    """The SOSL statement that a parameterized search stands for.

    Raises:
        ApiError: 400 MALFORMED_SEARCH without a search term, or with parameters of the wrong type.
    """
    term, sobjects = wanted.get("q"), wanted.get("sobjects") or []
    if not isinstance(term, str) or not term.strip():
        raise ApiError(400, "MALFORMED_SEARCH", "Missing required parameter: q")
    if not isinstance(sobjects, list) or not all(isinstance(each, dict) for each in sobjects):
        raise ApiError(400, "MALFORMED_SEARCH", "sobjects must be an array of objects")
    fields, limit = _listed(wanted.get("fields")), wanted.get("defaultLimit")
    targets = [_target(each, fields, limit) for each in sobjects or _searchable(request, fields)]
    scope = f"IN {wanted.get('in') or 'ALL'} FIELDS"
    overall = f"LIMIT {wanted['overallLimit']}" if wanted.get("overallLimit") else ""
    escaped = re.sub(r"([\\{}])", r"\\\1", term)
    returning = f"RETURNING {', '.join(targets)}" if targets else ""
    return f"FIND {{{escaped}}} {scope} {returning} {overall}"


def _target(sobject: Mapping[str, Any], fields: list[str], limit: object) -> str:
    """One object of RETURNING."""
    chosen = ", ".join(_listed(sobject.get("fields")) or fields or ["Id"])
    clauses = [(word, sobject.get(key)) for key, word in _TARGET_KEYS.items() if word]
    clauses = [(word, value or limit if word == "LIMIT" else value) for word, value in clauses]
    tail = " ".join(f"{word} {value}" for word, value in clauses if value)
    return f"{sobject.get('name')}({chosen} {tail})"


def _searchable(request: Request, fields: list[str]) -> list[dict[str, Any]]:
    """With ``fields`` and no object: every object that can be searched and has these fields."""
    if not fields:
        return []
    return [
        {"name": each.name}
        for each in request.org.schema
        if each.searchable and each.queryable and all(each.field(name) for name in fields)
    ]


def _listed(value: object) -> list[str]:
    """Names given as ``a,b`` or as an array."""
    names = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return [str(name).strip() for name in names if str(name).strip()]
