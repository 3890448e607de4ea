"""What the demo company added to its org: custom fields, and the custom object Invoice__c."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesforce_local_org import custom
from salesforce_local_org.schema import ChildRelationship, Field, PicklistValue, SObject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from salesforce_local_org.org import Org

_Definition = tuple[str, str, str, dict[str, Any]]

_FIELDS: dict[str, tuple[_Definition, ...]] = {
    "Lead": (
        ("Score__c", "Score", "double", {"precision": 5, "scale": 1}),
        ("testProp__c", "Test property", "string", {"length": 255}),
        ("Plan__c", "Plan", "picklist", {"values": ("Free", "Team", "Enterprise")}),
        ("Subscribed__c", "Subscribed", "boolean", {}),
    ),
    "Contact": (
        (
            "UserId__c",
            "User ID",
            "string",
            {"length": 80, "external_id": True, "id_lookup": True, "unique": True},
        ),
        ("Best_Time_To_Call__c", "Best Time To Call", "time", {}),
    ),
    "Account": (
        ("Tier__c", "Tier", "picklist", {"values": ("Gold", "Silver", "Bronze")}),
        ("Health__c", "Health", "percent", {"precision": 5, "scale": 2}),
        (
            "Region__c",
            "Regions",
            "multipicklist",
            {"values": ("AMER", "APAC", "EMEA", "LATAM"), "precision": 4},
        ),
        ("Contract_Renewal__c", "Contract Renewal", "date", {}),
        (
            "Revenue_Per_Employee__c",
            "Revenue Per Employee",
            "currency",
            {"precision": 18, "scale": 2, "formula": "AnnualRevenue / NumberOfEmployees"},
        ),
    ),
    "Opportunity": (
        ("Win_Score__c", "Win Score", "double", {"precision": 5, "scale": 4}),
        ("Contracted_Until__c", "Contracted Until", "date", {}),
        ("Battle_Card__c", "Battle Card", "textarea", {"length": 32768, "extra_type_info": "richtextarea"}),
    ),
    "Invoice__c": (
        (
            "Account__c",
            "Account",
            "reference",
            {
                "length": 18,
                "reference_to": ["Account"],
                "relationship_name": "Account__r",
                "cascade_delete": True,
                "nillable": False,
                "updateable": False,
            },
        ),
        ("Amount__c", "Amount", "currency", {"precision": 18, "scale": 2}),
        ("DueDate__c", "Due Date", "date", {}),
        ("PaidAt__c", "Paid At", "datetime", {}),
        ("Status__c", "Status", "picklist", {"values": ("Draft", "Sent", "Paid", "Written Off")}),
        ("Memo__c", "Memo", "textarea", {"length": 32768, "extra_type_info": "plaintextarea"}),
        ("Location__Latitude__s", "Location (Latitude)", "double", {"precision": 10, "scale": 7}),
        ("Location__Longitude__s", "Location (Longitude)", "double", {"precision": 10, "scale": 7}),
        ("Location__c", "Location", "location", {}),
    ),
}
_LOCATION_PARTS = {"Location__Latitude__s", "Location__Longitude__s"}
_LONG_TEXT = 255
_NOT_GROUPED = {"double", "currency", "percent", "datetime", "time", "multipicklist", "location"}


def add_custom_objects_and_fields(org: Org) -> None:
    """Add Invoice__c and the company's custom fields to the org, as an administrator would have.

    What a schema file has made under the same names stays as it is.

    Raises:
        DefinitionError: A field of that name is there already, of another type than the company's data.
    """
    if org.schema.object("Invoice__c") is None:
        org.store.add_object(_invoice(custom.unused_prefix(org)))
    for name, definitions in _FIELDS.items():
        sobject = org.schema.object(name)
        assert sobject is not None, name
        for field in _fields(definitions):
            _add_unless_there(org, sobject, field)
    account = org.schema.object("Account")
    assert account is not None
    invoices = ChildRelationship("Invoices__r", "Invoice__c", "Account__c", cascade_delete=True)
    known = {(each.child, each.field) for each in account.child_relationships}
    if (invoices.child, invoices.field) not in known:
        org.store.add_child_relationship(account, invoices)


def _add_unless_there(org: Org, sobject: SObject, field: Field) -> None:
    there = sobject.field(field.name)
    if there is None:
        org.store.add_field(sobject, field)
    elif there.type != field.type:
        raise custom.DefinitionError(
            "DUPLICATE_DEVELOPER_NAME",
            f"the demo company has {sobject.name}.{field.name} of its own, of type {field.type};"
            " rename yours, or start with --seed none",
        )


def _fields(definitions: Iterable[_Definition]) -> Iterator[Field]:
    for name, label, kind, facts in definitions:
        yield _field(name, label, kind, **facts)


def _field(name: str, label: str, kind: str, *, values: Iterable[str] = (), **facts: Any) -> Field:
    is_long = facts.get("length", 0) > _LONG_TEXT
    writable = "formula" not in facts and kind != "location"
    usual: dict[str, Any] = {
        "custom": True,
        "nillable": kind != "boolean",
        "defaulted_on_create": kind == "boolean",
        "createable": writable,
        "updateable": writable,
        "filterable": not is_long,
        "sortable": not is_long and kind not in {"multipicklist", "location"},
        "groupable": writable and not is_long and kind not in _NOT_GROUPED,
        "aggregatable": not is_long and kind not in {"boolean", "multipicklist", "location", "time"},
        "length": _LONG_TEXT if kind == "picklist" else 4099 if kind == "multipicklist" else 0,
        "default_value": False if kind == "boolean" else None,
        "restricted_picklist": bool(values),
        "picklist_values": [PicklistValue(value, value) for value in values],
        "compound_field_name": "Location__c" if name in _LOCATION_PARTS else None,
    }
    return Field(name, label, kind, **(usual | facts))


def _invoice(key_prefix: str) -> SObject:
    stamp: dict[str, Any] = {
        "filterable": True,
        "sortable": True,
        "aggregatable": True,
        "defaulted_on_create": True,
    }
    keyed = stamp | {"groupable": True, "length": 18}
    user = keyed | {"reference_to": ["User"]}
    return SObject(
        "Invoice__c",
        "Invoice",
        "Invoices",
        key_prefix,
        custom=True,
        searchable=True,
        undeletable=True,
        fields=[
            Field("Id", "Record ID", "id", **keyed, id_lookup=True),
            Field(
                "IsDeleted",
                "Deleted",
                "boolean",
                defaulted_on_create=True,
                filterable=True,
                sortable=True,
                groupable=True,
            ),
            Field(
                "Name",
                "Invoice Number",
                "string",
                **(keyed | {"length": 80}),
                name_field=True,
                id_lookup=True,
                auto_number=True,
                display_format="INV-{00000}",
            ),
            Field("CreatedDate", "Created Date", "datetime", **stamp),
            Field("CreatedById", "Created By ID", "reference", **user, relationship_name="CreatedBy"),
            Field("LastModifiedDate", "Last Modified Date", "datetime", **stamp),
            Field(
                "LastModifiedById",
                "Last Modified By ID",
                "reference",
                **user,
                relationship_name="LastModifiedBy",
            ),
            Field("SystemModstamp", "System Modstamp", "datetime", **stamp),
        ],
    )
