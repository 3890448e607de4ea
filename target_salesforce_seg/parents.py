"""Parents that are looked up here, because Salesforce would not find them by what an event has.

It finds them by external ids and idLookup fields only (REST API Developer Guide, "Insert or Update (Upsert) a
Record Using an External ID"), and not once they were merged into others.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from salesforce_seg import fields
from salesforce_seg.errors import RecordRejected
from target_salesforce_seg.intents import Match
from target_salesforce_seg.lookup import Question
from target_salesforce_seg.merged_records import survivors
from target_salesforce_seg.relationships import field_behind, names_of_parents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from salesforce_seg.describe import FieldDescribe, SObjectDescribe
    from target_salesforce_seg.catalog import Catalog
    from target_salesforce_seg.intents import Intent
    from target_salesforce_seg.lookup import Found, Lookup


class _Way(NamedTuple):
    """How the parents that a name stands for are found.

    Attributes:
        field: the child's reference.
        sobject: the parents' object.
        key: the field of it that names them.
    """

    field: FieldDescribe
    sobject: SObjectDescribe
    key: FieldDescribe


class Parents:
    """The parents that the intents of one round name.

    Args:
        lookup: asks the org; in a real run not at all if Salesforce finds all parents itself.
        catalog: the objects.
        intents: of the round; those that are rerouted name parents that Salesforce has not found.
        written: by object, the fields that the intents write; references take the place of names of parents
            that are looked up here.

    Attributes:
        named: by object, those of the fields that name a parent.
    """

    def __init__(
        self, lookup: Lookup, catalog: Catalog, intents: Sequence[Intent], written: dict[str, dict[str, None]]
    ) -> None:
        self._lookup = lookup
        self._catalog = catalog
        self.named = {
            sobject: dotted for sobject, names in written.items() if (dotted := names_of_parents(names))
        }
        self._ways: dict[tuple[str, str], _Way | None] = {}
        self._found: dict[tuple[str, str], Found] = {}
        self._merged: dict[tuple[tuple[str, str], Any], list[tuple[str, str]]] = {}
        if self.named:
            self._asks_for_all = lookup.asks_for_all_parents or any(intent.rerouted for intent in intents)
            self._ask(intents, written)

    def put_ids(self, intent: Intent) -> list[str]:
        """Let an intent write the Ids of its parents instead of what names them.

        Returns:
            The names whose parents were merged into the ones that are meant instead.

        Raises:
            RecordRejected: A parent is not there, or there are several.
        """
        if not self._found:
            return []
        said, followed = dict(intent.fields), []
        for place, found in self._found.items():
            sobject, name = place
            way = self._ways[place]
            if sobject != intent.object or way is None or name not in said:
                continue
            match = self._match(sobject, name, said[name])
            if match is None and said[name] is not None:  # Salesforce will say what is wrong with it
                continue
            del said[name]
            said[way.field.name] = _only(found.get(match.key, ()), name) if match else None
            if match and (place, match.key) in self._merged:
                followed.append(name)
        intent.fields = said
        return followed

    def _ask(self, intents: Iterable[Intent], written: dict[str, dict[str, None]]) -> None:
        wanted: dict[tuple[str, str], dict[Any, Match]] = defaultdict(dict)
        for intent in intents:
            for name in self.named.get(intent.object, ()):
                if match := self._match(intent.object, name, intent.fields.get(name)):
                    wanted[intent.object, name][match.key] = match
        ways = {place: way for place in wanted if (way := self._ways[place])}
        if not ways:
            return
        questions = [
            Question(way.sobject, (way.key.name,), tuple(wanted[place].values()), (), merged=True)
            for place, way in ways.items()
        ]
        self._found = dict(zip(ways, self._lookup.ask(questions), strict=True))
        self._follow_merges()
        for (sobject, name), way in ways.items():
            del written[sobject][name]
            written[sobject][way.field.name] = None

    def _follow_merges(self) -> None:
        """Put the records that stay where only such were found that were merged away."""
        masters: dict[str, dict[str, None]] = defaultdict(dict)
        for place, found in self._found.items():
            way = self._ways[place]
            for key, ids in found.masters.items():
                if way and not found.get(key):
                    masters[way.sobject.name] |= ids
                    self._merged[place, key] = [(way.sobject.name, each) for each in ids]
        staying = survivors(self._lookup, masters, self._of_masters)
        for (place, key), first_masters in self._merged.items():
            rows = {row["Id"]: row for each in first_masters if (row := staying.get(each))}
            self._found[place][key] = list(rows.values())

    def _of_masters(self, name: str, matches: tuple[Match, ...]) -> Question:
        return Question(self._catalog.of_event(name), ("Id",), matches, (), merged=True)

    def _match(self, sobject: str, name: str, value: Any) -> Match | None:
        if (sobject, name) not in self._ways:
            self._ways[sobject, name] = self._way(self._catalog.of_event(sobject), name)
        way = self._ways[sobject, name]
        if way is None or value is None:
            return None
        try:
            return Match.on([(way.key, fields.write_value(way.key, value))])
        except ValueError:
            return None

    def _way(self, sobject: SObjectDescribe, name: str) -> _Way | None:
        """How a parent is to be looked up; None if Salesforce does it, or will say what is wrong."""
        field = field_behind(sobject, name)
        path, _, key_name = name.rpartition(".")
        of = path.partition(":")[0] if ":" in path else ""
        if field is None or len(targets := (of,) if of else field.reference_to) != 1:
            return None
        self._catalog.load(targets)
        try:
            parent = self._catalog.of_event(targets[0])
        except RecordRejected:
            return None
        key = parent.field(key_name)
        if key is None or not key.filterable:
            return None
        if (key.external_id or key.id_lookup) and not self._asks_for_all:
            return None
        return _Way(field, parent, key)


def _only(rows: Sequence[Mapping[str, Any]], name: str) -> str:
    """The Id of the only parent. Raises RecordRejected: there is none, or there are several."""
    if len(rows) != 1:
        raise RecordRejected(
            f"{len(rows) or 'No'} parent records have the value of {name}; one is needed.",
            code="MULTIPLE_MATCHES" if rows else "INVALID_FIELD",
            fields=[name],
        )
    return str(rows[0]["Id"])
