"""Reading ahead: the next streams' pages are fetched while this one's are written.

stdout and the state belong to the main thread alone; the threads here only read. Each stays at most a few
pages ahead, so that memory does not grow with the number of rows.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tap_salesforce_seg.query import Query
    from tap_salesforce_seg.records import Row, RowLayout

    Pages = Iterator[list[Row]]
    Read = Callable[[Query, RowLayout], Pages]

PAGES_AHEAD = 2

_PATIENCE = 0.5
"""Seconds after which a thread that waits for the writer looks whether the run is over."""


class Ahead:
    """Reads announced queries in threads, in their order.

    Args:
        read: Reads one query.
        queries_at_once: How many queries are under way at the same time.
    """

    def __init__(self, read: Read, queries_at_once: int) -> None:
        self._read = read
        self._queries_at_once = queries_at_once
        self._announced: list[tuple[Query, RowLayout]] = []
        self._under_way: dict[int, queue.Queue[Any]] = {}
        self._over = threading.Event()

    def announce(self, queries: Sequence[tuple[Query, RowLayout]]) -> None:
        """Name what will be read, in order."""
        self._announced = list(queries)

    def read(self, wanted: Query, layout: RowLayout) -> Pages:
        """The pages of a query; a query that was not announced is read here and now.

        Raises:
            SalesforceError: As the reading itself does.
        """
        index = next((at for at, (query, _) in enumerate(self._announced) if query == wanted), None)
        if index is None:
            yield from self._read(wanted, layout)
            return
        for each in range(index, min(index + self._queries_at_once, len(self._announced))):
            self._start(each)
        pages = self._under_way[index]
        while True:
            page = pages.get()
            if page is None:
                return
            if isinstance(page, BaseException):
                raise page
            yield page

    def end(self) -> None:
        """Let the threads go; what they have read is dropped."""
        self._over.set()

    def _start(self, index: int) -> None:
        if index in self._under_way:
            return
        self._under_way[index] = queue.Queue(PAGES_AHEAD)
        query, layout = self._announced[index]
        name = f"read {query.sobject}"
        threading.Thread(target=self._fill, args=(index, query, layout), name=name, daemon=True).start()

    def _fill(self, index: int, query: Query, layout: RowLayout) -> None:
        pages = self._under_way[index]
        try:
            for page in self._read(query, layout):
                if not self._put(pages, page):
                    return
        except Exception as error:  # noqa: BLE001  raised again where the pages are read
            self._put(pages, error)
        else:
            self._put(pages, None)

    def _put(self, pages: queue.Queue[Any], page: Any) -> bool:
        while not self._over.is_set():
            try:
                pages.put(page, timeout=_PATIENCE)
            except queue.Full:
                continue
            return True
        return False
