"""``FIELDS(ALL)``, ``FIELDS(CUSTOM)`` and ``FIELDS(STANDARD)`` in a select list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesforce_local_org.soql.errors import SoqlError
from salesforce_local_org.soql.scope import Resolved
from salesforce_local_org.soql.tree import Compare, Function, Logic, Member, Path

if TYPE_CHECKING:
    from collections.abc import Callable

    from salesforce_local_org.schema import Field
    from salesforce_local_org.soql.clauses import Clauses
    from salesforce_local_org.soql.render import Column
    from salesforce_local_org.soql.tree import Condition, Expression, Query

MOST_ROWS = 200
_CHOICES: dict[str, Callable[[Field], bool]] = {
    "ALL": lambda _: True,
    "CUSTOM": lambda field: field.custom,
    "STANDARD": lambda field: not field.custom,
}
_UNBOUNDED = frozenset({"ALL", "CUSTOM"})


def is_fields_function(expression: Expression) -> bool:
    """Whether an entry of the select list is FIELDS()."""
    return isinstance(expression, Function) and expression.name.upper() == "FIELDS"


def expand_fields(clauses: Clauses, query: Query, function: Function) -> list[Column]:
    """The columns that FIELDS() stands for, in describe order.

    Raises:
        SoqlError: MALFORMED_QUERY for an unknown choice, for ALL and CUSTOM without a LIMIT of at most 200 or
            as few ids in WHERE, and when there is no such field.
    """
    argument = function.arguments[0] if len(function.arguments) == 1 else None
    choice = argument.text.upper() if isinstance(argument, Path) else ""
    if choice not in _CHOICES:
        raise clauses.context.error(
            "MALFORMED_QUERY", function.start, "FIELDS() takes ALL, CUSTOM or STANDARD", function.end
        )
    if choice in _UNBOUNDED and not _is_bounded(query):
        raise SoqlError(
            "MALFORMED_QUERY", f"The SOQL FIELDS function must have a LIMIT of at most {MOST_ROWS}"
        )
    root = clauses.root
    fields = [each for each in root.sobject.fields if _CHOICES[choice](each)]
    if not fields:
        text = "'FIELDS(...)' expansion function must result in at least one field being selected."
        raise SoqlError("MALFORMED_QUERY", text)
    return [clauses.expressions.field_column(Resolved(each, root, ())) for each in fields]


def _is_bounded(query: Query) -> bool:
    limit = query.limit
    if limit is not None and limit.text.isdigit() and int(limit.text) <= MOST_ROWS:
        return True
    count = _ids_asked(query.where) if query.where else None
    return count is not None and count <= MOST_ROWS


def _ids_asked(condition: Condition) -> int | None:
    """How many ids a condition lets through at most; None if any number."""
    if isinstance(condition, Logic):
        counts = [_ids_asked(each) for each in condition.operands]
        known = [each for each in counts if each is not None]
        if condition.operator == "AND":
            return min(known, default=None)
        return sum(known) if len(known) == len(counts) else None
    if isinstance(condition, (Compare, Member)) and _is_id(condition.expression):
        if isinstance(condition, Compare):
            return 1 if condition.operator == "=" else None
        return len(condition.values) if condition.operator == "IN" else None
    return None


def _is_id(expression: Expression) -> bool:
    return isinstance(expression, Path) and len(expression.parts) == 1 and expression.parts[0].lower() == "id"
