"""Literals of a SOQL statement: strings with their escapes, LIKE patterns, numbers, dates and date-times."""

from __future__ import annotations

import re
from datetime import date, datetime, timezone

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED = {
    "n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f",
    "N": "\n", "R": "\r", "T": "\t", "B": "\b", "F": "\f",
    '"': '"', "'": "'", "\\": "\\",
}  # fmt: skip
_WILDCARDS = "%_"
LONGEST_STRING = 4_000
"""Characters of a string in WHERE (SOQL and SOSL Limits)."""


class LiteralError(ValueError):
    """A literal that SOQL does not know; the text says why."""


def text_of(quoted: str) -> str:
    """The value of a string literal, its quotes and escapes resolved.

    Raises:
        LiteralError: A backslash before anything that SOQL does not escape, or more than 4,000 characters.
    """
    return _ESCAPE.sub(_resolve, _body(quoted))


def like_pattern(quoted: str) -> str:
    r"""A LIKE operand as an SQL pattern whose escape character is the backslash.

    ``%`` and ``_`` stay wildcards; ``\%`` and ``\_`` stay themselves.

    Raises:
        LiteralError: As ``text_of``.
    """

    def resolve(match: re.Match[str]) -> str:
        if match[1] in _WILDCARDS:
            return match[0]
        value = _resolve(match)
        return "\\" + value if value in "\\" + _WILDCARDS else value

    return _ESCAPE.sub(resolve, _body(quoted))


def _body(quoted: str) -> str:
    body = quoted[1:-1]
    if len(body) > LONGEST_STRING:
        raise LiteralError(f"string literal is longer than {LONGEST_STRING} characters")
    return body


def _resolve(match: re.Match[str]) -> str:
    escape = match[1]
    if escape[0] == "u" and len(escape) == 5:
        return chr(int(escape[1:], 16))
    if escape not in _ESCAPED:
        raise LiteralError(
            f"Invalid string literal '\\{escape}'. Illegal character sequence '\\{escape}' in string literal."
        )
    return _ESCAPED[escape]


def stored_date(literal: str) -> str:
    """A date literal as the store keeps dates: itself, once it is a day of the calendar from 1700 to 4000.

    Raises:
        LiteralError: It is not.
    """
    try:
        day = date.fromisoformat(literal)
    except ValueError:
        raise LiteralError(f"Invalid date: {literal}") from None
    _check_year(day.year, literal)
    return literal


def stored_datetime(literal: str) -> str:
    """A date-time literal as the store keeps date-times: UTC, ``YYYY-MM-DDTHH:MM:SS.sssZ``.

    Raises:
        LiteralError: It is not a moment from 1700 to 4000.
    """
    text = literal.upper().replace("Z", "+00:00")
    match = re.fullmatch(r"(.{19})(?:\.(\d+))?([+-]\d{2}):?(\d{2})", text)
    if not match:
        raise LiteralError(f"Invalid datetime: {literal}")
    try:
        moment = datetime.fromisoformat(f"{match[1]}{match[3]}:{match[4]}").astimezone(timezone.utc)
    except (ValueError, OverflowError):
        raise LiteralError(f"Invalid datetime: {literal}") from None
    _check_year(moment.year, literal)
    milliseconds = (match[2] or "").ljust(3, "0")[:3]
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds}Z"


def stored_time(literal: str) -> str:
    """A time literal as the store keeps times: ``HH:MM:SS.sssZ``."""
    clock, _, fraction = literal.upper().rstrip("Z").partition(".")
    return f"{clock}.{fraction.ljust(3, '0')[:3]}Z"


def _check_year(year: int, literal: str) -> None:
    if not 1700 <= year <= 4000:
        raise LiteralError(f"Invalid date: {literal}. Dates must be between 1700-01-01 and 4000-12-31.")
