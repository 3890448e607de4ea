"""WHERE and HAVING -> SQL. A condition is true or not, never unknown: NOT means what it says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from salesforce_local_org import ids
from salesforce_local_org.soql import currency, literals
from salesforce_local_org.soql.dates import days_of
from salesforce_local_org.soql.filter_rules import (
    DATE_RANGES,
    LITERALS,
    NEVER_FILTERED,
    OPERATORS,
    TEXT_LITERAL,
    TEXT_OPERATORS,
    TEXT_TYPES,
    VALUES,
)
from salesforce_local_org.soql.render import ID_TYPES, Column
from salesforce_local_org.soql.tree import Compare, Condition, Literal, Logic, Member, Not, SemiJoin

if TYPE_CHECKING:
    from collections.abc import Callable

    from salesforce_local_org.soql.errors import SoqlError
    from salesforce_local_org.soql.scope import Context
    from salesforce_local_org.soql.tree import Expression

_FALSE = "0"
_INLINE_VALUES = 20


class Conditions:
    """Compiles conditions of one query.

    Args:
        context: The statement's context.
        operand: Gives the column of an expression on the left side.
        semi_join: Compiles a sub-query on the right side; None where none may stand.
    """

    def __init__(
        self,
        context: Context,
        operand: Callable[[Expression], Column],
        semi_join: Callable[[Column, SemiJoin], str] | None = None,
    ) -> None:
        self._context = context
        self._operand = operand
        self._semi_join = semi_join

    def compile(self, condition: Condition, *, top_level: bool = True) -> str:
        """A condition in SQL.

        Args:
            condition: The condition.
            top_level: Whether semi-joins may stand here: in the WHERE itself or below its ANDs.

        Raises:
            SoqlError: As Salesforce refuses it.
        """
        if isinstance(condition, Logic):
            inner = top_level and condition.operator == "AND"
            operands = [self.compile(each, top_level=inner) for each in condition.operands]
            return _balanced(condition.operator, operands)
        if isinstance(condition, Not):
            return f"({self.compile(condition.operand, top_level=False)}) IS NOT TRUE"
        if isinstance(condition, SemiJoin):
            return self._compile_semi_join(condition, top_level)
        column = self._operand(condition.expression)
        if isinstance(condition, Member):
            return self._member(column, condition)
        return self._compare(column, condition)

    def _compile_semi_join(self, condition: SemiJoin, top_level: bool) -> str:
        if self._semi_join is None or not top_level:
            raise self._context.error(
                "MALFORMED_QUERY",
                condition.start,
                "Semi join sub-selects are only allowed at the top level WHERE expressions and not in nested"
                " WHERE expressions",
            )
        return self._semi_join(self._operand(condition.expression), condition)

    def _compare(self, column: Column, condition: Compare) -> str:
        operator, literal = condition.operator, condition.value
        self._check_operator(column, operator, condition.expression)
        if operator == "LIKE":
            return self._like(column, literal)
        if _is_null(literal) and operator in {"=", "!="}:
            return self._null(column, operator)
        self._check_literal(column, literal)
        if column.type in {"date", "datetime"} and literal.kind in {"DATE_N", "NAME"}:
            return self._date_range(column, operator, literal)
        if _is_null(literal):
            return _FALSE
        return self._compare_value(column, operator, literal)

    def _compare_value(self, column: Column, operator: str, literal: Literal) -> str:
        if self._is_worth(column, literal):
            left, right = currency.worth(column), currency.literal_worth(self._context, column, literal)
            return f"{left} {'IS NOT' if operator == '!=' else operator} {right}"
        value = self._value(column, literal)
        if column.type == "multipicklist":
            wanted = self._context.bind(";".join(sorted(_choices(value))))
            return f"ifnull(soql_choices({column.sql}), '') {operator} {wanted}"
        if value is None:
            return self._null(column, operator)
        if column.type == "boolean":
            return f"{column.sql} {operator} {int(bool(value))}"
        left, right = self._comparable(column, value)
        if operator == "!=":
            return f"({left} {_collation(column, value)} IS NOT {right})"
        return f"{left} {_collation(column, value)} {operator} {right}"

    def _comparable(self, column: Column, value: object) -> tuple[str, str]:
        if isinstance(value, str) and not value.isascii() and not _is_exact(column):
            return f"soql_fold({column.sql})", self._context.bind(value.casefold())
        return column.sql, self._context.bind(value)

    def _member(self, column: Column, condition: Member) -> str:
        operator = condition.operator
        self._check_operator(column, operator, condition.expression)
        if operator in {"INCLUDES", "EXCLUDES"}:
            return self._includes(column, condition)
        one_by_one = column.type in {"date", "datetime", "multipicklist", "boolean"}
        if one_by_one or any(self._is_worth(column, each) for each in condition.values):
            equal = [
                self._compare(column, Compare(condition.expression, "=", each)) for each in condition.values
            ]
            found = _balanced("OR", equal)
            return found if operator == "IN" else f"({found}) IS NOT TRUE"
        values = [self._checked_value(column, each) for each in condition.values]
        found = self._in(column, values)
        return found if operator == "IN" else f"({found}) IS NOT TRUE"

    def _is_worth(self, column: Column, literal: Literal) -> bool:
        """Whether a literal stands for what an amount is worth, not for the amount as it stands."""
        return literal.kind == "CURRENCY" and currency.is_converted(self._context, column)

    def _checked_value(self, column: Column, literal: Literal) -> object:
        self._check_literal(column, literal)
        return None if _is_null(literal) else self._value(column, literal)

    def _in(self, column: Column, values: list[object]) -> str:
        there = list(dict.fromkeys(value for value in values if value is not None))
        plain = [
            value for value in there if _is_exact(column) or not isinstance(value, str) or value.isascii()
        ]
        folded = [value.casefold() for value in there if isinstance(value, str) and value not in plain]
        parts = []
        if plain:
            parts.append(f"{column.sql} {_collation(column, plain[0])} IN ({self._listed(plain)})")
        if folded:
            parts.append(f"soql_fold({column.sql}) IN ({self._listed(folded)})")
        if None in values:
            parts.append(f"{column.sql} IS NULL")
        return _balanced("OR", parts) if parts else _FALSE

    def _listed(self, values: list[object] | list[str]) -> str:
        if len(values) <= _INLINE_VALUES:
            return ", ".join(map(self._context.bind, values))
        return f"SELECT value FROM json_each({self._context.bind(json.dumps(values))})"  # noqa: S608

    def _includes(self, column: Column, condition: Member) -> str:
        found = _balanced(
            "OR",
            [
                f"soql_includes({column.sql}, {self._context.bind(self._checked_value(column, each) or '')})"
                for each in condition.values
            ],
        )
        return found if condition.operator == "INCLUDES" else f"({found}) IS NOT TRUE"

    def _like(self, column: Column, literal: Literal) -> str:
        if _is_null(literal):
            return f"{column.sql} IS NULL"
        self._check_literal(column, literal)
        try:
            pattern = literals.like_pattern(literal.text)
        except literals.LiteralError as error:
            raise self._context.error("MALFORMED_QUERY", literal.start, str(error)) from None
        bound = self._context.bind(pattern)
        if pattern.isascii():
            return rf"{column.sql} LIKE {bound} ESCAPE '\'"
        return f"soql_like({bound}, {column.sql})"

    def _null(self, column: Column, operator: str) -> str:
        if column.type == "boolean":
            return f"{column.sql} = {0 if operator == '=' else 1}"
        return f"{column.sql} IS {'' if operator == '=' else 'NOT '}NULL"

    def _date_range(self, column: Column, operator: str, literal: Literal) -> str:
        days = days_of(literal.text, self._context.now.date())
        if days is None:
            raise self._bad_literal(column, literal)
        suffix = "T00:00:00.000Z" if column.type == "datetime" else ""
        first, last = (self._context.bind(day.isoformat() + suffix) for day in days)
        return DATE_RANGES[operator].format(column.sql, first, last)

    def _check_operator(self, column: Column, operator: str, expression: Expression) -> None:
        field = column.field
        if column.type in NEVER_FILTERED and field:
            raise self._context.error(
                "INVALID_FIELD", expression.start, NEVER_FILTERED[column.type], expression.end
            )
        if field and not field.filterable:
            message = f"field '{field.name}' can not be filtered in a query call"
            raise self._context.error("INVALID_FIELD", expression.start, message, expression.end)
        if operator not in OPERATORS.get(column.type, TEXT_OPERATORS):
            kind = "id" if column.type in ID_TYPES else column.type
            raise self._context.error(
                "INVALID_QUERY_FILTER_OPERATOR",
                expression.start,
                f"invalid operator on {kind} field",
                expression.end,
            )

    def _check_literal(self, column: Column, literal: Literal) -> None:
        if _is_null(literal):
            return
        _, kinds = LITERALS.get(column.type, TEXT_LITERAL)
        if literal.kind not in kinds:
            raise self._bad_literal(column, literal)
        if column.type == "boolean" and literal.text.upper() not in {"TRUE", "FALSE"}:
            raise self._bad_literal(column, literal)
        if column.type in {"int", "long"} and not literal.text.lstrip("+-").isdigit():
            raise self._bad_literal(column, literal)

    def _bad_literal(self, column: Column, literal: Literal) -> SoqlError:
        kind, _ = LITERALS.get(column.type, TEXT_LITERAL)
        quotes = "should be enclosed in quotes" if kind == "string" else "should not be enclosed in quotes"
        return self._context.error(
            "INVALID_FIELD",
            literal.start,
            f"value of filter criterion for field '{column.name}' must be of type {kind} and {quotes}",
            literal.end,
        )

    def _value(self, column: Column, literal: Literal) -> object:
        try:
            if column.type in ID_TYPES:
                return self._id(literal)
            convert = VALUES.get(column.type, literals.text_of)
            value = convert(literal.text)
        except literals.LiteralError as error:
            raise self._context.error("MALFORMED_QUERY", literal.start, str(error), literal.end) from None
        return None if value == "" else value

    def _id(self, literal: Literal) -> str | None:
        text = literals.text_of(literal.text)
        if not text:
            return None
        found = ids.normalise(text)
        if found is None:
            raise self._context.error(
                "INVALID_QUERY_FILTER_OPERATOR", literal.start, f"invalid ID field: {text}", literal.end
            )
        return found


def _choices(value: object) -> set[str]:
    return {each.strip().casefold() for each in str(value).split(";") if each.strip()}


def _is_null(literal: Literal) -> bool:
    return literal.kind == "NULL"


def _is_exact(column: Column) -> bool:
    """Whether case counts in comparisons with this column."""
    return column.type in ID_TYPES or bool(
        column.field and column.field.case_sensitive and column.field.unique
    )


def _collation(column: Column, value: object) -> str:
    return (
        "COLLATE NOCASE"
        if isinstance(value, str) and column.type in TEXT_TYPES and not _is_exact(column)
        else ""
    )


def _balanced(operator: str, parts: list[str]) -> str:
    """Conditions under one operator, bracketed as a tree: SQLite refuses expressions deeper than 1,000."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return f"({_balanced(operator, parts[:half])} {operator} {_balanced(operator, parts[half:])})"
