"""The order of results, which Salesforce does not promise."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PK_CHUNK_ROWS = 100_000
"""The most rows of one chunk of primary keys (Bulk API guide, "PK Chunking Header": the default)."""
_FEWEST_CHUNKS = 4

Row = TypeVar("Row")


def unordered(rows: Sequence[Row], chunk_rows: int = PK_CHUNK_ROWS) -> Iterator[Sequence[Row]]:
    """Rows as the workers of a chunked query finish them: every second chunk first, then the others.

    It is the same disorder every time, and never the order that the rows came in, unless there is but one.
    """
    size = max(1, min(chunk_rows, -(-len(rows) // _FEWEST_CHUNKS)))
    chunks = [rows[start : start + size] for start in range(0, len(rows), size)]
    yield from chunks[1::2]
    yield from chunks[::2]
