"""The traits of an identify or group event as the record of one object.

What becomes of each trait is worked out once, the first time its name is seen; an event only looks it up.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from salesforce_seg.errors import RecordRejected
from target_salesforce_seg.mapping import takers
from target_salesforce_seg.mapping.nodes import Node, Parts, walk
from target_salesforce_seg.mapping.parents import flattened
from target_salesforce_seg.mapping.values import Assignment, finished
from target_salesforce_seg.paths import MISSING, normalised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from salesforce_seg.describe import SObjectDescribe
    from target_salesforce_seg.mapping.tables import TraitTable
    from target_salesforce_seg.mapping.takers import Record, Rivals, Taker
    from target_salesforce_seg.mapping.values import ValueRules

_NOT_IN_A_FIELD_NAME = re.compile(r"[^A-Za-z0-9]+")
_SUFFIXES = ("__c", "__pc", "__s")
"""Of custom fields: also those of a person account's Contact, and the parts of a geolocation."""
_OVERRIDE, _OWN_NAME = -2, -1
"""Ranks before those of the table: the user's settings, and a trait of the field's own name."""


class TraitMapper:
    """Maps traits by a table, the user's overrides, and the ``__c`` rule.

    Args:
        table: which trait becomes which standard field.
        overrides: the setting ``trait_fields``: path of a trait, and its field; None leaves the trait out.
        values: how values become what Salesforce takes.
        sobject: the object.
        lost_case: whether names went through a warehouse, so that ``test_prop`` may have been ``testProp``.

    Attributes:
        sobject: the object.
        placeholders: those of the table's placeholders that the object cannot leave empty.
    """

    def __init__(
        self,
        table: TraitTable,
        overrides: Mapping[str, str | None],
        values: ValueRules,
        sobject: SObjectDescribe,
        *,
        lost_case: bool,
    ) -> None:
        self.sobject = sobject
        self._table = table
        self._values = values
        self._places = values.places(sobject)
        self.placeholders = values.required(sobject, table.placeholders)
        self._lost_case = lost_case
        self._overrides = {path: field for path, field in overrides.items() if field}
        self._fed_by = self._feeds()
        self._root = Parts(self._custom)
        self._place_table()
        for path in sorted(overrides, key=lambda path: path.count(".")):
            self._place_override(path, overrides[path])

    def record(self, traits: Mapping[str, Any]) -> dict[str, Any]:
        """The record that an event's traits make, typed and trimmed.

        Raises:
            RecordRejected: As :meth:`ValueRules.typed`.
        """
        record: Record = {}
        rivals: Rivals = {}
        problems: list[RecordRejected] = []
        walk(self._root, traits, record, rivals, problems)
        for name, (_, convert, value) in rivals.items():
            if record.get(name) is not None:
                continue
            try:
                converted = convert(value)
            except RecordRejected as problem:
                problems.append(problem)
                continue
            if converted is not MISSING:
                record[name] = converted
        return finished(self._places, record, problems) if problems or self._places else record

    # What is known before the first event

    def _feeds(self) -> dict[str, list[int]]:
        """The ranks of the traits that may fill each field, by its name in lower case.

        One that a setting names may have others.
        """
        table = self._table
        ranks = [(name, rank) for name, paths in table.fields.items() for rank in range(len(paths))]
        ranks += [(name, _OWN_NAME) for name in table.same_named]
        ranks += [(name, rank) for name in self._overrides.values() for rank in (_OVERRIDE, _OWN_NAME)]
        if table.is_person:
            ranks += [(name, rank) for name in ("FirstName", "LastName") for rank in (0, 1)]
        if table.takes_company:
            ranks += 2 * [("Company", 0)]
        feeds: dict[str, list[int]] = defaultdict(list)
        for name, rank in ranks:
            feeds[name.lower()].append(rank)
        return feeds

    def _place_table(self) -> None:
        table = self._table
        by_path: dict[str, list[Taker]] = {}
        for name, paths in table.fields.items():
            for rank, path in enumerate(paths):
                by_path.setdefault(path, []).append(self._taker(name, path, rank))
        if table.is_person:
            first, last = self._taker("FirstName", "name", 1), self._taker("LastName", "name", 1)
            by_path["firstName"] = [self._name("FirstName", "firstName")]
            by_path["lastName"] = [self._name("LastName", "lastName")]
            whole = takers.full_name(first, last)
            by_path["name"] = [takers.text_only(whole, self._complaint("name"))]
        if table.takes_company:
            by_path["company"] = [self._name("Company", "company")]
            by_path["company.name"] = [self._name("Company", "company.name")]
        for path in table.unsent:
            by_path[path] = []
        for path, takes in by_path.items():
            self._node_at(path).give_to(takers.all_of(takes))

    def _place_override(self, path: str, field: str | None) -> None:
        head, dot, _ = path.partition(".")
        if dot and normalised(head) not in self._root.known:
            self._root.known[normalised(head)] = self._custom(head)
        node = self._node_at(path)
        node.parts = None
        node.give_to(self._taker(field, path, _OVERRIDE, empty_clears=True) if field else takers.nothing())

    def _node_at(self, path: str) -> Node:
        """The node of a path; those above it are made where they are missing."""
        head, dot, rest = path.partition(".")
        parts, trail = self._root, head
        while dot:
            above = parts.known.setdefault(normalised(head), Node(self._no_object(trail)))
            if above.parts is None:
                above.parts = Parts(self._unknown_part(trail))
            parts = above.parts
            head, dot, rest = rest.partition(".")
            trail += f".{head}"
        return parts.known.setdefault(normalised(head), Node())

    # What is learned from the events

    def _custom(self, trait: str) -> Node:
        """A trait that neither the table nor a setting names: the custom field of its name."""
        literal = self._at_dotted(trait)
        if literal is not None:
            return literal
        field = custom_field(trait, self.sobject, lost_case=self._lost_case)
        plain = normalised(trait)
        if self.sobject.field(field) is None:
            if plain in self._table.reserved_names:
                return Node()
            if plain in self._table.by_own_name:
                return Node(self._taker(self._table.by_own_name[plain], trait, _OWN_NAME))
        return Node(self._taker(field, trait, _OWN_NAME, empty_clears=True))

    def _at_dotted(self, trait: str) -> Node | None:
        """The node of a trait that is spelled as a path: ``"address.city"``."""
        parts: Parts | None = self._root
        node = None
        for name in trait.split(".") if "." in trait else ():
            node = parts.known.get(normalised(name)) if parts is not None else None
            if node is None:
                return None
            parts = node.parts
        return node

    def _unknown_part(self, trail: str) -> Callable[[str], Node]:
        def learn(name: str) -> Node:
            told = (
                f"`{trail}.{name}` is inside an object, and {self.sobject.name} has no field for it: "
                "trait_fields can send it to one."
            )
            return Node(takers.nothing(lambda: self._values.notices.say(told)))

        return learn

    # Parts

    def _taker(self, field: str, origin: str, rank: int, *, empty_clears: bool = False) -> Taker:
        slot = self._values.slot(self.sobject, field, origin)
        if not slot.name:
            return takers.unknown(slot, empty_clears=empty_clears)
        ranks = self._fed_by.get(slot.name.lower(), ())
        if len(ranks) < 2:
            return takers.alone(slot, empty_clears=empty_clears)
        return takers.rival(
            slot,
            rank,
            is_best=rank == min(ranks),
            empty_clears=empty_clears,
            complain=self._complaint(origin),
        )

    def _name(self, field: str, origin: str) -> Taker:
        return takers.text_only(self._taker(field, origin, 0), self._complaint(origin))

    def _complaint(self, trait: str) -> takers.Complain:
        return lambda: self._values.wrong_shape(self.sobject.name, trait)

    def _no_object(self, trait: str) -> Taker:
        return takers.nothing(self._complaint(trait))


