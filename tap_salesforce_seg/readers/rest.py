"""Reading by REST ``queryAll``: pages behind a query locator, deleted and archived rows included.

Source: REST API Developer Guide, "QueryAll" and "Query Options Header"; a locator lives two days.
"""

from __future__ import annotations

import base64
import logging
from dataclasses import replace
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
    RunFailed,
    SalesforceError,
    ServerUnavailable,
)
from tap_salesforce_seg.pages import Page
from tap_salesforce_seg.readers.openings import Openings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from salesforce_seg.session import Session
    from tap_salesforce_seg.pages import Position, Records
    from tap_salesforce_seg.query import Query
    from tap_salesforce_seg.records import RowLayout

logger = logging.getLogger("tap-salesforce-seg.rest")

PAGE_ROWS = 2000
"""Rows of a page at most; wide rows come in smaller ones."""

LONGEST_URL = 14_000
"""Bytes of an encoded query that still fit a URL: Salesforce takes 16,384 for the URI with its headers."""

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
        self._openings.announce(query.soql for query in queries if query.is_incremental)

    def rows_expected(self, query: Query) -> int | None:
        """How many rows a query has now, by its first page, which is kept for the read that follows.

        Returns:
            The number, or None if the query was refused; the read will say why.
        """
        try:
            answer = self._open(query.soql)
        except (ConfigurationError, QuotaExhausted):
            raise
        except SalesforceError as error:
            self._first[query.soql] = error
            return None
        self._first[query.soql] = answer
        return int(answer["totalSize"])

    def read(self, query: Query, layout: RowLayout, position: Position | None = None) -> Iterator[Page]:
        """The rows of a query, page by page.

        A read that is cut short by a lost locator begins anew, and one that takes Salesforce too long is cut
        into smaller windows: then a row may come twice, but none is missing.

        Raises:
            RunFailed: Fewer or more rows came than Salesforce had counted.
            SalesforceError: Salesforce refused.
        """
        for records in self._read(query):
            yield self._page(records, layout)

    def read_ids(self, query: Query, layout: RowLayout, ids: Iterable[str]) -> Iterator[Page]:
        """Those rows of an object that have these Ids, whatever the query's window."""
        yield self._page(list(self._with_ids(query, ids)), layout)

    def _page(self, records: Records, layout: RowLayout) -> Page:
        for field in layout.binary_fields:
            for row in records:
                row[field] = row[field] and self._body(row[field])
        return Page(records, len(records))

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

    def _read(self, query: Query) -> Iterator[Records]:
        try:
            yield from self._begun_anew(query)
        except QueryTimeout:
            yield from self._narrower(query)
        except QueryTooLong:
            yield from self._in_parts(query)

    def _begun_anew(self, query: Query, restarts: int = MOST_RESTARTS) -> Iterator[Records]:
        try:
            yield from self._cursor(query.soql, query.sobject)
        except InvalidQueryLocator:
            if not restarts:
                raise
            logger.warning("%s: the query locator is gone; reading the window again", query.sobject)
            yield from self._begun_anew(query, restarts - 1)

    def _cursor(self, text: str, sobject: str) -> Iterator[Records]:
        answer = self._open(text)
        expected = answer["totalSize"]
        rows = len(answer["records"])
        yield answer["records"]
        while not answer["done"]:
            answer = self._next(answer["nextRecordsUrl"])
            rows += len(answer["records"])
            yield answer["records"]
        if rows != expected:
            raise RunFailed(
                f"{sobject}: {rows:,} rows came, but Salesforce had counted {expected:,}. "
                "The bookmark stays where it was; run again."
            )

    def _next(self, locator_url: str) -> Any:
        try:
            return self._session.call_json("GET", locator_url)
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
        if len(quote(text)) <= LONGEST_URL:
            try:
                return self._session.call_json("GET", "queryAll", params={"q": text})
            except QueryTooLong:
                logger.info("Salesforce finds the query too long for a URL; sending it in a request body")
        try:
            (member,) = composite.send(self._session, [composite.query(self._session, text, all_rows=True)])
        except ObjectUnavailable as error:
            raise QueryTooLong(f"The query is too long for a URL, and in a request body: {error}") from error
        if not member.ok:
            raise member.error("The query")
        return member.body

    def _narrower(self, query: Query) -> Iterator[Records]:
        """A window that took too long: its halves; a second of rows, or an object without a clock, by Id."""
        halves = query.window.halves()
        if halves is None:
            logger.warning("%s: the query takes too long; reading in the order of Ids", query.sobject)
            yield from self._by_id(query)
            return
        logger.warning("%s: the query takes too long; reading its window in two halves", query.sobject)
        earlier, later = halves
        yield from self._read(replace(query, window=earlier))
        yield from self._read(replace(query, window=later, key_may_be_null=False))

    def _by_id(self, query: Query) -> Iterator[Records]:
        page: Records = []
        while not page or len(page) == PAGE_ROWS:
            text = query.by_id(page[-1]["Id"] if page else "", PAGE_ROWS)
            page = [row for rows in self._cursor(text, query.sobject) for row in rows]
            if not page:
                return
            yield page

    def _in_parts(self, query: Query) -> Iterator[Records]:
        """Too many fields for one query: the first part decides which rows there are, the others join by Id.

        The others are asked by Id, not by window: a row that was changed meanwhile keeps its place. A row
        that they cannot find any more was removed from the recycle bin between two calls.
        """
        first, *others = _parts(query)
        if not others:
            raise QueryTooLong(f"{query.sobject}: Salesforce finds the query too long, and it cannot be cut.")
        logger.warning(
            "%s: too many fields for a query; reading them in %d parts", query.sobject, 1 + len(others)
        )
        for page in self._begun_anew(first):
            rows = {row["Id"]: row for row in page}
            for part in others:
                found = {row["Id"]: row for row in self._with_ids(part, rows)}
                rows = {each: row | found[each] for each, row in rows.items() if each in found}
            yield list(rows.values())

    def _with_ids(self, part: Query, ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        for _, where in soql.isin_batches("Id", ids, most=PAGE_ROWS, longest=LONGEST_URL // 4):
            for page in self._cursor(soql.select(part.fields, part.sobject, where=where), part.sobject):
                yield from page


def _parts(query: Query) -> list[Query]:
    """The query in parts whose SELECT takes half of what a URL may hold; each has the Id."""
    parts: list[list[str]] = [[]]
    length = 0
    for field in query.fields:
        if length + len(field) + 3 > LONGEST_URL // 2:
            parts.append([])
            length = 0
        parts[-1].append(field)
        length += len(field) + 3
    return [replace(query, fields=tuple(dict.fromkeys(["Id", *part]))) for part in parts]
