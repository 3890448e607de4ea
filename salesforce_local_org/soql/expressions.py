"""Field paths and functions -> SQL, wherever in a statement they stand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from salesforce_local_org.soql import currency
from salesforce_local_org.soql.render import NUMBER_TYPES, Column, compound_sql
from salesforce_local_org.soql.tree import Function, Literal, Path

if TYPE_CHECKING:
    from collections.abc import Callable

    from salesforce_local_org.schema import Field
    from salesforce_local_org.soql.errors import SoqlError
    from salesforce_local_org.soql.scope import Context, Resolved, Scope
    from salesforce_local_org.soql.tree import Expression

_MONTH = "CAST(substr({0}, 6, 2) AS INTEGER)"
_DAY = "CAST(substr({0}, 9, 2) AS INTEGER)"
_DAY_IN_YEAR = "CAST(strftime('%j', substr({0}, 1, 10)) AS INTEGER)"
_YEAR = "CAST(substr({0}, 1, 4) AS INTEGER)"
_QUARTER = f"(({_MONTH} + 2) / 3)"
_DATE_FUNCTIONS = {
    "CALENDAR_MONTH": _MONTH,
    "CALENDAR_QUARTER": _QUARTER,
    "CALENDAR_YEAR": _YEAR,
    "DAY_IN_MONTH": _DAY,
    "DAY_IN_WEEK": "CAST(strftime('%w', substr({0}, 1, 10)) AS INTEGER) + 1",
    "DAY_IN_YEAR": _DAY_IN_YEAR,
    "DAY_ONLY": "substr({0}, 1, 10)",
    "FISCAL_MONTH": _MONTH,
    "FISCAL_QUARTER": _QUARTER,
    "FISCAL_YEAR": _YEAR,
    "HOUR_IN_DAY": "CAST(substr({0}, 12, 2) AS INTEGER)",
    "WEEK_IN_MONTH": f"(({_DAY} + 6) / 7)",
    "WEEK_IN_YEAR": f"(({_DAY_IN_YEAR} + 6) / 7)",
}
"""The org's users live in UTC, and its fiscal year is the calendar year. Weeks count from the first day."""
_DATETIME_ONLY = frozenset({"DAY_ONLY", "HOUR_IN_DAY"})
_AGGREGATES = frozenset({"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"})
_NEVER_AGGREGATED = frozenset(
    {"boolean", "time", "base64", "address", "location", "anyType", "multipicklist"}
)
_DISTANCE_UNITS = frozenset({"mi", "km"})


def is_aggregate(expression: Expression) -> bool:
    """Whether an expression is an aggregate function, or formats one."""
    return isinstance(expression, Function) and (
        expression.name.upper() in _AGGREGATES
        or any(is_aggregate(each) for each in expression.arguments if not isinstance(each, Literal))
    )


def is_date_function(expression: Expression) -> bool:
    """Whether an expression is a date function such as ``CALENDAR_YEAR(CreatedDate)``."""
    return isinstance(expression, Function) and expression.name.upper() in _DATE_FUNCTIONS


