"""People and the Accounts that are people: names and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesforce_local_org.derived.rule import Row, Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from salesforce_local_org.store import Store

_NAME_PARTS = ("FirstName", "MiddleName", "LastName", "Suffix")


def person_name(row: Mapping[str, Any]) -> str | None:
    """A person's full name: first, middle and last name and suffix; the salutation is not part of it."""
    parts = (row.get(part) for part in _NAME_PARTS)
    return " ".join(part for part in parts if part) or None


def _person(_store: Store, row: Row, _given: Mapping[str, Any]) -> Row:
    return {"Name": person_name(row), "PhotoUrl": f"/services/images/photo/{row['Id']}"}


def _account(store: Store, row: Row, given: Mapping[str, Any]) -> Row:
    photo = {"PhotoUrl": f"/services/images/photo/{row['Id']}"}
    return _person(store, row, given) if row.get("IsPersonAccount") else photo


def _user(_store: Store, row: Row, _given: Mapping[str, Any]) -> Row:
    return {"Name": person_name(row), "UserType": row["UserType"] or "Standard"}


RULES = {
    "Lead": Rule(frozenset(_NAME_PARTS), _person),
    "Contact": Rule(frozenset(_NAME_PARTS), _person),
    "Account": Rule(frozenset(_NAME_PARTS), _account),
    "User": Rule(frozenset(_NAME_PARTS), _user),
}
