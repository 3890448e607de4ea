"""One stream's rows on their way out: those of the window, then those that the log of deletes names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesforce_seg.errors import QueryRefused
from tap_salesforce_seg.catalog import DELETED_AT
from tap_salesforce_seg.deletes import Deletions, still_there
from tap_salesforce_seg.records import RecordLines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_salesforce_seg.catalog import Column
    from tap_salesforce_seg.query import Query
    from tap_salesforce_seg.records import Row, RowLayout
    from tap_salesforce_seg.stream import CollectionStream

DELETION_COLUMNS = frozenset({"is_deleted", "IsDeleted", DELETED_AT})
"""What a record that was removed for good still tells, beside its Id."""


class Extraction:
    """Reads and writes what one run owes one stream.

    Args:
        stream: The stream.
    """

    def __init__(self, stream: CollectionStream) -> None:
        self._stream = stream
        self._tap = stream.tap
        self._key = stream.definition.key.name
        self._lines: dict[tuple[str, ...], RecordLines] = {}
        self.fields: tuple[str, ...] = ()
        """API names of the fields that were read."""

    def write_all(self) -> Iterator[int]:
        """Write all rows.

        A field that has vanished since discovery is left out, with a warning, and the read begins anew.

        Yields:
            How many rows were written, block by block.

        Raises:
            SalesforceError: Not all rows could be read.
        """
        try:
            yield from self._write(self._stream.layout())
        except QueryRefused as error:
            gone = self._vanished() if error.code == "INVALID_FIELD" else []
            if not gone:
                raise
            names = ", ".join(column.name for column in gone)
            self._stream.logger.warning(
                "%s: no longer there for this user, and left out: %s", self._stream.name, names
            )
            yield from self._write(self._stream.layout(without=gone))

    def _vanished(self) -> list[Column]:
        """Selected columns whose fields describe no longer shows: removed, or hidden from this user."""
        now = self._tap.describe_again(self._stream.definition.sobject.name)
        columns = self._stream.selected_columns
        return [column for column in columns if column.field and now.field(column.field.name) is None]

    def _write(self, layout: RowLayout) -> Iterator[int]:
        query = self._stream.query(layout)
        self.fields = layout.fields
        key = layout.names.index(self._key)
        unseen = dict(self._tap.deletions.get(query.sobject, Deletions()).deleted_at)
        position = None
        for page in self._tap.ahead.read(query, layout):
            for rows in layout.blocks(page):
                self._write_rows(layout.names, rows)
                for row in rows if unseen else ():
                    unseen.pop(row[key], None)
            yield page.rows
            position = page.position
        self._tap.reader.finish(position)
        if unseen:
            yield from self._write_deletes(query, layout, unseen)

    def _write_deletes(self, query: Query, layout: RowLayout, deleted_at: dict[str, str]) -> Iterator[int]:
        """Records that were deleted, though the window did not show them.

        One that a query still finds lies in the recycle bin, with a stamp outside the window; it comes whole.
        """
        kept = still_there(self._tap.session, query.sobject, deleted_at)
        for page in self._tap.reader.read_ids(query, layout, kept) if kept else ():
            for rows in layout.blocks(page):
                self._write_rows(layout.names, rows)
            yield page.rows
        names = tuple(name for name in layout.names if name == self._key or name in DELETION_COLUMNS)
        gone = [
            tuple({self._key: each, DELETED_AT: stamp}.get(name, True) for name in names)
            for each, stamp in deleted_at.items()
            if each not in kept
        ]
        self._write_rows(names, gone)
        yield len(gone)

    def _write_rows(self, names: tuple[str, ...], rows: Sequence[Row]) -> None:
        if not self._stream.is_unmapped:
            self._write_mapped(names, rows)
            return
        lines = self._lines.get(names)
        if lines is None:
            lines = self._lines[names] = RecordLines(self._stream.name, names)
        self._tap.lines.write_lines(lines.encode(rows))

    def _write_mapped(self, names: tuple[str, ...], rows: Sequence[Row]) -> None:
        """By the SDK's own path, which applies stream maps and flattening; these expect every column."""
        nothing = dict.fromkeys(column.name for column in self._stream.selected_columns)
        for row in rows:
            self._stream.write_record(nothing | dict(zip(names, row, strict=True)))