def custom_field(trait: str, sobject: SObjectDescribe, *, lost_case: bool) -> str:
    """The custom field of a trait: ``__c`` is appended, never twice, and the casing kept.

    Args:
        trait: the trait's name as the event has it.
        sobject: the object's describe.
        lost_case: whether the name went through a warehouse, so that ``test_prop`` may have been
            ``testProp``.

    Returns:
        The API name of a field the org has, if one fits; else the trait with ``__c``.
    """
    name = trait if trait.lower().endswith(_SUFFIXES) else f"{trait}__c"
    if sobject.field(name) is not None:
        return name
    cleaned = _NOT_IN_A_FIELD_NAME.sub("_", name[:-3]).strip("_") + name[-3:]
    if sobject.field(cleaned) is not None:
        return cleaned
    if lost_case:
        wanted = normalised(name)
        alike = [field.name for field in sobject.fields if field.custom and normalised(field.name) == wanted]
        if len(alike) == 1:
            return alike[0]
    return name


def literal_assignments(record: Mapping[str, Any], sobject: SObjectDescribe) -> Iterator[Assignment]:
    """A record whose names are API names already (any case); a name that only fits with ``__c`` gets it.

    Parents may be named by an external id of theirs, as REST nests them or with a dot.
    """
    for name, value in flattened(sobject, record).items():
        if name.startswith("_sdc_"):
            continue
        with_suffix = f"{name}__c"
        known_by = with_suffix if sobject.field(name) is None and sobject.field(with_suffix) else name
        yield Assignment(known_by, value, name)
