"""What takes a trait's value into a record: one function a trait, made once, called for every event.

A field that several traits may fill is decided when all traits are seen: the trait of the lowest rank that
says something wins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from target_salesforce_seg.mapping.names import split_name
from target_salesforce_seg.paths import MISSING

if TYPE_CHECKING:
    from target_salesforce_seg.mapping.values import Convert, Slot

Record = dict[str, Any]
Rivals = dict[str, tuple[int, "Convert", Any]]
"""By field: rank, conversion and value of the best trait so far.

One that the record has a value for already is decided: a trait of the best rank has filled it.
"""

Take = Callable[[Any, Record, Rivals], None]
"""Takes a value into a record, or among the rivals for a field. Raises RecordRejected."""

Complain = Callable[[], None]
"""Says that a trait has the wrong shape and is left out."""


class Taker(NamedTuple):
    """What becomes of the values of a trait.

    Attributes:
        take: takes any value.
        text_field: the field that a plain text is written to at once, less its outer white space, if it is
            not blank and nothing is known of the field yet; ``take`` would do the same.
        text_length: ASCII text without null characters is plain if it has so many characters at most;
            printable text, which has no halves of surrogate pairs, if it has half as many; -1 where no text
            goes in as it is.
    """

    take: Take
    text_field: str = ""
    text_length: int = -1


def alone(slot: Slot, *, empty_clears: bool) -> Taker:
    """For a field that no other trait fills.

    Args:
        slot: where the value goes.
        empty_clears: whether an empty text empties the field, as null does; else it says nothing.
    """
    name, convert, cleared = slot.name, slot.convert, slot.cleared

    def take(value: Any, record: Record, _: Rivals) -> None:
        if isinstance(value, str) and not value.strip():
            value = None if empty_clears else MISSING
        if value is not None and value is not MISSING:
            converted = convert(value)
            if converted is not MISSING:
                record[name] = converted
        elif value is None and cleared:
            record[cleared] = None

    return Taker(take, name, slot.text_length)


def rival(slot: Slot, rank: int, *, is_best: bool, empty_clears: bool, complain: Complain) -> Taker:
    """For a field that other traits may fill too: the lowest rank wins, a null if no trait says more.

    Args:
        slot: where the value goes.
        rank: of the trait.
        is_best: whether no trait has a lower rank, so that it need not wait for the others.
        empty_clears: as for :func:`alone`.
        complain: of an object.
    """
    name, convert, cleared = slot.name, slot.convert, slot.cleared

    def take(value: Any, record: Record, rivals: Rivals) -> None:
        if isinstance(value, str):
            value = value.strip() or (None if empty_clears else MISSING)
        if value is None and cleared:
            record.setdefault(cleared, None)
        elif isinstance(value, dict):
            complain()
        elif value is not None and value is not MISSING:
            best = rivals.get(name)
            if best is None or rank < best[0]:
                rivals[name] = (rank, convert, value)

    return Taker(take, name, slot.text_length) if is_best else Taker(take)


def unknown(slot: Slot, *, empty_clears: bool) -> Taker:
    """For a trait whose field cannot be written: the slot's conversion says so, or rejects."""

    def take(value: Any, _: Record, __: Rivals) -> None:
        if empty_clears or not isinstance(value, str) or value.strip():
            slot.convert(value)

    return Taker(take)


def text_only(taker: Taker, complain: Complain) -> Taker:
    """For names: a number or a list is no name."""

    def take(value: Any, record: Record, rivals: Rivals) -> None:
        if value is None or isinstance(value, str):
            taker.take(value, record, rivals)
        else:
            complain()

    return taker._replace(take=take)


def full_name(first_name: Taker, last_name: Taker) -> Taker:
    """For ``name``: the first word, and the rest. It empties nothing."""

    def take(value: Any, record: Record, rivals: Rivals) -> None:
        first, rest = split_name(value)
        if first:
            first_name.take(first, record, rivals)
        if rest:
            last_name.take(rest, record, rivals)

    return Taker(take)


def nothing(complain: Complain | None = None) -> Taker:
    """For a trait that no field takes in this shape; with a complaint, unless it is blank."""

    def take(value: Any, _: Record, __: Rivals) -> None:
        if complain and value not in (None, "", [], {}):
            complain()

    return Taker(take)


def all_of(takers: list[Taker]) -> Taker:
    """For a trait that fills several fields."""
    if len(takers) < 2:
        return takers[0] if takers else nothing()

    def take(value: Any, record: Record, rivals: Rivals) -> None:
        for each in takers:
            each.take(value, record, rivals)

    return Taker(take)
