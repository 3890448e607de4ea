"""The functions of the formula language, each as the SQL it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

_MANY = 100


class FormulaError(ValueError):
    """A formula that this org cannot work out; the text says why."""


@dataclass(frozen=True, slots=True)
class Value:
    """A piece of formula as SQL, and its kind: text, number, boolean, date, datetime or null."""

    sql: str
    kind: str
    raw: str | None = None
    """The SQL that tells a blank number from zero, where there is one."""


@dataclass(frozen=True, slots=True)
class Function:
    """How many arguments a function takes, and what it becomes."""

    fewest: int
    most: int
    translate: Callable[[Sequence[Value], datetime], Value]


def text_literal(text: str) -> Value:
    """A text as SQL."""
    return Value("'" + text.replace("'", "''").replace("\0", "") + "'", "text")


def as_text(value: Value) -> str:
    """The SQL of a value as text; whole numbers have no decimal point."""
    if value.kind == "number":
        return f"(CASE WHEN {value.sql} = CAST({value.sql} AS INTEGER) THEN CAST(CAST({value.sql} AS INTEGER)\
 AS TEXT) ELSE CAST({value.sql} AS TEXT) END)"
    return value.sql


def _template(kind: str, sql: str, *, fewest: int, most: int | None = None) -> Function:
    """A function that is one SQL text; ``{0}`` is its first argument."""

    def translate(arguments: Sequence[Value], _now: datetime) -> Value:
        return Value(sql.format(*(each.sql for each in arguments)), kind)

    return Function(fewest, fewest if most is None else most, translate)


def _joined(kind: str, operator: str) -> Function:
    def translate(arguments: Sequence[Value], _now: datetime) -> Value:
        return Value("(" + operator.join(f"COALESCE({each.sql}, 0)" for each in arguments) + ")", kind)

    return Function(1, _MANY, translate)


def _if(arguments: Sequence[Value], _now: datetime) -> Value:
    condition, then, otherwise = arguments
    kind = otherwise.kind if then.kind == "null" else then.kind
    if "text" in {then.kind, otherwise.kind}:
        return Value(
            f"(CASE WHEN {condition.sql} THEN {as_text(then)} ELSE {as_text(otherwise)} END)", "text"
        )
    return Value(f"(CASE WHEN {condition.sql} THEN {then.sql} ELSE {otherwise.sql} END)", kind)


def _case(arguments: Sequence[Value], _now: datetime) -> Value:
    if len(arguments) % 2:
        raise FormulaError("Incorrect number of parameters for function 'CASE()'")
    subject, *pairs, otherwise = arguments
    branches = "".join(
        f" WHEN {when.sql} THEN {then.sql}" for when, then in zip(pairs[::2], pairs[1::2], strict=True)
    )
    return Value(f"(CASE {subject.sql}{branches} ELSE {otherwise.sql} END)", pairs[1].kind)


def _is_blank(arguments: Sequence[Value], _now: datetime) -> Value:
    value = arguments[0].raw or arguments[0].sql
    return Value(f"(COALESCE({value}, '') = '')", "boolean")


def _blank_value(arguments: Sequence[Value], _now: datetime) -> Value:
    first, substitute = arguments
    return Value(f"COALESCE({first.raw or first.sql}, {substitute.sql})", substitute.kind)


def _text(arguments: Sequence[Value], _now: datetime) -> Value:
    return Value(as_text(arguments[0]), "text")


def _extreme(name: str) -> Function:
    def translate(arguments: Sequence[Value], _now: datetime) -> Value:
        values = [each.sql for each in arguments]
        return Value(values[0] if len(values) == 1 else f"{name}({', '.join(values)})", "number")

    return Function(1, _MANY, translate)


def _today(_arguments: Sequence[Value], now: datetime) -> Value:
    return Value(f"'{now:%Y-%m-%d}'", "date")


def _now(_arguments: Sequence[Value], now: datetime) -> Value:
    return Value(f"'{now:%Y-%m-%dT%H:%M:%S}.000Z'", "datetime")


def _part_of_date(part: str) -> Function:
    return _template("number", f"CAST(strftime('%{part}', {{0}}) AS INTEGER)", fewest=1)


FUNCTIONS: dict[str, Function] = {
    "IF": Function(3, 3, _if),
    "CASE": Function(4, _MANY, _case),
    "AND": _joined("boolean", " AND "),
    "OR": _joined("boolean", " OR "),
    "NOT": _template("boolean", "(NOT COALESCE({0}, 0))", fewest=1),
    "ISBLANK": Function(1, 1, _is_blank),
    "ISNULL": Function(1, 1, _is_blank),
    "BLANKVALUE": Function(2, 2, _blank_value),
    "NULLVALUE": Function(2, 2, _blank_value),
    "ISPICKVAL": _template("boolean", "(COALESCE({0}, '') = {1})", fewest=2),
    "TEXT": Function(1, 1, _text),
    "VALUE": _template("number", "CAST({0} AS REAL)", fewest=1),
    "LEN": _template("number", "LENGTH(COALESCE({0}, ''))", fewest=1),
    "LEFT": _template("text", "SUBSTR({0}, 1, {1})", fewest=2),
    "RIGHT": _template("text", "SUBSTR({0}, -MIN({1}, LENGTH({0})))", fewest=2),
    "MID": _template("text", "SUBSTR({0}, {1}, {2})", fewest=3),
    "UPPER": _template("text", "UPPER({0})", fewest=1),
    "LOWER": _template("text", "LOWER({0})", fewest=1),
    "TRIM": _template("text", "TRIM({0})", fewest=1),
    "SUBSTITUTE": _template("text", "REPLACE({0}, {1}, {2})", fewest=3),
    "CONTAINS": _template("boolean", "(INSTR(COALESCE({0}, ''), {1}) > 0)", fewest=2),
    "BEGINS": _template("boolean", "(SUBSTR(COALESCE({0}, ''), 1, LENGTH({1})) = {1})", fewest=2),
    "FIND": _template("number", "INSTR({1}, {0})", fewest=2),
    "REGEX": _template("boolean", "formula_regex({1}, COALESCE({0}, ''))", fewest=2),
    "HYPERLINK": _template("text", "{0}", fewest=2, most=3),
    "ABS": _template("number", "ABS({0})", fewest=1),
    "ROUND": _template("number", "ROUND({0}, {1})", fewest=2),
    "CEILING": _template("number", "CEIL({0})", fewest=1),
    "FLOOR": _template("number", "FLOOR({0})", fewest=1),
    "MOD": _template("number", "MOD({0}, {1})", fewest=2),
    "SQRT": _template("number", "SQRT({0})", fewest=1),
    "MAX": _extreme("MAX"),
    "MIN": _extreme("MIN"),
    "TODAY": Function(0, 0, _today),
    "NOW": Function(0, 0, _now),
    "DATEVALUE": _template("date", "SUBSTR({0}, 1, 10)", fewest=1),
    "DATE": _template("date", "date(printf('%04d-%02d-%02d', {0}, {1}, {2}))", fewest=3),
    "YEAR": _part_of_date("Y"),
    "MONTH": _part_of_date("m"),
    "DAY": _part_of_date("d"),
}
