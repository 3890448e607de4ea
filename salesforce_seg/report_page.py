"""The parts of a run report: an HTML page of its own, without a script and without anything from elsewhere.

Pages are built as element trees, so that no name can get out of its place: what is written is escaped.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What a browser may load for the page: nothing (Content-Security-Policy)."""

COLOURS = 4


def page(title: str, parts: Iterable[ET.Element]) -> str:
    """A whole page.

    Args:
        title: What the browser shows as its name.
        parts: The elements of its body.

    Returns:
        HTML that can be written as UTF-8.
    """
    style = files("salesforce_seg").joinpath("run_report.css").read_text(encoding="utf-8")
    root = element(
        "html",
        element(
            "head",
            element("meta", charset="utf-8"),
            ET.Element("meta", {"http-equiv": "Content-Security-Policy", "content": POLICY}),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("title", title),
            element("style", style),
        ),
        element("body", *parts),
        lang="en",
    )
    text = "<!DOCTYPE html>\n" + ET.tostring(root, encoding="unicode", method="html") + "\n"
    return text.encode("utf-8", "replace").decode("utf-8")


def element(tag: str, *content: ET.Element | str, **attributes: str) -> ET.Element:
    """An element with what is in it; ``class_`` stands for ``class``, ``data_head`` for ``data-head``."""
    made = ET.Element(tag, {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()})
    for each in content:
        if isinstance(each, ET.Element):
            made.append(each)
        elif len(made):
            made[-1].tail = (made[-1].tail or "") + each
        else:
            made.text = (made.text or "") + each
    return made


def section(heading: str, *parts: ET.Element) -> ET.Element:
    """A heading and what belongs to it."""
    return element("section", element("h2", heading), *parts)


def tiles(figures: Mapping[str, float]) -> ET.Element:
    """Figures in large print, each with its name."""
    made = (
        element("div", element("b", number(value)), element("span", name), class_="tile")
        for name, value in figures.items()
    )
    return element("div", *made, class_="tiles")


def plots(
    heads: Sequence[str], rows: Iterable[tuple[str, Sequence[float]]], longest: Sequence[float]
) -> ET.Element:
    """A plot a column, side by side: a bar for each value of each row.

    Args:
        heads: What the rows are, then what each column counts.
        rows: A name and its values, one a column.
        longest: For each column, the value whose bar is the longest.
    """
    head = element("thead", element("tr", *(_head(at, text) for at, text in enumerate(heads))))
    body = element("tbody")
    for name, values in rows:
        cells = (
            element("td", _bar(value, most, at % COLOURS), data_head=head_text)
            for at, (value, most, head_text) in enumerate(zip(values, longest, heads[1:], strict=True))
        )
        body.append(element("tr", element("td", name, class_="name"), *cells))
    return element("table", head, body)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> ET.Element:
    """Texts under their heads."""
    head = element("thead", element("tr", *(_head(at, text) for at, text in enumerate(heads))))
    lines = (
        element("tr", *(element("td", text, class_="" if at else "name") for at, text in enumerate(row)))
        for row in rows
    )
    return element("table", head, element("tbody", *lines))


def stacked(parts: Sequence[tuple[str, float]], whole: float) -> ET.Element:
    """One bar of several parts, each of the class that is named.

    Args:
        parts: Classes and values, from left to right.
        whole: The value of the bar's full length.
    """
    made = element("svg", _rect("track", 0, 1), class_="quota", aria_hidden="true")
    left = 0.0
    for kind, value in parts:
        share = value / whole if whole else 0.0
        made.append(_rect(kind, left, share))
        left += share
    return made


def number(value: float) -> str:
    """A number for people: thousands apart, seconds with one digit, a few with two."""
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.2f}" if value < 10 else f"{value:,.1f}"


def _head(at: int, text: str) -> ET.Element:
    return element("th", text, class_="" if at else "name", scope="col")


def _bar(value: float, most: float, colour: int) -> ET.Element:
    share = value / most if most else 0.0
    drawn = element("svg", _rect("track", 0, 1), _rect("bar", 0, share), aria_hidden="true")
    return element("div", drawn, element("span", number(value)), class_=f"plot c{colour}")


def _rect(kind: str, left: float, share: float) -> ET.Element:
    return element("rect", class_=kind, x=_percent(left), width=_percent(share), height="100%")


def _percent(share: float) -> str:
    return f"{min(max(share, 0.0), 1.0):.2%}"
