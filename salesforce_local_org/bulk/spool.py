"""A job's result on disk: written once, served in pages from there, however often it is asked for."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

_OFFSET = struct.Struct("=Q")
_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True)
class Page:
    """A run of rows: from ``first`` up to, not including, ``end``; their bytes likewise."""

    first: int
    end: int
    first_byte: int
    end_byte: int

    @property
    def rows(self) -> int:
        """How many rows the page has."""
        return self.end - self.first


class Spool:
    """Rows of bytes in a file, and beside it a file that tells where each row ends.

    It is written by one thread and then sealed; any number of threads may read it after that.

    Args:
        path: Where to put it; ``.offsets`` is added for the second file.
    """

    def __init__(self, path: Path) -> None:
        self._data_path = path
        self._offsets_path = path.with_name(path.name + ".offsets")
        self._writers: tuple[BinaryIO, BinaryIO] | None = None
        self.rows = 0
        self.size = 0

    def append(self, rows: Sequence[bytes]) -> None:
        """Add rows, each with its line ending."""
        if not self._writers:
            self._writers = self._data_path.open("wb"), self._offsets_path.open("wb")
        data, offsets = self._writers
        ends = list(accumulate(map(len, rows), initial=self.size))[1:]
        data.write(b"".join(rows))
        offsets.write(struct.pack(f"={len(ends)}Q", *ends))
        self.rows += len(rows)
        self.size = ends[-1] if ends else self.size

    def seal(self) -> None:
        """Put what was written where readers find it."""
        if self._writers:
            for writer in self._writers:
                writer.close()
            self._writers = None

    def remove(self) -> None:
        """Delete the files; readers that are under way read on."""
        self.seal()
        for path in (self._data_path, self._offsets_path):
            path.unlink(missing_ok=True)

    def page(self, first: int, most_rows: int, most_bytes: int) -> Page:
        """The page that starts at a row: as many rows as asked for, fewer if they are too large."""
        end = min(first + most_rows, self.rows)
        if first >= end:
            return Page(first, first, self.size, self.size)
        with self._offsets_path.open("rb") as offsets:
            first_byte = _row_start(offsets, first)
            if _row_start(offsets, end) - first_byte > most_bytes:
                end = _last_row_within(offsets, first, end, first_byte + most_bytes)
            return Page(first, end, first_byte, _row_start(offsets, end))

    def row_start(self, row: int) -> int:
        """The byte at which a row starts; the size of the data for the row after the last."""
        if row >= self.rows:
            return self.size
        with self._offsets_path.open("rb") as offsets:
            return _row_start(offsets, row)

    def read(self, first_byte: int, end_byte: int) -> Iterator[bytes]:
        """The bytes of a page, in blocks.

        Raises:
            FileNotFoundError: The result has been removed; at once, not when the first block is asked for.
        """
        if end_byte <= first_byte:
            return iter(())
        return _blocks(self._data_path.open("rb"), first_byte, end_byte)


def _blocks(data: BinaryIO, first_byte: int, end_byte: int) -> Iterator[bytes]:
    left = end_byte - first_byte
    with data:
        data.seek(first_byte)
        while left > 0 and (block := data.read(min(_BLOCK, left))):
            left -= len(block)
            yield block


def _row_start(offsets: BinaryIO, row: int) -> int:
    if not row:
        return 0
    offsets.seek((row - 1) * _OFFSET.size)
    (end_of_row_before,) = _OFFSET.unpack(offsets.read(_OFFSET.size))
    return int(end_of_row_before)


def _last_row_within(offsets: BinaryIO, first: int, end: int, limit: int) -> int:
    """The greatest row up to ``end`` that starts at or before a byte, but never ``first`` itself."""
    low, high = first + 1, end
    while low < high:
        middle = (low + high + 1) // 2
        if _row_start(offsets, middle) <= limit:
            low = middle
        else:
            high = middle - 1
    return low
