"""What an administrator adds to an org: custom objects and custom fields.

Definitions use the words of the Metadata API ("CustomObject", "CustomField"): ``type`` is ``Text``,
``Number``, ``Lookup`` and so on; describe's own names (``string``, ``double`` ...) are understood too.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from salesforce_local_org import formula
from salesforce_local_org.custom_types import FIELD_TYPES, FieldType, find_type
from salesforce_local_org.formula_functions import FormulaError
from salesforce_local_org.schema import ChildRelationship, Field, PicklistValue, SObject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from salesforce_local_org.org import Org

_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*__c", re.ASCII)
_LONGEST_NAME = 43
_RELATIONSHIP = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*", re.ASCII)
_PREFIX_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_FACTS = {"f": "filterable", "s": "sortable", "g": "groupable", "a": "aggregatable"}
_LARGEST = {"length": 131_072, "precision": 18, "scale": 17}


class DefinitionError(ValueError):
    """A custom object or field that cannot be. ``code`` is Salesforce's errorCode."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def add_object(org: Org, definition: Mapping[str, Any]) -> SObject:
    """Add a custom object.

    Args:
        org: The org.
        definition: ``name`` (ends in ``__c``), ``label``, ``pluralLabel``, and ``nameField``: ``type``
            ``Text`` or ``AutoNumber``, ``label``, ``displayFormat``.

    Raises:
        DefinitionError: Bad or used name, or an unknown type of name field.
    """
    name = _checked_name(definition.get("name"))
    if org.schema.object(name):
        raise DefinitionError("DUPLICATE_DEVELOPER_NAME", f"There is already an object named {name}.")
    label = str(definition.get("label") or name.removesuffix("__c").replace("_", " "))
    sobject = SObject(
        name=name,
        label=label,
        label_plural=str(definition.get("pluralLabel") or definition.get("labelPlural") or label + "s"),
        key_prefix=unused_prefix(org),
        custom=True,
        searchable=True,
        undeletable=True,
        fields=_system_fields(definition.get("nameField") or {}),
    )
    org.store.add_object(sobject)
    return sobject


def add_field(org: Org, sobject: SObject, definition: Mapping[str, Any]) -> Field:
    """Add a custom field, for a ``Location`` with its two parts.

    Args:
        org: The org.
        sobject: The object it is for.
        definition: ``name`` (ends in ``__c``) and the keys of the Metadata API's CustomField: ``type``,
            ``label``, ``length``, ``precision``, ``scale``, ``required``, ``unique``, ``caseSensitive``,
            ``externalId``, ``defaultValue``, ``formula``, ``valueSet`` (or ``values``, a list),
            ``referenceTo``, ``relationshipName``, ``deleteConstraint``, ``displayFormat``.

    Raises:
        DefinitionError: The field cannot be: bad or used name, unknown type, formula or parent.
    """
    name = _checked_name(definition.get("name"))
    if sobject.field(name):
        raise DefinitionError(
            "DUPLICATE_DEVELOPER_NAME", f"There is already a field named {name} on {sobject.name}."
        )
    kind = find_type(str(definition.get("type") or ""))
    if kind is None:
        known = ", ".join(FIELD_TYPES)
        raise DefinitionError(
            "INVALID_TYPE", f"{name}: unknown type {definition.get('type')!r}; known: {known}"
        )
    field = _field(name, kind, definition)
    if kind.describe_type == "reference":
        _make_lookup(org, field, kind, definition)
    if field.formula is not None:
        _check_formula(org, sobject, field)
    for part in _location_parts(field):
        org.store.add_field(sobject, part)
    org.store.add_field(sobject, field)
    if kind.describe_type == "reference":
        _relate(org, sobject, field, kind, definition)
    return field


def _checked_name(name: object) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise DefinitionError(
            "INVALID_FIELD",
            f"{name!r}: a custom name is letters, digits and single underscores, at most 40, and ends in __c",
        )
    return name


