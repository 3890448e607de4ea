"""Dates and times in the ways people and programs write them; what can be read in two ways is refused.

Read are ISO 8601 (also with single digits, slashes or a space), seconds and milliseconds since 1970, RFC
2822, JavaScript's ``Date`` texts, and dates with the month's name. Numbers with the year last, as 01/02/2026,
are the first of February to some and the second of January to others.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation

_TIME = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?"
    r"(?:\s*(?P<zone>[A-Za-z]{1,4})?(?P<offset>[+-]\d\d(?::?\d\d)?)?)?(?:\s*\([^()]*\))?"
)
_MONTH = r"(?P<name>[A-Za-z]{3,9})\.?"
_WEEKDAY = r"(?:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?\.?,?\s+)?"
_REST = rf"(?:,?\s+(?:at\s+)?{_TIME})?"
_ISO_DAY = r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})"
_COMPACT_DAY = r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)"
_COMPACT_TIME = r"(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?(?P<zone>Z)?(?P<offset>[+-]\d\d:?\d\d)?"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE | re.ASCII)
    for form in (
        rf"{_ISO_DAY}(?:(?:T|\s+){_TIME})?",
        rf"{_COMPACT_DAY}(?:T{_COMPACT_TIME})?",
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s-]+{_MONTH},?[\s-]+(?P<year>\d{{4}}){_REST}",
        rf"{_WEEKDAY}{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}}){_REST}",
        rf"{_WEEKDAY}{_MONTH}\s+(?P<day>\d{{1,2}})\s+{_TIME}\s+(?P<year>\d{{4}})",
    )
)
_YEAR_LAST = re.compile(r"\d{1,2}([-/.])\d{1,2}\1\d{2,4}(?:[T,\s].*)?", re.DOTALL | re.ASCII)
_EPOCH = re.compile(r"[+-]?\d{9,14}(?:\.\d+)?")
_MONTH_NAMES = {
    name: number
    for number, full in enumerate(
        [
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ],
        1,
    )
    for name in (full, full[:3])
} | {"sept": 9}
_ZONES = {"z": 0, "ut": 0, "utc": 0, "gmt": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7} | {
    "mdt": -6,
    "pst": -8,
    "pdt": -7,
}
"""Zones by name, in hours: those of RFC 2822. Other names stand for several zones each."""

_FIRST_SECONDS, _FIRST_MILLISECONDS, _TOO_LARGE = 10**8, 10**11, 10**14
_1970 = datetime(1970, 1, 1, tzinfo=timezone.utc)


def read_written(value: str | float | Decimal) -> date | datetime:
    """Read a date or a date-time.

    Args:
        value: text, or seconds or milliseconds since 1970.

    Returns:
        A datetime with the zone it is written with, UTC if it has none; a date if there is no time.

    Raises:
        ValueError: It is neither, or could be read in two ways; the message says which, without the value.
    """
    if not isinstance(value, str):
        return _since_1970(value)
    text = value.strip()
    if _EPOCH.fullmatch(text):
        return _since_1970(text)
    for form in _FORMS:
        match = form.fullmatch(text)
        if match is not None:
            return _of_parts(match.groupdict())
    if _YEAR_LAST.fullmatch(text):
        raise ValueError("has its year last, so day and month may be either: write it as 2026-01-31")
    raise ValueError("is not a date like 2026-01-31 or 2026-01-31T23:59:59Z")


def _since_1970(value: str | float | Decimal) -> datetime:
    try:
        number = Decimal(str(value))
        size = abs(number)
        seconds = number if size < _FIRST_MILLISECONDS else number / 1000
        if _FIRST_SECONDS <= size < _TOO_LARGE:
            return _1970 + timedelta(milliseconds=int(seconds * 1000))
    except (InvalidOperation, OverflowError):
        pass
    raise ValueError("is no date: a number must be the seconds or milliseconds since 1970")


def _of_parts(parts: dict[str, str | None]) -> date | datetime:
    name = (parts.get("name") or "").lower()
    month = _MONTH_NAMES.get(name) if name else int(parts["month"] or 0)
    try:
        day = date(int(parts["year"] or 0), month or 0, int(parts["day"] or 0))
        if parts.get("hour") is None:
            return day
        return datetime.combine(day, datetime.min.time(), _zone(parts)) + _time_of_day(parts)
    except (ValueError, OverflowError) as error:
        told = str(error) if "time zone" in str(error) else "is no date or time that there is"
        raise ValueError(told) from None


def _time_of_day(parts: dict[str, str | None]) -> timedelta:
    hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
    half = (parts.get("half") or "").lower()
    if half and not 1 <= hour <= 12:
        raise ValueError
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError
    microseconds = int((parts.get("fraction") or "0").ljust(6, "0")[:6])
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=microseconds)


def _zone(parts: dict[str, str | None]) -> timezone:
    name, offset = (parts.get("zone") or "").lower(), parts.get("offset") or ""
    if name and name not in _ZONES:
        raise ValueError("has a time zone whose name may mean several: write it as +01:00")
    digits = offset[1:].replace(":", "").ljust(4, "0")
    shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(timedelta(hours=_ZONES.get(name, 0)) + (-shift if offset.startswith("-") else shift))
