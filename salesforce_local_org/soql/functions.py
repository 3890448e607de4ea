"""SQLite functions that SOQL needs, in Python: what SQLite has no words for."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from salesforce_local_org.soql import search_terms

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

_EARTH_RADIUS = {"km": 6371.0088, "mi": 3958.7613}


def register(connection: sqlite3.Connection) -> None:
    """Add the functions to a connection."""
    functions: tuple[tuple[str, int, Callable[..., str | float | None]], ...] = (
        ("soql_number", 1, number_text),
        ("soql_fold", 1, fold),
        ("soql_upper", 1, upper),
        ("soql_like", 2, like),
        ("soql_includes", 2, includes),
        ("soql_choices", 1, choices),
        ("soql_distance", 5, distance),
        ("soql_format", 3, localised),
        ("soql_search", 2, search_terms.matches),
    )
    for name, count, function in functions:
        connection.create_function(name, count, function, deterministic=True)


def number_text(value: float | None) -> str | None:
    """A number as JSON writes it, every digit kept."""
    return None if value is None else repr(value)


def fold(value: str | float | None) -> str | float | None:
    """Text as comparisons see it: without case, in all alphabets."""
    return value.casefold() if isinstance(value, str) else value


def upper(value: str | float | None) -> str | float | None:
    """Text as ORDER BY sees it."""
    return value.upper() if isinstance(value, str) else value


def like(pattern: str, value: str | None) -> bool:
    """Whether text matches a LIKE pattern, whatever the case, in all alphabets."""
    return value is not None and _matcher(pattern).fullmatch(value) is not None


@lru_cache(maxsize=256)
def _matcher(pattern: str) -> re.Pattern[str]:
    words = re.findall(r"\\.|.", pattern, re.DOTALL)
    parts = [{"%": ".*", "_": "."}.get(word) or re.escape(word[-1]) for word in words]
    return re.compile("".join(parts), re.DOTALL | re.IGNORECASE)


def includes(value: str | None, wanted: str) -> bool:
    """Whether a multi-select value has all of the choices wanted (both ``a;b``)."""
    return value is not None and _choices(wanted) <= _choices(value)


def choices(value: str | None) -> str | None:
    """A multi-select value in an order of its own, so that equal sets are equal texts."""
    return None if value is None else ";".join(sorted(_choices(value)))


def _choices(value: str) -> set[str]:
    return {each.strip().casefold() for each in value.split(";") if each.strip()}


def distance(
    latitude: float | None, longitude: float | None, to_latitude: float, to_longitude: float, unit: str
) -> float | None:
    """Great-circle distance in ``mi`` or ``km``; None without a place."""
    if latitude is None or longitude is None:
        return None
    a, b = math.radians(latitude), math.radians(to_latitude)
    half_across = math.radians(to_longitude - longitude) / 2
    chord = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(half_across) ** 2
    return 2 * _EARTH_RADIUS[unit] * math.asin(min(1.0, math.sqrt(chord)))


def localised(kind: str, scale: int, value: object) -> str | None:
    """A value as FORMAT() shows it to a user in the United States.

    Args:
        kind: The Salesforce type.
        scale: Decimal places of a number.
        value: As the store keeps it.
    """
    if value is None:
        return None
    if isinstance(value, (int, float)) and kind != "boolean":
        number = f"{value:,.{scale}f}"
        return {"currency": f"${number}", "percent": f"{number}%"}.get(kind, number)
    if kind == "boolean":
        return "true" if value else "false"
    text = str(value)
    if kind not in {"date", "datetime"}:
        return text
    day = f"{int(text[5:7])}/{int(text[8:10])}/{int(text[:4])}"
    if kind == "date":
        return day
    hour, minute = int(text[11:13]), text[14:16]
    return f"{day}, {hour % 12 or 12}:{minute} {'PM' if hour >= 12 else 'AM'}"