def _field(name: str, kind: FieldType, definition: Mapping[str, Any]) -> Field:
    expression = definition.get("formula")
    writable = expression is None and kind.writable
    flags = kind.formula_flags if expression is not None else kind.flags
    is_key = bool(definition.get("externalId"))
    field = Field(
        name=name,
        label=str(definition.get("label") or name.removesuffix("__c").replace("_", " ")),
        type=kind.describe_type,
        custom=True,
        nillable=kind.describe_type != "boolean" and not definition.get("required"),
        createable=writable,
        updateable=writable,
        defaulted_on_create=kind.describe_type == "boolean" or "autoNumber" in kind.facts,
        default_value=_default(kind, definition.get("defaultValue")),
        unique=bool(definition.get("unique")),
        case_sensitive=bool(definition.get("caseSensitive")),
        external_id=is_key,
        id_lookup=is_key,
        auto_number="autoNumber" in kind.facts,
        display_format=str(definition.get("displayFormat") or "{0}"),
        encrypted="encrypted" in kind.facts,
        extra_type_info=kind.extra_type_info,
        formula=str(expression) if expression is not None else None,
        picklist_values=_picklist(definition),
        restricted_picklist=_is_restricted(kind, definition),
    )
    for size, default in kind.sizes.items():
        setattr(field, size, _size(name, definition, size, default))
    for letter in flags:
        setattr(field, _FACTS[letter], True)
    if field.unique and kind.describe_type not in {"string", "double", "email"}:
        raise DefinitionError("INVALID_FIELD", f"{name}: a field of this type cannot be unique")
    return field


