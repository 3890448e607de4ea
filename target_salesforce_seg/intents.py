"""What an event wants done in Salesforce, and how its record is found."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from salesforce_seg.errors import RecordRejected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from salesforce_seg.describe import FieldDescribe
    from target_salesforce_seg.events import Event

_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?")
_SUFFIX_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


@dataclass(eq=False, slots=True)
class Match:
    """How a record is found: all fields must have these values. It is never changed.

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
        names: list[str] = []
        values: list[Any] = []
        key: list[Any] = []
        for described, value in pairs:
            names.append(described.name)
            values.append(value.strip() if isinstance(value, str) else value)
            key.append(comparable(described, value))
        return cls(tuple(names), tuple(values), tuple(key))

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
        operation: create, update, upsert, delete or read.
        fields: what to write, typed; None clears. ``Account.Key__c`` names a parent by a key of its own.
        match: how the record is found; None for a create that nothing finds again.
        placeholders: required fields that become ``n/a`` if a create has no value for them.
        contact_fields: gives what an intent writes instead if its Lead turns out to be converted to a
            Contact.
        event: whose traits a Contact gets.
        lost: what it would have counted as (``created`` ...) when the answer to its write was lost.
        finds_merged: whether the record with its key was merged into the one that it is written to.
        rerouted: whether it was looked up again because Salesforce said that the record is another one now.
    """

    position: int
    object: str
    operation: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    match: Match | None = None
    placeholders: tuple[str, ...] = ()
    contact_fields: Callable[[Intent], Mapping[str, Any]] | None = None
    event: Event | None = None
    lost: str = ""
    finds_merged: bool = False
    rerouted: bool = False
    _as_contact: Mapping[str, Any] | None = None

    def fields_for(self, sobject: str) -> Mapping[str, Any]:
        """What to write to a record of an object: that of the intent, or the Contact a Lead became."""
        if sobject == self.object or self.contact_fields is None:
            return self.fields
        if self._as_contact is None:
            self._as_contact = self.contact_fields(self)
        return self._as_contact

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


def comparable(described: FieldDescribe, value: Any) -> Any:
    """A value without what Salesforce does not tell apart when it looks for a record.

    Text is compared trimmed and without case, unless its field is case-sensitive (but ``ß`` is not ``ss``:
    two people must never become one); ids of 15 and 18 characters are the same; date-times are moments,
    whatever their zone.
    """
    if isinstance(value, str):
        text = value.strip()
    elif isinstance(value, bool) or value is None:
        return value
    elif isinstance(value, int | float | Decimal):
        return Decimal(str(value)).normalize()
    else:
        text = str(value).strip()
    read = _COMPARED_AS.get(described.type)
    if read is not None:
        return read(text)
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


def _long_id(text: str) -> str:
    return long_id(text) or text


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


_COMPARED_AS: dict[str, Callable[[str], Any]] = {
    "id": _long_id,
    "reference": _long_id,
    "datetime": _moment,
    "int": _number,
    "long": _number,
    "double": _number,
    "currency": _number,
    "percent": _number,
}
"""By type of the field; text of any other type is compared as text."""
