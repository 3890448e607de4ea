"""Building SOQL: every query is put together here, and every value in it is quoted here.

Rules: SOQL and SOSL Reference, "Quoted String Escape Sequences", "Date Formats and Date Literals",
"Comparison Operators"; mixed AND and OR need brackets ("Logical Operators").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timezone
from decimal import Decimal
from types import NoneType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import UnionType

LONGEST_STRING = 4000
"""Characters of one string in a WHERE clause (SOQL and SOSL Reference, "SOQL and SOSL Limits")."""

LONGEST_QUERY = 100_000
"""Characters of one query (same page)."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*")
_PLAIN = re.compile(r"[\w @.,:/+-]*")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_OPERATORS = frozenset({"=", "!=", "<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True)
class Condition:
    """A WHERE condition, made only by the functions of this module."""

    text: str
    joined_by: str = ""
    """``AND`` or ``OR`` when several conditions are joined on the top level."""

    def __str__(self) -> str:
        return self.text


def quote(text: str) -> str:
    """A string literal: in single quotes, backslashes escaped first, then quotes and control characters.

    The table is simple-salesforce's; the control characters it knows nothing of are added here.

    Raises:
        ValueError: The literal is longer than the 4,000 characters SOQL allows.
    """
    literal = f"'{text}'" if _PLAIN.fullmatch(text) else _escaped(text)
    if len(literal) - 2 > LONGEST_STRING:
        raise ValueError(
            f"a text of {len(text):,} characters is too long to look up (SOQL allows {LONGEST_STRING:,})"
        )
    return literal


def _escaped(text: str) -> str:
    # It brings a SOAP client along: a seventh of a start, for values that few runs meet.
    from simple_salesforce.format import quote_soql_value  # noqa: PLC0415

    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04X}", quote_soql_value(text))


def literal(value: Any) -> str:
    """A value as SOQL writes it.

    Args:
        value: None, bool, int, float, Decimal, str, date, time, or an aware datetime (cut to the second,
            in UTC: ``2026-01-31T23:59:59Z``, a form without a ``+`` that a URL would turn into a space).

    Raises:
        ValueError: A date-time without a time zone, a number that is not finite, or another type.
    """
    for kinds, write in _LITERALS:
        if isinstance(value, kinds):
            return write(value)
    raise ValueError(f"SOQL has no literal for a {type(value).__name__}")


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _datetime(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a date-time in a query needs a time zone")
    return value.astimezone(timezone.utc).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _time(value: time) -> str:
    return value.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _number(value: float | Decimal) -> str:
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError(f"SOQL has no literal for {value}")
    return f"{number:f}"


_LITERALS: tuple[tuple[type | UnionType, Callable[[Any], str]], ...] = (
    (NoneType, lambda _: "null"),
    (bool, _boolean),
    (str, quote),
    (datetime, _datetime),
    (date, date.isoformat),
    (time, _time),
    (int | float | Decimal, _number),
)
"""What writes which Python type; the first that fits counts (bool is an int, datetime a date)."""


def name(text: str) -> str:
    """A field or object name, or a path such as ``Account.Owner.Name``, as it is.

    Raises:
        ValueError: It holds anything but letters, digits, underscores and single dots.
    """
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text[:100]!r} is not a Salesforce field or object name")
    return text


def compare(field: str, operator: str, value: Any) -> Condition:
    """``field operator value``; the operator is one of ``= != < <= > >=``."""
    if operator not in _OPERATORS:
        raise ValueError(f"{operator!r} is not a SOQL comparison operator")
    return Condition(f"{name(field)} {operator} {literal(value)}")


def equals(field: str, value: Any) -> Condition:
    """``field = value``."""
    return compare(field, "=", value)


def isin(field: str, values: Iterable[Any]) -> Condition:
    """``field IN (values)``; use :func:`isin_batches` when there may be many.

    Raises:
        ValueError: There are no values: SOQL has no empty list.
    """
    literals = [literal(value) for value in values]
    if not literals:
        raise ValueError(f"no values to look for in {field}")
    return Condition(f"{name(field)} IN ({','.join(literals)})")


def isin_batches(
    field: str, values: Iterable[Any], *, most: int = 200, longest: int = 50_000
) -> Iterator[tuple[list[Any], Condition]]:
    """Split many values over several ``field IN (...)`` conditions.

    Args:
        field: The field to compare.
        values: The values; equal ones are looked for once, in the order of their first appearance.
        most: Values a condition at most.
        longest: Characters a condition at most (one value is never refused for this).

    Yields:
        The values of a condition, and the condition.
    """
    batch: list[Any] = []
    length = 0
    for value in dict.fromkeys(values):
        size = len(literal(value)) + 1
        if batch and (len(batch) >= most or length + size > longest):
            yield batch, isin(field, batch)
            batch, length = [], 0
        batch.append(value)
        length += size
    if batch:
        yield batch, isin(field, batch)


def all_of(*conditions: Condition | None) -> Condition | None:
    """All of the conditions joined by AND; None stands for no condition."""
    return _join("AND", conditions)


def any_of(*conditions: Condition | None) -> Condition | None:
    """Any of the conditions joined by OR; None stands for no condition."""
    return _join("OR", conditions)


def _join(word: str, conditions: Sequence[Condition | None]) -> Condition | None:
    given = [condition for condition in conditions if condition is not None]
    if len(given) < 2:
        return given[0] if given else None
    texts = [
        f"({condition.text})" if condition.joined_by not in {"", word} else condition.text
        for condition in given
    ]
    return Condition(f" {word} ".join(texts), joined_by=word)


def negate(condition: Condition) -> Condition:
    """The opposite of a condition, in the brackets SOQL wants around NOT."""
    return Condition(f"(NOT ({condition.text}))" if condition.joined_by else f"(NOT {condition.text})")


def select(
    fields: Iterable[str],
    sobject: str,
    *,
    where: Condition | None = None,
    order_by: Iterable[str] = (),
    limit: int | None = None,
) -> str:
    """A SELECT statement.

    Args:
        fields: Field names or paths; one given twice (in any case) is selected once: SOQL refuses doubles.
        sobject: The object's API name.
        where: The condition, if any.
        order_by: Field names, each optionally followed by ``ASC`` or ``DESC``.
        limit: Rows at most.

    Returns:
        The query text, not URL-encoded.

    Raises:
        ValueError: A name holds characters that names cannot hold, or there is no field.
    """
    once: dict[str, str] = {}
    for field in fields:
        once.setdefault(field.lower(), name(field))
    names = list(once.values())
    if not names:
        raise ValueError(f"no field of {sobject} to select")
    return _statement(", ".join(names), sobject, where, order_by, limit)


def count(sobject: str, *, where: Condition | None = None) -> str:
    """``SELECT COUNT() FROM sobject``; the answer stands in ``totalSize``."""
    return _statement("COUNT()", sobject, where, (), None)


def _statement(
    what: str, sobject: str, where: Condition | None, order_by: Iterable[str], limit: int | None
) -> str:
    parts = [f"SELECT {what} FROM {name(sobject)}"]  # noqa: S608  every part is checked or quoted
    if where is not None:
        parts.append(f"WHERE {where.text}")
    order = ", ".join(_order(term) for term in order_by)
    if order:
        parts.append(f"ORDER BY {order}")
    if limit is not None:
        parts.append(f"LIMIT {int(limit)}")
    return " ".join(parts)


def _order(term: str) -> str:
    field, _, direction = term.partition(" ")
    if direction.upper() not in {"", "ASC", "DESC"}:
        raise ValueError(f"{direction!r} is not a sort direction")
    return f"{name(field)} {direction.upper()}".rstrip()
