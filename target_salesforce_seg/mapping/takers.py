"""What takes a trait's value into a record: one function a trait, made once, called for every event.

A field that several traits may fill is decided when all traits are seen: the trait of the lowest rank that
says something wins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from target_salesforce_seg.mapping.names import split_name
from target_salesforce_seg.paths import MISSING

if TYPE_CHECKING:
    from target_salesforce_seg.mapping.values import Convert, Slot

Record = dict[str, Any]
Rivals = dict[str, tuple[int, "Convert | None", Any]]
"""By field: rank, conversion (none if the value needs none) and value of the best trait so far.

One that the record has a value for already is decided: a trait of the best rank has filled it.
"""

Taker = Callable[[Any, Record, Rivals], None]
"""Takes a value into a record, or among the rivals for a field. Raises RecordRejected."""

Complain = Callable[[], None]
"""Says that a trait has the wrong shape and is left out."""


def alone(slot: Slot, *, empty_clears: bool) -> Taker:
    """For a field that no other trait fills.

    Args:
        slot: where the value goes.
        empty_clears: whether an empty text empties the field, as null does; else it says nothing.
    """
    name, convert, cleared, text_length = slot.name, slot.convert, slot.cleared, slot.text_length

    def take(value: Any, record: Record, _: Rivals) -> None:
        if isinstance(value, str):
            text = value.strip()
            if text and len(value) <= text_length and value.isascii() and "\0" not in text:
                record[name] = text
                return
            if not text:
                value = None if empty_clears else MISSING
        if value is not None and value is not MISSING:
            converted = convert(value)
            if converted is not MISSING:
                record[name] = converted
        elif value is None and cleared:
            record[cleared] = None

    return take


def rival(slot: Slot, rank: int, *, is_best: bool, empty_clears: bool, complain: Complain) -> Taker:
    """For a field that other traits may fill too: the lowest rank wins, a null if no trait says more.

    Args:
        slot: where the value goes.
        rank: of the trait.
        is_best: whether no trait has a lower rank: a text that needs no conversion is in the record at once.
        empty_clears: as for :func:`alone`.
        complain: of an object.
    """
    name, convert, cleared, text_length = slot.name, slot.convert, slot.cleared, slot.text_length

    def take(value: Any, record: Record, rivals: Rivals) -> None:
        ready = False
        if isinstance(value, str):
            text = value.strip()
            ready = len(value) <= text_length and value.isascii() and "\0" not in text
            if is_best and ready and text and name not in record and name not in rivals:
                record[name] = text
                return
            value = text or (None if empty_clears else MISSING)
        if value is None and cleared:
            record.setdefault(cleared, None)
        elif isinstance(value, dict):
            complain()
        elif value is not None and value is not MISSING:
            best = rivals.get(name)
            if best is None or rank < best[0]:
                rivals[name] = (rank, None if ready else convert, value)

    return take


def unknown(slot: Slot, *, empty_clears: bool) -> Taker:
    """For a trait whose field cannot be written: the slot's conversion says so, or rejects."""

    def take(value: Any, _: Record, __: Rivals) -> None:
        if empty_clears or not isinstance(value, str) or value.strip():
            slot.convert(value)

    return take


def text_only(taker: Taker, complain: Complain) -> Taker:
    """For names: a number or a list is no name."""

    def take(value: Any, record: Record, rivals: Rivals) -> None:
        if value is None or isinstance(value, str):
            taker(value, record, rivals)
        else:
            complain()

    return take


def full_name(first_name: Taker, last_name: Taker) -> Taker:
    """For ``name``: the first word, and the rest. It empties nothing."""

    def take(value: Any, record: Record, rivals: Rivals) -> None:
        first, rest = split_name(value)
        if first:
            first_name(first, record, rivals)
        if rest:
            last_name(rest, record, rivals)

    return take


def nothing(complain: Complain | None = None) -> Taker:
    """For a trait that no field takes in this shape; with a complaint, unless it is blank."""

    def take(value: Any, _: Record, __: Rivals) -> None:
        if complain and value not in (None, "", [], {}):
            complain()

    return take
