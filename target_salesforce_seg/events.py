"""One shape for every event: Segment's, RudderStack's, or a row of a warehouse table.

Shapes: Segment's "Spec: Common Fields", "Identify", "Group" and "Track"; RudderStack's web and mobile
libraries put the traits of an identify into ``context.traits``; rows are read by
:mod:`target_salesforce_seg.warehouse`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from salesforce_seg.errors import RecordRejected
from target_salesforce_seg import warehouse
from target_salesforce_seg.paths import MISSING, find, is_blank, member, normalised

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_DIGITS = 40
"""Digits of a number that can be a key: more than any field takes."""

SENT_TYPES = ("identify", "group", "track")
UNSENT_TYPES = ("page", "screen", "alias")
"""Types of Segment's spec that Salesforce has nothing for."""

_TRAITS_STAND_IN = {
    "identify": (("traits",), ("context", "traits")),
    "group": (("traits",), ("properties",)),
    "track": (("context", "traits"), ("traits",)),
}
_NOTHING: Mapping[str, Any] = {}
_OBJECTS = ("traits", "properties", "context", "integrations", "options")
_IDENTIFIERS = frozenset(
    map(normalised, ("userId", "anonymousId", "groupId", "event", "messageId", "timestamp", "context"))
)


@dataclass(slots=True)
class Event:
    """An identify, group or track event, wherever it came from.

    Attributes:
        type: identify, group or track.
        record: the event as it came.
        traits: of the user (identify, track) or of the group.
        properties: of a track.
        from_row: whether it is a warehouse row: names are snake case whatever they were, NULL says nothing.
    """

    type: str
    record: Mapping[str, Any]
    traits: Mapping[str, Any]
    properties: Mapping[str, Any]
    from_row: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names a track event goes by: a warehouse row has both the name and a slug made of it."""
        candidates = (member(self.record, key) for key in ("event_text", "event"))
        return tuple(name for name in candidates if isinstance(name, str))

    @property
    def user_id(self) -> str | None:
        """The userId as text, if it can be a key."""
        if self.from_row:
            return key_text(warehouse.user_id_of(self.record))
        return key_text(member(self.record, "userId"))

    @property
    def group_id(self) -> str | None:
        """The groupId as text, if it can be a key."""
        own = member(self.record, "groupId")
        return key_text(self._in(self.record, "context.groupId") if is_blank(own) else own)

    def find(self, path: str) -> Any:
        """The value at a path of Segment's Actions: ``traits.email``, ``properties.plan``, ``userId``.

        Returns:
            The value, or ``MISSING``. A path that starts with none of the event's parts is looked for in the
            properties, then the traits, then the event.
        """
        head, dot, rest = path.partition(".")
        first = normalised(head)
        if dot and first in {"traits", "properties"}:
            return self._in(self.traits if first == "traits" else self.properties, rest)
        if first == "userid" and not dot:
            return MISSING if self.user_id is None else self.user_id
        if first not in _IDENTIFIERS:
            for place in (self.properties, self.traits):
                found = self._in(place, path)
                if found is not MISSING:
                    return found
        return self._in(self.record, path)

    def _in(self, container: Mapping[str, Any], path: str) -> Any:
        """The value at a path; in a row, what was nested is one column: ``context_campaign_name``."""
        found = find(container, path)
        if found is MISSING and self.from_row and "." in path:
            return member(container, path.replace(".", "_"))
        return found


def read_event(
    record: Mapping[str, Any], event_type: str, *, is_row: bool = False, gate_column: str = ""
) -> Event:
    """Read an event of a known type.

    Args:
        record: a spec event, or a warehouse row.
        event_type: identify, group or track.
        is_row: whether the record is a warehouse row.
        gate_column: a column of rows that is no trait.

    Raises:
        RecordRejected: ``INVALID_TRAITS``: traits or properties are there but are not an object.
    """
    if is_row:
        columns, of_context = warehouse.traits_of(record, without=gate_column)
        if event_type == "track":
            return Event(event_type, record, of_context, columns, from_row=True)
        return Event(event_type, record, of_context | columns, {}, from_row=True)
    traits = _NOTHING
    for place in _TRAITS_STAND_IN[event_type]:
        traits = _object_at(record, place)
        if traits:
            break
    properties = _object_at(record, ("properties",)) if event_type == "track" else _NOTHING
    return Event(event_type, record, traits, properties)


def event_type_of(record: Mapping[str, Any]) -> str | None:
    """What an event says its type is, in lower case; None if it does not say."""
    kind = record.get("type")
    if kind in SENT_TYPES:
        return str(kind)
    return kind.strip().lower() or None if isinstance(kind, str) else None


def key_text(value: object) -> str | None:
    """An id as text: text without surrounding spaces, or a whole number; None for anything else."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    number = Decimal(value)
    if not number.is_finite() or number.adjusted() > MOST_DIGITS or number != number.to_integral_value():
        return None
    return str(int(number))


def whole_event(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record with its event made whole: objects that a database kept as JSON text are objects again.

    RudderStack's warehouse column ``rudder_event`` holds the full event: it is read instead of the row.
    """
    full = record.get("rudder_event") or record.get("RUDDER_EVENT")
    if full is not None:
        event = as_json(full)
        if isinstance(event, dict):
            record = event
    for value in map(record.get, _OBJECTS):
        if isinstance(value, str):
            return {**record, **{each: as_json(record[each]) for each in _OBJECTS if each in record}}
    return record


def as_json(value: Any) -> Any:
    """An object or list that may have been kept as JSON text; any other value as it is."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return json.loads(value, parse_float=Decimal)
    except (ValueError, RecursionError, ArithmeticError):
        return value


def _object_at(record: Mapping[str, Any], place: tuple[str, ...]) -> Mapping[str, Any]:
    value: Any = record
    for key in place:
        value = value.get(key) if isinstance(value, dict) else None
    if value is None:
        return {}
    if not isinstance(value, dict):
        where = ".".join(place)
        raise RecordRejected(
            f"{where} is a {_json_type(value)}, not an object: send the {place[-1]} as names with values.",
            code="INVALID_TRAITS",
        )
    return value


def _json_type(value: object) -> str:
    names = {str: "text", bool: "true/false value", list: "list"}
    return names.get(type(value), "number")
