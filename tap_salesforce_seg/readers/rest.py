"""Reading by REST ``queryAll``: pages behind a query locator, deleted and archived rows included.

Source: REST API Developer Guide, "QueryAll" and "Query Options Header"; a locator lives two days.
"""

from __future__ import annotations

import base64
import logging
import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import requests

from salesforce_seg import composite, soql
from salesforce_seg.errors import (
    ConfigurationError,
    InvalidQueryLocator,
    ObjectUnavailable,
    QueryTimeout,
    QueryTooLong,
    QuotaExhausted,
    SalesforceError,
    ServerUnavailable,
)
from salesforce_seg.query_answers import decode_query
from tap_salesforce_seg.compiled import is_utf8
from tap_salesforce_seg.pages import Page, RowsLost
from tap_salesforce_seg.readers import wide
from tap_salesforce_seg.readers.openings import Openings
from tap_salesforce_seg.replication import format_moment, parse_moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from salesforce_seg.session import Session
    from tap_salesforce_seg.pages import Position, Records
    from tap_salesforce_seg.query import Query
    from tap_salesforce_seg.records import RowLayout

logger = logging.getLogger("tap-salesforce-seg.rest")

PAGE_ROWS = 2000
"""Rows of a page at most; wide rows come in smaller ones."""

_decoded = partial(decode_query, is_utf8=is_utf8)

LONGEST_URL = 14_000
"""Bytes of an encoded query that still fit a URL: Salesforce takes 16,384 for the URI with its headers."""

IDS_A_CALL = LONGEST_URL // 4 // len("'701000000000000AAA',")
"""Records that are asked for by their Ids in one query, so that the query still fits a URL."""

MOST_RESTARTS = 3
"""How often a read begins anew because its locator is gone."""


