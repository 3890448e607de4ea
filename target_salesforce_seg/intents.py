"""What an event wants done in Salesforce, and how the wishes of a batch are put in order and together."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from salesforce_seg.errors import RecordRejected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from salesforce_seg.describe import FieldDescribe

_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?")
_SUFFIX_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


@dataclass(frozen=True, slots=True)
class Match:
    """How a record is found: all fields must have these values.

    Attributes:
        fields: API names.
        values: as they are written on a create.
        key: the values without what Salesforce does not tell apart.
    """

    fields: tuple[str, ...]
    values: tuple[Any, ...]
    key: tuple[Any, ...]

    @classmethod
    def on(cls, pairs: Iterable[tuple[FieldDescribe, Any]]) -> Match:
        """A match on some fields and their (typed) values."""
        chosen = list(pairs)
        return cls(
            tuple(each.name for each, _ in chosen),
            tuple(value.strip() if isinstance(value, str) else value for _, value in chosen),
            tuple(comparable(each, value) for each, value in chosen),
        )

    @property
    def by_id(self) -> bool:
        """Whether the record's own Id is given."""
        return self.fields == ("Id",)


@dataclass(eq=False, slots=True)
class Intent:
    """One thing that one event wants done to one record.

    Attributes:
        position: of the event in its batch.
        object: API name.
        operation: create, update, upsert or delete.
        fields: what to write, typed; None clears.
        match: how the record is found; None for a create.
        placeholders: required fields that become ``n/a`` if a create has no value for them.
        contact_fields: gives what to write instead if the Lead turns out to be converted to a Contact.
        lost: what it would have counted as (``created`` ...) when the answer to its write was lost.
        rerouted: whether it was looked up again because Salesforce said that the record is another one now.
    """

    position: int
    object: str
    operation: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    match: Match | None = None
    placeholders: tuple[str, ...] = ()
    contact_fields: Callable[[], Mapping[str, Any]] | None = None
    lost: str = ""
    rerouted: bool = False

    def fields_for(self, sobject: str) -> Mapping[str, Any]:
        """What to write to a record of an object: that of the intent, or the Contact a Lead became."""
        if sobject == self.object or self.contact_fields is None:
            return self.fields
        return self.contact_fields()

    def problem_as(self, sobject: str) -> RecordRejected | None:
        """Why it cannot be written to a record of an object, if it cannot."""
        try:
            self.fields_for(sobject)
        except RecordRejected as error:
            return error
        return None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A wish of an event that cannot be carried out, beside others of the same event that may."""

    object: str
    operation: str
    error: RecordRejected


@dataclass(slots=True)
class Group:
    """Intents on the same record, in the order of their events, that one write can carry out."""

    object: str
    operation: str
    match: Match | None
    intents: list[Intent]


def comparable(described: FieldDescribe, value: Any) -> Any:
    """A value without what Salesforce does not tell apart when it looks for a record.

    Text is compared trimmed and without case, unless its field is case-sensitive (but ``ß`` is not ``ss``:
    two people must never become one); ids of 15 and 18 characters are the same; date-times are moments,
    whatever their zone.
    """
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float | Decimal):
        return Decimal(str(value)).normalize()
    text = str(value).strip()
    if described.type in {"id", "reference"}:
        return long_id(text) or text
    if described.type == "datetime":
        return _moment(text)
    if described.type in {"int", "long", "double", "currency", "percent"}:
        return _number(text)
    return text if described.case_sensitive else text.lower()


def long_id(text: str) -> str | None:
    """The 18-character form of a record Id; None if the text is no Id (or its check characters are wrong)."""
    if not _ID.fullmatch(text):
        return None
    suffix = ""
    for start in (0, 5, 10):
        bits = sum(1 << place for place, char in enumerate(text[start : start + 5]) if char.isupper())
        suffix += _SUFFIX_ALPHABET[bits]
    return text[:15] + suffix if text[15:] in {"", suffix} else None


def grouped(intents: Iterable[Intent]) -> list[Group]:
    """Put the intents on the same record together; those without a match stay alone."""
    groups: dict[Any, Group] = {}
    for intent in intents:
        match = intent.match
        name = (intent.object, intent.operation, match.fields, match.key) if match else id(intent)
        groups.setdefault(name, Group(intent.object, intent.operation, match, [])).intents.append(intent)
    return list(groups.values())


def in_waves(intents: Iterable[Intent]) -> list[list[Intent]]:
    """Split the intents of a batch so that a later wave sees in Salesforce what an earlier one has done.

    Different operations on one record (a write, then a delete) follow each other in the order of their
    events. Where one object is looked for in several ways, each way that may create waits for the ones
    before it, so that the second finds what the first has created.
    """
    ways: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    latest: dict[Any, tuple[str, int]] = {}
    waves: dict[int, list[Intent]] = defaultdict(list)
    for intent in intents:
        way = intent.match.fields if intent.match else ()
        wave = 0
        if intent.operation in {"create", "upsert"}:
            if way not in ways[intent.object]:
                ways[intent.object].append(way)
            wave = ways[intent.object].index(way)
        if intent.match is not None:
            record = (intent.object, way, intent.match.key)
            operation, earlier = latest.get(record, (intent.operation, 0))
            wave = max(wave, earlier + (operation != intent.operation))
            latest[record] = (intent.operation, wave)
        waves[wave].append(intent)
    return [waves[wave] for wave in sorted(waves)]


def _moment(text: str) -> Any:
    try:
        moment = datetime.fromisoformat(re.sub(r"Z$", "+00:00", re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", text)))
    except ValueError:
        return text
    return moment.timestamp() if moment.tzinfo else text


def _number(text: str) -> Any:
    try:
        return Decimal(text).normalize()
    except InvalidOperation:
        return text
