"""Reading by a Bulk API 2.0 query job: for many rows, few API calls."""

from __future__ import annotations

import logging
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from salesforce_seg.bulk2 import QueryJob
from salesforce_seg.errors import ObjectUnavailable, RunFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from salesforce_seg.session import Session
    from tap_salesforce_seg.query import Query
    from tap_salesforce_seg.records import Row, RowLayout

logger = logging.getLogger("tap-salesforce-seg.bulk2")

PAGE_CELLS = 1_000_000
"""Cells of a result page: at 10 to 20 bytes each, 10 to 20 MB."""

CHUNK_ROWS = 2000
"""Rows that are turned into records at once."""

LOOKS = 4
"""How often a job is looked at until it is complete, for the plan."""


def page_rows(fields: int) -> int:
    """How many rows of so many fields make a result page."""
    return max(CHUNK_ROWS, PAGE_CELLS // max(1, fields))


def expected_calls(rows: int, fields: int) -> int:
    """The API calls that a job costs: create, look, fetch, delete."""
    return 1 + LOOKS + max(1, -(-rows // page_rows(fields))) + 1


class Bulk2Reader:
    """Reads queries by Bulk API 2.0.

    Args:
        session: The connection to the org.
    """

    name = "bulk2"

    def __init__(self, session: Session) -> None:
        self._session = session

    def read(self, query: Query, layout: RowLayout) -> Iterator[list[Row]]:
        """The rows of a query, in no particular order.

        Args:
            query: What to read.
            layout: What the rows become; it must have ``bulk_fields``.

        Raises:
            ObjectUnavailable: Bulk API 2.0 does not read this object.
            JobEndedBadly: The job was aborted or failed.
            RunFailed: Fewer or more rows came than Salesforce had counted.
        """
        selected = layout.bulk_fields or ()
        job = QueryJob.create(self._session, query.soql_of(selected), title=query.sobject, all_rows=True)
        expected = job.wait()
        rows = 0
        for page in job.pages(page_rows(len(selected))):
            cells = page.cells()
            header = next(cells, [])
            read = 0
            while chunk := list(islice(cells, CHUNK_ROWS)):
                read += len(chunk)
                yield layout.from_csv(header, chunk)
            if read != page.rows >= 0:
                raise _lost(query, read, page.rows)
            rows += read
        if rows != expected:
            raise _lost(query, rows, expected)
        with suppress(ObjectUnavailable):
            job.delete()


def _lost(query: Query, rows: int, expected: int) -> RunFailed:
    return RunFailed(
        f"{query.sobject}: {rows:,} rows came, but Salesforce had counted {expected:,}. "
        "The bookmark stays where it was; run again."
    )
