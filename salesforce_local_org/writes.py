"""Create, update, upsert, delete, undelete: what every door of the API does with one record.

Doors read a record into a ``Draft`` first, because one that cannot be read refuses a whole REST request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from salesforce_local_org import faults, ids, recycle_bin
from salesforce_local_org.rules import checks, errors, person_accounts, policies, references
from salesforce_local_org.rules.draft import Draft

if TYPE_CHECKING:
    from salesforce_local_org.api.http import Request
    from salesforce_local_org.org import Org
    from salesforce_local_org.schema import SObject

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """Who writes, and what the request's headers ask for."""

    user_id: str
    auto_assign: bool = True
    """``Sforce-Auto-Assign``, true unless it says FALSE (REST guide, "Assignment Rule Header")."""
    allow_duplicates: bool = False
    """``Sforce-Duplicate-Rule-Header: allowSave=true``."""

    @classmethod
    def of(cls, request: Request) -> Options:
        """What a request's session and headers say."""
        rule_header = request.headers.get("sforce-duplicate-rule-header", "").lower().replace(" ", "")
        return cls(
            request.session.user_id if request.session else request.org.user_id,
            request.headers.get("sforce-auto-assign", "TRUE").strip().upper() != "FALSE",
            "allowsave=true" in rule_header,
        )


def create(org: Org, draft: Draft, options: Options) -> str:
    """Write a new record and give its id.

    Raises:
        RecordError: Why it was refused.
    """
    sobject = draft.sobject
    if not sobject.createable:
        raise errors.not_allowed(sobject, "inserted")
    row = checks.for_create(org, draft, options.user_id)
    _check_lock(row.get("OwnerId") or options.user_id)
    owner = _auto_assigned(org, sobject, options)
    if owner and "OwnerId" not in draft.values:
        row["OwnerId"] = owner
    _check_policies(org, sobject, org.store.table(sobject).blank | row, options)
    with org.store.transaction():
        record_id = org.store.insert(sobject, row | _who(sobject, options, "CreatedById", "LastModifiedById"))
        if person_accounts.is_used(org, sobject):
            person_accounts.follow(org, record_id, row)
    return record_id


def update(org: Org, draft: Draft, record_id: str, options: Options) -> str:
    """Change a record and give its id, 18 characters.

    Raises:
        RecordError: Why it was refused.
    """
    sobject = draft.sobject
    before = references.existing(org, sobject, record_id)
    return _update_row(org, draft, before, options)


def upsert(org: Org, draft: Draft, key: str, value: Any, options: Options) -> tuple[str, bool]:
    """Change the record that a key names, or create it.

    Args:
        org: The org.
        draft: The record, without the key.
        key: A field that is an external id or ``idLookup``, in canonical case; or ``Id``.
        value: The key's value, as ``references.read_key`` gives it.
        options: Who writes, and how.

    Returns:
        The record's id, and whether it was created.

    Raises:
        RecordError: Why it was refused; DUPLICATE_EXTERNAL_ID when several records have the key.
    """
    if key == "Id":
        if value is None:
            return create(org, draft, options), True
        return update(org, draft, str(value), options), False
    found = references.match(org, draft.sobject, key, value)
    if len(found) > 1:
        raise errors.several_matches(key, [row["Id"] for row in found])
    if found:
        return _update_row(org, draft, found[0], options), False
    with_key = Draft(draft.sobject, draft.values | {key: value}, draft.foreign_keys)
    return create(org, with_key, options), True


def delete(org: Org, sobject: SObject, record_id: str) -> str:
    """Put a record into the recycle bin and give its id, 18 characters.

    Raises:
        RecordError: Why it was refused.
    """
    if not sobject.deletable:
        raise errors.not_allowed(sobject, "deleted")
    row = references.existing(org, sobject, record_id)
    _check_lock(row["Id"])
    org.store.delete(sobject, row["Id"])
    return str(row["Id"])


def undelete(org: Org, record_id: str) -> str:
    """Bring a record back from the recycle bin and give its id, 18 characters.

    Raises:
        RecordError: UNDELETE_FAILED when it is not in the bin.
    """
    full = ids.normalise(record_id)
    sobject = org.schema.by_prefix(full) if full else None
    if full is None or sobject is None:
        raise errors.RecordError("MALFORMED_ID", f"malformed id {record_id}")
    if not org.store.undelete(sobject, full):
        gone = recycle_bin.is_deleted(org.store, sobject, full)
        raise errors.RecordError(
            "UNDELETE_FAILED", "Entity is not in the recycle bin" if gone else "invalid record id"
        )
    return full


def _update_row(org: Org, draft: Draft, before: Row, options: Options) -> str:
    sobject = draft.sobject
    if not sobject.updateable:
        raise errors.not_allowed(sobject, "updated")
    _check_lock(before["Id"])
    changes = checks.for_update(org, draft, before)
    owner = _auto_assigned(org, sobject, options)
    if owner:
        changes["OwnerId"] = owner
    _check_policies(org, sobject, before | changes, options)
    with org.store.transaction():
        org.store.update(sobject, before["Id"], changes | _who(sobject, options, "LastModifiedById"))
        if person_accounts.is_used(org, sobject):
            person_accounts.follow(org, before["Id"], changes)
    return str(before["Id"])


def _auto_assigned(org: Org, sobject: SObject, options: Options) -> str | None:
    return policies.assigned_owner(org, sobject) if options.auto_assign else None


def _check_policies(org: Org, sobject: SObject, row: Row, options: Options) -> None:
    policies.check_validation_rules(org, sobject, row)
    policies.check_duplicate_rules(org, sobject, row, allow_save=options.allow_duplicates)


def _who(sobject: SObject, options: Options, *names: str) -> Row:
    return {name: options.user_id for name in names if sobject.field(name)}


def _check_lock(record_id: str) -> None:
    if faults.in_force("lock_rows"):
        raise errors.locked(record_id)
