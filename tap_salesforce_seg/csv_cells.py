"""Bulk API 2.0 results as columns of cells, without an object for each row.

Salesforce quotes every cell (Bulk API 2.0 guide, "Get Results for a Query Job"), so the quotes alone tell
where the cells are: a split at quotes has the cells at its odd places and what stands between them at the
even ones, nothing where two quotes stand for one. The even ones are compared with what they must be; a
block that looks otherwise is read by Python's csv module, cell by cell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from salesforce_seg.bulk2 import csv_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

BLOCK_BYTES = 64 * 1024
"""About how much of a page is turned into records at once: so little that it stays in a processor's cache."""

PIECE_BYTES = 4 * BLOCK_BYTES
"""About how much of a page one thread turns into records while another has the next piece."""

_encode = msgspec.json.Encoder().encode

_ESCAPED = {code: _encode(chr(code))[1:-1] for code in range(32) if code != ord("\n")}
"""Control characters as JSON has them; line breaks follow when the lines are made."""

_CONTROLS = bytes(_ESCAPED)

_CSV = re.compile(rb'(?:(?:"[^"]*(?:""[^"]*)*"|[^",\r\n]*)(?:,|\r?\n|\Z))*')
"""Cells between quotes, or without any. The csv module reads other texts, too, and what it makes of them
depends on where a block begins and ends."""


@dataclass(frozen=True, slots=True)
class CsvBlock:
    """Some rows of a result.

    Attributes:
        cells: By field, the cells as the inside of a JSON string, but that line feeds are not escaped.
        rows: How many rows.
        has_line_feeds: Whether there are line feeds in cells.
        end: Where in the page the next row begins.
    """

    cells: Mapping[str, Sequence[bytes]]
    rows: int
    has_line_feeds: bool
    end: int = 0

    def stamped_before(self, field: str, moment: bytes) -> CsvBlock:
        """The rows whose clock field is empty or earlier than a moment (``2026-01-31T23:59:59``)."""
        stamps = self.cells.get(field, ())
        late = {index for index, stamp in enumerate(stamps) if stamp[: len(moment)] >= moment}
        if not late:
            return self
        kept = [index for index in range(self.rows) if index not in late]
        cells = {name: [column[index] for index in kept] for name, column in self.cells.items()}
        return replace(self, cells=cells, rows=len(kept))


def header(page: bytes) -> tuple[list[str], int]:
    """The names of a result page's fields, and where its rows begin.

    Args:
        page: UTF-8 CSV with a header line.
    """
    end = page.find(b"\n") + 1 or len(page)
    return next(csv_cells(page[:end]), []), end


def block(page: bytes, start: int, names: Sequence[str], size: int = BLOCK_BYTES) -> CsvBlock:
    """Some rows of a result page.

    Args:
        page: UTF-8 CSV with a header line.
        start: Where the first of the rows begins.
        names: The names of the fields.
        size: Bytes of a block, about.

    Raises:
        ValueError: It is not UTF-8, or its rows have other numbers of cells than its header.
    """
    end = end_of_row(page, len(page), start, size)
    return replace(_block(page[start:end], names), end=end)


def pieces(page: bytes, start: int, end_of_row: Callable[[bytes, int, int, int], int]) -> Iterator[bytes]:
    """The rows of a page, some at a time.

    Args:
        page: UTF-8 CSV with a header line.
        start: Where the first row begins.
        end_of_row: :func:`end_of_row`, or the same in compiled code.
    """
    while start < len(page):
        end = end_of_row(page, len(page), start, PIECE_BYTES)
        yield page[start:end]
        start = end


def end_of_row(page: bytes, page_size: int, start: int, size: int) -> int:
    """Where a row ends, at least so many bytes on: at a line feed with an even number of quotes before it."""
    end = page.find(b"\n", start + size) + 1 or page_size
    quotes = page.count(b'"', start, end)
    while quotes % 2 and end < page_size:
        behind, end = end, page.find(b"\n", end) + 1 or page_size
        quotes += page.count(b'"', behind, end)
    return end


def _block(text: bytes, header: Sequence[str]) -> CsvBlock:
    if not text.isascii():
        text.decode()
    parts = _escaped(text).split(b'"')
    cells, between = parts[1::2], parts[2::2]
    if not _are_separators(between, len(header)):
        cells, between = _joined(cells, between)
    if parts[0] or not _are_separators(between, len(header)):
        return _read_one_by_one(text, header)
    columns = {name: cells[index :: len(header)] for index, name in enumerate(header)}
    rows = len(cells) // len(header)
    return CsvBlock(columns, rows, text.count(b"\n") > rows)


def _are_separators(between: Sequence[bytes], width: int) -> bool:
    rows, cells_over = divmod(len(between), width)
    return not cells_over and between == [*[b","] * (width - 1), b"\n"] * rows


def _escaped(text: bytes) -> bytes:
    if b"\\" in text:
        text = text.replace(b"\\", b"\\\\")
    if len(text.translate(None, _CONTROLS)) < len(text):
        for code in set(text) & _ESCAPED.keys():
            text = text.replace(bytes([code]), _ESCAPED[code])
    return text


def _joined(cells: Sequence[bytes], between: Sequence[bytes]) -> tuple[list[bytes], list[bytes]]:
    """The cells, those put together again that hold quotes, as nothing stands between their parts."""
    whole: list[bytes] = []
    start = 0
    while True:
        try:
            first = last = between.index(b"", start, -1)
        except ValueError:
            return [*whole, *cells[start:]], list(filter(None, between))
        while last < len(between) - 1 and not between[last]:
            last += 1
        whole += cells[start:first]
        whole.append(b'\\"'.join(cells[first : last + 1]))
        start = last + 1


def _read_one_by_one(text: bytes, header: Sequence[str]) -> CsvBlock:
    if _CSV.fullmatch(text) is None:
        raise ValueError("a CSV result has quotes where there can be none")
    rows = list(csv_cells(text))
    if any(len(row) != len(header) for row in rows):
        raise ValueError("rows of a CSV result differ in length")
    escaped = [[_encode(cell)[1:-1] for cell in column] for column in zip(*rows, strict=True)]
    return CsvBlock(dict(zip(header, escaped, strict=True)), len(rows), has_line_feeds=False)
