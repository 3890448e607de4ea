"""What a record is: an event for Salesforce, one that is not, or a plain record of an object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from salesforce_seg.errors import RecordRejected
from target_salesforce_seg import gate
from target_salesforce_seg.events import (
    SENT_TYPES,
    UNSENT_TYPES,
    Event,
    event_type_of,
    read_event,
    with_objects,
)

if TYPE_CHECKING:
    from target_salesforce_seg.actions import StreamRule
    from target_salesforce_seg.settings import TargetSettings


class NotForSalesforce(Exception):  # noqa: N818  it is an outcome, not an error
    """The event is not meant for Salesforce; the message is the reason, without anything of the event."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One record as the tap sent it.

    Attributes:
        stream: its stream; empty for a line that was no message.
        record: the record, or the text of a line that was no message.
        deleted: whether the source marks it as deleted (``_sdc_deleted_at``).
        problem: why it cannot be looked at at all: no JSON, no schema, against the schema.
        only: replaying: the object and operation that failed; what else the event wants done was done.
    """

    stream: str
    record: Any
    deleted: bool = False
    problem: RecordRejected | None = None
    only: tuple[str, str] | None = None


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
    if not isinstance(incoming.record, Mapping):
        raise RecordRejected("The record is not a JSON object.", code="INVALID_RECORD")
    record = incoming.record
    rule = settings.streams.get(incoming.stream)
    if rule is not None and rule.object:
        return _plain(rule, record, deleted=incoming.deleted)
    record = with_objects(record)
    event_type = rule.event if rule is not None else event_type_of(record)
    if event_type in UNSENT_TYPES:
        raise NotForSalesforce(f"{event_type} events have no counterpart in Salesforce")
    closed = gate.closed_because(
        record, always_enabled=settings.always_enabled, integration_name=settings.integration_name
    )
    if closed:
        raise NotForSalesforce(closed)
    if event_type not in SENT_TYPES:
        raise _untyped(incoming.stream, event_type)
    return read_event(record, event_type, may_be_row=rule is not None)


def _plain(rule: StreamRule, record: Mapping[str, Any], *, deleted: bool) -> PlainRecord:
    if deleted and rule.operation in {"create", "update"}:
        raise NotForSalesforce(
            f"the source has deleted it (_sdc_deleted_at), and the stream is to {rule.operation}"
        )
    return PlainRecord(rule, record, deleted)


def _untyped(stream: str, event_type: str | None) -> RecordRejected:
    if event_type is None:
        return RecordRejected(
            f"The event has no type. If stream {stream} holds warehouse rows or plain records, say what "
            "they are in the setting `streams`.",
            code="MISSING_TYPE",
        )
    return RecordRejected(
        f"`{event_type[:40]}` is no event type; there are {', '.join((*SENT_TYPES, *UNSENT_TYPES))}.",
        code="UNKNOWN_TYPE",
    )
