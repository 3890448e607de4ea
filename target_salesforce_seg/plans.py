"""What each event wants done: a Lead or Account, RudderStack's externalId, an action, a plain record."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any

from salesforce_seg.errors import RecordRejected
from target_salesforce_seg.actions import comparable, is_api_name
from target_salesforce_seg.classify import NotForSalesforce, PlainRecord
from target_salesforce_seg.external_ids import ExternalId, external_ids, is_mapped_elsewhere
from target_salesforce_seg.intents import Intent, Match, Refusal
from target_salesforce_seg.intents import comparable as comparable_value
from target_salesforce_seg.keys import Key, Keys, is_email, lead_key
from target_salesforce_seg.mapping.mappers import Mappers
from target_salesforce_seg.mapping.tables import LEAD, PLACEHOLDER
from target_salesforce_seg.mapping.traits import literal_assignments
from target_salesforce_seg.mapping.values import Assignment, ValueRules
from target_salesforce_seg.paths import find, is_blank

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from salesforce_seg.describe import SObjectDescribe
    from target_salesforce_seg.actions import Action
    from target_salesforce_seg.catalog import Catalog
    from target_salesforce_seg.events import Event
    from target_salesforce_seg.notices import Notices
    from target_salesforce_seg.settings import TargetSettings

Planned = Intent | Refusal

_PEOPLE = {"Lead", "Contact"}
"""Objects that the traits of an identify are mapped to; those of others are named as their fields are."""

_READS_NOTHING = {"delete", "read"}
"""Operations that write no fields."""


class Plans:
    """Turns classified records into intents. What it works out from settings and describes, it keeps.

    Args:
        settings: the target's settings.
        catalog: the objects.
        notices: where to say what is left out.
    """

    def __init__(self, settings: TargetSettings, catalog: Catalog, notices: Notices) -> None:
        self._settings = settings
        self._catalog = catalog
        self._notices = notices
        self._values = ValueRules(settings.trim_long_values, settings.unknown_fields == "reject", notices)
        self._keys = Keys(catalog)
        self._mappers = Mappers(settings, self._values)
        self._writes_contacts = settings.writes_contacts
        self._as_contact = self._mapped_as_contact if settings.writes_contacts else None
        self._actions: dict[tuple[str, str], list[Action]] = defaultdict(list)
        for action in settings.actions:
            self._actions[action.event, comparable(action.event_name)].append(action)

    def actions_for(self, event: Event) -> list[Action]:
        """The actions that wait for an event, in the order of the setting."""
        if not self._actions:
            return []
        names = dict.fromkeys(map(comparable, event.names)) if event.type == "track" else ("",)
        return [action for name in names for action in self._actions.get((event.type, name), ())]

    def check_wanted(self, event: Event) -> None:
        """See whether anything is to be done for an event.

        Raises:
            NotForSalesforce: No action waits for it, and by itself it is for no record of Salesforce.
        """
        if event.type == "track" and not self.actions_for(event):
            raise NotForSalesforce("no action waits for this track event")
        if event.type == "identify" and is_mapped_elsewhere(event) and not self.actions_for(event):
            raise NotForSalesforce("it is mapped to records of another destination (mappedToDestination)")

    def objects_named_by(self, event: Event | PlainRecord) -> list[str]:
        """Objects that an event names itself, beyond those of the settings."""
        if isinstance(event, PlainRecord) or event.type != "identify":
            return []
        return [entry.object for entry in external_ids(event) if is_api_name(entry.object)]

    def of(self, position: int, event: Event | PlainRecord) -> list[Planned]:
        """What an event wants done.

        Args:
            position: of the event in its batch.
            event: the classified record.
        """
        if isinstance(event, PlainRecord):
            rule = event.rule
            operation = "delete" if event.deleted else rule.operation
            return [_attempt(rule.object, operation, self._plain, position, event, operation)]
        actions = self.actions_for(event) if self._actions else []
        if not actions:  # only a track event is nothing by itself, or check_wanted would have stopped it
            return [] if event.type == "track" else self._defaults(position, event)
        planned = [
            _attempt(action.object, action.operation, self._action, position, event, action)
            for action in actions
        ]
        if event.type == "track" or any(action.replaces_default for action in actions):
            return planned
        if event.type == "identify" and is_mapped_elsewhere(event):
            return planned
        return planned + self._defaults(position, event)

    # The defaults

    def _defaults(self, position: int, event: Event) -> list[Planned]:
        if event.type == "group":
            return [_attempt("Account", "upsert", self._account, position, event)]
        entries = external_ids(event)
        if not entries:
            return [_attempt("Lead", "upsert", self._lead, position, event)]
        return [
            _attempt(entry.object, entry.operation, self._external, position, event, entry)
            for entry in entries
        ]

    def _lead(self, position: int, event: Event) -> Intent:
        lead = self._catalog["Lead"]
        rules = self._settings.lead_lookup_fields
        match = self._keys.match(lead, "lead_lookup_fields", rules, partial(lead_key, event))
        mapper = self._mappers.of(event, lead)
        fields = self._beside(match, lead, mapper.record(event.traits))
        if "Email" not in fields and is_email(event.user_id) and lead.field("Email"):
            fields["Email"] = event.user_id
        intent = Intent(position, lead.name, "upsert", fields, match, (), self._as_contact, event)
        return self._with_placeholders(intent, mapper.placeholders)

    def _account(self, position: int, event: Event) -> Intent:
        account = self._catalog["Account"]
        key = self._keys.named(account, "group events find their Account by groupId", "AccountNumber")
        group_id = event.group_id
        if group_id is None:
            raise RecordRejected(
                "A group event needs a groupId (text or a whole number) to find its Account.",
                code="MISSING_KEY",
                fields=[key.field.name],
            )
        match = Match.on([(key.field, key.value(group_id, "groupId"))])
        mapper = self._mappers.of(event, account)
        fields = self._beside(match, account, mapper.record(event.traits))
        return Intent(position, account.name, "upsert", fields, match)

    def _external(self, position: int, event: Event, entry: ExternalId) -> Intent:
        sobject = self._catalog.of_event(entry.object)
        match = self._match_of(entry, sobject)
        if entry.literal or sobject.name not in _PEOPLE:
            named = (
                each for each in literal_assignments(event.traits, sobject) if each.field.lower() != "id"
            )
            intent = self._configured(position, sobject, entry.operation, list(named), match)
            intent.fields = self._beside(match, sobject, dict(intent.fields))
            return intent
        mapper = self._mappers.of(event, sobject)
        fields = self._beside(match, sobject, mapper.record(event.traits))
        if entry.operation == "create":
            _check_not_empty(sobject, fields, "traits")
        intent = Intent(position, sobject.name, entry.operation, fields, match)
        if sobject.name == "Lead":
            intent.contact_fields, intent.event = self._as_contact, event
        return self._with_placeholders(intent, mapper.placeholders)

    def _match_of(self, entry: ExternalId, sobject: SObjectDescribe) -> Match | None:
        if entry.operation == "create":
            return None
        if not entry.field:
            return self._keys.on_id(sobject, entry.id, "context.externalId")
        field = self._catalog.key_field_of_event(sobject, entry.field)
        if entry.id is None:
            raise RecordRejected(
                f"The externalId has no id, by which its {sobject.name} is found ({field.name}).",
                code="MISSING_KEY",
                fields=[field.name],
            )
        return Match.on([(field, Key.of(sobject, field).value(entry.id, "context.externalId"))])

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
            match = self._keys.on_id(sobject, event.find(action.id_path), action.id_path)
        else:
            match = self._keys.match(sobject, action.setting, action.upsert_rules, event.find)
        return self._configured(position, sobject, action.operation, assignments, match)

    def _plain(self, position: int, plain: PlainRecord, operation: str) -> Intent:
        sobject = self._catalog[plain.rule.object]
        look_up = partial(find, plain.record)
        match: Match | None = None
        if plain.rule.upsert_rules:
            match = self._keys.match(sobject, plain.rule.setting, plain.rule.upsert_rules, look_up)
        elif operation != "create":
            match = self._keys.on_id(sobject, look_up("Id"), "Id")
        assignments = []
        if operation not in _READS_NOTHING:
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
        fields = self._values.typed(sobject, assignments)
        if operation == "create":
            _check_not_empty(sobject, fields, "mappings")
        intent = Intent(position, sobject.name, operation, fields, match)
        if sobject.name != "Lead":
            return intent
        if self._writes_contacts:
            intent.contact_fields = partial(self._assigned_to_contact, assignments)
        placeholders = self._values.required(sobject, LEAD.placeholders)
        return self._with_placeholders(intent, placeholders, from_traits=False)

    def _assigned_to_contact(self, assignments: list[Assignment], _: Intent) -> Mapping[str, Any]:
        contact = self._catalog["Contact"]
        return self._values.typed(contact, [each for each in assignments if contact.field(each.field)])

    # Parts

    def _beside(
        self, match: Match | None, sobject: SObjectDescribe, fields: dict[str, Any]
    ) -> dict[str, Any]:
        """Fields less other values for those that find the record: the next event would not find it again."""
        if match is None:
            return fields
        for place, name in enumerate(match.fields):
            value = fields.get(name)
            if value is None or value == match.values[place]:
                continue
            described = sobject.field(name)
            if described and comparable_value(described, value) != match.key[place]:
                del fields[name]
                told = f"{sobject.name}.{name} finds the record: what another trait says for it is left out."
                self._notices.say(told)
        return fields

    def _mapped_as_contact(self, intent: Intent) -> Mapping[str, Any]:
        """What an intent about a Lead writes to a Contact."""
        assert intent.event is not None
        contact = self._catalog["Contact"]
        fields = self._mappers.of(intent.event, contact).record(intent.event.traits)
        return fields if intent.operation == "create" else self._beside(intent.match, contact, fields)

    def _with_placeholders(
        self, intent: Intent, placeholders: tuple[str, ...], *, from_traits: bool = True
    ) -> Intent:
        fill = self._settings.fill_required
        if fill == "never" or intent.operation in _READS_NOTHING:
            return intent
        intent.placeholders = placeholders
        if fill == "always" and intent.object == "Lead" and from_traits:
            intent.fields = dict.fromkeys(placeholders, PLACEHOLDER) | dict(intent.fields)
        return intent


def _check_not_empty(sobject: SObjectDescribe, fields: Mapping[str, Any], origin: str) -> None:
    """Raises RecordRejected: a record without any value is to be created."""
    if all(value is None for value in fields.values()):
        raise RecordRejected(
            f"None of the event's {origin} gives a value for the {sobject.name} that is to be created.",
            code="NOTHING_TO_CREATE",
        )


def _attempt(sobject: str, operation: str, plan: Callable[..., Intent], *details: Any) -> Planned:
    try:
        return plan(*details)
    except RecordRejected as error:
        return Refusal(sobject, operation, error)
