"""Formulas as SQL: how formula fields are read, and how validation rules are judged.

A subset of Salesforce's formula language ("Formula Operators and Functions" in the help): field references,
also over lookups (``Account.Owner.Email``), texts, numbers, ``+ - * / ^ &``, comparisons, ``&& || !`` and the
functions of ``FUNCTIONS``. Blank numbers count as zero, as Salesforce's default has it. A value that cannot
be worked out (a division by zero) is null. Formulas have no column, and move no SystemModstamp.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from lark import Lark, Token, Tree
from lark.exceptions import LarkError

from salesforce_local_org.formula_functions import FUNCTIONS, FormulaError, Value, as_text, text_literal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from salesforce_local_org.schema import Field, Schema, SObject

_GRAMMAR = r"""
?start: either
?either: both ("||" both)*
?both: comparison ("&&" comparison)*
?comparison: sum (COMPARE sum)?
?sum: product (ADD product)*
?product: power (MULTIPLY power)*
?power: sign ("^" sign)*
?sign: MINUS sign -> negative
     | "+" sign
     | "!" sign -> negation
     | atom
?atom: NUMBER -> number
     | STRING -> text
     | NAME "(" [either ("," either)*] ")" -> call
     | NAME ("." NAME)* -> reference
     | "(" either ")"
