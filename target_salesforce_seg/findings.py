"""What the lookups of one round have found: records by key, Contacts for Leads, masters of merged records."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING, Any

from target_salesforce_seg.intents import Intent, Match
from target_salesforce_seg.lookup import Found, Lookup, Question
from target_salesforce_seg.merged_records import survivors
from target_salesforce_seg.parents import Parents
from target_salesforce_seg.relationships import selectable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from salesforce_seg.describe import SObjectDescribe
    from salesforce_seg.errors import RecordRejected
    from target_salesforce_seg.catalog import Catalog
    from target_salesforce_seg.merging import Way

_OF_A_LEAD = ("IsConverted", "ConvertedContactId")
_FOLLOW_MERGES = frozenset({"create", "update", "upsert"})
"""Whoever wants a record deleted that was merged away does not want the other one deleted."""

Row = dict[str, Any]


class Findings:
    """Looks up what the intents of one round may be about.

    Args:
        lookup: asks the org.
        catalog: the objects.
        intents: of the round.
        match_contacts: whether Contacts stand in for Leads that do not exist.

    Attributes:
        ways: by object, the fields that records are looked for by.
        parents: the parents that the intents name.
        ways_of_leads_only: fields that Leads are looked for by and that Contacts do not have.
    """

    def __init__(
        self, lookup: Lookup, catalog: Catalog, intents: list[Intent], *, match_contacts: bool
    ) -> None:
        self._lookup = lookup
        self._catalog = catalog
        self._match_contacts = match_contacts
        self.ways: dict[str, list[Way]] = defaultdict(list)
        self._contact_matches: dict[Any, Match | None] = {}
        self.ways_of_leads_only: set[Way] = set()
        self._found: dict[tuple[str, Way], Found] = {}
        self._survivors: dict[tuple[str, Way], dict[Any, list[Row]]] = defaultdict(dict)
        self._contacts: Found = Found()
        written = fields_written(intents)
        self.parents = Parents(lookup, catalog, intents, written)
        self._ask(intents, written)
        self._follow_merges(intents, written)
        self._ask_contacts(intents)

    def rows(self, intent: Intent) -> list[Row] | RecordRejected:
        """The records that an intent is about, the oldest first; or why they could not be looked for."""
        if intent.match is None:
            return []
        found = self._found[intent.object, intent.match.fields]
        if found.refused and (refused := found.refused.get(intent.match.key)):
            return refused
        rows = found.get(intent.match.key)
        if rows or not self._survivors:
            return rows or []
        return self._merged_into(intent, intent.object, intent.match)

    def merged_away(self, intent: Intent) -> str:
        """The object whose record with the key of an intent was merged into another; empty if none was."""
        for name, match in self._looked_for(intent) if self._survivors else ():
            if self._found[name, match.fields].get(match.key):
                return ""
            if self._merged_into(intent, name, match):
                return name
        return ""

    def contact_match(self, intent: Intent) -> Match | None:
        """How to find the Contact that stands in for a Lead, where that is wanted and possible."""
        match = intent.match
        if not self._match_contacts or match is None or intent.contact_fields is None:
            return None
        if intent.object != "Lead" or intent.operation != "upsert":
            return None
        name = (match.fields, match.key)
        if name not in self._contact_matches:
            found = self._contact_matches[name] = _as_contact(self._catalog["Contact"], match)
            if found is None:
                self.ways_of_leads_only.add(match.fields)
        return self._contact_matches[name]

    def stand_ins(self, intent: Intent) -> list[Row]:
        """The Contacts that stand in for a Lead that does not exist."""
        match = self.contact_match(intent)
        if match is None:
            return []
        found = self._found["Contact", match.fields].get(match.key)
        return found or self._merged_into(intent, "Contact", match)

    def contact(self, contact_id: str) -> Row | None:
        """The Contact that a Lead was converted to, unless it is deleted or hidden."""
        return next(iter(self._contacts.get((contact_id,), [])), None)

    def _ask(self, intents: list[Intent], wanted: dict[str, dict[str, None]]) -> None:
        matches: dict[tuple[str, Way], dict[Any, Match]] = defaultdict(dict)
        for intent in intents:
            if intent.match is not None:
                matches[intent.object, intent.match.fields][intent.match.key] = intent.match
            if (match := self.contact_match(intent)) is not None:
                matches["Contact", match.fields][match.key] = match
                wanted["Contact"] |= dict.fromkeys(_contact_names([intent]))
        for sobject, way in matches:
            self.ways[sobject].append(way)
            wanted[sobject] |= dict.fromkeys(way)
        questions = [
            self._question(sobject, way, tuple(keys.values()), wanted[sobject])
            for (sobject, way), keys in matches.items()
        ]
        if questions:
            self._found = dict(zip(matches, self._lookup.ask(questions), strict=True))

    def _question(
        self,
        name: str,
        way: Way,
        matches: tuple[Match, ...],
        wanted: Iterable[str],
    ) -> Question:
        sobject = self._catalog.of_event(name)
        extra = ("CreatedDate", *(_OF_A_LEAD if name == "Lead" else ()))
        select = tuple(selectable(sobject, (*extra, *wanted)))
        return Question(sobject, way, matches, select, merged=True)

    # Records that were merged into others

    def _looked_for(self, intent: Intent) -> Iterator[tuple[str, Match]]:
        if intent.match is not None:
            yield intent.object, intent.match
        if (match := self.contact_match(intent)) is not None:
            yield "Contact", match

    def _merged_into(self, intent: Intent, name: str, match: Match) -> list[Row]:
        if not self._survivors or intent.operation not in _FOLLOW_MERGES:
            return []
        return self._survivors.get((name, match.fields), {}).get(match.key, [])

    def _follow_merges(self, intents: list[Intent], wanted: dict[str, dict[str, None]]) -> None:
        """Find what records were merged into that have a key which no other record has."""
        if not any(found.masters for found in self._found.values()):
            return
        masters: dict[str, dict[str, None]] = defaultdict(dict)
        lost: dict[tuple[str, Way, Any], dict[str, None]] = {}
        for intent in intents:
            if intent.operation not in _FOLLOW_MERGES:
                continue
            for name, match in self._looked_for(intent):
                found = self._found[name, match.fields]
                if found.get(match.key):
                    break
                if match.key in found.masters:
                    lost[name, match.fields, match.key] = found.masters[match.key]
                    masters[name] |= found.masters[match.key]
        staying = survivors(
            self._lookup,
            masters,
            lambda name, matches: self._question(name, ("Id",), matches, wanted[name]),
        )
        for (name, way, key), ids in lost.items():
            rows = {row["Id"]: row for each in ids if (row := staying.get((name, each)))}
            oldest_first = sorted(rows.values(), key=lambda row: (row.get("CreatedDate") or "", row["Id"]))
            self._survivors[name, way][key] = oldest_first

    # Contacts that Leads became

    def _ask_contacts(self, intents: list[Intent]) -> None:
        every = (*self._found.items(), *self._survivors.items())
        leads = [found for (sobject, _), found in every if sobject == "Lead"]
        if not any(row.get("IsConverted") for found in leads for rows in found.values() for row in rows):
            return
        if not self._catalog.has("Contact"):  # the resolver rejects whoever needs one
            return
        ids: dict[str, None] = {}
        wanted: dict[str, None] = {}
        for intent in intents:
            if intent.object != "Lead" or intent.contact_fields is None or intent.operation == "delete":
                continue
            rows = self.rows(intent)
            if not isinstance(rows, list) or not rows or not all(row.get("IsConverted") for row in rows):
                continue
            ids |= dict.fromkeys(row["ConvertedContactId"] for row in rows if row.get("ConvertedContactId"))
            wanted |= dict.fromkeys(_contact_names([intent]))
        if ids:
            matches = tuple(Match(("Id",), (each,), (each,)) for each in ids)
            wanted |= dict.fromkeys(name for way in self.ways.get("Contact", ()) for name in way)
            (self._contacts,) = self._lookup.ask([self._question("Contact", ("Id",), matches, wanted)])


def fields_written(intents: Iterable[Intent]) -> dict[str, dict[str, None]]:
    """By object, the fields that some intents write, each once."""
    sets: dict[str, dict[tuple[str, ...], None]] = defaultdict(dict)
    for intent in intents:  # most write what others write
        sets[intent.object][tuple(intent.fields)] = None
    written: dict[str, dict[str, None]] = defaultdict(dict)
    for sobject, each in sets.items():
        written[sobject] = dict.fromkeys(chain.from_iterable(each))
    return written


def _contact_names(intents: Iterable[Intent]) -> Iterator[str]:
    """The Contact fields that Lead intents write; one that cannot be mapped is rejected later."""
    for intent in intents:
        if intent.problem_as("Contact") is None:
            yield from intent.fields_for("Contact")


def _as_contact(contact: SObjectDescribe, match: Match) -> Match | None:
    """The match of a Lead on the Contact's fields of the same names; None where it has no such fields."""
    fields = [contact.field(name) for name in match.fields]
    known = [field for field in fields if field is not None and field.filterable and field.name != "Id"]
    return Match.on(zip(known, match.values, strict=True)) if len(known) == len(fields) else None
