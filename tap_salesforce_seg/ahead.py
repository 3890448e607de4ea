"""Working ahead: pages are fetched and made into lines while others are written.

stdout and the state belong to the main thread alone. For each stream under way one thread reads and another
makes lines of what was read; compiled code does so without holding Python's lock. Each stays a little ahead
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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

Item = TypeVar("Item")

Source = TypeVar("Source")

PAGES_AHEAD = 1

BLOCKS_AHEAD = 3
"""Blocks of lines that wait to be written: two or three megabytes."""

MAKERS = min(4, os.cpu_count() or 1)
"""Threads that make lines at once; each holds about two megabytes."""

_PATIENCE = 0.5
"""Seconds after which a thread that waits for the one before it looks whether the run is over."""


class Ahead:
    """The threads of a run, which work ahead of the main thread."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._news = threading.Event()
        self._makers = ThreadPoolExecutor(MAKERS, "lines")

    def read(self, pages: Iterable[Item]) -> Iterator[Item]:
        """The pages, read in a thread.

        Raises:
            SalesforceError: As the reading itself does, behind the pages before.
        """
        return _Made(pages, PAGES_AHEAD, self._over).items()

    def in_order(self, make: Callable[[Source], Item], sources: Iterable[Source]) -> Iterator[Item]:
        """As ``map``, but several at once; a few are made ahead."""
        ahead: deque[Future[Item]] = deque()
        for source in sources:
            ahead.append(self._makers.submit(make, source))
            if len(ahead) > MAKERS:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()

    def make(self, blocks: Iterable[Item]) -> Iterator[Item | None]:
        """What is to be written next, made in a thread; None whenever it is not made yet.

        Raises:
            SalesforceError: As the making itself does, behind what was made before.
        """
        return _Made(blocks, BLOCKS_AHEAD, self._over, self._news).items_at_hand()

    def wait(self) -> None:
        """Wait until more is made than when this was last called."""
        self._news.wait()
        self._news.clear()

    def end(self) -> None:
        """Let the threads go; what they have read is dropped."""
        self._over.set()
        self._makers.shutdown(wait=False, cancel_futures=True)


class _Made(Generic[Item]):
    """Items that a thread makes.

    Args:
        items: Makes them.
        most: How many may be made and not taken.
        over: Set when no more are wanted.
        news: Is set whenever there is more to take.
    """

    def __init__(
        self,
        items: Iterable[Item],
        most: int,
        over: threading.Event,
        news: threading.Event | None = None,
    ) -> None:
        self._source = items
        self._over = over
        self._news = news or threading.Event()
        self._is_wanted = True
        self._room = threading.Semaphore(most)
        self._waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=copy_context().run, args=(self._make,), name="ahead", daemon=True).start()

    def items(self) -> Iterator[Item]:
        """The items; an error in making one is raised in its place."""
        return self._taken(self._waiting.get)

    def items_at_hand(self) -> Iterator[Item | None]:
        """The same, with None whenever the next item is not made yet."""
        return self._taken(self._waiting.get_nowait)

    def _taken(self, take: Callable[[], Any]) -> Iterator[Any]:
        try:
            while True:
                try:
                    item = take()
                except queue.Empty:
                    yield None
                    continue
                if item is _END:
                    return
                if isinstance(item, BaseException):
                    raise item
                self._room.release()
                yield item
        finally:
            self._is_wanted = False

    def _make(self) -> None:
        source = iter(self._source)
        item: Any = None
        while item is not _END and self._has_room():
            try:
                item = next(source, _END)
            except Exception as error:  # noqa: BLE001  raised again where the items are taken
                self._put(error)
                return
            self._put(item)

    def _put(self, item: Any) -> None:
        self._waiting.put(item)
        self._news.set()

    def _has_room(self) -> bool:
        """Wait until one more may be made; false if none is wanted any more."""
        while self._is_wanted and not self._over.is_set():
            if self._room.acquire(timeout=_PATIENCE):
                return True
        return False


_END = object()
