"""The one validator: what may be written, whichever door it comes through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesforce_local_org.rules import defaults, errors, person_accounts, places, references, values

if TYPE_CHECKING:
    from collections.abc import Iterable

    from salesforce_local_org.org import Org
    from salesforce_local_org.rules.draft import Draft
    from salesforce_local_org.schema import Field, SObject

Row = dict[str, Any]


def for_create(org: Org, draft: Draft, user_id: str) -> Row:
    """The stored values of a new record: checked, with defaults.

    Raises:
        RecordError: The record cannot be created.
    """
    if draft.id is not None:
        raise errors.id_in_create()
    sobject = draft.sobject
    given = _resolved(org, draft)
    _check_writable(sobject, given, "createable")
    given = given | defaults.for_create(org, sobject, given, user_id)
    required = _required_on_create(org, sobject)
    if person_accounts.is_used(org, sobject) and person_accounts.prepare(org, given):
        required = ["LastName"]
    missing = [name for name in required if given.get(name) is None]
    if missing:
        raise errors.required_missing(missing)
    return _fitted(org, sobject, given, {})


def for_update(org: Org, draft: Draft, before: Row) -> Row:
    """The stored values that an update changes.

    Args:
        org: The org.
        draft: What is to change.
        before: The record as it is.

    Raises:
        RecordError: The record cannot be changed so.
    """
    sobject = draft.sobject
    if before.get("IsConverted") and sobject.name == "Lead":
        raise errors.converted_lead()
    given = _resolved(org, draft)
    _check_writable(sobject, given, "updateable")
    emptied = [name for name, value in given.items() if value is None and _is_required(sobject, name)]
    if emptied:
        raise errors.required_missing(emptied)
    if person_accounts.is_used(org, sobject):
        person_accounts.check_fields(given, person=bool(before["IsPersonAccount"]))
    return _fitted(org, sobject, given, before)


def _resolved(org: Org, draft: Draft) -> Row:
    """The values, with the ids of the parents that foreign keys name."""
    if not draft.foreign_keys:
        return draft.values
    return draft.values | {key.lookup.name: references.resolve(org, key) for key in draft.foreign_keys}


def _check_writable(sobject: SObject, names: Iterable[str], right: str) -> None:
    refused = [name for name in names if not getattr(_field(sobject, name), right)]
    if refused:
        raise errors.read_only(refused)


def _required_on_create(org: Org, sobject: SObject) -> list[str]:
    remembered = org.store.table(sobject).remembered
    if "required" not in remembered:
        remembered["required"] = [each.name for each in sobject.fields if each.required_on_create]
    names: list[str] = remembered["required"]
    return names


def _is_required(sobject: SObject, name: str) -> bool:
    field = _field(sobject, name)
    return not field.nillable and field.type != "boolean"


def _fitted(org: Org, sobject: SObject, given: Row, before: Row) -> Row:
    row: Row = {}
    for name, value in given.items():
        field = _field(sobject, name)
        row[name] = fitted = values.fit(field, value)
        if fitted is None:
            continue
        if field.type == "reference":
            references.check(org, field, fitted)
        if field.unique:
            _check_unique(org, sobject, field, fitted, before.get("Id"))
    if org.schema.features["state_country_picklists"]:
        places.complete(sobject, row, before)
    return row


def _check_unique(org: Org, sobject: SObject, field: Field, value: Any, record_id: str | None) -> None:
    for other in org.store.find(sobject, field.name, value):
        if other["Id"] != record_id:
            raise errors.duplicate_value(field, other["Id"])


def _field(sobject: SObject, name: str) -> Field:
    field = sobject.field(name)
    assert field is not None, name
    return field
