"""Parent-to-child sub-queries: a list of records inside a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesforce_local_org.soql.clauses import Clauses
from salesforce_local_org.soql.expressions import is_aggregate
from salesforce_local_org.soql.records import compile_records
from salesforce_local_org.soql.render import object_of
from salesforce_local_org.soql.statement import ChildList, Statement
from salesforce_local_org.soql.tree import ChildQuery, Selected

if TYPE_CHECKING:
    from salesforce_local_org.schema import ChildRelationship, SObject
    from salesforce_local_org.soql.errors import SoqlError
    from salesforce_local_org.soql.scope import Context
    from salesforce_local_org.soql.tree import Query

MOST_CHILD_QUERIES = 20
MOST_LEVELS = 5
"""Objects on the way from the root to the innermost list (API version 58.0 and later)."""
CHILD_PAGE = 200
"""Records of a child list in its parent; the rest is behind a locator of its own."""
LONG_LIST_START, LONG_LIST_END = "\x01", "\x02"
"""Around ``number:parentId`` where a child list is longer than a page. JSON never holds these characters."""


def child_json(clauses: Clauses, child: ChildQuery) -> tuple[str, str]:
    """Compile a sub-query of a select list.

    Returns:
        The relationship's name in canonical case, and SQL for the list as JSON: ``null`` without records, a
        mark for ``ChildList`` when there are more than a page.

    Raises:
        SoqlError: As Salesforce refuses it.
    """
    context = clauses.context
    relationship, sobject = _relationship(clauses, child)
    number = len(context.children)
    if number == MOST_CHILD_QUERIES:
        message = f"The maximum number of child sub-selects allowed is {MOST_CHILD_QUERIES}"
        raise context.error("MALFORMED_QUERY", child.start, message)
    context.children.append(
        ChildList(
            relationship.name or "",
            context.depth,
            lambda: _for_one_parent(context.again(), child.query, sobject, relationship),
        )
    )
    parent = clauses.root.id_sql
    statement, record = _compile(context, child.query, sobject, relationship, parent)
    rows = statement.select([f"{record} AS record"])
    mark = f"char(1) || '{number}:' || {parent} || char(2)"
    page = 'printf(\'{"totalSize":%d,"done":true,"records":[%s]}\', count(*), group_concat(record))'
    sql = (
        f"(SELECT CASE count(*) WHEN 0 THEN 'null' WHEN {CHILD_PAGE + 1} THEN {mark} ELSE {page} END"  # noqa: S608
        f" FROM (SELECT record FROM ({rows}) LIMIT {CHILD_PAGE + 1}))"
    )
    return relationship.name or "", sql


def _for_one_parent(
    context: Context, query: Query, sobject: SObject, relationship: ChildRelationship
) -> Statement:
    return _compile(context, query, sobject, relationship, ":parent")[0]


def _compile(
    context: Context, query: Query, sobject: SObject, relationship: ChildRelationship, parent: str
) -> tuple[Statement, str]:
    _refuse_clauses(context, query)
    context.depth += 1
    if context.depth >= MOST_LEVELS:
        message = f"SOQL relationship queries cannot have more than {MOST_LEVELS} levels"
        raise context.error("MALFORMED_QUERY", query.start, message)
    clauses = Clauses.of_object(context, query, sobject, in_child=True)
    tie = f'{clauses.root.alias}."{relationship.field}" = {parent}'
    statement, shape = compile_records(clauses, query, child_json, tie)
    context.depth -= 1
    return statement, object_of(shape.pieces(nested=True))


def _relationship(clauses: Clauses, child: ChildQuery) -> tuple[ChildRelationship, SObject]:
    context, source = clauses.context, child.query.sources[0]
    *before, name = source.path.parts
    starts = {clauses.root.entity.lower(), *clauses.scope.aliases}
    named = len(before) == 0 or (len(before) == 1 and before[0].lower() in starts)
    for each in clauses.root.sobject.child_relationships if named else ():
        sobject = context.schema.object(each.child)
        if (each.name or "").lower() == name.lower() and sobject and sobject.queryable:
            return each, sobject
    raise context.error(
        "INVALID_TYPE",
        source.path.start,
        f"Didn't understand relationship '{name}' in FROM part of query call. If you are attempting to use a"
        " custom relationship, be sure to append the '__r' after the custom relationship name. Please"
        " reference your WSDL or the describe call for the appropriate names.",
        source.path.end,
    )


def _refuse_clauses(context: Context, query: Query) -> None:
    for item in query.items:
        if isinstance(item, Selected) and is_aggregate(item.expression):
            message = "only root queries support aggregate expressions"
            raise _malformed(context, item.expression.start, message)
    if query.group_by:
        raise _malformed(context, query.group_by[0].start, "only root queries support aggregate expressions")
    if query.offset is not None:
        raise _malformed(context, query.offset.start, "OFFSET is not allowed in child queries")
    if query.all_rows is not None:
        raise _malformed(context, query.all_rows.start, "unexpected token: 'ALL'")


def _malformed(context: Context, start: int, message: str) -> SoqlError:
    return context.error("MALFORMED_QUERY", start, message)
