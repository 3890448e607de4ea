"""A field as a describe shows it: each of its keys, and where its value comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from salesforce_local_org.schema import Field, PicklistValue

_SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "long": "xsd:long",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "time": "xsd:time",
    "base64": "xsd:base64Binary",
    "address": "urn:address",
    "location": "urn:location",
    "anyType": "xsd:anyType",
}
"""Field type -> the type of its values in SOAP; every other type is text."""

_BYTES_PER_CHARACTER = 3

_SAME_FOR_EVERY_FIELD = {
    "aiPredictionField": False,
    "defaultValueFormula": None,
    "deprecatedAndHidden": False,
    "filteredLookupInfo": None,
    "formulaTreatNullNumberAsZero": False,
    "highScaleNumber": False,
    "inlineHelpText": None,
    "mask": None,
    "maskType": None,
    "referenceTargetField": None,
    "restrictedDelete": False,
    "searchPrefilterable": False,
    "writeRequiresMasterRead": False,
}

_FACTS = {
    "aggregatable": "aggregatable",
    "autoNumber": "auto_number",
    "calculated": "calculated",
    "calculatedFormula": "formula",
    "cascadeDelete": "cascade_delete",
    "caseSensitive": "case_sensitive",
    "compoundFieldName": "compound_field_name",
    "controllerName": "controller_name",
    "createable": "createable",
    "custom": "custom",
    "defaultedOnCreate": "defaulted_on_create",
    "dependentPicklist": "dependent_picklist",
    "digits": "digits",
    "encrypted": "encrypted",
    "externalId": "external_id",
    "extraTypeInfo": "extra_type_info",
    "filterable": "filterable",
    "groupable": "groupable",
    "idLookup": "id_lookup",
    "label": "label",
    "length": "length",
    "name": "name",
    "nameField": "name_field",
    "namePointing": "name_pointing",
    "nillable": "nillable",
    "polymorphicForeignKey": "polymorphic_foreign_key",
    "precision": "precision",
    "queryByDistance": "compound",
    "referenceTo": "reference_to",
    "relationshipName": "relationship_name",
    "restrictedPicklist": "restricted_picklist",
    "scale": "scale",
    "sortable": "sortable",
    "type": "type",
    "unique": "unique",
    "updateable": "updateable",
}
"""Key of the describe -> attribute of ``schema.Field``."""


def field_description(field: Field) -> dict[str, Any]:
    """A field with all its keys, in the order in which Salesforce sends them."""
    facts = {key: getattr(field, attribute) for key, attribute in _FACTS.items()}
    worked_out = {key: work(field) for key, work in _WORKED_OUT.items()}
    return dict(sorted((_SAME_FOR_EVERY_FIELD | facts | worked_out).items()))


def _byte_length(field: Field) -> int:
    if field.type in {"id", "reference"}:
        return field.length
    return field.length * _BYTES_PER_CHARACTER if field.type not in _SOAP_TYPES else 0


def _default_value(field: Field) -> bool | float | str | None:
    return False if field.type == "boolean" and field.default_value is None else field.default_value


def _is_permissionable(field: Field) -> bool:
    """Whether field-level security applies: to custom fields, and to standard ones that may be empty."""
    return field.custom or (field.nillable and field.updateable and not field.compound)


def _picklist_value(value: PicklistValue) -> dict[str, Any]:
    return {
        "active": value.active,
        "defaultValue": value.default,
        "label": value.label,
        "validFor": value.valid_for,
        "value": value.value,
    }


_WORKED_OUT: dict[str, Callable[[Field], Any]] = {
    "byteLength": _byte_length,
    "defaultValue": _default_value,
    "displayLocationInDecimal": lambda field: field.type == "location",
    "htmlFormatted": lambda field: field.extra_type_info == "richtextarea",
    "permissionable": _is_permissionable,
    "picklistValues": lambda field: [_picklist_value(value) for value in field.picklist_values],
    "relationshipOrder": lambda field: 0 if field.cascade_delete and field.custom else None,
    "soapType": lambda field: _SOAP_TYPES.get(field.type, "xsd:string"),
}
