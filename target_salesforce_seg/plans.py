"""What each event wants done: a Lead or Account, RudderStack's externalId, an action, a plain record."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from salesforce_seg.errors import RecordRejected
from target_salesforce_seg.actions import is_api_name
from target_salesforce_seg.classify import NotForSalesforce, PlainRecord
from target_salesforce_seg.events import key_text
from target_salesforce_seg.intents import Intent, Match, Refusal, long_id
from target_salesforce_seg.mapping.tables import CONTACT, LEAD, PLACEHOLDER, TraitTable, account_table
from target_salesforce_seg.mapping.traits import TraitMapping, literal_assignments
from target_salesforce_seg.mapping.values import Assignment, ValueRules
from target_salesforce_seg.paths import MISSING, find, is_blank, normalised

if TYPE_CHECKING:
    from salesforce_seg.describe import FieldDescribe, SObjectDescribe
    from target_salesforce_seg.actions import Action
    from target_salesforce_seg.catalog import Catalog
    from target_salesforce_seg.events import Event
    from target_salesforce_seg.notices import Notices
    from target_salesforce_seg.settings import TargetSettings

Planned = Intent | Refusal

_EMAIL = re.compile(r"[^@\s,;\x00-\x1f\x7f]+@[^@\s,;\x00-\x1f\x7f]+\.[^@\s,;\x00-\x1f\x7f]+")
_EXTERNAL_ID_PREFIX = "Salesforce-"


def external_ids(event: Event) -> list[tuple[str, str | None]]:
    """The Salesforce entries of RudderStack's ``context.externalId``: object, and record Id if it has one."""
    entries = find(event.record, "context.externalId")
    found = []
    for entry in entries if isinstance(entries, list) else [entries]:
        kind = entry.get("type") if isinstance(entry, Mapping) else None
        if isinstance(kind, str) and kind.startswith(_EXTERNAL_ID_PREFIX):
            found.append((kind.removeprefix(_EXTERNAL_ID_PREFIX), key_text(entry.get("id"))))
    return found


