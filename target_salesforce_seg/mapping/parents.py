"""Parents named by an external id of theirs: ``Account.Number__c``; ``Lead:Who.Email`` for one of several.

Sources: REST API Developer Guide, "Insert or Update (Upsert) a Record Using an External ID" (relationships);
Bulk API 2.0 Developer Guide, "Relationship Fields in a Header Row", whose notation this is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from salesforce_seg.describe import FieldDescribe
from target_salesforce_seg.relationships import field_behind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from salesforce_seg.describe import SObjectDescribe

_NOTATION = re.compile(
    r"(?:(?P<parent>[A-Za-z]\w*):)?(?P<relationship>[A-Za-z]\w*)\.(?P<key>[A-Za-z]\w*)", re.ASCII
)


class ParentReference(NamedTuple):
    """A parent named by one of its fields.

    Attributes:
        name: as Bulk API 2.0 heads the column.
        field: the reference field of the child.
        key: the parent's field, as far as the child's describe tells: text.
    """

    name: str
    field: FieldDescribe
    key: FieldDescribe


def is_parent_notation(name: str) -> bool:
    """Whether a name has the form of a parent's field."""
    return _NOTATION.fullmatch(name) is not None


def parent_reference(sobject: SObjectDescribe, name: str) -> ParentReference | None:
    """The parent that a name such as ``Account.Number__c`` refers to.

    Args:
        sobject: the child's object.
        name: the notation, in any case.

    Returns:
        None if the object has no such relationship that can be written, or if the relationship leads to
        several objects and the notation does not say to which.
    """
    match = _NOTATION.fullmatch(name)
    field = _reference_field(sobject, match["relationship"]) if match else None
    if match is None or field is None or not (field.createable or field.updateable):
        return None
    targets = {target.lower(): target for target in field.reference_to}
    parent = targets.get((match["parent"] or "").lower(), "")
    if match["parent"] and not parent:
        return None
    if len(targets) > 1 and not parent:
        return None
    prefix = f"{parent}:" if len(targets) > 1 else ""
    full_name = f"{prefix}{field.relationship_name}.{match['key']}"
    return ParentReference(full_name, field, FieldDescribe(match["key"], type="string"))


def flattened(sobject: SObjectDescribe, record: Mapping[str, Any]) -> dict[str, Any]:
    """A record with parents as REST nests them (``{"Account": {"Number__c": "1"}}``) under dotted names."""
    flat: dict[str, Any] = {}
    for name, value in record.items():
        if not isinstance(value, dict) or _reference_field(sobject, name) is None:
            flat[name] = value
            continue
        kind = value.get("attributes")
        prefix = f"{kind['type']}:" if isinstance(kind, dict) and isinstance(kind.get("type"), str) else ""
        flat |= {f"{prefix}{name}.{key}": each for key, each in value.items() if key != "attributes"}
    return flat


def _reference_field(sobject: SObjectDescribe, relationship: str) -> FieldDescribe | None:
    return field_behind(sobject, f"{relationship}.Id") if relationship else None