COMPARE: "==" | "=" | "<>" | "!=" | "<=" | ">=" | "<" | ">"
ADD: "+" | "-" | "&"
MULTIPLY: "*" | "/"
MINUS: "-"
NUMBER: /\d+(\.\d+)?|\.\d+/
STRING: /"(\\.|[^"\\])*"|'(\\.|[^'\\])*'/
NAME: /[A-Za-z][A-Za-z0-9_]*/
COMMENT: "/*" /(.|\n)*?/ "*/"
%ignore COMMENT
%ignore /\s+/
"""
_MOST_LOOKUPS = 10
_KINDS = {
    "boolean": "boolean",
    "int": "number",
    "long": "number",
    "double": "number",
    "currency": "number",
    "percent": "number",
    "date": "date",
    "datetime": "datetime",
}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def field_sql(schema: Schema, sobject: SObject, field: Field, alias: str, now: datetime) -> str:
    """The value of a formula field as a SQL expression.

    Args:
        schema: The org's objects.
        sobject: The object the field is of.
        field: The formula field.
        alias: How the statement calls the object's table.
        now: The org's time, for TODAY() and NOW().

    Raises:
        FormulaError: The formula is not one, or names what this org does not have.
    """
    return _Translator(schema, sobject, now, count(), 0).result(field, alias)


def condition_sql(schema: Schema, sobject: SObject, formula: str, alias: str, now: datetime) -> str:
    """A formula that is true or false as a SQL expression that is 1 or 0; arguments as in ``field_sql``."""
    value = _Translator(schema, sobject, now, count(), 0).translate(formula, alias)
    return f"COALESCE({value.sql}, 0)"


@functools.cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr")


@functools.lru_cache(maxsize=1000)
def _parse(formula: str) -> Tree[Token]:
    try:
        return _parser().parse(formula)
    except (LarkError, RecursionError) as error:
        raise FormulaError(f"Syntax error in the formula {formula!r}") from error


@dataclass(slots=True)
class _Translator:
    """Turns the formulas of one object into SQL."""

    schema: Schema
    sobject: SObject
    now: datetime
    numbers: Iterator[int]
    depth: int

    def result(self, field: Field, alias: str) -> str:
        value = self.translate(field.formula or "", alias)
        kind = _KINDS.get(field.type, "text")
        if kind == "text":
            return f"NULLIF({as_text(value)}, '')"
        if kind == "boolean":
            return f"COALESCE({value.sql}, 0)"
        return f"ROUND({value.sql}, {field.scale})" if kind == "number" else value.sql

    def translate(self, formula: str, alias: str) -> Value:
        if self.depth > _MOST_LOOKUPS:
            raise FormulaError("The formula refers to itself, or to too many others")
        return self._value(_parse(formula), alias)

    def _value(self, node: Tree[Token] | Token, alias: str) -> Value:
        assert isinstance(node, Tree)
        if node.data in {"either", "both"}:
            operator = " OR " if node.data == "either" else " AND "
            parts = [f"COALESCE({self._value(each, alias).sql}, 0)" for each in node.children]
            return Value("(" + operator.join(parts) + ")", "boolean")
        handler = getattr(self, f"_{node.data}")
        value: Value = handler(node.children, alias)
        return value

    def _comparison(self, children: list[Tree[Token]], alias: str) -> Value:
        left, operator, right = children
        one, other = self._value(left, alias), self._value(right, alias)
        sign = {"==": "=", "!=": "<>"}.get(str(operator), str(operator))
        if "text" in {one.kind, other.kind}:
            return Value(f"(COALESCE({as_text(one)}, '') {sign} COALESCE({as_text(other)}, ''))", "boolean")
        return Value(f"({one.sql} {sign} {other.sql})", "boolean")

    def _sum(self, children: list[Tree[Token]], alias: str) -> Value:
        value = self._value(children[0], alias)
        for operator, each in zip(children[1::2], children[2::2], strict=True):
            value = _added(value, str(operator), self._value(each, alias))
        return value

    def _product(self, children: list[Tree[Token]], alias: str) -> Value:
        sql = self._number_sql(children[0], alias)
        for operator, each in zip(children[1::2], children[2::2], strict=True):
            right = self._number_sql(each, alias)
            sql = f"({sql} * {right})" if str(operator) == "*" else f"({sql} * 1.0 / NULLIF({right}, 0))"
        return Value(sql, "number")

    def _power(self, children: list[Tree[Token]], alias: str) -> Value:
        sql = self._number_sql(children[0], alias)
        for each in children[1:]:
            sql = f"POWER({sql}, {self._number_sql(each, alias)})"
        return Value(sql, "number")

    def _negative(self, children: list[Tree[Token]], alias: str) -> Value:
        return Value(f"(- {self._number_sql(children[-1], alias)})", "number")

    def _negation(self, children: list[Tree[Token]], alias: str) -> Value:
        return Value(f"(NOT COALESCE({self._value(children[0], alias).sql}, 0))", "boolean")

    def _number(self, children: list[Token], _alias: str) -> Value:
        return Value(str(children[0]), "number")

    def _text(self, children: list[Token], _alias: str) -> Value:
        characters = iter(children[0][1:-1])
        text = ""
        for character in characters:
            escaped = next(characters, "") if character == "\\" else ""
            text += _ESCAPES.get(escaped, escaped) if escaped else character
        return text_literal(text)

    def _call(self, children: list[Tree[Token] | Token | None], alias: str) -> Value:
        name, *given = children
        function = FUNCTIONS.get(str(name).upper())
        if function is None:
            raise FormulaError(f"Unknown function {name}. Check spelling.")
        arguments = [self._value(each, alias) for each in given if isinstance(each, Tree)]
        if not function.fewest <= len(arguments) <= function.most:
            raise FormulaError(f"Incorrect number of parameters for function '{name}()'")
        return function.translate(arguments, self.now)

    def _reference(self, names: list[Token], alias: str) -> Value:
        constant = _CONSTANTS.get(names[0].upper()) if len(names) == 1 else None
        return constant or self._path([str(name) for name in names], alias)

    def _path(self, names: list[str], alias: str) -> Value:
        if len(names) == 1:
            return self._field(names[0], alias)
        lookup = next(
            (
                each
                for each in self.sobject.fields
                if (each.relationship_name or "").lower() == names[0].lower()
            ),
            None,
        )
        parent = self.schema.object(lookup.reference_to[0]) if lookup and lookup.reference_to else None
        if lookup is None or parent is None:
            raise FormulaError(f"Field {names[0]} does not exist. Check spelling.")
        below = f"formula_{next(self.numbers)}"
        there = _Translator(self.schema, parent, self.now, self.numbers, self.depth + 1)
        value = there._path(names[1:], below)
        raw = f'FROM "{parent.name}" {below} WHERE {below}."Id" = {alias}."{lookup.name}"'
        return Value(f"(SELECT {value.sql} {raw})", value.kind, f"(SELECT {value.raw or value.sql} {raw})")

    def _field(self, name: str, alias: str) -> Value:
        field = self.sobject.field(name)
        if field is None or field.compound:
            raise FormulaError(f"Field {name} does not exist. Check spelling.")
        kind = _KINDS.get(field.type, "text")
        if field.calculated:
            deeper = _Translator(self.schema, self.sobject, self.now, self.numbers, self.depth + 1)
            return Value(deeper.result(field, alias), kind)
        column = f'{alias}."{field.name}"'
        return Value(f"COALESCE({column}, 0)", kind, column) if kind == "number" else Value(column, kind)

    def _number_sql(self, node: Tree[Token], alias: str) -> str:
        value = self._value(node, alias)
        if value.kind not in {"number", "null"}:
            raise FormulaError(f"Incorrect parameter type. Expected Number, received {value.kind.title()}")
        return value.sql


_CONSTANTS = {
    "TRUE": Value("1", "boolean"),
    "FALSE": Value("0", "boolean"),
    "NULL": Value("NULL", "null"),
}


def _added(left: Value, operator: str, right: Value) -> Value:
    kinds = {left.kind, right.kind}
    if operator == "&" or (operator == "+" and "text" in kinds):
        return Value(f"(COALESCE({as_text(left)}, '') || COALESCE({as_text(right)}, ''))", "text")
    if left.kind in {"date", "datetime"} and right.kind == left.kind and operator == "-":
        return Value(f"(julianday({left.sql}) - julianday({right.sql}))", "number")
    if left.kind == "date":
        return Value(f"date({left.sql}, ({operator}CAST({right.sql} AS INTEGER)) || ' days')", "date")
    if left.kind == "datetime":
        moved = f"({operator}ROUND({right.sql} * 86400)) || ' seconds'"
        return Value(f"strftime('%Y-%m-%dT%H:%M:%S.000Z', {left.sql}, {moved})", "datetime")
    if kinds <= {"number", "null"}:
        return Value(f"({left.sql} {operator} {right.sql})", "number")
    raise FormulaError(f"Incorrect parameter type for operator '{operator}'")
