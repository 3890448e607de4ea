"""Many Ids, looked through without holding them in memory."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_AT_ONCE = 500
_CACHE_KB = 16_000


class IdSet:
    """A set of Ids in a temporary file, which is gone with it.

    Args:
        ids: Its first members.
    """

    def __init__(self, ids: Iterable[str] = ()) -> None:
        import sqlite3  # noqa: PLC0415  most runs keep no such set

        self._index = sqlite3.connect("", check_same_thread=False)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{_CACHE_KB}"):
            self._index.execute(f"PRAGMA {pragma}")
        self._index.execute("CREATE TABLE met (id TEXT PRIMARY KEY) WITHOUT ROWID")
        self.add(ids)

    def __del__(self) -> None:
        """Close the file, without waiting for whatever else knows of it."""
        self._index.close()

    def add(self, ids: Iterable[str]) -> None:
        """Put Ids in."""
        self._index.executemany("INSERT OR IGNORE INTO met VALUES (?)", ((each,) for each in ids))

    def put_in(self, record_id: str) -> bool:
        """Put one Id in; whether it was not there before."""
        added = self._index.execute("INSERT OR IGNORE INTO met VALUES (?)", (record_id,))
        return added.rowcount == 1

    def among(self, ids: Iterable[str]) -> set[str]:
        """Those of a page's Ids that are in it."""
        found: set[str] = set()
        for some in _batches(ids):
            marks = ",".join("?" * len(some))
            rows = self._index.execute(f"SELECT id FROM met WHERE id IN ({marks})", some)  # noqa: S608
            found.update(each for (each,) in rows)
        return found

    def missing(self, ids: Iterable[str]) -> Iterator[str]:
        """Those of many Ids that are not in it."""
        for some in _batches(ids):
            found = self.among(some)
            yield from (each for each in some if each not in found)

    def __len__(self) -> int:
        (number,) = self._index.execute("SELECT count(*) FROM met").fetchone()
        return int(number)

    def __iter__(self) -> Iterator[str]:
        """All Ids, in order."""
        return (each for (each,) in self._index.execute("SELECT id FROM met ORDER BY id"))


def _batches(ids: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(ids)
    while some := list(islice(rest, _AT_ONCE)):
        yield some