def _size(name: str, definition: Mapping[str, Any], size: str, default: int) -> int:
    value = definition.get(size, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST[size]:
        raise DefinitionError("NUMBER_OUTSIDE_VALID_RANGE", f"{name}: {size} must be 0 to {_LARGEST[size]}")
    return value


def _default(kind: FieldType, value: Any) -> bool | float | str | None:
    """A default value; only literals, no formulas."""
    if kind.describe_type == "boolean":
        return str(value).lower() == "true"
    if isinstance(value, str):
        return value.strip("\"'")
    return value if isinstance(value, (int, float)) else None


def _picklist(definition: Mapping[str, Any]) -> list[PicklistValue]:
    """The values of ``valueSet`` as the Metadata API has it, or of a plain list ``values``."""
    value_set = definition.get("valueSet") or {}
    given = definition.get("values") or (value_set.get("valueSetDefinition") or {}).get("value") or []
    entries = [each if isinstance(each, dict) else {"fullName": each} for each in given]
    return [
        PicklistValue(
            value := str(each.get("fullName") or each.get("valueName") or each.get("value")),
            str(each.get("label") or value),
            active=bool(each.get("isActive", True)),
            default=bool(each.get("default")),
        )
        for each in entries
    ]


def _is_restricted(kind: FieldType, definition: Mapping[str, Any]) -> bool:
    if "picklist" not in kind.describe_type:
        return False
    value_set = definition.get("valueSet") or {}
    return bool(definition.get("restricted", value_set.get("restricted", False)))


def _make_lookup(org: Org, field: Field, kind: FieldType, definition: Mapping[str, Any]) -> None:
    given = definition.get("referenceTo")
    names = given if isinstance(given, list) else [given]
    for name in names:
        parent = org.schema.object(str(name))
        if parent is None:
            raise DefinitionError("INVALID_TYPE", f"{field.name}: referenceTo names no object: {name!r}")
        field.reference_to.append(parent.name)
    field.relationship_name = field.name.removesuffix("__c") + "__r"
    if "masterDetail" in kind.facts:
        field.nillable = False
        field.updateable = bool(definition.get("reparentableMasterDetail"))
        field.cascade_delete = True


def _relate(org: Org, sobject: SObject, field: Field, kind: FieldType, definition: Mapping[str, Any]) -> None:
    """Let each parent know its children, under ``relationshipName``."""
    given = definition.get("relationshipName")
    if given is not None and not (isinstance(given, str) and _RELATIONSHIP.fullmatch(given)):
        raise DefinitionError("INVALID_FIELD", f"{field.name}: relationshipName {given!r} is no name")
    cascades = "masterDetail" in kind.facts or definition.get("deleteConstraint") == "Cascade"
    for name in field.reference_to:
        parent = org.schema.object(name)
        if parent:
            relationship = ChildRelationship(
                f"{given}__r" if given else None, sobject.name, field.name, cascades
            )
            org.store.add_child_relationship(parent, relationship)


def _check_formula(org: Org, sobject: SObject, field: Field) -> None:
    try:
        sql = formula.field_sql(org.schema, sobject, field, "record", org.clock.now())
        org.store.connection.execute(f'EXPLAIN SELECT {sql} FROM "{sobject.name}" record')  # noqa: S608
    except (FormulaError, org.store.connection.OperationalError) as error:
        raise DefinitionError("FIELD_INTEGRITY_EXCEPTION", f"{field.name}: {error}") from error


def _location_parts(field: Field) -> list[Field]:
    """The two numbers that a geolocation is kept as."""
    if field.type != "location":
        return []
    stem = field.name.removesuffix("__c")
    part = replace(
        field,
        type="double",
        createable=True,
        updateable=True,
        precision=18,
        scale=15,
        compound_field_name=field.name,
    )
    part.sortable = part.aggregatable = True
    return [
        replace(part, name=f"{stem}__{axis}__s", label=f"{field.label} ({axis})")
        for axis in ("Latitude", "Longitude")
    ]


def unused_prefix(org: Org) -> str:
    """The next key prefix that no object of the org has, from ``a00`` on."""
    used = {each.key_prefix for each in org.schema}
    tens = ("a" + tens + ones for tens in _PREFIX_DIGITS for ones in _PREFIX_DIGITS)
    return next(prefix for prefix in tens if prefix not in used)


def _system_fields(name_field: Mapping[str, Any]) -> list[Field]:
    """The fields that every custom object has."""
    kind = name_field.get("type", "Text")
    if kind not in {"Text", "AutoNumber"}:
        raise DefinitionError("INVALID_TYPE", f"nameField: type {kind!r} is neither Text nor AutoNumber")
    numbered = kind == "AutoNumber"
    name = Field("Name", str(name_field.get("label") or "Name"), "string", length=80, name_field=True)
    name.id_lookup, name.auto_number, name.defaulted_on_create = True, numbered, True
    name.createable = name.updateable = name.nillable = not numbered
    name.display_format = str(name_field.get("displayFormat") or "{00000}")
    owner = _lookup("OwnerId", "Owner ID", "Owner", ["Group", "User"])
    owner.createable = owner.updateable = owner.name_pointing = owner.polymorphic_foreign_key = True
    found = [
        Field("Id", "Record ID", "id", length=18, id_lookup=True),
        owner,
        Field("IsDeleted", "Deleted", "boolean"),
        name,
        Field("CreatedDate", "Created Date", "datetime"),
        _lookup("CreatedById", "Created By ID", "CreatedBy", ["User"]),
        Field("LastModifiedDate", "Last Modified Date", "datetime"),
        _lookup("LastModifiedById", "Last Modified By ID", "LastModifiedBy", ["User"]),
        Field("SystemModstamp", "System Modstamp", "datetime"),
        Field("LastViewedDate", "Last Viewed Date", "datetime", nillable=True),
        Field("LastReferencedDate", "Last Referenced Date", "datetime", nillable=True),
    ]
    for each in found:
        each.filterable = each.sortable = True
        each.groupable = each.type != "datetime"
        each.aggregatable = each.type != "boolean"
        each.defaulted_on_create = not each.name.startswith("Last") or each.name.startswith("LastMod")
    return found


def _lookup(name: str, label: str, relationship: str, to: list[str]) -> Field:
    return Field(name, label, "reference", length=18, reference_to=to, relationship_name=relationship)
