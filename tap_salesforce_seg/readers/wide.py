"""Objects with too many fields for one query: cut into parts, whose rows are put together by Id."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from salesforce_seg.errors import RunFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tap_salesforce_seg.pages import Records
    from tap_salesforce_seg.query import Query

    Row = dict[str, Any]
    Ask = Callable[[Query, Iterable[str]], Iterator[Row]]

MOST_LOOKS = 5
"""How often rows are looked for again that have changed between two parts."""


def parts(query: Query, longest: int) -> list[Query]:
    """The query in parts whose SELECT has so many characters at most; each has the Id and the clock."""
    common = ("Id", query.window.key) if query.window.key else ("Id",)
    found: list[list[str]] = [[]]
    length = 0
    for field in query.fields:
        if length + len(field) + 3 > longest:
            found.append([])
            length = 0
        found[-1].append(field)
        length += len(field) + 3
    return [replace(query, fields=tuple(dict.fromkeys([*common, *part]))) for part in found]


def join(rows: Iterable[Row], parts: Sequence[Query], ask: Ask) -> tuple[Records, tuple[str, ...]]:
    """Put rows together from their parts.

    The other parts are asked for by Id, not by window, so that a row which was changed meanwhile keeps its
    place. Where it differs in its clock, or a part does not find it, all its parts are asked for again.

    Args:
        rows: Rows of the first part.
        parts: All parts.
        ask: Gives those rows of a part that have these Ids.

    Returns:
        The whole rows, in the order of the first part, and the Ids of those that were removed for good.

    Raises:
        RunFailed: Rows keep changing.
    """
    first, *others = parts
    clock = first.window.key
    left = {row["Id"]: row for row in rows}
    order = list(left)
    whole: dict[str, Row] = {}
    for _ in range(MOST_LOOKS):
        for part in others:
            found = {row["Id"]: row for row in ask(part, left)}
            left = {
                each: row | found[each] for each, row in left.items() if _fits(row, found.get(each), clock)
            }
        whole |= left
        missing = [each for each in order if each not in whole]
        left = {row["Id"]: row for row in ask(first, missing)} if missing else {}
        if not left:
            return [whole[each] for each in order if each in whole], tuple(missing)
    raise RunFailed(
        f"{first.sobject}: {len(missing):,} rows keep changing while their fields are read in "
        f"{len(parts)} parts. Select fewer fields, or run again."
    )


def _fits(row: Mapping[str, Any], other: Mapping[str, Any] | None, clock: str | None) -> bool:
    return other is not None and (clock is None or row[clock] == other[clock])
