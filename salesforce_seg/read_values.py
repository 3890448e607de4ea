"""How values come out of Salesforce: a function a type for REST and one for Bulk CSV that agree."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from salesforce_seg.numbers import number_text, plain_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ADDRESS_KEYS = (
    "street",
    "city",
    "state",
    "stateCode",
    "postalCode",
    "country",
    "countryCode",
    "latitude",
    "longitude",
    "geocodeAccuracy",
)
"""The keys of an address object in REST's spelling (Object Reference, "Address Compound Fields"); the two
code keys come only from orgs with State and Country picklists."""

LOCATION_KEYS = ("latitude", "longitude")

COMPOUND_KEYS = {"address": ADDRESS_KEYS, "location": LOCATION_KEYS}

_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?",
    re.IGNORECASE,
)
_TIME = re.compile(r"(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?Z?")
_UTC_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|\+0000)")


def snake_case(key: str) -> str:
    """``postalCode`` as ``postal_code``."""
    return re.sub(r"([A-Z])", r"_\1", key).lower()


def parse_moment(text: str) -> datetime:
    """An ISO 8601 date-time, in UTC; without an offset it is taken as UTC.

    Raises:
        ValueError: It is not one.
    """
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text[:60]!r} is not a date-time like 2026-01-31T23:59:59Z")
    year, month, day, hour, minute = (int(match[group]) for group in range(1, 6))
    microsecond = int(((match[7] or "0") + "000000")[:6])
    offset = match[8] or "Z"
    moment = datetime(year, month, day, hour, minute, int(match[6] or 0), microsecond, timezone.utc)
    if offset in {"Z", "z"}:
        return moment
    digits = offset[1:].replace(":", "").ljust(4, "0")
    shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    try:
        return moment - shift if offset[0] == "+" else moment + shift
    except OverflowError:
        raise ValueError(f"{text[:60]!r} lies outside of the years 1 to 9999 in UTC") from None


def stamp(moment: datetime) -> str:
    """A date-time as Singer records carry it: ``YYYY-MM-DDTHH:MM:SS.sssZ``."""
    utc = moment.astimezone(timezone.utc).replace(tzinfo=None)
    return utc.isoformat(timespec="milliseconds") + "Z"


def datetime_value(value: str | None) -> str | None:
    """A date-time in REST's ``...000+0000`` or Bulk's ``...000Z`` as ``YYYY-MM-DDTHH:MM:SS.sssZ``."""
    if not value:
        return None
    if _UTC_STAMP.fullmatch(value):
        return value[:23] + "Z"
    return stamp(parse_moment(value))


def time_value(value: str | None) -> str | None:
    """A time of day as ``HH:MM:SS.sssZ``."""
    if not value:
        return None
    match = _TIME.fullmatch(value)
    if match is None:
        raise ValueError(f"{value[:60]!r} is not a time like 13:30:00.000Z")
    return f"{match[1]}:{match[2]}:{match[3] or '00'}.{(match[4] or '').ljust(3, '0')[:3]}Z"


def number_value(value: str | float | None) -> Any:
    """A number without a needless ``.0`` and with all its digits."""
    return None if value is None or value == "" else plain_number(value)


def boolean_value(text: str) -> bool | None:
    """A boolean in a CSV cell."""
    return text.lower() in {"true", "1"} if text else None


def text_value(value: Any) -> str | None:
    """Text of whatever REST gives for a type that may hold several (anyType, json, types unknown here)."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return number_text(value)


def cell_text(text: str) -> str | None:
    """Text in a CSV cell: Salesforce stores no empty text, so an empty cell is null."""
    return text or None


def compound_reader(
    type_name: str, *, snake: bool
) -> Callable[[Mapping[str, Any] | None], dict[str, Any] | None]:
    """How an address or location in a REST answer becomes an object with always the same keys."""
    keys = [(key, snake_case(key) if snake else key) for key in COMPOUND_KEYS[type_name]]

    def read(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
        if value is None:
            return None
        parts = {name: _part(key, value.get(key)) for key, name in keys}
        return parts if any(part is not None for part in parts.values()) else None

    return read


def _part(key: str, value: Any) -> Any:
    return number_value(value) if key in LOCATION_KEYS else value
