"""Bar charts as SVG text: from zero, each bar with its value, readable on light and on dark paper.

Colours follow the reader's ``prefers-color-scheme``; without one they are those for light paper.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WIDTH = 900
LABELS = 310
RIGHT = 110
BAR, GAP, HEADING = 22, 8, 34
TOP, BOTTOM = 74, 62
_STEPS = (1, 2, 2.5, 5, 10)
_MOST_TICKS = 6
_STYLE = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328; }
  .title { font-size: 17px; font-weight: 600; }
  .quiet { fill: #59636e; font-size: 12px; }
  .heading { font-weight: 600; }
  .grid { stroke: #d1d9e0; }
  .axis { stroke: #59636e; }
  .bar { fill: #8c959f; }
  .ours { fill: #0969da; }
  .limit { fill: #bf8700; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .quiet { fill: #9198a1; }
    .grid { stroke: #3d444d; }
    .axis { stroke: #9198a1; }
    .bar { fill: #6e7781; }
    .ours { fill: #4493f8; }
    .limit { fill: #d29922; }
  }
"""


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes:
        label: What it stands for.
        value: How long it is, in the axis' unit; not negative.
        kind: Its colour: ``ours``, ``limit``, or ``bar`` for all others.
        note: What is said after its value.
    """

    label: str
    value: float
    kind: str = "bar"
    note: str = ""


@dataclass(frozen=True)
class Group:
    """Bars under a heading of their own."""

    heading: str
    bars: Sequence[Bar]


def bar_chart(title: str, subtitle: str, axis: str, groups: Sequence[Group]) -> str:
    """A chart of horizontal bars, all on one axis that begins at zero.

    Args:
        title: What is shown.
        subtitle: How it was measured.
        axis: What the axis shows, with its unit.
        groups: The bars, from top to bottom.

    Returns:
        An SVG document.
    """
    longest = max((bar.value for group in groups for bar in group.bars), default=0) or 1
    tick = _tick(longest)
    end = tick * math.ceil(longest / tick)
    body = sum(HEADING + len(group.bars) * (BAR + GAP) for group in groups)
    height = TOP + body + BOTTOM
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{_attribute(title)}">',
        f"<style>{_STYLE}</style>",
        _text(16, 28, title, "title"),
        _text(16, 48, subtitle, "quiet"),
        *_grid(tick, end, TOP + body, axis),
        *_bars(groups, end),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _grid(tick: float, end: float, bottom: int, axis: str) -> Iterator[str]:
    for number in range(round(end / tick) + 1):
        x = _x(number * tick, end)
        kind = "grid" if number else "axis"
        yield f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{bottom}"/>'
        yield _text(x, bottom + 18, _number(number * tick), "quiet", "middle")
    yield _text((LABELS + WIDTH - RIGHT) / 2, bottom + 42, axis, "quiet", "middle")


def _bars(groups: Sequence[Group], end: float) -> Iterator[str]:
    y = TOP
    for group in groups:
        yield _text(16, y + HEADING - 14, group.heading, "heading")
        y += HEADING
        for bar in group.bars:
            x = _x(bar.value, end)
            middle = y + BAR / 2 + 5
            width = x - LABELS
            yield _text(LABELS - 10, middle, bar.label, "", "end")
            yield f'<rect class="{bar.kind}" x="{LABELS}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2"/>'
            value = _number(bar.value) + (f" {bar.note}" if bar.note else "")
            yield _text(x + 6, middle, value, "")
            y += BAR + GAP


def _tick(longest: float) -> float:
    """A round step with which a handful of ticks reach the longest bar."""
    power = 10.0 ** math.floor(math.log10(longest / _MOST_TICKS))
    return next(step * power for step in _STEPS if longest / (step * power) <= _MOST_TICKS)


def _x(value: float, end: float) -> float:
    return LABELS + value / end * (WIDTH - RIGHT - LABELS)


def _number(value: float) -> str:
    """A number as people write it: three digits that count, thousands apart."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _attribute(text: str) -> str:
    return escape(text, {'"': "&quot;"})
