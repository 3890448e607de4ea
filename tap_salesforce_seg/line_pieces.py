"""Lines put together from pieces: what is the same in each, and a cell for each row."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from salesforce_seg.exact_json import encode_json
from salesforce_seg.read_values import COMPOUND_KEYS, snake_case
from tap_salesforce_seg.json_texts import NULL

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from tap_salesforce_seg.json_texts import Pieces
    from tap_salesforce_seg.line_steps import LineSteps

HAS_MORE = b"\1"
"""Stands, until the lines are done, in an object whose deselected parts are not all null. No control
character can be in JSON, so it cannot be a value."""


def record_start(stream: str) -> bytes:
    """How each RECORD line of a stream begins, up to the record."""
    return b'{"type":"RECORD","stream":%b,"record":' % encode_json(stream)


def record_end(version: int | None) -> bytes:
    """How a RECORD line ends, after the record; the version of the table is for ACTIVATE_VERSION."""
    shown = b"" if version is None else b',"version":%d' % version
    return b',"time_extracted":"%b"%b}' % (datetime.now(timezone.utc).isoformat().encode(), shown)


def joined(pieces: Pieces, rows: int) -> bytes:
    """For each row the pieces, one after the other."""
    merged: Pieces = []
    for piece in pieces:
        if merged and isinstance(piece, bytes) and isinstance(merged[-1], bytes):
            merged[-1] += piece
        else:
            merged.append(piece)
    width = len(merged)
    laid: list[bytes] = [b""] * (width * rows)
    for index, piece in enumerate(merged):
        laid[index::width] = [piece] * rows if isinstance(piece, bytes) else piece
    return b"".join(laid)


def each(pieces: Pieces, rows: int) -> Iterator[bytes]:
    """What the pieces are for each row."""
    columns = [[piece] * rows if isinstance(piece, bytes) else map(bytes, piece) for piece in pieces]
    return map(b"".join, zip(*columns, strict=True))


class CompoundText:
    """Makes addresses or locations of their parts; null if all parts are null.

    Args:
        type_name: ``address`` or ``location``.
        snake_case_keys: Whether the keys are spelled ``postal_code`` rather than ``postalCode``.
        deselected: The keys to leave out, as spelled in the result.
    """

    def __init__(self, type_name: str, *, snake_case_keys: bool, deselected: Collection[str] = ()) -> None:
        spelled = {key: snake_case(key) if snake_case_keys else key for key in COMPOUND_KEYS[type_name]}
        self.deselected = [key for key, name in spelled.items() if name in deselected]
        """The keys that are left out."""
        shown = [(key, name.encode()) for key, name in spelled.items() if name not in deselected]
        self._shown = [
            (key, b'%b"%b":' % (b"," if index else b"", name)) for index, (key, name) in enumerate(shown)
        ]
        nulls = b"".join(lead + NULL for _, lead in self._shown)
        self.nothing = nulls and b"{%b}" % nulls
        """An object of nothing but nulls, for which null stands in a record; empty if it shows no key, as
        such an object might stand in a text."""

    def pieces(self, parts: Mapping[str, Pieces], rows: int) -> Pieces:
        """The objects.

        Args:
            parts: The parts by their keys in REST's spelling; one that is missing is null.
            rows: How many rows.
        """
        made: Pieces = [b"{"]
        hidden = [parts[key] for key in self.deselected if parts.get(key, [NULL]) != [NULL]]
        if not self._shown:
            given = [b"{}" if any(map(_is_given, row)) else NULL for row in _rows(hidden, rows)]
            return [given or NULL]
        if hidden:
            made.append([HAS_MORE if any(map(_is_given, row)) else b"" for row in _rows(hidden, rows)])
        for key, lead in self._shown:
            made += [lead, *parts.get(key, [NULL])]
        return [*made, b"}"]

    def plan(self, steps: LineSteps, fields: Mapping[str, str]) -> None:
        """The same as steps for one row.

        Args:
            steps: The steps.
            fields: API names of the parts' fields, by key.
        """
        with steps.if_any_given(fields.values()):
            steps.piece(b"{")
            for key, lead in self._shown:
                steps.piece(lead)
                if key in fields:
                    steps.cell(fields[key])
                else:
                    steps.piece(NULL)
            steps.piece(b"}")


def _rows(columns: list[Pieces], rows: int) -> Iterator[tuple[bytes, ...]]:
    return zip(*(each(pieces, rows) for pieces in columns), strict=True)


def _is_given(text: bytes) -> bool:
    return text not in {NULL, b'""'}
