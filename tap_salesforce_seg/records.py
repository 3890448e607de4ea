"""The hot path: a stream's fields, and how its pages become RECORD lines.

No object is made for a row: a page is cut into columns of JSON text, and the columns are laid side by side
with what stands between them, the same in each line, and joined.
"""

from __future__ import annotations

import logging
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from salesforce_seg import fields
from salesforce_seg.errors import RunFailed
from salesforce_seg.query_answers import RawRecords
from salesforce_seg.read_values import COMPOUND_KEYS
from tap_salesforce_seg import compiled, csv_cells
from tap_salesforce_seg.blocks import Block
from tap_salesforce_seg.catalog import DELETED_AT
from tap_salesforce_seg.json_texts import csv_pieces
from tap_salesforce_seg.line_pieces import CompoundText, record_end
from tap_salesforce_seg.line_steps import LineSteps, NotPlainError, csv_kinds, json_kinds
from tap_salesforce_seg.pages import RowsLost
from tap_salesforce_seg.record_lines import FLAG, ID, RecordLines
from tap_salesforce_seg.rest_cells import BLOCK_ROWS, RestCells

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    import msgspec

    from salesforce_seg.describe import FieldDescribe
    from tap_salesforce_seg.blocks import InOrder
    from tap_salesforce_seg.catalog import Column, StreamDefinition
    from tap_salesforce_seg.compiled import Encoder
    from tap_salesforce_seg.csv_cells import CsvBlock
    from tap_salesforce_seg.pages import Page
    from tap_salesforce_seg.replication import Window

    Texts = Sequence[bytes | msgspec.Raw]
    """Records of a REST answer as JSON."""

    Late = tuple[str, bytes]
    """A field and a moment: rows whose field says that or later are not wanted."""

_logger = logging.getLogger("tap-salesforce-seg.records")

COMPOUND = frozenset({"address", "location"})
"""Types whose values are put together from other fields."""

_FEW_BYTES, _MANY_BYTES = 256, 16 * 1024
"""A block of one row costs Python as much as one of ten. So where the compiled code stops, Python takes over
for a row; but for longer and longer if the compiled code stops again before it has come far."""

_FEW_ROWS, _MANY_ROWS = 1, 20
"""The same for records of REST answers."""


