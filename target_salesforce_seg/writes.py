"""What is sent to one record: the wishes of several events laid over each other, less what is so already."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from salesforce_seg.same_values import same_value
from target_salesforce_seg.intents import Intent, comparable
from target_salesforce_seg.mapping.places import other_field_of_place
from target_salesforce_seg.mapping.tables import PLACEHOLDER
from target_salesforce_seg.paths import MISSING
from target_salesforce_seg.relationships import field_behind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from salesforce_seg.describe import SObjectDescribe


@dataclass(eq=False, slots=True)
class Write:
    """One write to one record, for one or more intents.

    Attributes:
        sobject: the object.
        operation: create, update or delete; empty while nobody wants anything.
        record_id: empty for a create.
        stored: the record as it is now, as far as it was read.
        intents: in the order of their events.
        record: what to send.
        changing: the intents that change something, each seen after the ones before it.
        left_out: fields that such an operation cannot write.
        upsert_by: the unique external-id field that makes a create repeatable; empty if there is none.
        losses: how often the answer to it was lost.
        awaited: whether something else that a later event wants done waits for it.
    """

    sobject: SObjectDescribe
    operation: str
    record_id: str = ""
    stored: Mapping[str, Any] = field(default_factory=dict)
    intents: list[Intent] = field(default_factory=list)
    record: dict[str, Any] = field(default_factory=dict)
    changing: Collection[Intent] = ()
    left_out: Collection[str] = ()
    upsert_by: str = ""
    losses: int = 0
    awaited: bool = False


def complete(write: Write) -> None:
    """Work out what a write sends: its intents laid over each other in order, less what is so already."""
    first = write.intents[0]
    if write.operation == "delete":
        write.changing = (first,)
        return
    creates = write.operation == "create"
    writable = write.sobject.createable_fields if creates else write.sobject.updateable_fields
    said = _said(write, first, write.stored) if len(write.intents) == 1 else None
    if said is None or not writable.issuperset(said):
        said, changed = _laid_over(write, writable)
    else:
        changed = () if creates else _changed(write, said)
        write.changing = (first,) if creates or changed else ()
    if not creates:
        write.record = {name: said[name] for name in changed}
        return
    write.record = said
    if not all(said.values()):  # quicker to ask than whether there is a None, and mostly there is nothing
        write.record = {name: value for name, value in said.items() if value is not None}
    for name in first.placeholders:
        write.record.setdefault(name, PLACEHOLDER)
    write.upsert_by = _unique_key(write)


def _laid_over(write: Write, writable: Collection[str]) -> tuple[dict[str, Any], Collection[str]]:
    """What all intents want together, and which of it is not so yet; notes who changes something."""
    now = dict(write.stored)
    wanted: dict[str, Any] = {}
    changed: dict[str, None] = {}
    changing = {write.intents[0]} if write.operation == "create" else set()
    left_out: set[str] = set()
    names_parents = any("." in name for intent in write.intents for name in intent.fields)
    for intent in write.intents:
        said = _said(write, intent, now)
        for name, value in said.items():
            behind = name if name in writable else getattr(field_behind(write.sobject, name), "name", "")
            if behind not in writable:
                left_out.add(name)
                continue
            if not _is_so_already(write.sobject, name, now, value):
                changing.add(intent)
                changed[name] = None
            now[name] = wanted[name] = value
            for other in _other_names(write.sobject, name, wanted, names_parents=names_parents):
                if other not in said:
                    for known in (now, wanted, changed):
                        known.pop(other, None)
    write.changing, write.left_out = changing, left_out
    # several intents may have changed a value to and fro
    return wanted, _changed(write, {name: wanted[name] for name in changed})


def _other_names(
    sobject: SObjectDescribe, name: str, wanted: Collection[str], *, names_parents: bool
) -> list[str]:
    """Those names under which is wanted what another name writes as well: of a place, or of a parent."""
    place = other_field_of_place(name)
    others = [place] if place in wanted else []
    if names_parents and (field := field_behind(sobject, name)) is not None:
        others += [each for each in wanted if each != name and field_behind(sobject, each) is field]
    return others


def _changed(write: Write, wanted: Mapping[str, Any]) -> Collection[str]:
    """The names of those values that are not stored yet."""
    stored = write.stored
    return [
        name
        for name, value in wanted.items()
        if stored.get(name, MISSING) != value and not _is_so_already(write.sobject, name, stored, value)
    ]


def _unique_key(write: Write) -> str:
    match = write.intents[0].match
    key = write.sobject.field(match.fields[0]) if match and len(match.fields) == 1 else None
    if key is None or not (key.external_id and key.unique and key.name in write.record):
        return ""
    return key.name


def _said(write: Write, intent: Intent, now: Mapping[str, Any]) -> dict[str, Any]:
    """What an intent writes; the value that its record is found by stays as it is, whatever its case.

    A null does not clear it either, and a record is created with the values that it was looked for with: the
    next event would not find it again.
    """
    said = dict(fields_said(intent, write.sobject))
    match = intent.match
    if match is None:
        return said
    creates = write.operation == "create" and intent is write.intents[0]
    for place, name in enumerate(match.fields):
        if creates:
            said[name] = match.values[place]
        elif name in said and not _is_other_key(write.sobject, name, now.get(name), said[name]):
            del said[name]
    return said


def fields_said(intent: Intent, sobject: SObjectDescribe) -> Mapping[str, Any]:
    """What an intent writes to a record of an object, less the key of a record that was merged into that."""
    said = intent.fields_for(sobject.name)
    match = intent.match
    if match is None or not intent.finds_merged:
        return said
    keys = dict(zip(match.fields, match.values, strict=True))
    return {
        name: value
        for name, value in said.items()
        if name not in keys or _is_other_key(sobject, name, keys[name], value)
    }


def _is_other_key(sobject: SObjectDescribe, name: str, there: Any, own: Any) -> bool:
    """Whether a value would make another key of what a record is found by."""
    if own is None or own == there:
        return False
    described = sobject.field(name)
    return described is None or comparable(described, own) != comparable(described, there)


def _is_so_already(sobject: SObjectDescribe, name: str, stored: Mapping[str, Any], value: Any) -> bool:
    if name not in stored:
        return False
    if stored[name] == value:
        return True
    described = sobject.field(name)
    return described is not None and same_value(described, stored[name], value)


def does_something(write: Write) -> bool:
    """Whether a write would change its record."""
    return write.operation != "update" or bool(write.record)
