"""What a new record gets where the request says nothing: its owner, picklist defaults, default values."""

from __future__ import annotations

import re
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from salesforce_local_org.org import Org
    from salesforce_local_org.schema import Field, SObject

FIRST_VALUES: dict[str, dict[str, Any]] = {
    "Account": {"CleanStatus": "Pending"},
    "Contact": {"CleanStatus": "Pending"},
    "Lead": {"CleanStatus": "Pending", "IsUnreadByOwner": 1},
    "Contract": {"Status": "Draft"},
    "Event": {"EventSubtype": "Event"},
    "Task": {"TaskSubtype": "Task"},
    "UserRole": {"OpportunityAccessForAccountOwner": "Edit"},
}
"""First values that no describe tells of, as recorded orgs show them."""

_USER_FIELDS = {"OwnerId", "AuthorId"}
_UNIQUE_NAME = "DeveloperName"
_MOST_OF_A_UNIQUE_NAME = 70


def for_create(org: Org, sobject: SObject, given: Mapping[str, Any], user_id: str) -> dict[str, Any]:
    """Default values for the fields that a new record leaves out, or empty although they need a value."""
    remembered = org.store.table(sobject).remembered
    if "defaults" not in remembered:
        remembered["defaults"] = _defaults(sobject)
    found = {
        field.name: user_id if field.type == "reference" else value
        for field, value in remembered["defaults"]
        if field.name not in given or (given[field.name] is None and not field.nillable)
    }
    if _is_to_be_named(sobject, given):
        found[_UNIQUE_NAME] = _unique_name(org, sobject, str(given["Name"]))
    return found


def _is_to_be_named(sobject: SObject, given: Mapping[str, Any]) -> bool:
    field = sobject.field(_UNIQUE_NAME)
    return field is not None and field.createable and not given.get(_UNIQUE_NAME) and bool(given.get("Name"))


def _unique_name(org: Org, sobject: SObject, name: str) -> str:
    """A name for the API, made of a record's own (Object Reference, "Document", DeveloperName)."""
    letters = re.sub(r"[^0-9A-Za-z]+", "_", name).strip("_")[:_MOST_OF_A_UNIQUE_NAME].rstrip("_")
    stem = letters if letters[:1].isalpha() else f"X{letters}"
    tried = (stem if number == 0 else f"{stem}{number}" for number in count())
    return next(each for each in tried if not org.store.find(sobject, _UNIQUE_NAME, each))


def _defaults(sobject: SObject) -> list[tuple[Field, Any]]:
    """The fields that have a default value, and which; references default to the user."""
    firsts = FIRST_VALUES.get(sobject.name, {})
    found = [(each, firsts.get(each.name, _default(each))) for each in sobject.columns()]
    return [
        (each, value)
        for each, value in found
        if value is not None
        or (each.name in _USER_FIELDS and each.createable and "User" in each.reference_to)
    ]


def _default(field: Field) -> Any:
    if not (field.createable or field.defaulted_on_create):
        return None
    if field.default_value is not None:
        return int(field.default_value) if field.type == "boolean" else field.default_value
    return next((each.value for each in field.picklist_values if each.default), None)
