"""An org's objects and fields, as describe tells of them.

Source: REST API Developer Guide, "Describe Global" and "sObject Describe".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def _known(cls: type, body: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a describe body that a dataclass has, under its snake-case names."""
    wanted = _member_names(cls)
    return {wanted[key]: value for key, value in body.items() if key in wanted and value is not None}


@cache
def _member_names(cls: type) -> dict[str, str]:
    """The snake-case names of a dataclass's members, by describe's names."""
    return {re.sub(r"_([a-z])", lambda m: m[1].upper(), each.name): each.name for each in fields(cls)}


@dataclass(frozen=True, slots=True)
class PicklistValue:
    """One entry of a picklist.

    ``valid_for`` holds a bit for each value of the controlling field, in base64; empty if there is none.
    """

    value: str
    label: str = ""
    active: bool = True
    default_value: bool = False
    valid_for: str = ""


@dataclass(frozen=True, slots=True)
class FieldDescribe:
    """One field of an object: describe's own facts, under snake-case names."""

    name: str
    type: str = "string"
    label: str = ""
    length: int = 0
    byte_length: int = 0
    precision: int = 0
    scale: int = 0
    digits: int = 0
    nillable: bool = False
    createable: bool = False
    updateable: bool = False
    filterable: bool = False
    sortable: bool = False
    groupable: bool = False
    aggregatable: bool = False
    calculated: bool = False
    custom: bool = False
    external_id: bool = False
    id_lookup: bool = False
    unique: bool = False
    case_sensitive: bool = False
    auto_number: bool = False
    default_value: Any = None
    defaulted_on_create: bool = False
    encrypted: bool = False
    html_formatted: bool = False
    name_field: bool = False
    name_pointing: bool = False
    polymorphic_foreign_key: bool = False
    cascade_delete: bool = False
    restricted_picklist: bool = False
    dependent_picklist: bool = False
    controller_name: str = ""
    compound_field_name: str = ""
    extra_type_info: str = ""
    relationship_name: str = ""
    deprecated_and_hidden: bool = False
    reference_to: tuple[str, ...] = ()
    picklist_values: tuple[PicklistValue, ...] = ()

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> FieldDescribe:
        """Read one entry of describe's ``fields``."""
        values = _known(cls, body)
        values["reference_to"] = tuple(body.get("referenceTo") or ())
        values["picklist_values"] = tuple(
            PicklistValue(**_known(PicklistValue, entry)) for entry in body.get("picklistValues") or ()
        )
        return cls(**values)

    @property
    def is_key(self) -> bool:
        """Whether records are matched by this field, so that its values must never be cut."""
        lookup = self.id_lookup and not self.name_field
        return self.type in {"id", "reference", "email"} or self.external_id or self.unique or lookup


@dataclass(frozen=True, slots=True)
class ObjectSummary:
    """One object as global describe lists it."""

    name: str
    label: str = ""
    label_plural: str = ""
    key_prefix: str = ""
    custom: bool = False
    custom_setting: bool = False
    queryable: bool = False
    retrieveable: bool = False
    replicateable: bool = False
    searchable: bool = False
    createable: bool = False
    updateable: bool = False
    deletable: bool = False
    undeletable: bool = False
    triggerable: bool = False
    deprecated_and_hidden: bool = False
    associate_entity_type: str = ""
    associate_parent_entity: str = ""

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> ObjectSummary:
        """Read one entry of global describe's ``sobjects``."""
        return cls(**_known(cls, body))


@dataclass(frozen=True, slots=True)
class SObjectDescribe(ObjectSummary):
    """One object with its fields, in describe's order."""

    fields: tuple[FieldDescribe, ...] = ()
    createable_fields: frozenset[str] = frozenset()
    updateable_fields: frozenset[str] = frozenset()
    _by_name: dict[str, FieldDescribe] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> SObjectDescribe:
        """Read a describe answer."""
        summary = {key: value for key, value in body.items() if key != "fields"}
        described = tuple(FieldDescribe.from_json(entry) for entry in body.get("fields") or ())
        return cls(
            **_known(cls, summary),
            fields=described,
            createable_fields=frozenset(each.name for each in described if each.createable),
            updateable_fields=frozenset(each.name for each in described if each.updateable),
            _by_name={name: each for each in described for name in (each.name, each.name.lower())},
        )

    def field(self, name: str) -> FieldDescribe | None:
        """The field of that API name, whatever its case; None if the user sees no such field."""
        return self._by_name.get(name) or self._by_name.get(name.lower())

    @property
    def required_fields(self) -> list[FieldDescribe]:
        """The fields that a record cannot be created without, as far as describe tells."""
        return [
            each
            for each in self.fields
            if each.createable and not (each.nillable or each.defaulted_on_create or each.type == "boolean")
        ]
