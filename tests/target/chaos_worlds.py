"""A model org, cell by cell: a cell is all records that one person, account or ticket can touch.

A run that breaks off leaves it open how far its last batch came. The model keeps every org that there may be
then ("worlds"), and goes on with all of them; what the run is seen to have done must fit at least one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from chaos_oracle import Refused, Wish, refused_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

CREATED, DELETED, KEPT = "created", "deleted", "kept"
"""Doors; ``kept`` is updated or unchanged: which of the two depends on what was merged into one write."""

MERGED = "e-mail address of what was merged into it"
"""What only the model knows of a record, beside its fields."""


class Row(NamedTuple):
    """A record: its object, the Id it has in the org (empty for a new one), and its fields."""

    sobject: str
    ident: str
    fields: tuple[tuple[str, Any], ...]

    def of(self, name: str) -> Any:
        return dict(self.fields).get(name)


World = tuple[Row, ...]
"""The records of a cell, in the order of their creation."""


def row(sobject: str, ident: str, fields: dict[str, Any]) -> Row:
    shown = ((name, _shown(value)) for name, value in fields.items())
    return Row(sobject, ident, tuple(sorted(pair for pair in shown if pair[1] not in (None, False, ""))))


def _shown(value: Any) -> Any:
    """Text areas come back with other line ends, and numbers as decimals."""
    if isinstance(value, str):
        return re.sub("\r\n?", "\n", value)
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def visible(world: World) -> list[tuple[str, tuple[tuple[str, Any], ...]]]:
    """What can be seen of a world from outside, to compare it with the org."""
    hidden = {"IsConverted", "ConvertedContactId", MERGED}
    return sorted(
        ((each.sobject, tuple(pair for pair in each.fields if pair[0] not in hidden)) for each in world),
        key=repr,
    )


class Applied(NamedTuple):
    """What wishes make of a world, and their doors: a door, or the code of a reject."""

    world: World
    doors: tuple[str, ...]


@dataclass
class _Write:
    """Wishes of one batch on the same records; places in the world, none if a record is to be created."""

    places: tuple[int, ...]
    wishes: list[Wish]


class Batch:
    """Carries out the wishes of one batch on one cell, in order.

    Wishes on one record are one write, up to the next delete: a value that the org would refuse is never sent
    if a later wish has another for its field.

    Attributes:
        worlds: what the cell is on the way, and in the end.
        doors: of the wishes, in order.
    """

    def __init__(self, world: World, wishes: Sequence[Wish], config: dict[str, Any]) -> None:
        self._config = config
        self._before = world
        self._open: list[_Write] = []
        self._doors: dict[int, str] = {}
        self.worlds = [world]
        for wish in wishes:
            self._take(wish)
        self._flush()
        self.doors = tuple(self._doors[id(wish)] for wish in wishes)

    def _take(self, wish: Wish) -> None:
        now, made = self._written()
        if wish.operation == "read":
            self._doors[id(wish)] = wish.refused or KEPT
            self._border(wish)
            return
        targets = _meant(now, wish, self._config)
        key = (wish.sobject, wish.way, wish.key)
        if targets in {(), "NOT_FOUND"} and wish.operation in {"upsert", "update"}:
            for (
                write
            ) in self._open:  # the record is to be created, or is not because of what it stands with now
                first = write.wishes[0]
                if not write.places and key == (first.sobject, first.way, first.key):
                    write.wishes.append(wish)
                    return
        if isinstance(targets, str):
            self._doors[id(wish)] = targets
            return
        if wish.operation == "delete":
            self._delete(wish, [now[place] for place in targets])
            return
        same = next(
            (w for w, places in zip(self._open, made, strict=True) if targets and places == targets), None
        )
        if same is not None:
            same.wishes.append(wish)
            return
        if {place for places in made for place in places} & set(targets):
            self._flush()
        self._open.append(_Write(targets, [wish]))

    def _delete(self, wish: Wish, rows: list[Row]) -> None:
        self._doors[id(wish)] = DELETED if rows else KEPT
        if not rows:
            self._border(wish)
            return
        self._flush()
        self._before = tuple(each for each in self._before if each not in rows)
        self.worlds.append(self._before)

    def _border(self, wish: Wish) -> None:
        """What is wanted of the record before a wish is written by itself: the wish has to see it."""
        firsts = [write.wishes[0] for write in self._open]
        if any((each.sobject, each.way, each.key) == (wish.sobject, wish.way, wish.key) for each in firsts):
            self._flush()

    def _written(self) -> tuple[World, list[tuple[int, ...]]]:
        """The world as it would be now, and the places of what each write has written."""
        world, made = self._before, []
        for write in self._open:
            world, _, places = self._carry_out(world, write)
            made.append(places)
        return world, made

    def _carry_out(self, world: World, write: _Write) -> tuple[World, tuple[str, ...], tuple[int, ...]]:
        if not write.places:
            applied = _write(world, write.wishes, write.wishes[0].sobject, None)
            return *applied, tuple(range(len(world), len(applied.world)))
        doors: tuple[str, ...] = ()
        for place in write.places:
            world, doors = _write(world, write.wishes, world[place].sobject, world[place])
        return world, doors, write.places

    def _flush(self) -> None:
        world = self._before
        for write in self._open:
            world, doors, _ = self._carry_out(world, write)
            self._doors |= {id(wish): door for wish, door in zip(write.wishes, doors, strict=True)}
            self.worlds.append(world)
        self._before, self._open = world, []


def _meant(world: World, wish: Wish, config: dict[str, Any]) -> tuple[int, ...] | str:
    """The places of the records that are meant, none if one is to be created; or the code of a reject."""
    if wish.refused:
        return wish.refused
    rows = [each for each in world if each.sobject == wish.sobject and wish.way and _matches(each, wish)]
    if not rows and wish.operation in {"create", "update", "upsert"}:
        rows = [each for each in world if each.sobject == wish.sobject and _has_taken_in(each, wish)]
    if wish.operation == "create":  # what nothing finds has a cell of its own, and is known to be made
        return KEPT if rows or (world and not wish.way) else ()
    if not rows and wish.operation == "update":
        return "NOT_FOUND"
    try:
        if not rows and config.get("match_contacts") and wish.as_contact is not None:
            rows = [each for each in world if each.sobject == "Contact" and _matches(each, wish)]
            chosen = _contacts(rows, wish, config)
        else:
            chosen = _targets(world, rows, wish, config) if rows else []
    except Refused as refused:
        return str(refused.args[0])
    return tuple(place for each in chosen for place, known in enumerate(world) if known is each)


def _matches(each: Row, wish: Wish) -> bool:
    if wish.way == ("Id",):
        return each.ident == wish.key[0]
    return all(str(each.of(name) or "").lower() == key for name, key in zip(wish.way, wish.key, strict=True))


def _has_taken_in(each: Row, wish: Wish) -> bool:
    """Whether the record that a wish looks for was merged into this one."""
    return wish.way == ("Email",) and each.of(MERGED) == wish.key[0]


def _targets(world: World, rows: list[Row], wish: Wish, config: dict[str, Any]) -> list[Row]:
    """The records that are meant; for converted Leads the Contacts they became."""
    open_rows = [each for each in rows if not each.of("IsConverted")]
    if open_rows or wish.operation == "delete":
        return _chosen(open_rows or rows, config)
    became = [
        ident for ident in dict.fromkeys(str(each.of("ConvertedContactId") or "") for each in rows) if ident
    ]
    contacts = [each for ident in became for each in world if each.ident == ident]
    either = f"|{wish.as_contact.args[0]}" if isinstance(wish.as_contact, Refused) else ""
    if config.get("converted_leads") == "reject" or not contacts:
        raise Refused(f"CANNOT_UPDATE_CONVERTED_LEAD{either}")
    return _chosen(contacts, config, either)


def _contacts(rows: list[Row], wish: Wish, config: dict[str, Any]) -> list[Row]:
    """The Contacts that stand in for a Lead that is not there."""
    if rows and isinstance(wish.as_contact, Refused):
        raise wish.as_contact
    return _chosen(rows, config) if rows else []


def _chosen(rows: list[Row], config: dict[str, Any], either: str = "") -> list[Row]:
    policy = config.get("multiple_matches", "reject")
    if len(rows) == 1 or policy == "all":
        return rows
    if policy == "reject":
        raise Refused(f"MULTIPLE_MATCHES{either}")
    return [rows[-1] if policy == "newest" else rows[0]]


def _write(world: World, wishes: Sequence[Wish], sobject: str, target: Row | None) -> Applied:
    """Lay wishes over a record, or over none; whoever gave a refused field its value is left out."""
    doors = {wish.event: "" for wish in wishes}
    values = {wish.event: _values(wish, sobject) for wish in wishes}
    left: list[Wish] = []
    for wish in wishes:
        own = values[wish.event]
        if isinstance(own, Refused):
            doors[wish.event] = own.args[0]
        else:
            left.append(wish)
    while left:
        if target is None and left[0].operation == "update":
            doors[left.pop(0).event] = "NOT_FOUND"  # whoever would have made the record is refused
            continue
        record = _laid_over(left, values, target)
        bad = refused_fields(sobject, record, creates=target is None)
        if not bad:
            break
        blamed = _blamed(left, values, bad)
        for wish in blamed:
            doors[wish.event] = f"refused {sorted(bad)}"
        left = [wish for wish in left if wish not in blamed]
    if left:
        made = row(sobject, target.ident if target else "", record)
        world = tuple(made if each is target else each for each in world) if target else (*world, made)
        for position, wish in enumerate(left):
            doors[wish.event] = CREATED if target is None and not position else KEPT
    return Applied(world, tuple(doors[wish.event] for wish in wishes))


def _values(wish: Wish, sobject: str) -> dict[str, Any] | Refused:
    if sobject != wish.sobject:
        assert wish.as_contact is not None
        return wish.as_contact
    return wish.fields


def _laid_over(wishes: list[Wish], values: dict[int, Any], target: Row | None) -> dict[str, Any]:
    record = dict(target.fields) if target else dict(zip(wishes[0].way, wishes[0].key_values, strict=True))
    for wish in wishes:
        for name, value in values[wish.event].items():
            if name in wish.way and str(value).lower() == str(record.get(name)).lower():
                continue  # the key stays as it was written first
            if (
                target
                and name in wish.way
                and _has_taken_in(target, wish)
                and str(value).lower() == wish.key[0]
            ):
                continue  # and so does that of a record that another was merged into
            record[name] = value
    if target is None:
        for name in wishes[0].placeholders:
            record[name] = record.get(name) or "n/a"
    return record


def _blamed(wishes: list[Wish], values: dict[int, Any], bad: list[str]) -> list[Wish]:
    """Those who gave the first refused field its last value; all, if none did."""
    for name in bad:
        last = next((values[w.event][name] for w in reversed(wishes) if name in values[w.event]), None)
        if last is not None:
            return [w for w in wishes if values[w.event].get(name) == last]
    return wishes
