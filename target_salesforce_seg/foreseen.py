"""What Salesforce would refuse of a write, as far as the object's describe tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesforce_seg.errors import RecordRejected
from target_salesforce_seg.keys import is_email
from target_salesforce_seg.relationships import field_behind

if TYPE_CHECKING:
    from salesforce_seg.describe import FieldDescribe
    from target_salesforce_seg.writes import Write


def refusal(write: Write) -> RecordRejected | None:
    """Why Salesforce would refuse a write; None if describe tells no reason.

    Source: SOAP API Developer Guide, "Core Data Types Used in API Calls", StatusCode.
    """
    if write.operation == "create" and (missing := _missing(write)):
        told = f"Required fields are missing: [{', '.join(missing)}]"
        return RecordRejected(told, code="REQUIRED_FIELD_MISSING", fields=missing)
    for name, value in write.record.items():
        field = write.sobject.field(name)
        code = _fault(field, value) if field is not None and isinstance(value, str) else ""
        if field is not None and code:
            told = f"{write.sobject.name}.{field.name} does not take the value."
            return RecordRejected(told, code=code, fields=[field.name])
    return None


def _missing(write: Write) -> list[str]:
    there = {field.name for name in write.record if (field := field_behind(write.sobject, name))}
    return [
        field.name
        for field in write.sobject.required_fields
        if field.name not in there and not (field.name_field and "LastName" in there)
    ]


def _fault(field: FieldDescribe, value: Any) -> str:
    """The code of what is wrong with a value; empty if nothing is."""
    if field.type == "email":
        return "" if is_email(value) else "INVALID_EMAIL_ADDRESS"
    known = {each.value for each in field.picklist_values if each.active} if field.restricted_picklist else ()
    several = value.split(";") if field.type == "multipicklist" else [value]
    if known and not all(each.strip() in known for each in several):
        return "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    return ""
