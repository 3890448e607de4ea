"""Parents named by a key of their own instead of an Id: ``Account.Key__c``, ``Lead:Who.Email``.

Sources: REST API Developer Guide, "Insert or Update (Upsert) a Record Using an External ID"; Bulk API 2.0
guide, "Relationship Fields in a Header Row", whose spelling of such a name is used here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from salesforce_seg.describe import FieldDescribe, SObjectDescribe


def field_behind(sobject: SObjectDescribe, name: str) -> FieldDescribe | None:
    """The field that a name writes: the object's own, or the reference field behind a relationship."""
    if "." not in name:
        return sobject.field(name)
    relationship = _parts(name)[1].lower()
    return next((each for each in sobject.fields if each.relationship_name.lower() == relationship), None)


def selectable(sobject: SObjectDescribe, names: Iterable[str]) -> list[str]:
    """Those of some names that a query of the object can select, each once."""
    return [
        name
        for name in dict.fromkeys(names)
        if (field := field_behind(sobject, name)) and not ("." in name and len(field.reference_to) > 1)
    ]


def flat(row: dict[str, Any], of_parents: Iterable[str]) -> dict[str, Any]:
    """A row of a query in which parents' values stand under the names they were selected by."""
    for name in of_parents:
        parent = row.get(_parts(name)[1])
        row[name] = parent.get(_parts(name)[2]) if isinstance(parent, dict) else None
    return row


def names_of_parents(names: Iterable[str]) -> list[str]:
    """Those of some names that name a parent by a key."""
    return [name for name in names if "." in name]


def parents_of(sobject: SObjectDescribe, fields: Iterable[str]) -> set[str]:
    """The objects whose records a write refers to by a key."""
    behind = [field for name in names_of_parents(fields) if (field := field_behind(sobject, name))]
    return {parent for field in behind for parent in field.reference_to}


def nested(sobject: SObjectDescribe, record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as REST takes it: a parent's key in an object of its own; a null clears the reference."""
    written: dict[str, Any] = {}
    for name, value in record.items():
        if "." not in name:
            written[name] = value
        elif value is None:
            field = field_behind(sobject, name)
            written[field.name if field else name] = None
        else:
            parent, relationship, key = _parts(name)
            written[relationship] = ({"attributes": {"type": parent}} if parent else {}) | {key: value}
    return written


def _parts(name: str) -> tuple[str, str, str]:
    """The parent's object if the name says it, the relationship, the parent's key field."""
    path, _, key = name.rpartition(".")
    parent, _, relationship = path.rpartition(":")
    return parent, relationship, key
