"""From intents to writes: which records exist, which of several is meant, and what would change in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from salesforce_seg.errors import RecordRejected
from target_salesforce_seg.findings import Findings
from target_salesforce_seg.merging import Merging
from target_salesforce_seg.writes import Write, complete, does_something

if TYPE_CHECKING:
    from collections.abc import Iterable

    from salesforce_seg.describe import SObjectDescribe
    from target_salesforce_seg.catalog import Catalog
    from target_salesforce_seg.findings import Row
    from target_salesforce_seg.intents import Intent
    from target_salesforce_seg.lookup import Lookup
    from target_salesforce_seg.notices import Notices
    from target_salesforce_seg.settings import TargetSettings


@dataclass(slots=True)
class Resolution:
    """What is to be written, what is settled without a write, and what has to wait for the writes."""

    writes: list[Write] = field(default_factory=list)
    unchanged: list[Intent] = field(default_factory=list)
    """Nothing is to be done: the values are there, what is to be deleted is gone, it is only to be read."""
    refused: list[tuple[Intent, RecordRejected]] = field(default_factory=list)
    later: list[Intent] = field(default_factory=list)
    """To be resolved again once the writes are done."""


class Resolver:
    """Looks records up and decides.

    Args:
        lookup: asks the org.
        catalog: the objects.
        notices: where to say what is left out, and what was read.
        settings: ``converted_leads``, ``multiple_matches``, ``match_contacts``.
    """

    def __init__(self, lookup: Lookup, catalog: Catalog, notices: Notices, settings: TargetSettings) -> None:
        self._lookup = lookup
        self._catalog = catalog
        self._notices = notices
        self._settings = settings

    def resolve(self, intents: Iterable[Intent]) -> Resolution:
        """Decide what to write for some intents, which are in the order of their events.

        Raises:
            FieldGone: a field is no longer there: describe the object again.
            SalesforceError: the org cannot be asked.
        """
        ordered = list(intents)
        resolution = Resolution()
        findings = Findings(
            self._lookup, self._catalog, ordered, match_contacts=self._settings.match_contacts
        )
        for way in findings.ways_of_leads_only:
            self._notices.say(
                f"match_contacts: Contacts are not found by {' and '.join(way)}, which they do not have: "
                "people who are Contacts become Leads."
            )
        merging = Merging(findings.ways, findings.parents.named)
        for intent in ordered:
            self._place(intent, findings, merging, resolution)
        resolution.later = merging.later
        for write in merging.writes:
            self._complete(write, resolution)
        return resolution

    def _complete(self, write: Write, resolution: Resolution) -> None:
        complete(write)
        for name in sorted(write.left_out) if write.left_out else ():
            self._notices.say(
                f"A {write.operation} cannot write {write.sobject.name}.{name}: it is left out."
            )
        if does_something(write):
            resolution.writes.append(write)
        else:
            resolution.unchanged += write.intents

    def _place(self, intent: Intent, findings: Findings, merging: Merging, resolution: Resolution) -> None:
        try:
            self._put(intent, findings, merging, resolution)
        except RecordRejected as error:
            resolution.refused.append((intent, error))

    def _put(self, intent: Intent, findings: Findings, merging: Merging, resolution: Resolution) -> None:
        """Put an intent on its records, or settle it at once.

        Raises:
            RecordRejected: no record, or none that could be written, is meant by it.
        """
        sobject = self._catalog.of_event(intent.object)
        if merging.must_wait(sobject, intent, findings.contact_match(intent)):
            merging.wait(sobject, intent)
            return
        if findings.parents.named:
            self._put_parents(intent, findings)
        rows = findings.rows(intent)
        if isinstance(rows, RecordRejected):
            raise rows
        self._note_merge(intent, findings)
        if intent.operation == "read":
            self._read(intent, rows, merging, resolution)
        elif rows:
            chosen = self._chosen(intent, rows, findings)
            writes = [merging.record(self._catalog.of_event(name), row) for name, row in chosen]
            if intent.operation == "create":  # its event came before: the record is there
                resolution.unchanged.append(intent)
            else:
                merging.put(sobject, intent, writes)
        elif stand_ins := findings.stand_ins(intent):
            contact = self._catalog["Contact"]
            if error := intent.problem_as("Contact"):
                raise error
            picked = self._one_of(intent, stand_ins, "Contact")
            merging.put(sobject, intent, [merging.record(contact, row) for row in picked])
        elif intent.operation in {"create", "upsert"} or merging.is_being_created(intent):
            _check_findable(sobject, intent)
            merging.put(sobject, intent, [merging.new(sobject, intent)])
        elif intent.operation == "delete":
            resolution.unchanged.append(intent)
        else:
            raise _not_found(intent)

    def _read(self, intent: Intent, rows: list[Row], merging: Merging, resolution: Resolution) -> None:
        sobject = self._catalog.of_event(intent.object)
        touched = [merging.record(sobject, row) for row in rows]
        if merging.is_being_created(intent):
            touched.append(merging.new(sobject, intent))
        if any(write.operation or write.awaited for write in touched):
            merging.wait(sobject, intent, touched)
            return
        how = " and ".join(intent.match.fields) if intent.match else "nothing"
        self._notices.report(
            f"Read {intent.object} by {how}: {', '.join(row['Id'] for row in rows) or 'no record'}."
        )
        resolution.unchanged.append(intent)

    def _put_parents(self, intent: Intent, findings: Findings) -> None:
        for name in findings.parents.put_ids(intent):
            self._notices.say(
                f"A record that events name by {name} was merged into another, which {intent.object} records "
                "get instead."
            )

    def _note_merge(self, intent: Intent, findings: Findings) -> None:
        merged = findings.merged_away(intent)
        intent.finds_merged = bool(merged)
        if merged and intent.match is not None and not intent.match.by_id:
            by = " and ".join(intent.match.fields)
            self._notices.say(
                f"The {merged} with an event's {by} was merged into another record, which is meant "
                f"instead and keeps its own {by}."
            )

    # Choosing

    def _chosen(self, intent: Intent, rows: list[Row], findings: Findings) -> list[tuple[str, Row]]:
        """The records that an intent is to change: an open Lead wins over the Contact of a converted one."""
        open_rows = [row for row in rows if not row.get("IsConverted")]
        if len(open_rows) == 1:
            return [(intent.object, open_rows[0])]
        if open_rows or intent.operation == "delete":
            return [(intent.object, row) for row in self._one_of(intent, open_rows or rows, intent.object)]
        contacts = {row["ConvertedContactId"]: row for row in rows if row.get("ConvertedContactId")}
        if self._settings.converted_leads == "reject" or not contacts:
            raise RecordRejected(
                f"The Lead is converted ({rows[0]['Id']}), and a converted Lead cannot be changed. "
                + ("It has no Contact." if not contacts else "converted_leads: contact updates its Contact."),
                code="CANNOT_UPDATE_CONVERTED_LEAD",
            )
        if not self._catalog.has("Contact"):
            raise _hidden(next(iter(contacts)))
        if error := intent.problem_as("Contact"):
            raise error
        picked = self._one_of(intent, list(contacts.values()), intent.object)
        return [
            ("Contact", _there(findings.contact(row["ConvertedContactId"]), row["ConvertedContactId"]))
            for row in picked
        ]

    def _one_of(self, intent: Intent, rows: list[Row], sobject: str) -> list[Row]:
        if len(rows) == 1 or self._settings.multiple_matches == "all":
            return rows
        if self._settings.multiple_matches == "reject":
            some = ", ".join(row["Id"] for row in rows[:5])
            some += ", ..." if len(rows) > 5 else ""
            fields = intent.match.fields if intent.match else ()
            raise RecordRejected(
                f"{len(rows)} {sobject} records have this {' and '.join(fields)} ({some}): "
                "merge them in Salesforce, or choose one with multiple_matches.",
                code="MULTIPLE_MATCHES",
                fields=fields,
            )
        return [rows[-1] if self._settings.multiple_matches == "newest" else rows[0]]


def _there(contact: Row | None, contact_id: str) -> Row:
    if contact is None:
        raise _hidden(contact_id)
    return contact


def _hidden(contact_id: str) -> RecordRejected:
    return RecordRejected(
        f"The Lead was converted to Contact {contact_id}, which is deleted or hidden from this user.",
        code="CANNOT_UPDATE_CONVERTED_LEAD",
    )


def _check_findable(sobject: SObjectDescribe, intent: Intent) -> None:
    """Raises RecordRejected: what is created would lack what it is found by, and come again and again."""
    if intent.match is None or sobject.createable_fields.issuperset(intent.match.fields):
        return
    fixed = [name for name in intent.match.fields if name not in sobject.createable_fields]
    raise RecordRejected(
        f"There is no {intent.object} with this {' and '.join(fixed)}, and none can be created with it: "
        "this user cannot write it.",
        code="INVALID_FIELD_FOR_INSERT_UPDATE",
        fields=fixed,
    )


def _not_found(intent: Intent) -> RecordRejected:
    fields: tuple[Any, ...] = intent.match.fields if intent.match else ()
    return RecordRejected(
        f"There is no {intent.object} with this {' and '.join(fields) or 'Id'}, or it is deleted; an update "
        "creates none.",
        code="NOT_FOUND",
        fields=fields,
    )
