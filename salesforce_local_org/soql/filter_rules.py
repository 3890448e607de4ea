"""What a type of field takes in a condition: which operators, which literals, and what they stand for."""

from __future__ import annotations

import math
import string
from typing import TYPE_CHECKING

from salesforce_local_org.soql import literals
from salesforce_local_org.soql.render import ID_TYPES, NUMBER_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable

NEVER_FILTERED = {
    "address": "Address fields can only be filtered using Distance expressions",
    "location": "Geolocation fields can only be filtered using Distance expressions",
}
TEXT_TYPES = frozenset(
    {
        "string", "textarea", "phone", "url", "email", "picklist", "combobox", "encryptedstring", "anyType",
        "multipicklist",
    }
)  # fmt: skip
TEXT_OPERATORS = frozenset({"=", "!=", "<", "<=", ">", ">=", "LIKE", "IN", "NOT IN"})
_ORDER_OPERATORS = TEXT_OPERATORS - {"LIKE"}
_EQUALITY = frozenset({"=", "!=", "IN", "NOT IN"})
OPERATORS = {
    "boolean": _EQUALITY,
    "multipicklist": _EQUALITY | {"INCLUDES", "EXCLUDES"},
} | dict.fromkeys((*NUMBER_TYPES, *ID_TYPES, "date", "datetime", "time"), _ORDER_OPERATORS)
"""Operators by type; other types take ``TEXT_OPERATORS``."""
TEXT_LITERAL = ("string", frozenset({"STRING"}))
LITERALS = {
    "boolean": ("boolean", frozenset({"NAME"})),
    "date": ("date", frozenset({"DATE", "DATE_N", "NAME"})),
    "datetime": ("dateTime", frozenset({"DATETIME", "DATE_N", "NAME"})),
    "time": ("time", frozenset({"TIME"})),
    "int": ("int", frozenset({"NUMBER"})),
    "long": ("long", frozenset({"NUMBER"})),
    "double": ("double", frozenset({"NUMBER"})),
    "percent": ("double", frozenset({"NUMBER"})),
    "currency": ("double", frozenset({"NUMBER", "CURRENCY"})),
}
"""By type: its name in errors, and the kinds of literal it takes; other types take ``TEXT_LITERAL``."""
DATE_RANGES = {
    "=": "({0} >= {1} AND {0} < {2})",
    "!=": "({0} IS NULL OR {0} < {1} OR {0} >= {2})",
    "<": "{0} < {1}",
    "<=": "{0} < {2}",
    ">": "{0} >= {2}",
    ">=": "{0} >= {1}",
}
"""A field ({0}) against a date literal: its first moment ({1}), and the first one after it ({2})."""
_LONGEST_INTEGER = 18


def _integer(text: str) -> float:
    return int(text) if len(text) <= _LONGEST_INTEGER else _real(text)


def _real(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise literals.LiteralError(f"For input string: {text}")
    return value


VALUES: dict[str, Callable[[str], object]] = {
    "boolean": lambda text: text.upper() == "TRUE",
    "date": literals.stored_date,
    "datetime": literals.stored_datetime,
    "time": literals.stored_time,
    "int": _integer,
    "long": _integer,
    "double": _real,
    "percent": _real,
    "currency": lambda text: _real(text.lstrip(string.ascii_letters)),
}
"""By type: the stored value that a literal stands for; other types hold text."""
