"""The hot path: rows as a reader got them -> columns in order -> RECORD lines on stdout.

Values are handled a column at a time and lines are encoded a page at a time, as a row-wise walk in Python
costs several times as much. stdout only ever gets whole lines: a page is encoded in memory first, and no
signal is taken while it is written.
"""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.singerlib.encoding.base import GenericSingerWriter
from singer_sdk.singerlib.encoding.simple import Message, RecordMessage

from salesforce_seg import fields
from salesforce_seg.bulk2 import csv_cells
from salesforce_seg.errors import RunFailed
from salesforce_seg.shutdown import shielded
from tap_salesforce_seg.catalog import DELETED_AT
from tap_salesforce_seg.columns import compound_column, csv_column_reader, rest_column_reader
from tap_salesforce_seg.pages import RowsLost

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from tap_salesforce_seg.catalog import Column, StreamDefinition
    from tap_salesforce_seg.pages import Page

Row = tuple[Any, ...]
"""A row's values, in the order of its layout's columns."""

BLOCK_ROWS = 2000
"""Rows that are turned into records at once."""

FLUSH_AT = 64 * 1024
"""Bytes that are collected before they are written: about what a pipe holds."""

COMPOUND = frozenset({"address", "location"})
"""Types whose values are put together from other fields."""

_CLOCK = "SystemModstamp"
_FLAG = "IsDeleted"

_encoder = msgspec.json.Encoder(decimal_format="number")


class LoaderGone(RunFailed):
    """The program behind the pipe has ended."""


class LineWriter(GenericSingerWriter[bytes, Message]):
    """Writes Singer messages to stdout, in blocks of whole lines."""

    def __init__(self) -> None:
        super().__init__()
        self._lines = bytearray()
        self._reader_is_gone = False

    def serialize_message(self, message: Message) -> bytes:
        """A message as one line of JSON."""
        return _encoder.encode(message.to_dict()) + b"\n"

    def write_message(self, message: Message) -> None:
        """Write a message; all but records reach stdout at once."""
        self._lines += self.serialize_message(message)
        if not isinstance(message, RecordMessage) or len(self._lines) >= FLUSH_AT:
            self.flush()

    def write_lines(self, lines: bytes) -> None:
        """Write a block of whole lines."""
        self._lines += lines
        if len(self._lines) >= FLUSH_AT:
            self.flush()

    def flush(self) -> None:
        """Put on stdout what has been collected.

        Raises:
            LoaderGone: Nobody reads stdout any more. What is written after that is dropped.
        """
        with shielded():
            lines, self._lines = self._lines, bytearray()
            if self._reader_is_gone:
                return
            try:
                _write(lines)
            except BrokenPipeError:
                self._reader_is_gone = True
                raise LoaderGone("The program that reads this one's output has ended.") from None


def _write(lines: bytearray) -> None:
    sys.stdout.flush()
    rest = memoryview(lines)
    while rest:  # an unbuffered stdout (PYTHONUNBUFFERED) takes only a part when a signal comes
        rest = rest[sys.stdout.buffer.write(rest) :]
    sys.stdout.buffer.flush()