class RestReader:
    """Reads queries by REST.

    Args:
        session: The connection to the org.
    """

    name = "rest"

    def __init__(self, session: Session) -> None:
        self._session = session
        self._openings = Openings(session)
        self._first: dict[str, Any] = {}

    def announce(self, queries: Iterable[Query]) -> None:
        """Name the queries that will be read, in order, so that small ones share an API call."""
        self._openings.announce(query.soql for query in queries if query.opens_with_others)

    def rows_expected(self, query: Query) -> float:
        """How many rows a query has now, by its first page, which is kept for the read that follows.

        Returns:
            The number; infinite if REST cannot tell, as the query is too long for it or takes too long; 0 if
            it was refused otherwise: the read will say why.
        """
        try:
            answer = self._open(query.soql)
        except (ConfigurationError, QuotaExhausted):
            raise
        except SalesforceError as error:
            self._first[query.soql] = error
            return math.inf if isinstance(error, QueryTimeout | QueryTooLong) else 0
        self._first[query.soql] = answer
        return int(answer["totalSize"])

    def read(self, query: Query, layout: RowLayout, position: Position | None = None) -> Iterator[Page]:
        """The rows of a query, each once, page by page in the order of their Ids.

        A read that takes Salesforce too long is cut into smaller windows, one after the other.

        Args:
            query: What to read.
            layout: What the rows become.
            position: From where to go on: ``after``, the last Id read of the window from ``start`` to ``end``
                (null where the query's window is open), which may be a piece of the query's; ``floor``, the
                last Id read of the pieces behind it.

        Raises:
            RowsLost: Fewer or more rows came than Salesforce had counted.
            SalesforceError: Salesforce refused.
        """
        for piece in remaining(query, position):
            for page in self._pages(piece):
                yield self._with_bodies(page, layout)

    def read_ids(self, query: Query, layout: RowLayout, ids: Iterable[str]) -> Iterator[Page]:
        """Those rows of an object that have these Ids, whatever the query's window."""
        ids = list(ids)
        try:
            records: Records = list(self._with_ids(query, ids))
        except QueryTooLong:
            parts = wide.parts(query, LONGEST_URL // 2)
            records, _ = wide.join(self._with_ids(parts[0], ids), parts, self._with_ids)
        yield self._with_bodies(Page(records, len(records)), layout)

    def _with_bodies(self, page: Page, layout: RowLayout) -> Page:
        if not layout.binary_fields or isinstance(page.raw, bytes):
            return page
        bodies = [
            {field: row[field] and self._body(row[field]) for field in layout.binary_fields}
            for row in page.raw
        ]
        return replace(page, raw=[row | each for row, each in zip(page.raw, bodies, strict=True)])

    def _body(self, path: str) -> str | None:
        """What a binary field holds, in base64: a query answers only with the path to it.

        Source: Object Reference, "Document", field Body. The answer is streamed, as it may be a web page.
        """
        try:
            with self._session.call("GET", path, stream=True) as response:
                return base64.b64encode(response.content).decode()
        except ObjectUnavailable as error:
            logger.warning("A binary field is read as null: %s", error)
            return None
        except requests.RequestException as error:
            raise ServerUnavailable(f"GET {path}: the content was cut short ({error}).") from error

    def _pages(self, query: Query, floor: str = "") -> Iterator[Page]:
        """The rows of a piece of the window; ``floor`` is where the pieces behind it begin."""
        try:
            yield from self._in_order(query, floor)
        except QueryTooLong:
            yield from self._in_parts(query, floor)

    def _in_order(self, query: Query, floor: str) -> Iterator[Page]:
        lost = 0
        while True:
            try:
                for records, is_complete, left in self._cursor(query.soql, query.sobject):
                    if is_complete and query.in_id_order:
                        query, lost = replace(query, after=records[-1]["Id"]), 0
                    place = _position(query, floor) if is_complete else None
                    yield Page(records, len(records), place, rows_left=left)
            except InvalidQueryLocator:  # noqa: PERF203  a page is a call over the network
                lost += 1
                if lost > MOST_RESTARTS:
                    raise
                logger.warning("%s: the query locator is gone; going on after the last row", query.sobject)
            except QueryTimeout:
                if query.limit:
                    raise
                break
            else:
                return
        yield from self._narrower(query, floor)

    def _cursor(self, text: str, sobject: str) -> Iterator[tuple[Records, bool, int]]:
        """Pages of rows, whether every row up to the page's last has come, and how many are left.

        For the last page the query's total says so. In between, a locator ends in the number of rows before
        it, on every org that was seen; where it does not, the page is no place to go on from.
        """
        answer = self._open(text)
        expected = answer["totalSize"]
        rows = len(answer["records"])
        is_complete = True
        while not answer["done"]:
            is_complete = is_complete and answer["nextRecordsUrl"].endswith(f"-{rows}")
            yield answer["records"], is_complete, expected - rows
            answer = self._next(answer["nextRecordsUrl"])
            rows += len(answer["records"])
        if rows != expected:
            raise RowsLost(sobject, rows, expected)
        if answer["records"]:
            yield answer["records"], True, 0

    def _next(self, locator_url: str) -> Any:
        try:
            return self._session.call_json("GET", locator_url, decode=_decoded)
        except ObjectUnavailable as error:
            raise InvalidQueryLocator(str(error), code=error.code, status=error.status) from error

    def _open(self, text: str) -> Any:
        """The first page of a query: by its URL, or in a request body where it is too long for one."""
        answer = self._first.pop(text, None) or self._openings.take(text)
        if isinstance(answer, SalesforceError):
            raise answer
        if answer is not None:
            return answer
        if len(text) > soql.LONGEST_QUERY:
            raise QueryTooLong(f"A query of {len(text):,} characters is more than Salesforce takes.")
        if fits_url(text):
            try:
                return self._session.call_json("GET", "queryAll", params={"q": text}, decode=_decoded)
            except QueryTooLong:
                logger.info("Salesforce finds the query too long for a URL; sending it in a request body")
        try:
            (member,) = composite.send(self._session, [composite.query(self._session, text, all_rows=True)])
        except ObjectUnavailable as error:
            raise QueryTooLong(f"The query is too long for a URL, and in a request body: {error}") from error
        if not member.ok:
            raise member.error("The query")
        return member.body

    def _narrower(self, query: Query, floor: str) -> Iterator[Page]:
        """A window that took too long: its halves; a second of rows, or an object without a clock, by Id."""
        halves = query.window.halves()
        if halves is None:
            logger.warning("%s: the query takes too long; reading in the order of Ids", query.sobject)
            yield from self._bites(query, floor)
            return
        logger.warning("%s: the query takes too long; reading its window in two halves", query.sobject)
        earlier, later = halves
        yield from self._pages(replace(query, window=earlier), floor or query.after)
        yield from self._pages(replace(query, window=later, key_may_be_null=False), floor)

    def _bites(self, query: Query, floor: str) -> Iterator[Page]:
        """So many rows a query, in the order of Ids: that needs no other index and no long cursor."""
        if not query.in_id_order:
            raise QueryTimeout(f"{query.sobject}: Salesforce takes too long, and has no order to read it in.")
        bite = replace(query, limit=PAGE_ROWS)
        rows = PAGE_ROWS
        while rows >= PAGE_ROWS:
            rows = 0
            for page in self._in_order(bite, floor):
                rows += page.rows
                bite = replace(bite, after=page.raw[-1]["Id"])  # type: ignore[index]
                yield page

    def _in_parts(self, query: Query, floor: str) -> Iterator[Page]:
        """Too many fields for one query: the first part says which rows there are, the others join by Id."""
        parts = wide.parts(query, LONGEST_URL // 2)
        if len(parts) < 2:
            raise QueryTooLong(f"{query.sobject}: Salesforce finds the query too long, and it cannot be cut.")
        logger.warning("%s: too many fields for a query; reading them in %d parts", query.sobject, len(parts))
        for page in self._in_order(parts[0], floor):
            records, gone = wide.join(page.raw, parts, self._with_ids)  # type: ignore[arg-type]
            yield Page(records, len(records), page.position, gone)

    def _with_ids(self, part: Query, ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        for _, where in soql.isin_batches("Id", ids, most=IDS_A_CALL):
            text = soql.select(part.fields, part.sobject, where=where)
            for records, *_ in self._cursor(text, part.sobject):
                yield from records


def fits_url(text: str) -> bool:
    """Whether a query has room in the URL of a request."""
    return len(quote(text)) <= LONGEST_URL


def _position(query: Query, floor: str) -> Position | None:
    if not query.in_id_order:
        return None
    start, end = query.window.start, query.window.end
    return {
        "reader": RestReader.name,
        "after": query.after,
        "start": start and format_moment(start),
        "end": end and format_moment(end),
        "floor": floor,
    }


def remaining(query: Query, position: Position | None) -> list[Query]:
    """What is still to be read of a query: the rest of the piece under way, then what lies behind it."""
    if position is None:
        return [query]
    whole = query.window
    start, end = (position[name] and parse_moment(position[name]) for name in ("start", "end"))
    end = min(end, whole.end) if end and whole.end else whole.end
    piece = replace(
        query,
        window=replace(whole, start=start, end=end),
        after=position["after"],
        key_may_be_null=query.key_may_be_null and start == whole.start,
    )
    if end == whole.end:
        return [piece]
    behind = replace(whole, start=end)
    return [piece, replace(query, window=behind, after=position["floor"], key_may_be_null=False)]