class Expressions:
    """Columns of the expressions of one query."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._context: Context = scope.context
        self._functions: dict[str, Callable[[Function], Column]] = {
            "TOLABEL": self._to_label,
            "FORMAT": self._format,
            "CONVERTCURRENCY": self._convert_currency,
            "DISTANCE": self._distance,
        }

    def column(self, expression: Expression) -> Column:
        """The column of a field path or of a function.

        Raises:
            SoqlError: INVALID_FIELD for unknown fields, MALFORMED_QUERY for unknown or misplaced functions.
        """
        if isinstance(expression, Path):
            return self.field_column(self._scope.resolve(expression))
        name = expression.name.upper()
        if name in _DATE_FUNCTIONS:
            return self._date_function(expression, name)
        if name in _AGGREGATES:
            return self._aggregate(expression, name)
        handler = self._functions.get(name)
        if handler is None:
            raise self._malformed(expression, f"Invalid aggregate function: {expression.name}")
        return handler(expression)

    def field_column(self, resolved: Resolved) -> Column:
        """The column of a field."""
        field, source = resolved.field, resolved.source
        if field.compound:
            codes = self._context.schema.features["state_country_picklists"]
            return Column(resolved.path, field.type, compound_sql(field, source, codes), field, source)
        return Column(resolved.path, field.type, resolved.sql, field, source)

    def _only_path(self, function: Function) -> Path:
        if len(function.arguments) != 1 or not isinstance(function.arguments[0], Path):
            raise self._malformed(function, f"{function.name} takes one field")
        return function.arguments[0]

    def _date_function(self, function: Function, name: str) -> Column:
        argument = function.arguments[0] if len(function.arguments) == 1 else None
        if isinstance(argument, Function) and argument.name.upper() == "CONVERTTIMEZONE":
            argument = self._only_path(argument)
        if not isinstance(argument, Path):
            raise self._malformed(function, f"{function.name} takes one date field")
        column = self.column(argument)
        allowed = {"datetime"} if name in _DATETIME_ONLY else {"date", "datetime"}
        if column.type not in allowed:
            message = f"field {column.name} does not support date function {name}"
            raise self._context.error("INVALID_FIELD", argument.start, message, argument.end)
        kind = "date" if name == "DAY_ONLY" else "int"
        return Column((function.name,), kind, _DATE_FUNCTIONS[name].format(column.sql))

    def _aggregate(self, function: Function, name: str) -> Column:
        if name == "COUNT" and not function.arguments:
            raise self._malformed(function, "COUNT() must be the only entry of the select list")
        path = self._only_path(function)
        column = self.column(path)
        self._check_aggregate(name, column, path)
        if name == "COUNT":
            return Column(("expr",), "int", f"count({column.sql})")
        if name == "COUNT_DISTINCT":
            folded = f"{column.sql} COLLATE NOCASE" if column.type not in NUMBER_TYPES else column.sql
            return Column(("expr",), "int", f"count(DISTINCT {folded})")
        if currency.is_converted(self._context, column):
            column = replace(column, sql=currency.worth(column))
        if name in {"SUM", "AVG"}:
            kept = column.type in {"currency", "percent"} or (
                name == "SUM" and column.type in {"int", "long"}
            )
            return Column(("expr",), column.type if kept else "double", f"{name}({column.sql})")
        if column.type == "picklist" and column.field and (labels := column.field.picklist_values):
            order = picklist_order(column)
            back = _cases([(str(place), each.value) for place, each in enumerate(labels)])
            return Column(("expr",), "string", f"CASE {name}({order}) {back} ELSE {name}({column.sql}) END")
        return Column(("expr",), column.type, f"{name}({column.sql})")

    def _check_aggregate(self, name: str, column: Column, path: Path) -> None:
        numeric = column.type in NUMBER_TYPES
        refused = (
            column.type in _NEVER_AGGREGATED
            if name in {"MIN", "MAX"}
            else name in {"SUM", "AVG"} and not numeric
        )
        if name in {"COUNT", "COUNT_DISTINCT"}:
            refused = column.type in {"address", "location", "base64"}
        field = column.field
        long_text = field is not None and field.type == "textarea" and not field.filterable
        if refused or long_text:
            message = f"field {column.name} does not support aggregate operator {name}"
            raise self._context.error("INVALID_FIELD", path.start, message, path.end)

    def _to_label(self, function: Function) -> Column:
        column = self.column(self._only_path(function))
        values = column.field.picklist_values if column.field else []
        labels = [(each.value, each.label) for each in values if each.label and each.label != each.value]
        if not labels:
            return column
        cases = " ".join(f"WHEN {_text(value)} THEN {_text(label)}" for value, label in labels)
        return replace(column, sql=f"CASE {column.sql} {cases} ELSE {column.sql} END")

    def _format(self, function: Function) -> Column:
        if len(function.arguments) != 1 or isinstance(function.arguments[0], Literal):
            raise self._malformed(function, "FORMAT takes one field")
        column = self.column(function.arguments[0])
        scale = column.field.scale if column.field else 2
        if column.type in {"address", "location", "base64"}:
            raise self._malformed(function, f"FORMAT does not support fields of type {column.type}")
        if not currency.is_converted(self._context, column):
            sql = f"soql_format({_text(column.type)}, {scale}, {column.sql})"
            return replace(column, type="string", sql=sql)
        as_it_stands = isinstance(function.arguments[0], Path)
        code = (currency.code_of(column) if as_it_stands else None) or currency.OWN_CODE
        sql = f"({code} || ' ' || soql_format('double', {scale}, {column.sql}))"
        return replace(column, type="string", sql=sql)

    def _convert_currency(self, function: Function) -> Column:
        column = self.column(self._only_path(function))
        if not currency.is_converted(self._context, column):
            raise self._malformed(
                function, "convertCurrency is only allowed for currency fields of a multi-currency org"
            )
        return replace(column, sql=currency.worth(column))

    def _distance(self, function: Function) -> Column:
        if len(function.arguments) != 3:
            raise self._malformed(function, "DISTANCE takes a location field, a GEOLOCATION and a unit")
        place, target, unit = function.arguments
        word = unit.text.strip("'").lower() if isinstance(unit, Literal) else ""
        if not isinstance(place, Path) or word not in _DISTANCE_UNITS:
            raise self._malformed(function, "DISTANCE takes a location field, a GEOLOCATION and 'mi' or 'km'")
        resolved = self._scope.resolve(place)
        latitude, longitude = self._coordinates(function, resolved)
        to = ", ".join(self._context.bind(number) for number in self._geolocation(function, target))
        sql = f"soql_distance({latitude}, {longitude}, {to}, {self._context.bind(word)})"
        return Column((function.name,), "double", sql)

    def _coordinates(self, function: Function, resolved: Resolved) -> tuple[str, str]:
        field, source = resolved.field, resolved.source
        prefix = (
            field.name.removesuffix("Address") if field.type == "address" else field.name.removesuffix("__c")
        )
        ends = ("Latitude", "Longitude") if field.type == "address" else ("__latitude__s", "__longitude__s")
        parts: list[Field | None] = [source.sobject.field(prefix + end) for end in ends]
        if not field.compound or None in parts:
            raise self._malformed(function, f"field {field.name} is not a location")
        first, second = (source.column(part) for part in parts if part)
        return first, second

    def _geolocation(self, function: Function, target: object) -> list[float]:
        numbers = (
            target.arguments if isinstance(target, Function) and target.name.upper() == "GEOLOCATION" else ()
        )
        if len(numbers) != 2 or not all(
            isinstance(each, Literal) and each.kind == "NUMBER" for each in numbers
        ):
            raise self._malformed(function, "GEOLOCATION takes a latitude and a longitude")
        return [float(each.text) for each in numbers if isinstance(each, Literal)]

    def _malformed(self, function: Function, message: str) -> SoqlError:
        return self._context.error("MALFORMED_QUERY", function.start, message, function.end)


def picklist_order(column: Column) -> str:
    """SQL that gives a picklist value's place in its list; NULL stays NULL, unlisted values come last."""
    values = column.field.picklist_values if column.field else []
    cases = _cases([(each.value, str(place)) for place, each in enumerate(values)], numbers=True)
    return (
        f"CASE WHEN {column.sql} IS NULL THEN NULL ELSE CASE {column.sql} {cases} ELSE {len(values)} END END"
    )


def _cases(pairs: list[tuple[str, str]], *, numbers: bool = False) -> str:
    if numbers:
        return " ".join(f"WHEN {_text(value)} THEN {place}" for value, place in pairs)
    return " ".join(f"WHEN {place} THEN {_text(value)}" for place, value in pairs)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''").replace("\x00", "") + "'"
