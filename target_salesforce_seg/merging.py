"""The wishes of a batch put on records, in the order of their events, one write a record.

A wish that must see what an earlier one has done waits for the next round: a delete for the write before it,
a lookup by another key than the one a record is created with, a reference to a parent that is to be created.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from target_salesforce_seg.intents import comparable
from target_salesforce_seg.relationships import parents_of
from target_salesforce_seg.writes import Write, fields_said

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from salesforce_seg.describe import SObjectDescribe
    from target_salesforce_seg.intents import Intent, Match

Way = tuple[str, ...]
"""Fields that records are found by."""


class Merging:
    """Puts intents on records.

    Args:
        ways: by object, the ways in which the intents of this round look for records.
        name_parents: the objects whose records name parents by a key.
    """

    def __init__(self, ways: Mapping[str, Iterable[Way]], name_parents: Collection[str]) -> None:
        self._name_parents = name_parents
        self._ways = {sobject: tuple(each) for sobject, each in ways.items()}
        self._records: dict[tuple[str, str], Write] = {}
        self._new: dict[tuple[str, Way, Any], Write] = {}
        self._blind: list[Write] = []
        self._unsettled: set[tuple[str, Way, Any]] = set()
        self._unsettled_ways: set[tuple[str, Way]] = set()
        self._keys: dict[Write, dict[str, Any]] = defaultdict(dict)
        self._creating: set[str] = set()
        self.later: list[Intent] = []

    def record(self, sobject: SObjectDescribe, row: Mapping[str, Any]) -> Write:
        """The write to a record that exists."""
        name = (sobject.name, row["Id"])
        write = self._records.get(name)
        if write is None:
            write = self._records[name] = Write(sobject, "", row["Id"], row)
        elif any(key not in write.stored for key in row):
            write.stored = {**row, **write.stored}
        return write

    def new(self, sobject: SObjectDescribe, intent: Intent) -> Write:
        """The write that creates the record an intent looks for; the same for all that look alike."""
        if intent.match is None:
            self._blind.append(Write(sobject, ""))
            return self._blind[-1]
        name = (intent.object, intent.match.fields, intent.match.key)
        write = self._new.get(name)
        if write is None:
            write = self._new[name] = Write(sobject, "")
        return write

    def is_being_created(self, intent: Intent) -> bool:
        """Whether an earlier intent creates the record that this one looks for."""
        return intent.match is not None and (intent.object, *_key(intent)) in self._new

    def must_wait(self, sobject: SObjectDescribe, intent: Intent, contact: Match | None = None) -> bool:
        """Whether earlier intents may change what this one finds.

        Args:
            sobject: the object of the intent.
            intent: what is wanted.
            contact: how a Contact is found that stands in for a Lead.
        """
        if self._unsettled or self._unsettled_ways:
            if intent.match is not None and self._is_unsettled(intent.object, intent.match):
                return True
            if contact is not None and self._is_unsettled("Contact", contact):
                return True
        if contact is not None and ("Contact", contact.fields, contact.key) in self._new:
            return True
        if not self._creating or intent.object not in self._name_parents:
            return False
        return bool(parents_of(sobject, intent.fields) & self._creating)

    def put(self, sobject: SObjectDescribe, intent: Intent, writes: list[Write]) -> None:
        """Put an intent on its records, unless it has to wait for what is done to one of them."""
        for write in writes:
            if write.awaited or (write.operation and not _goes_with(write, intent)):
                self.wait(sobject, intent, writes)
                return
        for write in writes:
            write.intents.append(intent)
            if not write.record_id:
                self._creating.add(write.sobject.name)
            write.operation = write.operation or _operation(write, intent)
            self._note_keys(write, intent)

    def wait(self, sobject: SObjectDescribe, intent: Intent, writes: Iterable[Write] = ()) -> None:
        """Leave an intent to the next round, and all that may depend on it."""
        self.later.append(intent)
        known = list(writes)
        for write in known:
            write.awaited = True
        if intent.operation == "read":
            return
        if not known:
            self._unsettle_ways(intent)
        self._creating.add(intent.object)
        if intent.match is not None:
            self._unsettled.add((intent.object, *_key(intent)))
        for way in self._ways.get(intent.object, ()):
            if all(name in intent.fields for name in way):
                key = _comparable(sobject, way, [intent.fields[name] for name in way])
                self._unsettled.add((intent.object, way, key))

    @property
    def writes(self) -> list[Write]:
        """One for each record that something is wanted of."""
        every = (*self._records.values(), *self._new.values(), *self._blind)
        return [write for write in every if write.intents]

    def _is_unsettled(self, sobject: str, match: Match) -> bool:
        return (sobject, match.fields) in self._unsettled_ways or (
            sobject,
            match.fields,
            match.key,
        ) in self._unsettled

    def _unsettle_ways(self, intent: Intent) -> None:
        """An intent may take its record, whichever that is, from those who look for it in other ways."""
        for sobject in (intent.object, *(("Contact",) if intent.contact_fields else ())):
            self._unsettled_ways |= {
                (sobject, way)
                for way in self._ways.get(sobject, ())
                if (intent.match is None or way != intent.match.fields)
                and (intent.operation == "delete" or any(name in intent.fields for name in way))
            }

    def _note_keys(self, write: Write, intent: Intent) -> None:
        """Note which keys find the record no longer, or only now: nobody may rely on either in this round."""
        sobject = write.sobject
        match = intent.match if intent.object == sobject.name else None
        ways = self._ways.get(sobject.name, ())
        is_new = not write.record_id and write.operation != "delete"
        if is_new and match is not None and ways == (match.fields,):
            return
        fields = fields_said(intent, sobject)
        for way in ways:
            own = match is not None and way == match.fields
            if own and (is_new or _keeps(fields, match)) and write.operation != "delete":
                continue
            if write.operation != "delete" and not any(name in fields for name in way):
                continue
            known = self._keys[write]
            before = [known.get(name, write.stored.get(name)) for name in way]
            after = [fields.get(name, value) for name, value in zip(way, before, strict=True)]
            if after == before and write.operation != "delete":
                continue
            known |= zip(way, after, strict=True)
            keys = {_comparable(sobject, way, before), _comparable(sobject, way, after)}
            if len(keys) > 1 or write.operation == "delete":
                self._unsettled |= {(sobject.name, way, key) for key in keys}


def _keeps(fields: Mapping[str, Any], match: Match | None) -> bool:
    """Whether a write leaves the values by which its record was found."""
    return match is None or all(
        fields.get(name, value) == value for name, value in zip(match.fields, match.values, strict=True)
    )


def _key(intent: Intent) -> tuple[Way, Any]:
    assert intent.match is not None
    return intent.match.fields, intent.match.key


def _comparable(sobject: SObjectDescribe, way: Way, values: list[Any]) -> tuple[Any, ...]:
    return tuple(
        comparable(field, value) if (field := sobject.field(name)) else value
        for name, value in zip(way, values, strict=True)
    )


def _operation(write: Write, intent: Intent) -> str:
    if intent.operation == "delete":
        return "delete"
    return "update" if write.record_id else "create"


def _goes_with(write: Write, intent: Intent) -> bool:
    """Whether one write can do what an intent wants beside what is wanted already."""
    return write.operation == _operation(write, intent) and (
        intent.operation != "create" or intent.match is None
    )
