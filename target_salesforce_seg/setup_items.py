"""One item of the check of the setup: is it there, may this user use it, and what is to be done?"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from salesforce_seg.errors import ConfigurationError
from target_salesforce_seg.mapping.tables import LEAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from salesforce_seg.describe import SObjectDescribe
    from target_salesforce_seg.actions import Action

OK, NOTE, WRONG = "ok", "note", "wrong"

_RIGHTS = {
    "create": ("createable",),
    "update": ("updateable",),
    "upsert": ("createable", "updateable"),
    "delete": ("deletable",),
    "read": (),
}
"""What describe must say of an object for each operation, besides ``queryable``."""

_RIGHT_NAMES = {"queryable": "Read", "createable": "Create", "updateable": "Edit", "deletable": "Delete"}
"""As object permissions are called in profiles and permission sets."""


class Finding(NamedTuple):
    """One item that was looked at.

    Attributes:
        item: what was looked at.
        verdict: ``OK``, ``NOTE`` (a run goes on, but not everybody wants that) or ``WRONG``.
        told: what is right or wrong, and what to do about it.
    """

    item: str
    verdict: str
    told: str = ""


def verdict(item: str, problem: str) -> Finding:
    """Wrong if there is a problem, else ok."""
    return Finding(item, WRONG, problem) if problem else Finding(item, OK)


def told_by(look: Callable[[], object], setting: str) -> str:
    """What a check of the run itself says; empty if it has no objection."""
    try:
        look()
    except ConfigurationError as error:
        return error.message.removeprefix(f"{setting}: ")
    return ""


def rights(item: str, sobject: SObjectDescribe, operation: str, otherwise: str) -> Finding:
    """Whether this user may do an operation with records of an object; the verdict ``otherwise`` if not."""
    lacking = [right for right in ("queryable", *_RIGHTS[operation]) if not getattr(sobject, right)]
    if not lacking:
        return Finding(item, OK, f"this user may {operation} it")
    names = ", ".join(_RIGHT_NAMES[right] for right in lacking)
    told = f"this user may not {operation} {sobject.name}: it lacks {names}. Give it by a permission set."
    return Finding(item, otherwise, told)


def problem_of(sobject: SObjectDescribe, name: str, operation: str) -> str:
    """Why a field cannot be written; empty if it can."""
    field = sobject.field(name)
    if field is None:
        return no_such_field(sobject, name)
    if any(getattr(field, right) for right in _RIGHTS[operation]):
        return ""
    return f"{sobject.name}.{field.name} is read-only for this user: it would be left out."


def no_such_field(sobject: SObjectDescribe, name: str) -> str:
    """That an object has no such field, and which one may be meant."""
    names = [field.name for field in sobject.fields]
    lower = {each.lower(): each for each in names}
    alike = get_close_matches(name.lower(), lower, n=1) or get_close_matches(f"{name.lower()}__c", lower, n=1)
    hint = f" Did you mean {lower[alike[0]]}?" if alike else ""
    return f"{sobject.name} has no field {name} that this user can see.{hint}"


def unfilled(sobject: SObjectDescribe, action: Action) -> Iterable[str]:
    """Fields that a new record cannot be without, and that an action does not fill."""
    filled = {name.partition(".")[0].lower() for name in action.field_mappings.values()}
    filled |= {name.lower() for name in action.upsert_rules.values()}
    if sobject.name == "Lead":
        filled |= {name.lower() for name in LEAD.placeholders}
    return [
        field.name
        for field in sobject.required_fields
        if field.name.lower() not in filled and field.relationship_name.lower() not in filled
    ]
