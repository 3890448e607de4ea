"""A record as a request gives it, read against its object: known fields, values of the right JSON type."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from salesforce_local_org.rules import errors, values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from salesforce_local_org.schema import Field, SObject


@dataclass(slots=True)
class ForeignKey:
    """A parent named by one of its own fields: ``"Owner": {"Email": "a@example.com"}``."""

    lookup: Field
    key: str
    value: Any
    parent: str | None = None
    """The parent's object, where the request says which (``attributes.type``)."""


@dataclass(slots=True)
class Draft:
    """A record to be written."""

    sobject: SObject
    values: dict[str, Any] = field(default_factory=dict)
    """By field name in canonical case, as ``values.read`` gives them; no Id."""
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    id: str | None = None
    """As given, not checked."""


def read(sobject: SObject, record: Mapping[str, Any]) -> Draft:
    """Read a record's JSON object.

    Args:
        sobject: The record's object.
        record: Field names in any case, to JSON values; ``attributes`` is skipped.

    Raises:
        RequestError: A field that the object does not have, or a value of another JSON type than its field's.
    """
    draft = Draft(sobject)
    for name, value in record.items():
        found = sobject.field(name)
        if found is not None:
            if found.name == "Id":
                draft.id = _read_id(found, value)
            else:
                draft.values[found.name] = value if found.compound else values.read(found, value)
        elif name.lower() != "attributes":
            _read_relationship(draft, name, value)
    return draft


def _read_id(field: Field, value: Any) -> str | None:
    text = values.read(field, value)
    return str(text) if text is not None else None


def _read_relationship(draft: Draft, name: str, value: Any) -> None:
    lookup = _lookup(draft.sobject, name)
    if lookup is None or not (value is None or isinstance(value, dict)):
        raise errors.unknown_field(draft.sobject, name)
    if value is None:
        draft.values[lookup.name] = None
        return
    attributes = value.get("attributes")
    parent = attributes.get("type") if isinstance(attributes, dict) else None
    keys = {key: each for key, each in value.items() if key.lower() != "attributes"}
    if len(keys) != 1:
        raise errors.no_key_field(draft.sobject, name)
    ((key, key_value),) = keys.items()
    if isinstance(key_value, (dict, list)):
        raise errors.MistypedValueError(lookup, key_value)
    draft.foreign_keys.append(ForeignKey(lookup, key, key_value, str(parent) if parent else None))


def _lookup(sobject: SObject, relationship: str) -> Field | None:
    wanted = relationship.lower()
    return next(
        (
            each
            for each in sobject.fields
            if each.relationship_name and each.relationship_name.lower() == wanted
        ),
        None,
    )
