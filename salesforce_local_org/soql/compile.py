"""SOQL text -> statement: the objects, the clauses, and who compiles which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesforce_local_org.soql import grouping, records
from salesforce_local_org.soql.children import child_json
from salesforce_local_org.soql.clauses import Clauses
from salesforce_local_org.soql.expressions import is_aggregate
from salesforce_local_org.soql.parser import parse
from salesforce_local_org.soql.scope import Context
from salesforce_local_org.soql.statement import COUNT, Statement
from salesforce_local_org.soql.tree import Function, Selected

if TYPE_CHECKING:
    from salesforce_local_org.org import Org
    from salesforce_local_org.soql.tree import Query


def compile_statement(org: Org, text: str, *, all_rows: bool = False) -> Statement:
    """Compile a SOQL statement against an org's objects.

    Args:
        org: The org.
        text: The statement.
        all_rows: Whether deleted and archived rows are among the rows, as queryAll has it.

    Raises:
        SoqlError: With Salesforce's errorCode and message.
    """
    query = parse(text)
    everything = all_rows or query.all_rows is not None
    context = Context(text, org.schema, org.clock.now(), org.user_id, everything)
    clauses = Clauses.of_query(context, query)
    if _is_count(query):
        return _count(clauses, query)
    if query.group_by or query.having is not None or any(_aggregates(item) for item in query.items):
        return grouping.compile_groups(clauses, query)
    return records.compile_records(clauses, query, child_json)[0]


def _aggregates(item: object) -> bool:
    return isinstance(item, Selected) and is_aggregate(item.expression)


def _is_count(query: Query) -> bool:
    """Whether the select list is ``COUNT()`` and nothing else."""
    first = query.items[0]
    return (
        len(query.items) == 1
        and isinstance(first, Selected)
        and first.alias is None
        and isinstance(first.expression, Function)
        and first.expression.name.upper() == "COUNT"
        and not first.expression.arguments
    )


def _count(clauses: Clauses, query: Query) -> Statement:
    if query.group_by:
        place = query.group_by[0]
        message = "COUNT() cannot be used with GROUP BY: name a field to count"
        raise clauses.context.error("MALFORMED_QUERY", place.start, message, place.end)
    if query.order_by:
        place = query.order_by[0].expression
        raise clauses.context.error(
            "MALFORMED_QUERY", place.start, "ORDER BY is not allowed with COUNT()", place.end
        )
    body = clauses.body(query)
    limits = clauses.limits(query)
    return Statement(
        sobject=clauses.root.sobject,
        kind=COUNT,
        columns=[],
        pieces=[],
        body=f"FROM (SELECT 1 {body} {limits})",
        tail="",
        parameters=clauses.context.parameters,
        limited=query.limit is not None,
    )
