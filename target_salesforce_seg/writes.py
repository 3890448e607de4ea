"""What is sent to one record: the wishes of several events laid over each other, less what is so already."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from salesforce_seg import fields as field_types
from target_salesforce_seg.intents import Intent, comparable
from target_salesforce_seg.mapping.tables import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from salesforce_seg.describe import FieldDescribe, SObjectDescribe


@dataclass(eq=False, slots=True)
class Write:
    """One write to one record, for one or more intents.

    Attributes:
        sobject: the object.
        operation: create, update or delete.
        record_id: empty for a create.
        stored: the record as it is now, as far as it was read.
        intents: in the order of their events.
        record: what to send.
        changing: the intents that change something, each seen after the ones before it.
        left_out: fields that such an operation cannot write.
    """

    sobject: SObjectDescribe
    operation: str
    record_id: str = ""
    stored: Mapping[str, Any] = field(default_factory=dict)
    intents: list[Intent] = field(default_factory=list)
    record: dict[str, Any] = field(default_factory=dict)
    changing: set[Intent] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)


def joined(writes: Iterable[Write]) -> list[Write]:
    """Put writes to one record together, whatever way each of them found it."""
    joined: dict[Any, Write] = {}
    for write in writes:
        name = (write.sobject.name, write.operation, write.record_id) if write.record_id else id(write)
        first = joined.setdefault(name, write)
        if first is not write:
            first.stored = {**write.stored, **first.stored}
            both = dict.fromkeys([*first.intents, *write.intents])
            first.intents = sorted(both, key=lambda intent: intent.position)
    return list(joined.values())


def complete(write: Write) -> None:
    """Work out what a write sends: its intents laid over each other in order, less what is so already."""
    if write.operation == "delete":
        write.changing = {write.intents[0]}
        return
    creates = write.operation == "create"
    now = dict(write.stored)
    wanted: dict[str, Any] = {}
    for intent in write.intents:
        for name, value in _fields(write, intent, now):
            described = write.sobject.field(name)
            if described is None or not (described.createable if creates else described.updateable):
                write.left_out.add(name)
                continue
            if not _is_so_already(described, now, value):
                write.changing.add(intent)
            now[name] = wanted[name] = value
    if creates:
        write.changing.add(write.intents[0])
        for name in write.intents[0].placeholders:
            wanted[name] = PLACEHOLDER if wanted.get(name) is None else wanted[name]
        write.record = {name: value for name, value in wanted.items() if value is not None}
    else:
        write.record = {
            name: value
            for name, value in wanted.items()
            if (described := write.sobject.field(name)) and not _is_so_already(described, write.stored, value)
        }


def _fields(write: Write, intent: Intent, now: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What an intent writes; the value that its record is found by stays as it is, whatever its case."""
    own = intent.fields_for(write.sobject.name)
    if write.operation == "create" and intent is write.intents[0] and intent.match:
        yield from zip(intent.match.fields, intent.match.values, strict=True)
    keys = dict(zip(intent.match.fields, intent.match.key, strict=True)) if intent.match else {}
    for name, value in own.items():
        described = write.sobject.field(name)
        if (
            described
            and name in keys
            and comparable(described, value) == comparable(described, now.get(name))
        ):
            continue
        yield name, value


def _is_so_already(described: FieldDescribe, stored: Mapping[str, Any], value: Any) -> bool:
    return described.name in stored and field_types.same_value(described, stored[described.name], value)


def does_something(write: Write) -> bool:
    """Whether a write would change its record."""
    return write.operation != "update" or bool(write.record)
