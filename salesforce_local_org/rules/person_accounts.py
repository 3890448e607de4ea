"""Person accounts: an Account that is a person, and the Contact behind it.

An Account created with a LastName, or with a person record type, is a person ("Person Accounts" in the Object
Reference). Its Name comes from its parts; a shadow Contact follows what is written to the Account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesforce_local_org.rules import errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from salesforce_local_org.org import Org
    from salesforce_local_org.schema import SObject

Row = dict[str, Any]

_CONTACT_FIELDS = {
    "LastName": "LastName",
    "FirstName": "FirstName",
    "Salutation": "Salutation",
    "PersonEmail": "Email",
    "PersonMobilePhone": "MobilePhone",
    "PersonHomePhone": "HomePhone",
    "PersonTitle": "Title",
    "PersonDepartment": "Department",
    "PersonBirthdate": "Birthdate",
    "Phone": "Phone",
    "Fax": "Fax",
    "OwnerId": "OwnerId",
}
_SHARED = {"Phone", "Fax", "OwnerId"}
PERSON_FIELDS = frozenset(_CONTACT_FIELDS) - _SHARED


def is_used(org: Org, sobject: SObject) -> bool:
    """Whether records of this object may be persons in this org."""
    return sobject.name == "Account" and org.schema.features["person_accounts"]


def prepare(org: Org, given: Row) -> bool:
    """Make a new Account a person or a business, by what is given of it.

    Args:
        org: The org.
        given: The values; its record type and ``IsPersonAccount`` are filled in.

    Returns:
        Whether it is a person: it then needs a LastName, and no Name.

    Raises:
        RecordError: INVALID_FIELD_FOR_INSERT_UPDATE for a person's Name or a business's person fields.
    """
    types = {row["Id"]: row["IsPersonType"] for row in org.store.find("RecordType", "SobjectType", "Account")}
    chosen = given.get("RecordTypeId")
    person = bool(types.get(chosen)) if chosen in types else given.get("LastName") is not None
    check_fields(given, person=person)
    given["IsPersonAccount"] = int(person)
    given.setdefault(
        "RecordTypeId", next((each for each, is_person in types.items() if is_person == person), None)
    )
    return person


def check_fields(given: Iterable[str], *, person: bool) -> None:
    """Refuse what a person or a business does not have.

    Raises:
        RecordError: INVALID_FIELD_FOR_INSERT_UPDATE.
    """
    refused = [name for name in given if (name == "Name" if person else name in PERSON_FIELDS)]
    if refused:
        raise errors.read_only(refused)


def follow(org: Org, account_id: str, changes: Mapping[str, Any]) -> None:
    """Let the shadow Contact of a person follow what was written to its Account."""
    account = org.store.get("Account", account_id)
    if account is None or not account["IsPersonAccount"]:
        return
    values = {_CONTACT_FIELDS[name]: value for name, value in changes.items() if name in _CONTACT_FIELDS}
    contact_id = account["PersonContactId"]
    if contact_id:
        org.store.update("Contact", contact_id, values)
        return
    contact_id = org.store.insert(
        "Contact", values | {"AccountId": account_id, "OwnerId": account["OwnerId"], "IsPersonAccount": 1}
    )
    sobject = org.schema.object("Account")
    assert sobject is not None
    org.store.write(sobject, account_id, {"PersonContactId": contact_id})
