"""HTML for the page at ``/``: everything that is shown is escaped here and nowhere else."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from salesforce_local_org.api.http import Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 1200px; padding: 0 1rem 3rem }
header { border-bottom: 3px solid #0b5cab; padding: .6rem 0 } header a { font-weight: 600 }
a { color: #0b5cab; text-decoration: none } a:hover { text-decoration: underline }
h1 { font-size: 1.3rem } h2 { font-size: 1.05rem; margin-top: 1.8rem } .wide { overflow-x: auto }
table { border-collapse: collapse; min-width: 20rem }
th, td { border-bottom: 1px solid #ddd; padding: .25rem .8rem .25rem 0; text-align: left; max-width: 40rem }
td { min-width: 4rem; overflow-wrap: break-word; vertical-align: top; white-space: pre-wrap }
th { color: #555 }
.number { text-align: right; font-variant-numeric: tabular-nums } button { padding: .4rem 1rem }
textarea { box-sizing: border-box; font: 14px/1.4 ui-monospace, monospace; width: 100% }
.error { color: #ba0517; font-family: ui-monospace, monospace; white-space: pre-wrap }
"""

_HEADERS = {
    "Content-Type": "text/html;charset=UTF-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Html(str):
    """Text that is HTML already; a plain ``str`` is not, and gets escaped."""

    __slots__ = ()


def page(title: str, *parts: Html, status: int = 200) -> Response:
    """A whole page. No script can run in it, whatever the org's records hold."""
    text = (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f'<header><a href="/">Local org</a></header><h1>{escape(title)}</h1>{"".join(parts)}</body></html>'
    )
    return Response(status, text.encode("utf-8", "replace"), dict(_HEADERS))


def element(kind: str, content: object, /, **attributes: str) -> Html:
    """One element; ``class_`` stands for ``class``, ``aria_label`` for ``aria-label``."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items()
    )
    return Html(f"<{kind}{given}>{shown(content)}</{kind}>")


def link(path: str, text: object, **query: object) -> Html:
    """A link to another page of this org."""
    return element("a", text, href=f"{path}?{urlencode(query)}" if query else path)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Html:
    """A table; numbers stand to the right."""
    head = "".join(element("th", heading) for heading in headings)
    body = "".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in rows)
    return Html(f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>')


def section(heading: str, *parts: Html) -> Html:
    """A heading and what belongs to it."""
    return Html(f"<section>{element('h2', heading)}{''.join(parts)}</section>")


def shown(value: object) -> Html:
    """A value as text of the page: escaped, unless it is HTML already."""
    if isinstance(value, Html):
        return value
    if value is None:
        return Html("")
    if isinstance(value, bool):
        return Html(str(value).lower())
    return Html(escape(f"{value:,}" if isinstance(value, int) else str(value)))


def _cell(value: object) -> Html:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return element("td", value, class_="number") if is_number else element("td", value)
