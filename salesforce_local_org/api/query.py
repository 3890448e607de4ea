"""SOQL over REST: ``/query``, ``/queryAll``, and the pages that their locators lead to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from salesforce_local_org import faults, soql
from salesforce_local_org.api.http import ApiError, Request, Response, Router, json_response
from salesforce_local_org.api.query_metadata import column_metadata, plan
from salesforce_local_org.limits import QUERY_PAGE_ROWS

if TYPE_CHECKING:
    from salesforce_local_org.cursors import Page
    from salesforce_local_org.soql import QueryResult, Statement

router = Router()

DEFAULT_PAGE = 2_000
SMALLEST_PAGE = 200
_WIDE_PAGES = ((400, 200), (200, 500), (100, 1_000))
"""Columns above which a page holds no more rows than this; Salesforce shrinks pages, but does not say how."""
_CHILD_QUERY_PAGE = 500
_LONG_TEXT_PAGE = 200
"""Rows a page when two or more custom long text areas are selected (Relationship Query Limitations)."""
_CONTENT_TYPE = {"Content-Type": "application/json;charset=UTF-8"}


@router.route("GET", "/services/data/v{version}/query")
def query(request: Request) -> Response:
    """Run a SOQL statement over the rows that are not deleted or archived."""
    return _query(request, all_rows=False)


@router.route("GET", "/services/data/v{version}/queryAll")
def query_all(request: Request) -> Response:
    """Run a SOQL statement over all rows, deleted and archived ones among them."""
    return _query(request, all_rows=True)


@router.route("GET", "/services/data/v{version}/query/{locator}")
@router.route("GET", "/services/data/v{version}/queryAll/{locator}")
def query_more(request: Request) -> Response:
    """The next page of a result. A ``q`` beside the locator, as some clients send, changes nothing."""
    page = request.org.cursors.page(request.params["locator"])
    if page is None:
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return _page_response(request, page)


def _query(request: Request, *, all_rows: bool) -> Response:
    org = request.org
    explained = request.query.get("explain", "")
    text = explained or request.query.get("q", "")
    if not text.strip():
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    try:
        with org.store.lock:
            result = soql.run(org, text, all_rows=all_rows, version=request.version)
            if explained:
                return json_response(plan(result, text))
            if request.query.get("columns", "").lower() == "true":
                return json_response(column_metadata(result.statement, text))
            return _answer(request, result)
    except soql.SoqlError as error:
        raise ApiError(400, error.code, error.message) from None


def _answer(request: Request, result: QueryResult) -> Response:
    """The first page. A grouped result has no more than one."""
    statement = result.statement
    if statement.kind == soql.COUNT:
        return json_response({"totalSize": result.count(), "done": True, "records": []})
    if statement.kind == soql.GROUPS and result.count_rows() > DEFAULT_PAGE:
        text = "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single"
        raise ApiError(400, "EXCEEDED_ID_LIMIT", f"{text} batch")
    size = DEFAULT_PAGE if statement.kind == soql.GROUPS else page_size(request, statement)
    return _page_response(request, request.org.cursors.first_page(result.json_rows(), size))


def page_size(request: Request, statement: Statement) -> int:
    """Rows a page: what ``Sforce-Query-Options: batchSize`` asks for, less where rows are wide."""
    match = re.search(
        r"batchSize\s*=\s*(\d{1,9})", request.headers.get("sforce-query-options", ""), re.IGNORECASE
    )
    wanted = min(max(int(match[1]), SMALLEST_PAGE), DEFAULT_PAGE) if match else DEFAULT_PAGE
    columns = statement.columns
    limits = [rows for width, rows in _WIDE_PAGES if len(columns) > width]
    if statement.has_children:
        limits.append(_CHILD_QUERY_PAGE)
    long_texts = sum(
        1
        for each in columns
        if each.field and each.field.custom and _is_long_text(each.field.type, each.field.length)
    )
    if long_texts >= 2:
        limits.append(_LONG_TEXT_PAGE)
    return min([wanted, *limits, max(1, request.org.limits.maximum(QUERY_PAGE_ROWS))])


def _is_long_text(kind: str, length: int) -> bool:
    return kind == "textarea" and length > 255


def _page_response(request: Request, page: Page) -> Response:
    if lost := faults.in_force("lose_rows"):
        page.rows = page.rows[: max(0, len(page.rows) - lost)]
    return Response(200, page.json(request.version), dict(_CONTENT_TYPE))
