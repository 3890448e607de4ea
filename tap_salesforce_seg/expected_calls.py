"""How many API calls a read will take, foreseen from its rows, for ``--plan``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesforce_seg import composite
from salesforce_seg.bulk2 import NO_MORE
from tap_salesforce_seg.deletes import IDS_A_QUERY
from tap_salesforce_seg.readers import bulk2, wide
from tap_salesforce_seg.readers.choice import AUTO, BULK2, BULK_FROM_ROWS, REST, may_go_by_bulk
from tap_salesforce_seg.readers.rest import IDS_A_CALL, LONGEST_URL, PAGE_ROWS

if TYPE_CHECKING:
    from salesforce_seg.describe import SObjectDescribe
    from tap_salesforce_seg.passes import Pass
    from tap_salesforce_seg.query import Query

LONG_TEXT, FEW_ROWS = 255, 200
"""With two custom long text areas a page of REST holds no more rows than this (SOQL and SOSL Reference,
"Relationship Query Limitations"). Pages of other wide rows are smaller too; nobody says how much."""


def of_read(
    each: Pass,
    rows: int,
    sobject: SObjectDescribe,
    *,
    api_type: str,
    first_page: int,
    too_long_after: int | None,
) -> tuple[str, int]:
    """The reader of a pass, and the API calls it takes.

    Args:
        each: The pass; not one that goes on with a job.
        rows: How many rows it will read.
        sobject: The object.
        api_type: The setting.
        first_page: What the first page by REST costs: 0 if it is shared with other streams.
        too_long_after: After how many calls it is known that REST has no room for the query; None if it has.
    """
    looked = first_page if too_long_after is None else too_long_after
    may = not each.position and may_go_by_bulk(api_type, each.query, each.layout)
    if may and (api_type == BULK2 or too_long_after is not None or rows >= BULK_FROM_ROWS):
        looked = looked if api_type == AUTO else 0
        return BULK2, looked + bulk2.expected_calls(rows, len(each.layout.bulk_fields or ()))
    bodies = rows * len(each.layout.binary_fields)
    if too_long_after is not None:
        return REST, looked + _in_parts(each.query, rows, sobject) + bodies
    return REST, looked + _pages(rows, _rows_a_page(each.query, sobject)) - 1 + bodies


def of_begun_job(each: Pass, rows: int, *, is_complete: bool) -> tuple[int, int]:
    """The rows that are left of a job of so many, and the API calls: looks, pages, its removal."""
    position = each.position or {}
    left = max(0, rows - position["rows"])
    looks = 1 if is_complete else bulk2.LOOKS
    if position["locator"] == NO_MORE:
        return 0, looks + bulk2.DELETE
    return left, looks + bulk2.pages(left, len(each.layout.bulk_fields or ())) + bulk2.DELETE


def of_deletes(told: int, still_there: int) -> int:
    """What it takes to look for records that the log of deletes names, and to read those still there.

    Args:
        told: How many.
        still_there: How many of them lie in the recycle bin.
    """
    looks = _pages(_pages(told, IDS_A_QUERY), composite.MOST_QUERIES_AND_COLLECTIONS) if told else 0
    return looks + -(-still_there // IDS_A_CALL)


def _in_parts(query: Query, rows: int, sobject: SObjectDescribe) -> int:
    first, *others = wide.parts(query, LONGEST_URL // 2)
    size = _rows_a_page(first, sobject)
    whole_pages, rest = divmod(rows, size)
    joins = whole_pages * -(-size // IDS_A_CALL) + -(-rest // IDS_A_CALL)
    return _pages(rows, size) + joins * len(others)


def _rows_a_page(query: Query, sobject: SObjectDescribe) -> int:
    fields = [found for name in query.fields if (found := sobject.field(name))]
    long_texts = sum(each.custom and each.type == "textarea" and each.length > LONG_TEXT for each in fields)
    return FEW_ROWS if long_texts > 1 else PAGE_ROWS


def _pages(rows: int, rows_a_page: int) -> int:
    return max(1, -(-rows // rows_a_page))
