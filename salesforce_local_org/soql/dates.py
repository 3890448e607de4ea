"""Date literals: which days each one means, in the zone of the org's user (UTC, weeks from Sunday)."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

Days = tuple[date, date]
"""The first day, and the first day after."""

_NUMBERED = re.compile(r"([A-Z_]+?)_?:(\d+)")
_MOST_UNITS = 9_999


def days_of(literal: str, today: date) -> Days | None:
    """The days that a date literal such as ``LAST_N_DAYS:3`` or ``THIS_QUARTER`` means.

    The fiscal year is the calendar year. From "Date Formats and Date Literals in WHERE" of the SOQL and SOSL
    Reference.

    Args:
        literal: As written, in any case.
        today: The day on the org's clock.

    Returns:
        The range; None when there is no such literal, or it leaves the calendar.
    """
    word = "".join(literal.upper().split())
    try:
        if match := _NUMBERED.fullmatch(word):
            count = int(match[2])
            return _numbered(match[1], count, today) if count <= _MOST_UNITS else None
        return _plain(word, today)
    except (OverflowError, ValueError):
        return None


def _plain(word: str, today: date) -> Days | None:
    if word in _NAMED_DAYS:
        first, last = _NAMED_DAYS[word]
        return today + timedelta(first), today + timedelta(last)
    when, _, unit = word.partition("_")
    steps = {"LAST": -1, "THIS": 0, "NEXT": 1}.get(when)
    start = _UNITS.get(unit.removeprefix("FISCAL_") if unit in _FISCAL_UNITS else unit)
    if steps is None or start is None:
        return None
    return start(today, steps), start(today, steps + 1)


def _numbered(name: str, count: int, today: date) -> Days | None:
    match = re.fullmatch(r"(?:(LAST|NEXT)_N_([A-Z_]+)|N_([A-Z_]+)_AGO)", name)
    if not match:
        return None
    when, plural = match[1] or "AGO", match[2] or match[3]
    if plural == "DAYS":
        return _day_ranges(count, today)[when]
    unit = plural.removesuffix("S")
    start = _UNITS.get(unit.removeprefix("FISCAL_") if unit in _FISCAL_UNITS else unit)
    if start is None:
        return None
    first, last = {"LAST": (-count, 0), "NEXT": (1, count + 1), "AGO": (-count, -count + 1)}[when]
    return start(today, first), start(today, last)


def _day_ranges(count: int, today: date) -> dict[str, Days]:
    ago, one = today - timedelta(count), timedelta(1)
    return {
        "LAST": (ago, today + one),
        "NEXT": (today + one, today + timedelta(count + 1)),
        "AGO": (ago, ago + one),
    }


def _week(day: date, steps: int) -> date:
    return day - timedelta(day.isoweekday() % 7) + timedelta(weeks=steps)


def _months(size: int) -> Callable[[date, int], date]:
    def start(day: date, steps: int) -> date:
        first = (day.month - 1) // size * size
        years, month = divmod(day.year * 12 + first + steps * size, 12)
        return date(years, month + 1, 1)

    return start


_UNITS: dict[str, Callable[[date, int], date]] = {
    "WEEK": _week,
    "MONTH": _months(1),
    "QUARTER": _months(3),
    "YEAR": _months(12),
}
_FISCAL_UNITS = {"FISCAL_QUARTER", "FISCAL_YEAR"}
_NAMED_DAYS = {
    "YESTERDAY": (-1, 0),
    "TODAY": (0, 1),
    "TOMORROW": (1, 2),
    "LAST_90_DAYS": (-90, 1),
    "NEXT_90_DAYS": (1, 91),
}
