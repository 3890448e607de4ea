"""Query cursors: results longer than a page, kept on disk as they were when the query ran."""

from __future__ import annotations

import contextlib
import re
import secrets
import tempfile
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from salesforce_local_org import ids

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from salesforce_local_org.org import Org

LIFETIME = timedelta(days=2)
"""How long a cursor can be read ("API Query Cursor Limits")."""
_LOCATOR = re.compile(r"(0r8\w{12,15})-(\d+)")
_NUMBERS = 62**8


@dataclass(slots=True)
class Page:
    """One page of a stored result.

    Attributes:
        total: Rows of the whole result.
        rows: The page's rows, each as JSON text in UTF-8.
        next_locator: Where the rest starts; None on the last page.
    """

    total: int
    rows: list[bytes]
    next_locator: str | None

    def json(self, version: str) -> bytes:
        """The page as REST shows it.

        Args:
            version: The API version that ``nextRecordsUrl`` names.
        """
        head = f'{{"totalSize":{self.total},"done":{"false" if self.next_locator else "true"}'
        if self.next_locator:
            head += f',"nextRecordsUrl":"/services/data/v{version}/query/{self.next_locator}"'
        return b"".join([head.encode(), b',"records":[', b",".join(self.rows), b"]}"])


@dataclass(slots=True)
class Cursor:
    """A stored result, from its second page on: a file of rows, a line each, and where its pages start."""

    path: Path
    opened_at: datetime
    epoch: int
    page_size: int
    page_starts: list[int] = field(default_factory=list)
    rows: int = 0


class Cursors:
    """The open cursors of one org. There is no limit on their number.

    A page is a piece of the cursor's file, so that it costs the same however long the result is, and shows
    every row as it was when the query ran.

    Args:
        org: The org, for its clock and for ``locator_epoch``.
    """

    def __init__(self, org: Org) -> None:
        self._org = org
        self._lock = threading.Lock()
        self._cursors: dict[str, Cursor] = {}
        self._directory: tempfile.TemporaryDirectory[str] | None = None

    def first_page(self, chunks: Iterator[list[str]], page_size: int) -> Page:
        """Read a result to its end: its first page, the rest put away under a locator.

        Args:
            chunks: The rows as JSON text, some at a time.
            page_size: Rows a page.
        """
        pages = _in_pages(chunks, page_size)
        rows = [row.encode() for row in next(pages, [])]
        second = next(pages, None)
        if second is None:
            return Page(len(rows), rows, None)
        locator, cursor = self._spool(chain([second], pages), page_size)
        return Page(page_size + cursor.rows, rows, f"{locator}-{page_size}")

    def page(self, locator: str) -> Page | None:
        """The page that a locator such as ``0r8...-2000`` names; None if there is no such cursor any more."""
        match = _LOCATOR.fullmatch(locator)
        with self._lock:
            self._forget_old()
            cursor = self._cursors.get(ids.normalise(match[1]) or "") if match else None
        if match is None or cursor is None:
            return None
        start = int(match[2])
        number, beside = divmod(start - cursor.page_size, cursor.page_size)
        if beside or not 0 <= number < len(cursor.page_starts) - 1:
            return None
        try:
            with cursor.path.open("rb") as file:
                file.seek(cursor.page_starts[number])
                text = file.read(cursor.page_starts[number + 1] - cursor.page_starts[number])
        except FileNotFoundError:
            # Another request closed the cursor after this one found it.
            return None
        is_last = number == len(cursor.page_starts) - 2
        after = None if is_last else f"{match[1]}-{start + cursor.page_size}"
        return Page(cursor.page_size + cursor.rows, text.splitlines(), after)

    def close(self) -> None:
        """Forget every cursor and remove their files."""
        with self._lock:
            self._cursors.clear()
            if self._directory:
                self._directory.cleanup()
                self._directory = None

    def _spool(self, pages: Iterator[list[str]], page_size: int) -> tuple[str, Cursor]:
        locator = ids.make("0r8", secrets.randbelow(_NUMBERS))
        cursor = Cursor(self._folder() / locator, self._org.clock.now(), self._org.locator_epoch, page_size)
        with cursor.path.open("wb") as file:
            position = 0
            for page in pages:
                cursor.page_starts.append(position)
                position += file.write(("\n".join(page) + "\n").encode())
                cursor.rows += len(page)
            cursor.page_starts.append(position)
        with self._lock:
            self._forget_old()
            self._cursors[locator] = cursor
        return locator, cursor

    def _folder(self) -> Path:
        with self._lock:
            if self._directory is None:
                self._directory = tempfile.TemporaryDirectory(prefix="salesforce-local-org-cursors-")
            return Path(self._directory.name)

    def _forget_old(self) -> None:
        now, epoch = self._org.clock.now(), self._org.locator_epoch
        for locator, cursor in list(self._cursors.items()):
            if cursor.epoch != epoch or now - cursor.opened_at > LIFETIME:
                del self._cursors[locator]
                with contextlib.suppress(OSError):
                    cursor.path.unlink()


def _in_pages(chunks: Iterator[list[str]], size: int) -> Iterator[list[str]]:
    """The same rows, ``size`` at a time."""
    waiting: list[str] = []
    for chunk in chunks:
        waiting += chunk
        while len(waiting) > size:
            yield waiting[:size]
            waiting = waiting[size:]
    if waiting:
        yield waiting
