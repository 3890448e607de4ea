"""Semi-joins and anti-joins, ``field IN (SELECT field FROM object)``, and all that SOQL forbids in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesforce_local_org.soql.render import ID_TYPES
from salesforce_local_org.soql.tree import Function, Path, Selected

if TYPE_CHECKING:
    from collections.abc import Callable

    from salesforce_local_org.schema import Field, SObject
    from salesforce_local_org.soql.clauses import Clauses
    from salesforce_local_org.soql.errors import SoqlError
    from salesforce_local_org.soql.render import Column
    from salesforce_local_org.soql.scope import Context
    from salesforce_local_org.soql.tree import Query, SemiJoin

MOST_SEMI_JOINS = 2
_REFUSED_OBJECTS = frozenset(
    {"ActivityHistory", "Attachment", "Event", "EventAttendee", "Note", "OpenActivity", "Task"}
)
_REFUSED_CLAUSES = ("order_by", "limit", "offset", "group_by", "having", "locking", "all_rows")


class SemiJoins:
    """The semi-joins of one WHERE, at most two ("Comparison Operators", semi-joins and anti-joins).

    Args:
        context: The statement's context.
        outer: The object of the query whose WHERE it is.
        clauses_of: Resolves the FROM of a sub-query.
    """

    def __init__(
        self, context: Context, outer: SObject, clauses_of: Callable[[Context, Query], Clauses]
    ) -> None:
        self._context = context
        self._outer = outer
        self._clauses_of = clauses_of
        self._count = 0

    def compile(self, left: Column, condition: SemiJoin) -> str:
        """A semi-join in SQL.

        Raises:
            SoqlError: MALFORMED_QUERY or INVALID_FIELD, by the rule that is broken.
        """
        query = condition.query
        self._count += 1
        if self._count > MOST_SEMI_JOINS:
            raise self._refuse(
                condition, f"Maximum number of semi join sub-selects allowed is {MOST_SEMI_JOINS}"
            )
        self._check_left(left, condition)
        inner = self._clauses_of(self._context, query)
        path = self._inner_path(condition, query)
        self._check_inner(condition, query, inner.root.sobject)
        right = inner.expressions.column(path)
        if right.type not in ID_TYPES:
            raise self._refuse(
                condition, f"Semi join sub-selects can only query id fields, cannot use: '{path.text}'"
            )
        self._check_targets(left, right, condition)
        rows = f"SELECT {right.sql} {inner.body(query, semi_joins=False)} AND {right.sql} IS NOT NULL"
        found = f"{left.sql} IN ({rows})"
        return found if condition.operator == "IN" else f"({found}) IS NOT TRUE"

    def _check_left(self, left: Column, condition: SemiJoin) -> None:
        expression = condition.expression
        if left.type not in ID_TYPES:
            raise self._refuse(
                condition, f"The left operand '{left.name}' of a semi join must be an id or reference field"
            )
        if isinstance(expression, Path) and len(left.path) > 1:
            raise self._refuse(condition, "The left operand cannot have more than one level of relationships")

    def _inner_path(self, condition: SemiJoin, query: Query) -> Path:
        item = query.items[0]
        if len(query.items) > 1 or not isinstance(item, Selected) or isinstance(item.expression, Function):
            raise self._refuse(condition, "Semi join sub-selects can only select one id or reference field")
        if len(item.expression.parts) > 1:
            raise self._refuse(
                condition,
                f"Semi join sub-selects can only query id fields, cannot use: '{item.expression.text}'",
            )
        return item.expression

    def _check_inner(self, condition: SemiJoin, query: Query, sobject: SObject) -> None:
        if sobject.name in _REFUSED_OBJECTS or sobject.name.endswith("Tag"):
            raise self._refuse(
                condition, f"Entity '{sobject.name}' is not supported for semi join inner selects"
            )
        if sobject is self._outer:
            raise self._refuse(condition, "The inner and outer selects should not be on the same object type")
        for name in _REFUSED_CLAUSES:
            if getattr(query, name):
                word = name.replace("_", " ").upper()
                raise self._refuse(condition, f"{word} is not allowed in semi join sub-selects")

    def _check_targets(self, left: Column, right: Column, condition: SemiJoin) -> None:
        if _targets(left, self._outer).isdisjoint(_targets(right, None)):
            raise self._context.error(
                "INVALID_FIELD",
                condition.start,
                f"The selected field '{right.name}' in the subquery and the left operand field in the where"
                f" expression in the outer query '{left.name}' should point to the same object type",
            )

    def _refuse(self, condition: SemiJoin, message: str) -> SoqlError:
        return self._context.error("MALFORMED_QUERY", condition.start, message)


def _targets(column: Column, owner: SObject | None) -> set[str]:
    """The objects whose ids a column holds."""
    field: Field | None = column.field
    if field is not None and field.type == "reference":
        return set(field.reference_to)
    sobject = column.source.sobject if column.source else owner
    return {sobject.name} if sobject else set()
