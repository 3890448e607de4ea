"""Working ahead: pages are fetched and made into lines while others are written.

stdout and the state belong to the main thread alone. A thread for each query under way reads, and one makes
lines of what is written next; compiled code does so without holding Python's lock. Each stays a little ahead
only, so that memory does not grow with the number of rows.
"""

from __future__ import annotations

import os
import queue
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from salesforce_seg.limits import CHARGED_TO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from tap_salesforce_seg.pages import Page, Position
    from tap_salesforce_seg.query import Query
    from tap_salesforce_seg.records import RowLayout

    Wanted = tuple[Query, RowLayout, Position | None]
    Read = Callable[[Query, RowLayout, Position | None], Iterator[Page]]

Item = TypeVar("Item")

Source = TypeVar("Source")

PAGES_AHEAD = 1

BLOCKS_AHEAD = 8
"""Blocks of lines that wait to be written: about two megabytes."""

MAKERS = min(4, os.cpu_count() or 1)
"""Threads that make lines at once; each holds about two megabytes."""

_PATIENCE = 0.5
"""Seconds after which a thread that waits for the one before it looks whether the run is over."""


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
        self._under_way: dict[int, _Made[Page]] = {}
        self._over = threading.Event()
        self._makers = ThreadPoolExecutor(MAKERS, "lines")

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
            if each not in self._under_way:
                self._under_way[each] = _Made(self._pages(each), PAGES_AHEAD, self._over)
        yield from self._under_way[index].items()

    def in_order(self, make: Callable[[Source], Item], sources: Iterable[Source]) -> Iterator[Item]:
        """As ``map``, but several at once; a few are made ahead."""
        ahead: deque[Future[Item]] = deque()
        for source in sources:
            ahead.append(self._makers.submit(make, source))
            if len(ahead) > MAKERS:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()

    def make(self, blocks: Iterable[Item]) -> Iterator[Item]:
        """What is to be written next, made in a thread.

        Raises:
            SalesforceError: As the making itself does, behind what was made before.
        """
        over = threading.Event()
        try:
            yield from _Made(blocks, BLOCKS_AHEAD, over).items()
        finally:
            over.set()

    def end(self) -> None:
        """Let the threads go; what they have read is dropped."""
        self._over.set()
        self._makers.shutdown(wait=False, cancel_futures=True)

    def _pages(self, index: int) -> Iterator[Page]:
        CHARGED_TO.set(self._announced[index][0].sobject)
        yield from self._read(*self._announced[index])


class _Made(Generic[Item]):
    """Items that a thread makes.

    Args:
        items: Makes them.
        most: How many may wait to be taken.
        over: Set when no more are wanted.
    """

    def __init__(self, items: Iterable[Item], most: int, over: threading.Event) -> None:
        self._source = items
        self._over = over
        self._waiting: queue.Queue[Any] = queue.Queue(most)
        threading.Thread(target=copy_context().run, args=(self._make,), name="ahead", daemon=True).start()

    def items(self) -> Iterator[Item]:
        """The items; an error in making one is raised in its place."""
        while True:
            item = self._waiting.get()
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item

    def _make(self) -> None:
        try:
            for item in self._source:
                if not self._put(item):
                    return
        except Exception as error:  # noqa: BLE001  raised again where the items are taken
            self._put(error)
        else:
            self._put(None)

    def _put(self, item: Any) -> bool:
        while not self._over.is_set():
            try:
                self._waiting.put(item, timeout=_PATIENCE)
            except queue.Full:
                continue
            return True
        return False
