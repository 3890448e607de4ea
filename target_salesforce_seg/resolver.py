"""From intents to writes: which records exist, which of several is meant, and what would change in it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from salesforce_seg.errors import RecordRejected
from target_salesforce_seg.intents import Group, Intent, Match, grouped
from target_salesforce_seg.lookup import Found, Lookup, Question
from target_salesforce_seg.writes import Write, complete, does_something, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from target_salesforce_seg.catalog import Catalog
    from target_salesforce_seg.notices import Notices

_OF_A_LEAD = ("IsConverted", "ConvertedContactId")


@dataclass(slots=True)
class Resolution:
    """What is to be written, and what is settled without a write."""

    writes: list[Write] = field(default_factory=list)
    unchanged: list[Write] = field(default_factory=list)
    """Writes that would change nothing."""
    gone: list[Intent] = field(default_factory=list)
    """Deletes of records that do not exist."""
    refused: list[tuple[Intent, RecordRejected]] = field(default_factory=list)


@dataclass(slots=True)
class _Choice:
    """Which record a group is about: its object, and its row; no row for one that is to be created."""

    sobject: str
    row: Mapping[str, Any] | None = None
    contact_id: str = ""


class Resolver:
    """Looks records up and decides.

    Args:
        lookup: asks the org.
        catalog: the objects.
        converted_leads: ``contact`` or ``reject``.
        multiple_matches: ``reject``, ``newest``, ``oldest`` or ``all``.
        notices: where to say what is left out.
    """

    def __init__(
        self,
        lookup: Lookup,
        catalog: Catalog,
        notices: Notices,
        *,
        converted_leads: str,
        multiple_matches: str,
    ) -> None:
        self._lookup = lookup
        self._catalog = catalog
        self._notices = notices
        self._converted_leads = converted_leads
        self._multiple_matches = multiple_matches

    def resolve(self, intents: Iterable[Intent]) -> Resolution:
        """Decide what to write for the intents of one wave.

        Raises:
            SalesforceError: the org cannot be asked.
        """
        resolution = Resolution()
        groups = grouped(intents)
        chosen: list[tuple[Group, _Choice]] = []
        for group, found in zip(groups, self._rows_of(groups), strict=True):
            try:
                choices = self._choose(group, found)
            except RecordRejected as error:
                resolution.refused += [(intent, error) for intent in group.intents]
                continue
            if not choices:
                resolution.gone += group.intents
            chosen += [(group, choice) for choice in choices]
        self._settle_contacts(chosen, resolution)
        for write in joined(self._writes(chosen)):
            complete(write)
            for name in sorted(write.left_out):
                self._notices.say(
                    f"A {write.operation} cannot write {write.sobject.name}.{name}: it is left out."
                )
            (resolution.writes if does_something(write) else resolution.unchanged).append(write)
        return resolution

    # Looking up

    def _rows_of(self, groups: list[Group]) -> Iterator[list[dict[str, Any]] | RecordRejected]:
        ways: dict[tuple[str, tuple[str, ...]], list[Group]] = defaultdict(list)
        for group in groups:
            if group.match:
                ways[group.object, group.match.fields].append(group)
        questions = [self._question(name, way, members) for (name, way), members in ways.items()]
        answers = dict(zip(ways, self._lookup.ask(questions), strict=True)) if questions else {}
        for group in groups:
            if group.match is None:
                yield []
                continue
            found = answers[group.object, group.match.fields]
            yield found.refused.get(group.match.key) or found.get(group.match.key, [])

    def _question(self, name: str, way: tuple[str, ...], groups: list[Group]) -> Question:
        sobject = self._catalog.of_event(name)
        extra = ("CreatedDate", *(_OF_A_LEAD if name == "Lead" else ()))
        wanted = [each for each in extra if sobject.field(each)]
        wanted += [each for group in groups for intent in group.intents for each in intent.fields]
        matches = {group.match.key: group.match for group in groups if group.match}
        return Question(sobject, way, tuple(matches.values()), tuple(dict.fromkeys(wanted)))

    # Choosing

    def _choose(self, group: Group, rows: list[dict[str, Any]] | RecordRejected) -> list[_Choice]:
        if isinstance(rows, RecordRejected):
            raise rows
        if not rows:
            return self._without_a_row(group)
        open_rows = [row for row in rows if not row.get("IsConverted")]
        if open_rows or group.operation == "delete":
            return [_Choice(group.object, row) for row in self._one_of(group, open_rows or rows)]
        contacts = {row["ConvertedContactId"]: row for row in rows if row.get("ConvertedContactId")}
        if self._converted_leads == "reject" or not contacts:
            raise RecordRejected(
                f"The Lead is converted ({rows[0]['Id']}), and a converted Lead cannot be changed. "
                + ("It has no Contact." if not contacts else "converted_leads: contact updates its Contact."),
                code="CANNOT_UPDATE_CONVERTED_LEAD",
            )
        picked = self._one_of(group, list(contacts.values()))
        return [_Choice("Contact", contact_id=row["ConvertedContactId"]) for row in picked]

    def _without_a_row(self, group: Group) -> list[_Choice]:
        if group.operation == "delete":
            return []
        if group.operation == "update":
            how = " and ".join(group.match.fields) if group.match else "Id"
            raise RecordRejected(
                f"There is no {group.object} with this {how}, or it is deleted; an update creates none.",
                code="NOT_FOUND",
                fields=group.match.fields if group.match else (),
            )
        return [_Choice(group.object)]

    def _one_of(self, group: Group, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(rows) == 1 or self._multiple_matches == "all":
            return rows
        if self._multiple_matches == "reject":
            some = ", ".join(row["Id"] for row in rows[:5])
            some += ", ..." if len(rows) > 5 else ""
            how = " and ".join(group.match.fields) if group.match else ""
            raise RecordRejected(
                f"{len(rows)} {group.object} records have this {how} ({some}): "
                "merge them in Salesforce, or choose one with multiple_matches.",
                code="MULTIPLE_MATCHES",
                fields=group.match.fields if group.match else (),
            )
        return [rows[-1] if self._multiple_matches == "newest" else rows[0]]

    # Contacts that Leads became

    def _settle_contacts(self, chosen: list[tuple[Group, _Choice]], resolution: Resolution) -> None:
        converted = [(group, choice) for group, choice in chosen if choice.contact_id]
        if not converted:
            return
        contact = self._catalog["Contact"]
        wanted = dict.fromkeys(
            name for group, _ in converted for name in self._contact_names(group, resolution)
        )
        ids = dict.fromkeys(choice.contact_id for _, choice in converted)
        matches = tuple(Match(("Id",), (contact_id,), (contact_id,)) for contact_id in ids)
        found: Found = self._lookup.ask([Question(contact, ("Id",), matches, tuple(wanted))])[0]
        for group, choice in converted:
            rows = found.get((choice.contact_id,))
            choice.row = rows[0] if rows else None
            if choice.row is None:
                gone = RecordRejected(
                    f"The Lead was converted to Contact {choice.contact_id}, which is deleted or hidden.",
                    code="CANNOT_UPDATE_CONVERTED_LEAD",
                )
                resolution.refused += [(intent, gone) for intent in group.intents]
                group.intents.clear()

    def _contact_names(self, group: Group, resolution: Resolution) -> list[str]:
        """The Contact fields that a group writes; an intent that cannot be mapped to a Contact leaves it."""
        names: list[str] = []
        for intent in list(group.intents):
            error = intent.problem_as("Contact")
            if error is None:
                names += intent.fields_for("Contact")
            else:
                resolution.refused.append((intent, error))
                group.intents.remove(intent)
        return names

    # Writes

    def _writes(self, chosen: list[tuple[Group, _Choice]]) -> Iterator[Write]:
        for group, choice in chosen:
            if not group.intents:
                continue
            sobject = self._catalog.of_event(choice.sobject)
            row = choice.row
            operation = "create" if row is None else "delete" if group.operation == "delete" else "update"
            yield Write(sobject, operation, row["Id"] if row else "", row or {}, list(group.intents))
