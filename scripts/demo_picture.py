"""Draw what the demo prints as a terminal that scrolls: docs/assets/demo.svg.

    python scripts/demo_picture.py [FILE]

The text is that of README.md, which a test holds to what ``meltano run demo`` prints. Readers who like less
motion see it stand still.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "assets" / "demo.svg"
COMMAND = "$ .venv/bin/meltano run demo"
COLUMN, LINE, MARGIN, BAR = 7.25, 17, 16, 30
LINES_SHOWN = 24
SECONDS_A_STOP, SECONDS_A_SCROLL = 3.5, 0.7
STYLE = """
  text { font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, monospace; fill: #d1d7e0; white-space: pre }
  .command { fill: #7ee787 } .heading { fill: #79c0ff; font-weight: 600 } .rule { fill: #656c76 }
  .page { animation: scroll %.1fs infinite }
  @keyframes scroll { %s }
  @media (prefers-reduced-motion: reduce) { .page { animation: none } }
"""


def printed() -> list[str]:
    """The lines that the demo prints, as README.md has them."""
    block = re.search(r"```text\n(Salesforce -> DuckDB.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    if block is None:
        sys.exit("README.md has no output of the demo.")
    return [COMMAND, "", *block[1].rstrip().split("\n")]


def drawn(lines: Sequence[str]) -> str:
    """An SVG document of these lines in a terminal."""
    width = round(max(map(len, lines)) * COLUMN + 2 * MARGIN)
    height = BAR + LINES_SHOWN * LINE + MARGIN
    lights = "".join(
        f'<circle cx="{18 + 18 * at}" cy="15" r="5" fill="{colour}"/>'
        for at, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    texts = "\n".join(
        f'<text class="{_kind(lines, at)}" x="{MARGIN}" y="{BAR + (at + 1) * LINE}">{escape(line)}</text>'
        for at, line in enumerate(lines)
        if line
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="What meltano run demo prints">\n'
        f"<style>{STYLE % _motion(lines)}</style>\n"
        f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>{lights}\n'
        f'<svg y="{BAR}" width="{width}" height="{LINES_SHOWN * LINE + 6}" '
        f'viewBox="0 {BAR} {width} {LINES_SHOWN * LINE + 6}"><g class="page">\n{texts}\n</g></svg>\n</svg>\n'
    )


def _kind(lines: Sequence[str], at: int) -> str:
    if at == 0:
        return "command"
    if not lines[at].strip("- "):
        return "rule"
    return "" if lines[at].startswith(" ") else "heading"


def _motion(lines: Sequence[str]) -> tuple[float, str]:
    """How long a round takes, and where the page is at which part of it."""
    stops = list(_stops(lines))
    each = SECONDS_A_STOP + SECONDS_A_SCROLL
    seconds = each * len(stops)
    steps = (
        f"{number * each / seconds:.1%}, {(number * each + SECONDS_A_STOP) / seconds:.1%} "
        f"{{ transform: translateY({-line * LINE}px) }}"
        for number, line in enumerate(stops)
    )
    return seconds, " ".join(steps)


def _stops(lines: Sequence[str]) -> Iterator[int]:
    """The first lines that are seen at each stop: page by page, until the last line is in sight."""
    last = max(0, len(lines) - LINES_SHOWN)
    yield from range(0, last, LINES_SHOWN - 4)
    yield last


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE
    target.write_text(drawn(printed()), encoding="utf-8")