class RowLayout:
    """Which fields a stream's query selects, and how its rows become records of selected columns.

    Args:
        stream: The stream.
        selected: The selected columns, in the stream's order.
        deselected_parts: By column, the keys of its address or location objects that are not selected.
        seen_at: When a row without a clock field of its own counts as found deleted (``...sssZ``).
        clock: What the rows are windowed by; it is read though it is not selected, as it tells rows of an old
            job that a later window reads again.
    """

    def __init__(
        self,
        stream: StreamDefinition,
        selected: Sequence[Column],
        *,
        deselected_parts: Mapping[str, Collection[str]] | None = None,
        seen_at: str = "",
        clock: FieldDescribe | None = None,
    ) -> None:
        self.names = tuple(column.name for column in selected)
        self._stream = stream
        self._shown = {column.field.name: column.field for column in selected if column.field is not None}
        flag = stream.sobject.field(FLAG)
        if DELETED_AT in self.names and flag:
            self._shown[FLAG] = flag
        if clock:
            self._shown[clock.name] = clock
        self.fields = tuple(self._shown)
        """API names that REST selects."""
        self._parts = {
            name: fields.compound_parts(stream.sobject, field)
            for name, field in self._shown.items()
            if field.type in COMPOUND
        }
        self._cells = {name: field for name, field in self._shown.items() if field.type not in COMPOUND} | {
            part.name: part for parts in self._parts.values() for part in parts.values()
        }
        cut = deselected_parts or {}
        self._compounds = {
            column.field.name: self._compound(column.field, cut.get(column.name, ()))
            for column in selected
            if column.field is not None and column.field.type in COMPOUND
        }
        self._lines = RecordLines(stream.name, selected, self._cells, self._compounds, seen_at)
        self._rest_cells = RestCells({name: field.type for name, field in self._shown.items()})
        self._csv_encoder = cache(self._make_csv_encoder)
        self._rest_encoder = cache(self._make_rest_encoder)

    def _compound(self, field: FieldDescribe, cut: Collection[str]) -> CompoundText:
        return CompoundText(field.type, snake_case_keys=self._stream.snake_case, deselected=cut)

    @property
    def binary_fields(self) -> tuple[str, ...]:
        """API names of selected fields whose content has to be fetched record by record."""
        return tuple(name for name, field in self._shown.items() if field.type == "base64")

    @property
    def bulk_fields(self) -> tuple[str, ...] | None:
        """API names that Bulk API 2.0 selects, addresses as their parts; None if it cannot give all."""
        if self.binary_fields or not all(self._parts.values()):
            return None
        return tuple(self._cells)

    def blocks(
        self,
        page: Page,
        version: int | None = None,
        within: Window | None = None,
        in_order: InOrder = map,
    ) -> Iterator[Block]:
        """The rows of a page as RECORD lines, a block at a time.

        Args:
            page: The page.
            version: The version of the table, for loaders that act on ACTIVATE_VERSION.
            within: What is wanted of a Bulk API job that was made to read more, namely up to its end.
            in_order: As ``map``: how the page's pieces are made by compiled code, maybe several at once.

        Raises:
            RowsLost: It has fewer or more rows than the reader was told.
            RunFailed: It cannot be read.
        """
        rows = 0
        make = self._csv_blocks if isinstance(page.raw, bytes) else self._rest_blocks
        try:
            for block in chain.from_iterable(make(page.raw, version, within, in_order)):
                rows += block.rows + block.left_out
                yield block
        except ValueError as error:
            raise RunFailed(
                f"{self._stream.sobject.name}: what Salesforce sent cannot be read: {error}. The bookmark "
                "stays where it was; run again, and if it comes again, please report it."
            ) from None
        if rows != page.rows:
            raise RowsLost(self._stream.sobject.name, rows, page.rows)

    def _csv_blocks(
        self, page: Any, version: int | None, within: Window | None, in_order: InOrder
    ) -> Iterable[list[Block]]:
        if not page:
            return ()
        names, start = csv_cells.header(page)
        if sorted(names) != sorted(self._cells):
            raise ValueError("a CSV result has other fields than were asked for")
        late = None
        if within and within.key and within.end:
            late = within.key, within.end.strftime("%Y-%m-%dT%H:%M:%S").encode()
        encoder, library = self._csv_encoder(tuple(names), version, late), compiled.library()
        end_of_row = library.end_of_row if library else csv_cells.end_of_row

        def make(rows: bytes) -> list[Block]:
            return list(self._csv_piece(rows, names, encoder, version, late))

        return (in_order if encoder else map)(make, csv_cells.pieces(page, start, end_of_row))

    def _csv_piece(
        self,
        rows: bytes,
        names: Sequence[str],
        encoder: Encoder | None,
        version: int | None,
        late: Late | None,
    ) -> Iterator[Block]:
        start = plain = 0
        size = csv_cells.BLOCK_BYTES if encoder is None else _FEW_BYTES
        while start < len(rows):
            made = encoder.encode(rows, start) if encoder else None
            if made and made.end > start:
                plain += made.end - start
                start = made.end
                yield Block(made.lines, made.rows, [made.ids], made.late_rows)
                continue
            size = _FEW_BYTES if plain > _MANY_BYTES else min(2 * size, csv_cells.BLOCK_BYTES)
            block = csv_cells.block(rows, start, names, size)
            start, plain = block.end, 0
            yield self._csv_block(block, version, late)

    def _make_csv_encoder(
        self, names: tuple[str, ...], version: int | None, late: Late | None
    ) -> Encoder | None:
        types = {name: self._cells[name].type for name in names}
        parts = {
            name: {key: part.name for key, part in by_key.items()} for name, by_key in self._parts.items()
        }
        return self._encoder("encode_rows", lambda: csv_kinds(types), parts, version, late)

    def _make_rest_encoder(self, version: int | None) -> Encoder | None:
        types = {name: field.type for name, field in self._shown.items()}
        parts = {name: {key: f"{name}.{key}" for key in COMPOUND_KEYS[types[name]]} for name in self._parts}
        return self._encoder("encode_records", lambda: json_kinds(types), parts, version)

    def _encoder(
        self,
        function: str,
        kinds: Callable[[], Mapping[str, int]],
        parts: Mapping[str, Mapping[str, str]],
        version: int | None,
        late: Late | None = None,
    ) -> Encoder | None:
        """The compiled way to turn a page into lines; None if there is none."""
        library = compiled.library()
        if library is None:
            return None
        try:
            steps = LineSteps(kinds())
            self._lines.plan(steps, parts)
            return steps.encoder(getattr(library, function), b"}%b\n" % record_end(version), late)
        except NotPlainError as error:
            _logger.debug("%s is encoded by Python, because of %s.", self._stream.sobject.name, error)
            return None

    def _csv_block(self, read: CsvBlock, version: int | None, late: Late | None) -> Block:
        block = read.stamped_before(*late) if late else read
        values = {name: csv_pieces(self._cells[name].type, cells) for name, cells in block.cells.items()}
        for name, parts in self._parts.items():
            by_key = {key: values[part.name] for key, part in parts.items()}
            values[name] = self._compounds[name].pieces(by_key, block.rows)
        lines = self._lines.of_columns(values, block.rows, version, has_line_feeds=block.has_line_feeds)
        return Block(lines, block.rows, block.cells[ID], read.rows - block.rows)

    def _rest_blocks(
        self, records: Any, version: int | None, _: Window | None, in_order: InOrder
    ) -> Iterable[list[Block]]:
        texts = RawRecords.of(records).texts
        encoder = self._rest_encoder(version)

        def make(some: Texts) -> list[Block]:
            return list(self._rest_piece(some, encoder, version))

        pieces = (texts[at : at + BLOCK_ROWS] for at in range(0, len(texts), BLOCK_ROWS))
        return (in_order if encoder else map)(make, pieces)

    def _rest_piece(self, texts: Texts, encoder: Encoder | None, version: int | None) -> Iterator[Block]:
        at, size = 0, len(texts) if encoder is None else _FEW_ROWS
        while at < len(texts):
            plain = 0
            for made in encoder.encode_all(b"\n".join([*texts[at:], b""])) if encoder else ():
                plain += made.rows
                yield Block(made.lines, made.rows, [made.ids])
            at += plain
            size = _FEW_ROWS if plain > _MANY_ROWS else 2 * size
            if at < len(texts):
                yield from self._rest_block(texts[at : at + size], version)
                at += size

    def _rest_block(self, texts: Texts, version: int | None) -> Iterator[Block]:
        for block in self._rest_cells.blocks(RawRecords(texts)):
            values = block.values | {
                name: self._compounds[name].pieces(parts, block.rows) for name, parts in block.parts.items()
            }
            yield Block(self._lines.of_columns(values, block.rows, version), block.rows, block.cells[ID])

    def gone(self, deleted_at: Mapping[str, str], version: int | None = None) -> Block:
        """Records that were removed for good: as :meth:`RecordLines.gone`."""
        return self._lines.gone(deleted_at, version)
