"""Reading ahead: the next streams' pages are fetched while this one's are written.

stdout and the state belong to the main thread alone; the threads here only read. Each stays at most a few
pages ahead, so that memory does not grow with the number of rows.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any

from salesforce_seg.limits import CHARGED_TO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tap_salesforce_seg.pages import Page, Position
    from tap_salesforce_seg.query import Query
    from tap_salesforce_seg.records import RowLayout

    Wanted = tuple[Query, RowLayout, Position | None]
    Read = Callable[[Query, RowLayout, Position | None], Iterator[Page]]

PAGES_AHEAD = 1

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
        self._announced: list[Wanted] = []
        self._under_way: dict[int, queue.Queue[Any]] = {}
        self._over = threading.Event()

    def announce(self, reads: Sequence[Wanted]) -> None:
        """Name what will be read, in order."""
        self._announced = list(reads)

    def read(self, query: Query, layout: RowLayout, position: Position | None = None) -> Iterator[Page]:
        """The pages of a query; a query that was not announced is read here and now.

        Raises:
            SalesforceError: As the reading itself does.
        """
        wanted = (query, layout, position)
        index = next((at for at, each in enumerate(self._announced) if each[::2] == wanted[::2]), None)
        if index is None:
            yield from self._read(*wanted)
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
        name = f"read {self._announced[index][0].sobject}"
        threading.Thread(target=self._fill, args=(index,), name=name, daemon=True).start()

    def _fill(self, index: int) -> None:
        pages = self._under_way[index]
        CHARGED_TO.set(self._announced[index][0].sobject)
        try:
            for page in self._read(*self._announced[index]):
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
