"""How values of events and records go into Salesforce: one function a kind of field.

Source: REST API Developer Guide, "Valid Date and DateTime Formats"; Object Reference, "Field Types".
"""

# ruff: noqa: TRY004  (a wrong JSON type is a wrong value to the caller)
from __future__ import annotations

import re
from datetime import date, datetime, time, timezone
from decimal import Decimal
from typing import Any

from salesforce_seg.numbers import MOST_INTEGER_DIGITS, number_text, plain_number
from salesforce_seg.read_values import stamp, time_value
from salesforce_seg.written_dates import read_written

_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_YEARS = range(1700, 4001)
"""Salesforce's range of dates: 1700-01-01 to 4000-12-31."""

_TOO_LONG = 10**MOST_INTEGER_DIGITS
_WRITTEN_NUMBERS = (str, int, float, Decimal)
_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class OutOfRange(ValueError):  # noqa: N818  it says what is wrong
    """A number or date is one, but outside what the field holds."""


def text(value: Any) -> str:
    """Text as Salesforce stores it: without outer white space, null characters, halves of surrogate pairs."""
    if isinstance(value, str):
        whole = value if value.isascii() else _of_whole_characters(value)
        return (whole.replace("\0", "") if "\0" in whole else whole).strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return number_text(number(value))
    if isinstance(value, datetime):
        return stamp(_aware(value))
    if isinstance(value, date | time):
        return value.isoformat()
    raise ValueError(f"{_kind(value)} cannot be written to a text field")


def _of_whole_characters(value: str) -> str:
    """A text without halves of surrogate pairs; two halves that belong together become one character."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return value


def record_id(value: Any) -> str:
    """An Id of 15 or 18 characters."""
    if isinstance(value, str) and _ID.fullmatch(value.strip()):
        return value.strip()
    raise ValueError(f"{_shown(value)} is not a Salesforce Id (15 or 18 letters and digits)")


def boolean(value: Any) -> bool:
    """True or false, also from their names and from 1 and 0."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal) and value in {0, 1}:
        return bool(value)
    known = _BOOLEANS.get(value.strip().lower()) if isinstance(value, str) else None
    if known is None:
        raise ValueError(f"{_shown(value)} is neither true nor false")
    return known


def integer(value: Any) -> int:
    """A whole number, also from text."""
    found = number(value)
    if abs(found) >= _TOO_LONG:
        raise OutOfRange(f"{_shown(value)} is too large for any field")
    if not isinstance(found, int):
        raise ValueError(f"{_shown(value)} is not a whole number")
    return found


def number(value: Any) -> int | float | Decimal:
    """A number that JSON can hold, also from text in English notation without separators."""
    if isinstance(value, bool) or not isinstance(value, _WRITTEN_NUMBERS):
        raise ValueError(f"{_shown(value)} is not a number")
    try:
        found = plain_number(value)
    except ValueError:
        found = None
    if found is None:
        raise ValueError(f"{_shown(value)} is not a number")
    return found


def calendar_date(value: Any) -> str:
    """A date; of a date-time its date as written: Salesforce dates have no time zone."""
    found = _read(value)
    _check_year(found.year, value)
    return (found.date() if isinstance(found, datetime) else found).isoformat()


def moment(value: Any) -> str:
    """A date-time in UTC, also from a date (its midnight in UTC)."""
    if isinstance(value, str) and _is_stamp(value):
        return value
    found = _read(value)
    _check_year(found.year, value)
    if not isinstance(found, datetime):
        return f"{found.isoformat()}T00:00:00.000Z"
    try:
        utc = _aware(found).astimezone(timezone.utc)
    except OverflowError:
        raise OutOfRange(f"{_shown(value)} is outside Salesforce's dates (1700 to 4000)") from None
    _check_year(utc.year, value)
    return stamp(utc)


def _read(value: Any) -> date:
    """A date or date-time however it is written."""
    if isinstance(value, date):
        return value
    if isinstance(value, bool) or not isinstance(value, _WRITTEN_NUMBERS):
        raise ValueError(f"{_shown(value)} is not a date")
    try:
        return read_written(value)
    except ValueError as error:
        raise ValueError(f"{_shown(value)} {error}") from None


def time_of_day(value: Any) -> str:
    """A time of day as ``HH:MM:SS.sssZ``."""
    written = value.isoformat() if isinstance(value, time) else value
    try:
        found = time_value(written.strip()) if isinstance(written, str) else None
    except ValueError:
        found = None
    if found is None:
        raise ValueError(f"{_shown(value)} is not a time like 13:30:00")
    return found


def several(value: Any) -> str:
    """The entries of a multi-select picklist, joined by semicolons."""
    if isinstance(value, list | tuple | set | frozenset):
        return ";".join(text(entry) for entry in value if entry is not None)
    return text(value)


def nothing(value: Any) -> Any:
    """Compound fields are read-only; their parts are written."""
    raise ValueError(f"{_kind(value)} cannot be written to this field: write its parts, such as the city")


def _is_stamp(text: str) -> bool:
    """Whether a text is as Salesforce wants it already: as most libraries write it, so it is worth a look."""
    if len(text) != 24 or text[10] != "T" or text[19] != "." or text[23] != "Z":
        return False
    try:
        return datetime.fromisoformat(text[:23]).year in _YEARS and text.isascii()
    except ValueError:
        return False


def _aware(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=timezone.utc)


def _check_year(year: int, value: Any) -> None:
    if year not in _YEARS:
        raise OutOfRange(f"{_shown(value)} is outside Salesforce's dates (1700 to 4000)")


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list | tuple) else f"a {type(value).__name__}"


def _shown(value: Any) -> str:
    if isinstance(value, dict | list | tuple):
        return _kind(value)
    return (str(value) if isinstance(value, Decimal) else repr(value))[:80]