class Plans:
    """Turns classified records into intents.

    Args:
        settings: the target's settings.
        catalog: the objects.
        notices: where to say what is left out.
    """

    def __init__(self, settings: TargetSettings, catalog: Catalog, notices: Notices) -> None:
        self._settings = settings
        self._catalog = catalog
        self._values = ValueRules(settings.trim_long_values, settings.unknown_fields == "reject", notices)

    def actions_for(self, event: Event) -> list[Action]:
        """The actions that wait for an event."""
        return [action for action in self._settings.actions if action.waits_for(event)]

    def check_wanted(self, event: Event) -> None:
        """See whether anything is to be done for an event.

        Raises:
            NotForSalesforce: It is a track event that no action waits for.
        """
        if event.type == "track" and not self.actions_for(event):
            raise NotForSalesforce("no action waits for this track event")

    def objects_named_by(self, event: Event | PlainRecord) -> list[str]:
        """Objects that an event names itself, beyond those of the settings."""
        if isinstance(event, PlainRecord) or event.type != "identify" or self.actions_for(event):
            return []
        return [sobject for sobject, _ in external_ids(event) if is_api_name(sobject)]

    def of(self, position: int, event: Event | PlainRecord) -> list[Planned]:
        """What an event wants done.

        Args:
            position: of the event in its batch.
            event: the classified record.
        """
        if isinstance(event, PlainRecord):
            rule = event.rule
            operation = "delete" if event.deleted else rule.operation
            return [_attempt(rule.object, operation, partial(self._plain, position, event, operation))]
        actions = self.actions_for(event)
        if actions:
            return [
                _attempt(a.object, a.operation, partial(self._action, position, event, a)) for a in actions
            ]
        if event.type == "group":
            return [_attempt("Account", "upsert", partial(self._account, position, event))]
        external = external_ids(event)
        if external:
            return [
                _attempt(
                    name,
                    "update" if record_id else "create",
                    partial(self._external, position, event, name, record_id),
                )
                for name, record_id in external
            ]
        return [_attempt("Lead", "upsert", partial(self._lead, position, event))]

    # The defaults

    def _lead(self, position: int, event: Event) -> Intent:
        lead = self._catalog["Lead"]
        match = self._match(
            lead, "lead_lookup_fields", self._settings.lead_lookup_fields, partial(_lookup_value, event)
        )
        fields = self._mapping(LEAD, event).record(event, lead)
        if "Email" not in fields and _is_email(event.user_id) and lead.field("Email"):
            fields["Email"] = event.user_id
        return self._with_placeholders(
            Intent(position, lead.name, "upsert", fields, match, contact_fields=self._as_contact(event)),
            lead,
            LEAD,
        )

    def _account(self, position: int, event: Event) -> Intent:
        account = self._catalog["Account"]
        number = self._catalog.key_field(
            account, "AccountNumber", "group events find their Account by groupId"
        )
        if event.group_id is None:
            raise RecordRejected(
                "A group event needs a groupId (text or a whole number) to find its Account.",
                code="MISSING_KEY",
                fields=[number.name],
            )
        value = self._values.key(account, number, Assignment(number.name, event.group_id, "groupId"))
        fields = self._mapping(self._account_table, event).record(event, account)
        return Intent(position, account.name, "upsert", fields, Match.on([(number, value)]))

    def _external(self, position: int, event: Event, name: str, record_id: str | None) -> Intent:
        sobject = self._catalog.of_event(name)
        table = {"lead": LEAD, "contact": CONTACT}.get(sobject.name.lower())
        if table is None:
            fields = self._values.typed(sobject, literal_assignments(event.traits, sobject))
            fields.pop("Id", None)
        else:
            fields = self._mapping(table, event).record(event, sobject)
        match = self._match_on_id(sobject, record_id, "context.externalId") if record_id else None
        intent = Intent(position, sobject.name, "update" if match else "create", fields, match)
        if sobject.name == "Lead":
            intent.contact_fields = self._as_contact(event)
        return self._with_placeholders(intent, sobject, table) if table else intent

    # What the settings say

    def _action(self, position: int, event: Event, action: Action) -> Intent:
        sobject = self._catalog[action.object]
        assignments = [
            Assignment(field, value, path)
            for path, field in action.field_mappings.items()
            if path != action.id_path
            for value in [event.find(path)]
            if value is None or not is_blank(value)
        ]
        match: Match | None
        if action.id_path:
            match = self._match_on_id(sobject, event.find(action.id_path), action.id_path)
        else:
            match = self._match(sobject, action.setting, action.upsert_rules, event.find)
        return self._configured(position, sobject, action.operation, assignments, match)

    def _plain(self, position: int, plain: PlainRecord, operation: str) -> Intent:
        sobject = self._catalog[plain.rule.object]
        look_up = partial(find, plain.record)
        match: Match | None = None
        if plain.rule.upsert_rules:
            match = self._match(sobject, plain.rule.setting, plain.rule.upsert_rules, look_up)
        elif operation != "create":
            match = self._match_on_id(sobject, look_up("Id"), "Id")
        assignments = []
        if operation != "delete":
            keys = {path for path in plain.rule.upsert_rules if sobject.field(path) is None}
            columns = {
                name: v for name, v in plain.record.items() if name not in keys and name.lower() != "id"
            }
            assignments = list(literal_assignments(columns, sobject))
        return self._configured(position, sobject, operation, assignments, match)

    def _configured(
        self,
        position: int,
        sobject: SObjectDescribe,
        operation: str,
        assignments: list[Assignment],
        match: Match | None,
    ) -> Intent:
        intent = Intent(position, sobject.name, operation, self._values.typed(sobject, assignments), match)
        if sobject.name != "Lead":
            return intent
        contact = self._catalog["Contact"] if self._settings.writes_contacts else None
        if contact:
            known = [each for each in assignments if contact.field(each.field)]
            intent.contact_fields = lambda: self._values.typed(contact, known)
        return self._with_placeholders(intent, sobject, LEAD, from_traits=False)

    # Parts

    @cached_property
    def _account_table(self) -> TraitTable:
        return account_table(
            billing=self._settings.send_address_as_billing, shipping=self._settings.send_address_as_shipping
        )

    def _mapping(self, table: TraitTable, event: Event) -> TraitMapping:
        return TraitMapping(table, self._settings.trait_fields.get(event.type, {}), self._values)

    def _as_contact(self, event: Event) -> Callable[[], Mapping[str, Any]] | None:
        if not self._settings.writes_contacts:
            return None
        return lambda: self._mapping(CONTACT, event).record(event, self._catalog["Contact"])

    def _with_placeholders(
        self, intent: Intent, sobject: SObjectDescribe, table: TraitTable, *, from_traits: bool = True
    ) -> Intent:
        fill = self._settings.fill_required
        if fill == "never" or intent.operation == "delete":
            return intent
        required = (sobject.field(name) for name in table.placeholders)
        intent.placeholders = tuple(field.name for field in required if field and not field.nillable)
        if fill == "always" and table is LEAD and from_traits:
            intent.fields = dict.fromkeys(intent.placeholders, PLACEHOLDER) | dict(intent.fields)
        return intent

    def _match(
        self, sobject: SObjectDescribe, setting: str, rules: Mapping[str, str], look_up: Callable[[str], Any]
    ) -> Match | None:
        pairs: list[tuple[FieldDescribe, Any]] = []
        for path, name in rules.items():
            field = self._catalog.key_field(sobject, name, setting)
            value = look_up(path)
            if is_blank(value):
                raise RecordRejected(
                    f"The event has no `{path}`, by which its {sobject.name} is found ({field.name}).",
                    code="MISSING_KEY",
                    fields=[field.name],
                )
            pairs.append((field, self._key(sobject, Assignment(field.name, value, path), field)))
        return Match.on(pairs) if pairs else None

    def _key(self, sobject: SObjectDescribe, assignment: Assignment, field: FieldDescribe) -> Any:
        value = self._values.key(sobject, field, assignment)
        if field.type == "email" and not _is_email(value):
            raise RecordRejected(
                f"`{assignment.origin}` is no e-mail address.",
                code="INVALID_EMAIL_ADDRESS",
                fields=[field.name],
            )
        return value

    def _match_on_id(self, sobject: SObjectDescribe, value: Any, origin: str) -> Match:
        record_id = long_id(value.strip()) if isinstance(value, str) else None
        if is_blank(value):
            raise RecordRejected(
                f"The event has no `{origin}`, the Id of its {sobject.name}.",
                code="MISSING_KEY",
                fields=["Id"],
            )
        if record_id is None:
            raise RecordRejected(
                f"`{origin}` is no Salesforce record Id.", code="MALFORMED_ID", fields=["Id"]
            )
        return Match(("Id",), (record_id,), (record_id,))


def _attempt(sobject: str, operation: str, plan: Callable[[], Intent]) -> Planned:
    try:
        return plan()
    except RecordRejected as error:
        return Refusal(sobject, operation, error)


def _lookup_value(event: Event, trait: str) -> Any:
    """The value of a trait to find a Lead by.

    The e-mail address may be the ``userId`` (Segment), or stand where RudderStack reads it too.
    """
    places: Iterable[Any] = (find(event.traits, trait), event.find(trait))
    if normalised(trait) == "email":
        user_id = event.user_id if _is_email(event.user_id) else MISSING
        elsewhere = (find(event.record, place) for place in ("context.traits.email", "properties.email"))
        places = (find(event.traits, trait), user_id, *elsewhere)
    return next((value for value in places if not is_blank(value)), MISSING)


def _is_email(value: object) -> bool:
    return isinstance(value, str) and _EMAIL.fullmatch(value.strip()) is not None
