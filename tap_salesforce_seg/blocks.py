"""What a page becomes: blocks of whole lines, as they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from salesforce_seg.numbers import plain_number
from tap_salesforce_seg.json_texts import QUOTE

if TYPE_CHECKING:
    from tap_salesforce_seg.json_texts import Cells

_line = msgspec.json.Decoder(float_hook=plain_number)


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows as RECORD lines.

    Attributes:
        lines: Whole lines.
        rows: How many.
        id_cells: The rows' Ids, as JSON or as it has them between quotes.
        left_out: How many rows were read beside them that are not wanted.
    """

    lines: bytes
    rows: int
    id_cells: Cells = ()
    left_out: int = 0

    @property
    def ids(self) -> list[str]:
        """The rows' Ids."""
        return self._ids_apart.decode().split()

    @property
    def ids_in_a_row(self) -> bytes:
        """The rows' Ids, 18 characters each, with nothing between them."""
        return self._ids_apart.replace(b" ", b"")

    @property
    def _ids_apart(self) -> bytes:
        return b" ".join(self.id_cells).replace(QUOTE, b"")

    def records(self) -> Iterator[dict[str, Any]]:
        """The rows as objects, for the SDK's own path; numbers with all their digits."""
        return (_line.decode(line)["record"] for line in self.lines.splitlines())


InOrder = Callable[[Callable[[Any], list[Block]], Iterable[Any]], Iterable[list[Block]]]
"""As ``map``: makes blocks of each piece of a page."""
