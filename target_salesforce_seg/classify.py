"""What a record is: an event for Salesforce, one that is not, or a plain record of an object."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from salesforce_seg.errors import RecordRejected
from target_salesforce_seg import warehouse
from target_salesforce_seg.events import (
    SENT_TYPES,
    UNSENT_TYPES,
    Event,
    as_json,
    event_type_of,
    read_event,
    whole_event,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_salesforce_seg.actions import StreamRule
    from target_salesforce_seg.settings import TargetSettings


_TYPES = frozenset((*SENT_TYPES, *UNSENT_TYPES))
_SHARED = ("integrations", "context")
"""What a batch of Segment's HTTP API says once for all its events."""


class NotForSalesforce(Exception):  # noqa: N818  it is an outcome, not an error
    """The event is not meant for Salesforce; the message is the reason, without anything of the event."""


class Wish(NamedTuple):
    """One thing that an event wanted done.

    Attributes:
        object: as the settings or the event spell it.
        operation: create, update, upsert, delete or read.
        place: which of its wishes it is, where an event wants the same done to the same object more than
            once; else 0.
    """

    object: str
    operation: str
    place: int = 0


@dataclass(slots=True)
class Incoming:
    """One record as the tap sent it.

    Attributes:
        stream: its stream; empty for a line that was no message.
        record: the record, or the text of a line that was no message.
        deleted: whether the source marks it as deleted (``_sdc_deleted_at``).
        problem: why it cannot be looked at at all: no JSON, no schema, against the schema.
        only: replaying: the wish that failed; what else the event wants done was done.
    """

    stream: str
    record: Any
    deleted: bool = False
    problem: RecordRejected | None = None
    only: Wish | None = None


@dataclass(frozen=True, slots=True)
class PlainRecord:
    """A record of an object, under the names of its fields."""

    rule: StreamRule
    record: Mapping[str, Any]
    deleted: bool


def classify(incoming: Incoming, settings: TargetSettings) -> Event | PlainRecord:
    """Say what a record is.

    Raises:
        NotForSalesforce: the gate is closed, or Salesforce has nothing for such an event.
        RecordRejected: it cannot be read, or does not say what it is.
    """
    if incoming.problem is not None:
        raise incoming.problem
    if not isinstance(incoming.record, dict):
        raise RecordRejected("The record is not a JSON object.", code="INVALID_RECORD")
    record: Mapping[str, Any] = incoming.record
    rule = settings.streams.get(incoming.stream)
    if rule is not None and rule.object:
        return _plain(rule, record, deleted=incoming.deleted)
    record = whole_event(record)
    if record.get("batch") == [] and "type" not in record:
        raise NotForSalesforce("its batch has no events")
    event_type = event_type_of(record)
    is_row = (event_type not in _TYPES or rule is not None) and warehouse.is_row(record)
    if is_row:
        event_type = rule.event if rule else warehouse.type_of(incoming.stream, record) or event_type
    elif rule is not None and event_type not in _TYPES:
        event_type = rule.event
    if event_type in UNSENT_TYPES:
        raise NotForSalesforce(f"{event_type} events have no counterpart in Salesforce")
    closed = settings.gate.closed_because(record, is_row=is_row)
    if closed:
        raise NotForSalesforce(closed)
    if event_type not in SENT_TYPES:
        raise _untyped(incoming.stream, event_type)
    return read_event(record, event_type, is_row=is_row, gate_column=settings.gate_column)


def events_in(incoming: Incoming, settings: TargetSettings) -> list[Incoming]:
    """The events of a record: those of a batch of Segment's HTTP API one by one, else the record itself.

    Each event of a batch counts for itself. It gets the ``integrations`` and ``context`` that the batch has,
    under its own (Segment's "HTTP Tracking API", Batch).
    """
    record = incoming.record
    if not isinstance(record, dict) or "batch" not in record or incoming.problem is not None:
        return [incoming]
    rule = settings.streams.get(incoming.stream)
    items = as_json(record["batch"])
    if not isinstance(items, list) or not items or (rule is not None and rule.object):
        return [incoming]
    shared = {name: whole for name in _SHARED if isinstance(whole := as_json(record.get(name)), dict)}
    return [replace(incoming, record=_with_shared(as_json(item), shared)) for item in items]


def _with_shared(event: Any, shared: Mapping[str, Any]) -> Any:
    if not isinstance(event, dict):
        return event
    return event | {name: _merged(shared[name], as_json(event.get(name))) for name in shared}


def _merged(shared: Mapping[str, Any], own: Any) -> Any:
    if own is None:
        return shared
    return {**shared, **own} if isinstance(own, dict) else own


def _plain(rule: StreamRule, record: Mapping[str, Any], *, deleted: bool) -> PlainRecord:
    if deleted and rule.operation in {"create", "update"}:
        raise NotForSalesforce(
            f"the source has deleted it (_sdc_deleted_at), and the stream is to {rule.operation}"
        )
    return PlainRecord(rule, record, deleted)


def _untyped(stream: str, event_type: str | None) -> RecordRejected:
    if event_type is None:
        return RecordRejected(
            f"The event has no type, and {stream} is no name of a warehouse table. If it holds warehouse "
            "rows or plain records, say what they are in the setting `streams`.",
            code="MISSING_TYPE",
        )
    return RecordRejected(
        f"`{event_type[:40]}` is no event type; there are {', '.join((*SENT_TYPES, *UNSENT_TYPES))}.",
        code="UNKNOWN_TYPE",
    )
