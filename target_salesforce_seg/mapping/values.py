"""From the value of a trait to what its field takes: typed and trimmed by the org's own describe."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from salesforce_seg import fields
from salesforce_seg.errors import RecordRejected
from target_salesforce_seg.mapping.parents import parent_reference
from target_salesforce_seg.mapping.places import Places
from target_salesforce_seg.mapping.problems import together, too_long, unreadable
from target_salesforce_seg.paths import MISSING, is_blank

if TYPE_CHECKING:
    from salesforce_seg.describe import FieldDescribe, SObjectDescribe
    from target_salesforce_seg.notices import Notices

Convert = Callable[[Any], Any]
"""Makes a value what its field takes; ``MISSING`` for one that is left out. Raises RecordRejected."""

_MOST_REMEMBERED = 20_000
_NO_LIMIT = 10**9
_CONTAINERS = (dict, list)
_WITHOUT_LENGTH = frozenset(
    ("boolean", "int", "long", "double", "currency", "percent", "date", "datetime", "time")
)
"""Types of fields whose values are never empty, and never too long."""


class Assignment(NamedTuple):
    """A value for a field, before the field is known."""

    field: str
    value: Any
    origin: str
    """The trait, path or column it comes from, for messages."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Where values of one origin go in the records of one object.

    Attributes:
        name: of the field, as the org spells it; ``Account.Number__c`` for a parent by its external id; empty
            if there is no such field to write.
        convert: makes a value what the field takes. For a field that cannot be written it says so, or
            rejects.
        cleared: the field that an explicit null empties; none if it cannot be empty.
        text_length: ASCII text of so many characters at most goes in as it is, less its outer white space; -1
            where no text does.
    """

    name: str
    convert: Convert
    cleared: str = ""
    text_length: int = -1


@dataclass(frozen=True, slots=True)
class _Known:
    """What is remembered of an object, as long as its describe is the same."""

    sobject: SObjectDescribe
    places: Places
    required: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    slots: dict[tuple[str, str], Slot] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ValueRules:
    """How values become what Salesforce takes.

    Attributes:
        trim_long_values: whether a text longer than its field is cut; else its event is rejected.
        reject_unknown_fields: whether a field that the org does not have rejects the event; else it is left
            out.
        notices: where to say what is left out or cut.
    """

    trim_long_values: bool
    reject_unknown_fields: bool
    notices: Notices
    _known: dict[str, _Known] = field(default_factory=dict, init=False, repr=False)
    """By object."""

    def typed(self, sobject: SObjectDescribe, assignments: Iterable[Assignment]) -> dict[str, Any]:
        """The values of a record, by the API name of the field as the org spells it; None clears a field.

        An empty text is null to Salesforce.

        Raises:
            RecordRejected: ``INVALID_FIELD`` (under reject_unknown_fields), ``STRING_TOO_LONG``,
                ``NUMBER_OUTSIDE_VALID_RANGE`` or ``INVALID_TYPE_ON_FIELD_IN_RECORD``; it names every field
                that has such a value.
        """
        record: dict[str, Any] = {}
        problems: list[RecordRejected] = []
        for name, value, origin in assignments:
            slot = self.slot(sobject, name, origin)
            try:
                if slot.name and is_blank(value):
                    if slot.cleared:
                        record[slot.cleared] = None
                    continue
                converted = slot.convert(value)
            except RecordRejected as problem:
                problems.append(problem)
                continue
            if converted is not MISSING:
                record[slot.name] = converted
        return finished(self.places(sobject), record, problems)

    def slot(self, sobject: SObjectDescribe, name: str, origin: str) -> Slot:
        """Where values of an origin go; remembered, as names come back with every event.

        Args:
            sobject: the object.
            name: of the field, in any case; or of a parent's field (``Account.Number__c``).
            origin: the trait, path or column, for messages.
        """
        slots = self._of(sobject).slots
        slot = slots.get((name, origin))
        if slot is None:
            if len(slots) >= _MOST_REMEMBERED:
                slots.clear()
            slot = slots[name, origin] = self._new_slot(sobject, name, origin)
        return slot

    def places(self, sobject: SObjectDescribe) -> Places:
        """What puts the countries and states of an object's records where its picklists want them."""
        return self._of(sobject).places

    def required(self, sobject: SObjectDescribe, names: tuple[str, ...]) -> tuple[str, ...]:
        """Those of some fields that the object has and that cannot be empty."""
        known = self._of(sobject).required
        required = known.get(names)
        if required is None:
            described = (sobject.field(name) for name in names)
            required = tuple(each.name for each in described if each and not each.nillable)
            known[names] = required
        return required

    def wrong_shape(self, sobject: str, origin: str) -> None:
        """Say that a trait is left out because it is a list or an object, or should be one."""
        self.notices.say(f"`{origin}` has a shape that no field of {sobject} takes: it is left out.")

    def _of(self, sobject: SObjectDescribe) -> _Known:
        known = self._known.get(sobject.name)
        if known is None or known.sobject is not sobject:
            known = self._known[sobject.name] = _Known(sobject, Places(sobject))
        return known

    def _new_slot(self, sobject: SObjectDescribe, name: str, origin: str) -> Slot:
        if "." in name:
            parent = parent_reference(sobject, name)
            if parent is not None:
                cleared = parent.field.name if parent.field.nillable else ""
                return Slot(parent.name, self._converter(sobject, parent.key, origin), cleared)
        described = sobject.field(name)
        if described is not None and (described.createable or described.updateable):
            clearable = described.nillable and described.type != "boolean"
            convert = self._converter(sobject, described, origin)
            return Slot(
                described.name,
                convert,
                described.name if clearable else "",
                (described.length or _NO_LIMIT) if fields.is_text(described) else -1,
            )
        spelled = name if described is None else described.name
        problem = (
            f"{sobject.name} has no field {spelled} that this user can see"
            if described is None
            else f"{sobject.name}.{spelled} is read-only"
        )
        return Slot("", self._refuser(spelled, problem, origin))

    def _refuser(self, name: str, problem: str, origin: str) -> Convert:
        told = f"{problem}: `{origin}` is left out of every record."

        def refuse(_: Any) -> Any:
            if self.reject_unknown_fields:
                raise RecordRejected(f"{problem} ({origin}).", code="INVALID_FIELD", fields=[name])
            self.notices.say(told)
            return MISSING

        return refuse

    def _converter(self, sobject: SObjectDescribe, field: FieldDescribe, origin: str) -> Convert:
        to_rest = fields.writer(field)
        no_values = dict if field.type == "multipicklist" else _CONTAINERS
        has_length, length = field.type not in _WITHOUT_LENGTH, field.length or _NO_LIMIT

        def convert(value: Any) -> Any:
            try:
                written = to_rest(value)
            except ValueError as error:
                if isinstance(value, no_values):
                    self.wrong_shape(sobject.name, origin)
                    return MISSING
                raise unreadable(sobject, field, origin, error) from None
            if not has_length:
                return written
            if not isinstance(written, str) or len(written) <= (length if written.isascii() else length // 2):
                return MISSING if written == "" else written
            return self._fitting(sobject, field, written)

        return convert

    def _fitting(self, sobject: SObjectDescribe, field: FieldDescribe, value: str) -> str:
        if fields.fits(field, value):
            return value
        cut: str = fields.trim(field, value) if self.trim_long_values else value
        if not fields.fits(field, cut):
            raise too_long(sobject, field)
        self.notices.say(
            f"{sobject.name}.{field.name} takes {field.length} characters: longer values are cut."
        )
        return cut


def finished(places: Places, record: dict[str, Any], problems: list[RecordRejected]) -> dict[str, Any]:
    """A record whose values are all typed, its countries and states in their places.

    Args:
        places: of its object.
        record: the values.
        problems: what is wrong with others.

    Raises:
        RecordRejected: All that is wrong, as one.
    """
    try:
        places.complete(record)
    except RecordRejected as problem:
        problems.append(problem)
    if problems:
        raise together(problems)
    return record
