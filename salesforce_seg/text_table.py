"""Tables of text for people: words to the left, numbers to the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

GAP = "  "


def text_table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows under their heads, in columns as wide as need be.

    Args:
        heads: A word a column.
        rows: Texts, whole numbers, seconds (floats, shown with one digit), or empty texts.
    """
    all_rows = [list(row) for row in rows]
    is_number = [any(isinstance(row[at], int | float) for row in all_rows) for at in range(len(heads))]
    texts = [list(heads), *([_text(value) for value in row] for row in all_rows)]
    widths = [max(len(row[at]) for row in texts) for at in range(len(heads))]
    lines = (
        GAP.join(
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(row, widths, is_number, strict=True)
        )
        for row in texts
    )
    return "\n".join(line.rstrip() for line in lines)


def _text(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)
