"""Which way a query is read: decided by the setting, the number of rows, and what Bulk API 2.0 refuses."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from salesforce_seg.bulk2 import JobEndedBadly
from salesforce_seg.errors import ObjectUnavailable, QueryRefused, RecordRejected
from tap_salesforce_seg.readers.bulk2 import Bulk2Reader
from tap_salesforce_seg.readers.rest import RestReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from salesforce_seg.session import Session
    from tap_salesforce_seg.pages import Page, Position
    from tap_salesforce_seg.query import Query
    from tap_salesforce_seg.records import RowLayout

logger = logging.getLogger("tap-salesforce-seg")

AUTO, REST, BULK2 = "auto", "rest", "bulk2"

REFUSALS = (ObjectUnavailable, JobEndedBadly, QueryRefused, RecordRejected)
"""What Bulk API 2.0 answers where REST may still do."""

BULK_FROM_ROWS = 20_000
"""From so many rows on, ``auto`` reads by Bulk API 2.0: ten pages of REST cost more calls than a job does."""


class Reader:
    """Reads queries by REST or Bulk API 2.0, whichever suits; the rows are the same.

    Args:
        session: The connection to the org.
        api_type: ``auto``, ``rest`` or ``bulk2``.
    """

    def __init__(self, session: Session, api_type: str) -> None:
        self._api_type = api_type
        self._rest = RestReader(session)
        self._bulk2 = Bulk2Reader(session)

    def announce(self, queries: Iterable[Query]) -> None:
        """Name the queries that will be read, in order, so that small ones share an API call."""
        if self._api_type != BULK2:
            self._rest.announce(queries)

    def read(self, query: Query, layout: RowLayout, position: Position | None = None) -> Iterator[Page]:
        """The rows of a query, page by page.

        Where REST takes over in the middle of a job's result, its pages hold rows that have come before.

        Args:
            query: What to read.
            layout: What the rows become.
            position: That of the last page which an interrupted run had written; None to read all.

        Raises:
            SalesforceError: Not all rows could be read.
        """
        is_begun = position is not None and position["reader"] == BULK2
        if is_begun or (position is None and self._goes_by_bulk(query, layout)):
            rows = 0
            try:
                for page in self._bulk2.read(query, layout, position):
                    rows += page.rows
                    yield page
            except REFUSALS as error:
                if is_begun and not rows:
                    logger.warning(
                        "%s: its window is read again, as its job is lost: %s", query.sobject, error
                    )
                    yield from self.read(query, layout)
                    return
                logger.warning("%s is read by REST instead: %s", query.sobject, error)
                position = None
            else:
                return
        yield from self._rest.read(query, layout, position)

    def read_ids(self, query: Query, layout: RowLayout, ids: Iterable[str]) -> Iterator[Page]:
        """Those rows of an object that have these Ids, whatever the query's window."""
        return self._rest.read_ids(query, layout, ids)

    def finish(self, position: Position | None) -> None:
        """Clean up after a query that was read to its end, and whose rows are safe."""
        if position and position["reader"] == BULK2:
            self._bulk2.finish(position)

    def _goes_by_bulk(self, query: Query, layout: RowLayout) -> bool:
        if not may_go_by_bulk(self._api_type, query, layout):
            return False
        return self._api_type == BULK2 or self._rest.rows_expected(query) >= BULK_FROM_ROWS


def may_go_by_bulk(api_type: str, query: Query, layout: RowLayout) -> bool:
    """Whether the setting and the selected columns allow Bulk API 2.0 at all."""
    return api_type != REST and query.limit is None and layout.bulk_fields is not None
