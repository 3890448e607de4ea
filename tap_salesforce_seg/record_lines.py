"""What the RECORD lines of a stream look like: what stands between the values, and values made of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesforce_seg.exact_json import encode_json
from tap_salesforce_seg.blocks import Block
from tap_salesforce_seg.catalog import DELETED_AT
from tap_salesforce_seg.json_texts import NULL
from tap_salesforce_seg.line_pieces import HAS_MORE, each, joined, record_end, record_start

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from tap_salesforce_seg.catalog import Column
    from tap_salesforce_seg.json_texts import Pieces
    from tap_salesforce_seg.line_pieces import CompoundText
    from tap_salesforce_seg.line_steps import LineSteps

CLOCK, FLAG, ID = "SystemModstamp", "IsDeleted", "Id"

_TRUE, _FALSE = b"true", b"false"

_LINE_END = b"\0"
"""Stands for the end of a line where values hold line feeds that are still to be escaped. No control
character can be in JSON, so it cannot be a value."""


class RecordLines:
    """Makes lines of values: column by column, row by row, or of an Id alone.

    Args:
        stream: The stream's name.
        columns: Its selected columns, in their order.
        cells: API names of the fields that are read, those within addresses and locations too.
        compounds: What makes addresses and locations, by field.
        seen_at: When a row without a clock field of its own counts as found deleted (``...sssZ``).
    """

    def __init__(
        self,
        stream: str,
        columns: Sequence[Column],
        cells: Collection[str],
        compounds: Mapping[str, CompoundText],
        seen_at: str,
    ) -> None:
        self._columns = columns
        self._cells = cells
        self._compounds = compounds
        self._seen_at = seen_at
        self._line_start = record_start(stream)
        self._keys = [
            (b"," if index else b"") + encode_json(column.name) + b":" for index, column in enumerate(columns)
        ]

    def plan(self, steps: LineSteps, parts: Mapping[str, Mapping[str, str]]) -> None:
        """The same as :meth:`of_columns`, as steps for one row; ``parts``: the cells of compound fields."""
        steps.piece(self._line_start + b"{")
        for column, key in zip(self._columns, self._keys, strict=True):
            steps.piece(key)
            name = column.field.name if column.field else ""
            if name in self._compounds:
                self._compounds[name].plan(steps, parts[name])
            elif name:
                steps.cell(name)
            elif column.name != DELETED_AT:
                steps.piece(_FALSE)
            elif FLAG not in self._cells:
                steps.piece(NULL)
            else:
                with steps.if_true(FLAG):
                    if CLOCK in self._cells:
                        steps.cell(CLOCK)
                    else:
                        steps.piece(encode_json(self._seen_at))

    def of_columns(
        self,
        values: Mapping[str, Pieces],
        rows: int,
        version: int | None,
        *,
        has_line_feeds: bool = False,
    ) -> bytes:
        """The lines of some rows.

        Args:
            values: The columns' values as JSON, by field.
            rows: How many rows they are.
            version: The version of the table, for loaders that act on ACTIVATE_VERSION.
            has_line_feeds: Whether texts hold line feeds that are not escaped yet.
        """
        pieces: Pieces = [self._line_start, b"{"]
        for column, key in zip(self._columns, self._keys, strict=True):
            value = values[column.field.name] if column.field else self._made_up(column, values, rows)
            pieces += [key, *value]
        pieces += [b"}", record_end(version), _LINE_END if has_line_feeds else b"\n"]
        lines = joined(pieces, rows)
        for nothing in {compound.nothing for compound in self._compounds.values() if compound.nothing}:
            lines = lines.replace(nothing, NULL)
        if any(compound.deselected for compound in self._compounds.values()):
            lines = lines.replace(HAS_MORE, b"")
        if has_line_feeds:
            lines = lines.replace(b"\n", b"\\n").replace(_LINE_END, b"\n")
        return lines

    def _made_up(self, column: Column, values: Mapping[str, Pieces], rows: int) -> Pieces:
        """A column that Salesforce has no field for: ``_sdc_deleted_at``, or a flag that is never set."""
        if column.name != DELETED_AT:
            return [_FALSE]
        flags = list(each(values.get(FLAG, [NULL]), rows))
        if _TRUE not in flags:
            return [NULL]
        stamps = each(values.get(CLOCK, [encode_json(self._seen_at)]), rows)
        return [[stamp if flag == _TRUE else NULL for flag, stamp in zip(flags, stamps, strict=True)]]

    def gone(self, deleted_at: Mapping[str, str], version: int | None = None) -> Block:
        """Records that were removed for good: what is left to tell of each is its Id, and when.

        Args:
            deleted_at: When (``...sssZ``), by Id.
            version: As for :meth:`of_columns`.
        """
        lines = [
            b"%b%b%b\n" % (self._line_start, encode_json(self._gone(each, stamp)), record_end(version))
            for each, stamp in deleted_at.items()
        ]
        return Block(b"".join(lines), len(lines))

    @property
    def _tells_when(self) -> bool:
        return any(column.name == DELETED_AT for column in self._columns)

    def _gone(self, record_id: str, stamp: str) -> dict[str, Any]:
        told = {ID: record_id, FLAG: True, None: True}
        record = {
            column.name: told[name]
            for column in self._columns
            if (name := column.field.name if column.field else None) in told
        }
        return record | ({DELETED_AT: stamp} if self._tells_when else {})
