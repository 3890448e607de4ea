"""References to other records: by id, or by an external id of the parent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesforce_local_org import ids, recycle_bin
from salesforce_local_org.rules import errors, values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from salesforce_local_org.org import Org
    from salesforce_local_org.rules.draft import ForeignKey
    from salesforce_local_org.schema import Field, SObject

Row = dict[str, Any]


def existing(org: Org, sobject: SObject, text: str) -> Row:
    """The record that an id (15 or 18 characters) names.

    Raises:
        RecordError: MALFORMED_ID, INVALID_CROSS_REFERENCE_KEY or ENTITY_IS_DELETED.
    """
    record_id = ids.normalise(text)
    if record_id is None or org.schema.by_prefix(record_id) is not sobject:
        raise errors.wrong_id(_field(sobject, "Id"), text)
    row = org.store.get(sobject, record_id)
    if row is None:
        raise missing(org, sobject, record_id)
    return row


def missing(org: Org, sobject: SObject, record_id: str) -> errors.RecordError:
    """Why there is no such record to write: it was deleted, or it never was."""
    gone = recycle_bin.is_deleted(org.store, sobject, record_id)
    return errors.deleted() if gone else errors.no_such_record()


def check(org: Org, field: Field, record_id: str) -> None:
    """Check that a reference field may hold an id.

    Raises:
        RecordError: MALFORMED_ID, INVALID_CROSS_REFERENCE_KEY, ENTITY_IS_DELETED or INACTIVE_OWNER_OR_USER.
    """
    target = org.schema.by_prefix(record_id)
    if target is None or target.name not in field.reference_to:
        known = any(org.schema.object(name) for name in field.reference_to)
        raise errors.wrong_id(field, record_id) if known or target else errors.no_such_record()
    owner = field.name == "OwnerId" and target.name == "User"
    found = org.store.peek(target, record_id, "IsActive" if owner else "Id")
    if found is None:
        raise missing(org, target, record_id)
    if owner and not found[0]:
        raise errors.inactive_owner(record_id)


def resolve(org: Org, key: ForeignKey) -> str:
    """The id of the parent that a foreign key names.

    Raises:
        RecordError: No record or several have that value, or the field is no key.
    """
    candidates = [each for each in _parents(org, key) if is_key(each, key.key)]
    if not candidates:
        first = next(_parents(org, key), None)
        raise errors.no_key_field(first, key.key) if first else errors.no_such_record()
    for parent in candidates:
        found = match(org, parent, key.key, read_key(parent, key.key, key.value))
        if len(found) > 1:
            raise errors.several_matches(key.key, [row["Id"] for row in found])
        if found:
            return str(found[0]["Id"])
    raise errors.no_such_foreign_key(candidates[0], key.key, key.value)


def is_key(sobject: SObject, name: str) -> bool:
    """Whether records can be named by this field: an external id, an ``idLookup`` field or the Id."""
    field = sobject.field(name)
    return field is not None and (field.external_id or field.id_lookup)


def read_key(sobject: SObject, name: str, value: Any) -> Any:
    """A key's JSON value, or its text in a URL, as the field's own type.

    Raises:
        MistypedValueError: It is of another type.
    """
    return values.read(_field(sobject, name), value)


def match(org: Org, sobject: SObject, name: str, value: Any) -> list[Row]:
    """The records, not deleted, that a key names; ``value`` as ``read_key`` gives it.

    External ids that are not unique compare by case, as "External ID" in the Object Reference says; unique
    ones by their own setting; e-mail addresses and names without case.

    Raises:
        RecordError: The field cannot have such a value.
    """
    field = _field(sobject, name)
    wanted = values.fit(field, value)
    if wanted is None:
        return []
    found = org.store.find(sobject, field.name, wanted)
    if field.external_id and not field.unique:
        found = [row for row in found if row[field.name] == wanted]
    return found


def _field(sobject: SObject, name: str) -> Field:
    field = sobject.field(name)
    assert field is not None, name
    return field


def _parents(org: Org, key: ForeignKey) -> Iterator[SObject]:
    for name in [key.parent] if key.parent else key.lookup.reference_to:
        sobject = org.schema.object(name)
        if sobject is not None and sobject.name in key.lookup.reference_to:
            yield sobject
