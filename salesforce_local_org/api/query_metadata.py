"""What a query can tell of itself without a row: its columns, and how it would be run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesforce_local_org.soql import GROUPS
from salesforce_local_org.soql.parser import parse
from salesforce_local_org.soql.render import NUMBER_TYPES
from salesforce_local_org.soql.tree import Function, Selected

if TYPE_CHECKING:
    from salesforce_local_org.schema import Field, SObject
    from salesforce_local_org.soql import QueryResult, Statement
    from salesforce_local_org.soql.render import Column
    from salesforce_local_org.soql.tree import Expression, Literal

_APEX_TYPES = {
    "id": "Id",
    "reference": "Id",
    "boolean": "Boolean",
    "int": "Integer",
    "long": "Long",
    "double": "Double",
    "currency": "Decimal",
    "percent": "Double",
    "date": "Date",
    "datetime": "Datetime",
    "time": "Time",
    "address": "Address",
    "location": "Location",
    "base64": "Blob",
}
_NUMBERS = frozenset({"Integer", "Long", "Double", "Decimal"})
_SCAN_COST = 2.8
"""``relativeCost`` of a table scan in Salesforce's own example; above 1 a filter is not selective."""


def column_metadata(statement: Statement, text: str) -> dict[str, Any]:
    """The answer to ``?columns=true``: the columns as the Salesforce CLI asks for them.

    Args:
        statement: The query, compiled.
        text: The query as it came, which has the aggregate functions in its own words.
    """
    is_grouped = statement.kind == GROUPS
    columns = _grouped(statement, text) if is_grouped else _nested(statement.columns, 0, statement.sobject)
    return {
        "columnMetadata": [*columns, *_child_lists(statement)],
        "entityName": statement.sobject.name,
        "groupBy": is_grouped,
        "idSelected": any(column.path == ("Id",) for column in statement.columns),
        "keyPrefix": statement.sobject.key_prefix,
    }


def _nested(columns: list[Column], depth: int, sobject: SObject | None) -> list[dict[str, Any]]:
    """Columns of one record; those of a parent stand below the parent, in ``joinColumns``."""
    found: dict[str, dict[str, Any]] = {}
    for column in columns:
        name = column.path[depth]
        if name in found:
            continue
        if len(column.path) == depth + 1:
            found[name] = _leaf(column)
            continue
        lookup = _lookup(sobject, name)
        inside = [each for each in columns if len(each.path) > depth + 1 and each.path[depth] == name]
        joined = _nested(inside, depth + 1, _parent(column, lookup))
        found[name] = _entry(name) | {
            "foreignKeyName": lookup.name if lookup else None,
            "joinColumns": joined,
        }
    return list(found.values())


def _lookup(sobject: SObject | None, relationship: str) -> Field | None:
    fields = sobject.fields if sobject else ()
    return next((each for each in fields if each.relationship_name == relationship), None)


def _parent(column: Column, lookup: Field | None) -> SObject | None:
    """The object that a lookup leads to; None where it may lead to several."""
    if lookup is None or column.source is None or len(lookup.reference_to) != 1:
        return None
    return column.source.context.schema.object(lookup.reference_to[0])


def _grouped(statement: Statement, text: str) -> list[dict[str, Any]]:
    """Columns of a group: fields as ever, aggregates under their alias with the function as display name."""
    items = [each for each in parse(text).items if isinstance(each, Selected)]
    return [
        _leaf(column)
        if column.field and not isinstance(item.expression, Function)
        else _aggregate(column, item.expression)
        for column, item in zip(statement.columns, items, strict=True)
    ]


def _aggregate(column: Column, expression: Expression) -> dict[str, Any]:
    return _entry(column.name) | {
        "aggregate": True,
        "displayName": _written(expression),
        "numberType": column.type in NUMBER_TYPES,
    }


def _written(expression: Expression | Literal) -> str:
    if isinstance(expression, Function):
        return f"{expression.name.lower()}({', '.join(map(_written, expression.arguments))})"
    return expression.text


def _child_lists(statement: Statement) -> list[dict[str, Any]]:
    children = [(each, each.for_one_parent()) for each in statement.children if each.depth == 0]
    return [
        _entry(child.name) | {"aggregate": True, "joinColumns": _nested(listed.columns, 0, listed.sobject)}
        for child, listed in children
    ]


def _leaf(column: Column) -> dict[str, Any]:
    entry = _entry(column.name, _APEX_TYPES.get(column.type, "String"))
    if field := column.field:
        entry |= {"custom": field.custom, "insertable": field.createable, "updatable": field.updateable}
    return entry


def _entry(name: str, apex_type: str | None = None) -> dict[str, Any]:
    return {
        "aggregate": False,
        "apexType": apex_type,
        "booleanType": apex_type == "Boolean",
        "columnName": name,
        "custom": name.endswith("__c"),
        "displayName": name,
        "foreignKeyName": None,
        "insertable": False,
        "joinColumns": [],
        "numberType": apex_type in _NUMBERS,
        "textType": apex_type == "String",
        "updatable": False,
    }


def plan(result: QueryResult, text: str) -> dict[str, Any]:
    """The answer to ``?explain=``: how the query would be run ("Query Plan", REST API guide).

    Whoever asks holds ``org.store.lock``.

    Args:
        result: The query, not run yet.
        text: The statement as it came.
    """
    sobject = result.statement.sobject
    rows = result.table_rows()
    indexed = result.index_fields()
    found = result.count_rows() if indexed else rows
    return {
        "plans": [
            {
                "cardinality": found,
                "fields": indexed,
                "leadingOperationType": "Index" if indexed else "TableScan",
                "notes": [],
                "relativeCost": round(found / max(rows, 1), 3) if indexed else _SCAN_COST,
                "sobjectCardinality": rows,
                "sobjectType": sobject.name,
            }
        ],
        "sourceQuery": text,
    }