class RowLayout:
    """Which fields a stream's query selects, and how its rows become rows of selected columns.

    Args:
        stream: The stream.
        selected: The selected columns, in the stream's order.
        deselected_parts: By column, the keys of its address or location objects that are not selected.
        seen_at: When a row without a clock field of its own counts as found deleted (``...sssZ``).
    """

    def __init__(
        self,
        stream: StreamDefinition,
        selected: Sequence[Column],
        *,
        deselected_parts: Mapping[str, Collection[str]] | None = None,
        seen_at: str = "",
    ) -> None:
        self.names = tuple(column.name for column in selected)
        self._sobject = stream.sobject.name
        self._columns = tuple(selected)
        self._snake_case = stream.snake_case
        self._seen_at = seen_at
        self._cut = [(self.names.index(name), parts) for name, parts in (deselected_parts or {}).items()]
        shown = {column.field.name: column.field for column in selected if column.field is not None}
        flag = stream.sobject.field(_FLAG)
        if DELETED_AT in self.names and flag:
            shown[_FLAG] = flag
        self.fields = tuple(shown)
        """API names that REST selects."""
        self._types = {name: field.type for name, field in shown.items()}
        self._parts = {
            name: fields.compound_parts(stream.sobject, field)
            for name, field in shown.items()
            if field.type in COMPOUND
        }
        self._cells = {name: field.type for name, field in shown.items() if field.type not in COMPOUND} | {
            part.name: part.type for parts in self._parts.values() for part in parts.values()
        }

    @property
    def binary_fields(self) -> tuple[str, ...]:
        """API names of selected fields whose content has to be fetched record by record."""
        return tuple(name for name, kind in self._types.items() if kind == "base64")

    @property
    def bulk_fields(self) -> tuple[str, ...] | None:
        """API names that Bulk API 2.0 selects, addresses as their parts; None if it cannot give all."""
        if self.binary_fields or not all(self._parts.values()):
            return None
        return tuple(self._cells)

    def blocks(self, page: Page) -> Iterator[list[Row]]:
        """The rows of a page as rows of selected columns, a block at a time.

        Raises:
            RowsLost: It has fewer or more rows than the reader was told.
        """
        if not isinstance(page.raw, bytes):
            yield self.from_rest(page.raw)
            return
        cells = csv_cells(page.raw)
        header = next(cells, [])
        rows = 0
        while block := list(islice(cells, BLOCK_ROWS)):
            rows += len(block)
            yield self.from_csv(header, block)
        if rows != page.rows:
            raise RowsLost(self._sobject, rows, page.rows)

    def from_rest(self, rows: Sequence[Mapping[str, Any]]) -> list[Row]:
        """The rows of a REST answer as rows of selected columns.

        Raises:
            KeyError: A row lacks a field that was selected.
        """
        by_field = _by_name(self.fields, map(_cells_of(self.fields), rows))
        for name, values in by_field.items():
            read = rest_column_reader(self._types[name], snake_case=self._snake_case)
            if read:
                by_field[name] = read(values)
        return self._arrange(by_field, len(rows))

    def from_csv(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Row]:
        """The rows of a Bulk API 2.0 result as the very same rows of selected columns.

        Args:
            header: The result's first line.
            rows: Its cells as text.
        """
        by_field = _by_name(header, rows)
        for name, cells in by_field.items():
            by_field[name] = csv_column_reader(self._cells[name])(cells)
        for name, parts in self._parts.items():
            by_field[name] = compound_column(
                self._types[name],
                {key: by_field[part.name] for key, part in parts.items()},
                snake_case=self._snake_case,
            )
        return self._arrange(by_field, len(rows))

    def _arrange(self, by_field: Mapping[str, Sequence[Any]], rows: int) -> list[Row]:
        arranged = [
            by_field[column.field.name] if column.field else self._made_up(column, by_field, rows)
            for column in self._columns
        ]
        for index, cut in self._cut:
            arranged[index] = [_without(value, cut) for value in arranged[index]]
        return list(zip(*arranged, strict=True))

    def _made_up(self, column: Column, by_field: Mapping[str, Sequence[Any]], rows: int) -> Sequence[Any]:
        if column.name != DELETED_AT:
            return [False] * rows
        flags = by_field.get(_FLAG, [False] * rows)
        stamps = by_field.get(_CLOCK, [self._seen_at] * rows)
        return [stamp if deleted else None for deleted, stamp in zip(flags, stamps, strict=True)]


def _by_name(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> dict[str, Sequence[Any]]:
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return dict(zip(names, columns, strict=True))


def _cells_of(names: Sequence[str]) -> Callable[[Mapping[str, Any]], Row]:
    if len(names) == 1:
        return lambda row: (row[names[0]],)
    return itemgetter(*names)


def _without(value: Any, keys: Collection[str]) -> Any:
    return value and {key: part for key, part in value.items() if key not in keys}


class RecordLines:
    """Encodes the rows of one stream as RECORD lines.

    Args:
        stream: The stream's name in the messages.
        names: The columns' names.
        version: The stream's version, for loaders that act on ACTIVATE_VERSION.
    """

    def __init__(self, stream: str, names: Sequence[str], version: int | None = None) -> None:
        members = [f"c{index}" for index in range(len(names))]
        self._record = msgspec.defstruct(
            "Record",
            [(member, Any) for member in members],
            rename=dict(zip(members, names, strict=True)),
            gc=False,
        )
        envelope = [("stream", str), ("record", Any), ("time_extracted", str), ("version", int)]
        self._line = msgspec.defstruct(
            "Line", envelope[: 3 if version is None else 4], tag="RECORD", tag_field="type", gc=False
        )
        self._stream = stream
        self._version = () if version is None else (version,)

    def encode(self, rows: Iterable[Row]) -> bytes:
        """The lines of a page of rows."""
        line, record, stream, version = self._line, self._record, self._stream, self._version
        now = datetime.now(timezone.utc).isoformat()
        return _encoder.encode_lines([line(stream, record(*row), now, *version) for row in rows])
