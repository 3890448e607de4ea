"""What a query can tell of itself without a row: its columns, and how it would be run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesforce_local_org.soql import GROUPS

if TYPE_CHECKING:
    from salesforce_local_org.soql import QueryResult, Statement
    from salesforce_local_org.soql.render import Column

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


def column_metadata(statement: Statement) -> dict[str, Any]:
    """The answer to ``?columns=true``: the columns as the Salesforce CLI asks for them."""
    is_grouped = statement.kind == GROUPS
    return {
        "columnMetadata": [*_nested(statement.columns, 0, is_grouped=is_grouped), *_child_lists(statement)],
        "entityName": statement.sobject.name,
        "groupBy": is_grouped,
        "idSelected": any(column.path == ("Id",) for column in statement.columns),
        "keyPrefix": statement.sobject.key_prefix,
    }


def _nested(columns: list[Column], depth: int, *, is_grouped: bool) -> list[dict[str, Any]]:
    """Columns of one record; those of a parent stand below the parent, in ``joinColumns``."""
    found: dict[str, dict[str, Any]] = {}
    for column in columns:
        name = column.path[depth]
        if name in found:
            continue
        if len(column.path) == depth + 1:
            found[name] = _leaf(column, is_grouped=is_grouped)
            continue
        inside = [each for each in columns if len(each.path) > depth + 1 and each.path[depth] == name]
        found[name] = _entry(
            name, None, column.path[: depth + 1], joined=_nested(inside, depth + 1, is_grouped=is_grouped)
        )
    return list(found.values())


def _child_lists(statement: Statement) -> list[dict[str, Any]]:
    children = [each for each in statement.children if each.depth == 0]
    return [
        _entry(
            each.name, None, (each.name,), joined=_nested(each.for_one_parent().columns, 0, is_grouped=False)
        )
        for each in children
    ]


def _leaf(column: Column, *, is_grouped: bool) -> dict[str, Any]:
    aggregate = is_grouped and column.field is None
    entry = _entry(column.name, _APEX_TYPES.get(column.type, "String"), column.path, aggregate=aggregate)
    field = column.field
    if field is not None and not is_grouped:
        entry |= {
            "custom": field.custom,
            "foreignKeyName": field.relationship_name,
            "insertable": field.createable,
            "updatable": field.updateable,
        }
    return entry


def _entry(
    name: str,
    apex_type: str | None,
    path: tuple[str, ...],
    *,
    aggregate: bool = False,
    joined: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    return {
        "aggregate": aggregate or joined is not None,
        "apexType": apex_type,
        "booleanType": apex_type == "Boolean",
        "columnName": name,
        "custom": name.endswith("__c"),
        "displayName": ".".join(path),
        "foreignKeyName": None,
        "insertable": False,
        "joinColumns": joined or [],
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
