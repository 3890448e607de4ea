"""Reading by a Bulk API 2.0 query job: for many rows, few API calls."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from salesforce_seg.bulk2 import NO_MORE, SPARE_PAGES, QueryJob
from salesforce_seg.errors import ObjectUnavailable
from tap_salesforce_seg.pages import Page, RowsLost

if TYPE_CHECKING:
    from collections.abc import Iterator

    from salesforce_seg.bulk2 import ResultPage
    from salesforce_seg.session import Session
    from tap_salesforce_seg.pages import Position
    from tap_salesforce_seg.query import Query
    from tap_salesforce_seg.records import RowLayout

logger = logging.getLogger("tap-salesforce-seg.bulk2")

PAGE_CELLS = 600_000
"""Cells of a result page: at 10 to 20 bytes each, 6 to 12 MB."""

FEWEST_PAGE_ROWS = 2000
"""Rows of a result page at least, however wide they are."""

CREATE, DELETE = 1, 1
"""API calls."""

LOOKS = 4
"""How often a job is looked at until it is complete, for the plan."""


def page_rows(fields: int) -> int:
    """How many rows of so many fields make a result page."""
    return max(FEWEST_PAGE_ROWS, PAGE_CELLS // max(1, fields))


def expected_calls(rows: int, fields: int) -> int:
    """The API calls that a job costs: create, look, fetch, delete."""
    return CREATE + LOOKS + pages(rows, fields) + DELETE


def pages(rows: int, fields: int) -> int:
    """The result pages of so many rows and fields; a result without rows has one."""
    return max(1, -(-rows // page_rows(fields)))


class Bulk2Reader:
    """Reads queries by Bulk API 2.0.

    Args:
        session: The connection to the org.
    """

    name = "bulk2"

    def __init__(self, session: Session) -> None:
        self._session = session
        self._spare_pages = threading.Semaphore(SPARE_PAGES)

    def read(self, query: Query, layout: RowLayout, position: Position | None = None) -> Iterator[Page]:
        """The rows of a query, in no particular order.

        The first page is empty: it tells the job's Id before a row is there.

        Args:
            query: What to read.
            layout: What the rows become; it must have ``bulk_fields``.
            position: From where to go on: ``job``, ``locator`` (empty for the first page, ``null`` after the
                last one) and ``rows``, how many were read before.

        Raises:
            ObjectUnavailable: Bulk API 2.0 does not read this object; or the position's job is no more.
            JobEndedBadly: The job was aborted or failed.
            RowsLost: Fewer or more rows came than Salesforce had counted.
        """
        selected = layout.bulk_fields or ()
        if position is None:
            job = QueryJob.create(
                self._session, query.unordered_soql(selected), title=query.sobject, all_rows=True
            )
            position = {"reader": self.name, "job": job.id, "locator": "", "rows": 0}
            yield Page(b"", 0, position)
        else:
            job = QueryJob(self._session, position["job"], query.sobject)
        expected = job.wait()
        rows = position["rows"]
        pages = job.pages(page_rows(len(selected)), position["locator"], self._spare_pages)
        for page in pages if position["locator"] != NO_MORE else ():
            came = _rows_of(page)
            rows += came
            place = {**position, "locator": page.next_locator or NO_MORE, "rows": rows}
            yield Page(page.body, came, place, rows_left=expected - rows)
        if rows != expected:
            raise RowsLost(query.sobject, rows, expected)

    def finish(self, position: Position) -> None:
        """Remove the job of a query that was read to its end."""
        with suppress(ObjectUnavailable):
            QueryJob(self._session, position["job"], "the query").delete()


def _rows_of(page: ResultPage) -> int:
    """How many rows Salesforce says a page has; counted where it does not say."""
    return page.rows if page.rows >= 0 else sum(1 for _ in page.cells()) - 1
