"""Queries whose rows are groups: aggregate functions, GROUP BY, ROLLUP and CUBE, HAVING."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

from salesforce_local_org.soql.clauses import check_alias
from salesforce_local_org.soql.conditions import Conditions
from salesforce_local_org.soql.errors import SoqlError
from salesforce_local_org.soql.expressions import is_aggregate, is_date_function
from salesforce_local_org.soql.render import ID_TYPES, NUMBER_TYPES, Column
from salesforce_local_org.soql.shape import group_pieces
from salesforce_local_org.soql.statement import GROUPS, Statement
from salesforce_local_org.soql.tree import Function, Literal, Path, Selected

if TYPE_CHECKING:
    from salesforce_local_org.soql.clauses import Clauses
    from salesforce_local_org.soql.tree import Expression, Query

MOST_SUBTOTAL_FIELDS = 3
_SUBTOTALS = frozenset({"ROLLUP", "CUBE"})
_BINARY = ID_TYPES | NUMBER_TYPES | {"boolean", "date", "datetime", "time"}
_TRANSPARENT = frozenset({"FORMAT", "TOLABEL", "CONVERTCURRENCY"})
Identity = tuple[object, ...]


def compile_groups(clauses: Clauses, query: Query) -> Statement:
    """Compile a query with aggregate functions or GROUP BY.

    Each grouping set is a SELECT of its own, put together by UNION ALL; ROLLUP and CUBE have several.

    Raises:
        SoqlError: With Salesforce's errorCode and message.
    """
    groups = Groups.of_query(clauses, query)
    _refuse_clauses(clauses, query)
    limits = clauses.limits(query)
    sets = [_GroupingSet(groups, frozenset(members)) for members in groups.sets]
    selects = [each.select(query) for each in sets]
    body = clauses.body(query)
    named = sets[0].selected(query)
    columns = [Column(each.path, each.type, f"c{place}", each.field) for place, each in enumerate(named)]
    union = " UNION ALL ".join(f"SELECT {what} {body} {by_and_having}" for what, by_and_having in selects)
    directions = [direction for _, direction in sets[0].order(query)]
    terms = ", ".join(f"s{place} {direction}" for place, direction in enumerate(directions))
    return Statement(
        sobject=clauses.root.sobject,
        kind=GROUPS,
        columns=columns,
        pieces=group_pieces(columns),
        body=f"FROM ({union})",
        tail=f"{f'ORDER BY {terms}' if terms else ''} {limits}",
        parameters=clauses.context.parameters,
        limited=query.limit is not None,
        ordered=bool(query.order_by),
    )


@dataclass(slots=True)
class Groups:
    """What a query groups by.

    Attributes:
        members: The grouped columns by the identity of their expression.
        sets: The grouping sets: which members each row is grouped by.
    """

    clauses: Clauses
    members: dict[Identity, Column] = field(default_factory=dict)
    sets: list[tuple[Identity, ...]] = field(default_factory=list)

    @classmethod
    def of_query(cls, clauses: Clauses, query: Query) -> Groups:
        """Read GROUP BY.

        Raises:
            SoqlError: INVALID_FIELD for a field that is not groupable, MALFORMED_QUERY otherwise.
        """
        groups = cls(clauses)
        expressions, kind = _unwrapped(clauses, query.group_by)
        for each in expressions:
            groups.members[groups.identity(each)] = groups._grouped(each)
        keys = tuple(groups.members)
        if kind == "ROLLUP":
            groups.sets = [keys[:size] for size in range(len(keys), -1, -1)]
        elif kind == "CUBE":
            groups.sets = [part for size in range(len(keys), -1, -1) for part in combinations(keys, size)]
        else:
            groups.sets = [keys]
        return groups

    def identity(self, expression: Expression | Literal) -> Identity:
        """What two mentions of the same expression have in common."""
        if isinstance(expression, Path):
            return ("path", *self.clauses.scope.resolve(expression).path)
        if isinstance(expression, Literal):
            return ("literal", expression.text)
        return (expression.name.upper(), *(self.identity(each) for each in expression.arguments))

    def _grouped(self, expression: Expression) -> Column:
        if isinstance(expression, Function) and not is_date_function(expression):
            message = f"unexpected token: '{expression.name}'"
            raise self.clauses.context.error("MALFORMED_QUERY", expression.start, message, expression.end)
        column = self.clauses.expressions.column(expression)
        if column.field and not column.field.groupable:
            message = f"field '{column.field.name}' can not be grouped in a query call"
            raise self.clauses.context.error("INVALID_FIELD", expression.start, message, expression.end)
        return column


def _unwrapped(clauses: Clauses, group_by: tuple[Expression, ...]) -> tuple[tuple[Expression, ...], str]:
    """The expressions of GROUP BY, and ROLLUP or CUBE if it is one of these."""
    first = group_by[0] if group_by else None
    if not isinstance(first, Function) or first.name.upper() not in _SUBTOTALS:
        return group_by, ""
    inner = tuple(each for each in first.arguments if not isinstance(each, Literal))
    if len(group_by) > 1 or not 1 <= len(inner) <= MOST_SUBTOTAL_FIELDS or len(inner) != len(first.arguments):
        message = f"{first.name} takes one to {MOST_SUBTOTAL_FIELDS} fields, and stands alone in GROUP BY"
        raise clauses.context.error("MALFORMED_QUERY", first.start, message, first.end)
    return inner, first.name.upper()


def _refuse_clauses(clauses: Clauses, query: Query) -> None:
    context = clauses.context
    for item in query.items:
        if not isinstance(item, Selected):
            message = "Aggregate queries cannot select sub-queries or TYPEOF"
            raise context.error("MALFORMED_QUERY", item.start, message)
    if query.limit is not None and not query.group_by:
        message = "Aggregate functions with a LIMIT need a GROUP BY clause"
        raise context.error("MALFORMED_QUERY", query.limit.start, message, query.limit.end)
    if query.having is not None and not query.group_by:
        raise SoqlError("MALFORMED_QUERY", "HAVING needs a GROUP BY clause")


@dataclass(slots=True)
class _GroupingSet:
    """One SELECT of the union: members outside ``active`` are null in its rows."""

    groups: Groups
    active: frozenset[Identity]

    def select(self, query: Query) -> tuple[str, str]:
        """What this SELECT selects, columns and sort keys; and its GROUP BY and HAVING."""
        outputs = [f"{column.sql} AS c{place}" for place, column in enumerate(self.selected(query))]
        sorts = [f"{key} AS s{place}" for place, (key, _) in enumerate(self.order(query))]
        by = f"GROUP BY {', '.join(self._keys()) or 'NULL'}" if query.group_by else ""
        return ", ".join(outputs + sorts), f"{by} {self._having(query)}"

    def order(self, query: Query) -> list[tuple[str, str]]:
        """The terms of ORDER BY: key and direction."""
        order_term = self.groups.clauses.order_term
        return [order_term(item, self.column(item.expression)) for item in query.order_by]

    def _keys(self) -> list[str]:
        """What SQLite groups by. Text is grouped without case, as it is compared."""
        columns = (column for identity, column in self.groups.members.items() if identity in self.active)
        return [each.sql if each.type in _BINARY else f"{each.sql} COLLATE NOCASE" for each in columns]

    def selected(self, query: Query) -> list[Column]:
        """The columns of the select list, named."""
        found: list[Column] = []
        unnamed = 0
        for item in query.items:
            if not isinstance(item, Selected):
                continue
            check_alias(self.groups.clauses.context, item.alias)
            column = self.column(item.expression)
            name = item.alias.text if item.alias else None
            if name is None and isinstance(item.expression, Path):
                name = column.name
            elif name is None:
                name, unnamed = f"expr{unnamed}", unnamed + 1
            if any(each.name.lower() == name.lower() for each in found):
                raise SoqlError("MALFORMED_QUERY", f"duplicate alias: {name}")
            found.append(Column((name,), column.type, column.sql, column.field))
        return found

    def _having(self, query: Query) -> str:
        """HAVING in SQL."""
        if query.having is None:
            return ""
        return f"HAVING {Conditions(self.groups.clauses.context, self.column).compile(query.having)}"

    def column(self, expression: Expression) -> Column:
        """The column of an expression that is grouped or aggregated.

        Raises:
            SoqlError: MALFORMED_QUERY if it is neither.
        """
        if isinstance(expression, Function) and expression.name.upper() == "FIELDS":
            raise self._not_grouped(expression, expression.name)
        identity = self.groups.identity(expression) if not _is_grouping(expression) else ()
        if identity in self.groups.members:
            member = self.groups.members[identity]
            return (
                member if identity in self.active else Column(member.path, member.type, "NULL", member.field)
            )
        if isinstance(expression, Function):
            return self._function(expression)
        raise self._not_grouped(expression, expression.text)

    def _function(self, function: Function) -> Column:
        expressions = self.groups.clauses.expressions
        if _is_grouping(function):
            return self._grouping(function)
        if is_aggregate(function):
            return expressions.column(function)
        if function.name.upper() in _TRANSPARENT and len(function.arguments) == 1:
            inner = self.column(function.arguments[0])  # type: ignore[arg-type]
            column = expressions.column(function)
            return Column(column.path, column.type, "NULL") if inner.sql == "NULL" else column
        raise self._not_grouped(function, function.name)

    def _grouping(self, function: Function) -> Column:
        argument = function.arguments[0] if len(function.arguments) == 1 else None
        identity = self.groups.identity(argument) if argument is not None else ()
        if identity not in self.groups.members:
            raise self._not_grouped(function, function.name)
        return Column((function.name,), "int", "0" if identity in self.active else "1")

    def _not_grouped(self, expression: Expression, name: str) -> SoqlError:
        message = f"Field must be grouped or aggregated: {name}"
        return self.groups.clauses.context.error("MALFORMED_QUERY", expression.start, message, expression.end)


def _is_grouping(expression: Expression) -> bool:
    return isinstance(expression, Function) and expression.name.upper() == "GROUPING"
