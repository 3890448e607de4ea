"""A key for records that nothing else finds again: the messageId of the event that creates them.

Kept in an external-id field (``event_id_field``), it makes a create as repeatable as an upsert.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from salesforce_seg import fields as field_types
from salesforce_seg.errors import ConfigurationError, RecordRejected
from target_salesforce_seg.events import Event, key_text
from target_salesforce_seg.intents import Match, Refusal
from target_salesforce_seg.paths import MISSING, is_blank, member
from target_salesforce_seg.settings import EVERY_OBJECT

if TYPE_CHECKING:
    from salesforce_seg.describe import FieldDescribe, SObjectDescribe
    from target_salesforce_seg.catalog import Catalog
    from target_salesforce_seg.classify import PlainRecord
    from target_salesforce_seg.plans import Planned
    from target_salesforce_seg.settings import TargetSettings

SETTING = "event_id_field"


class EventIds:
    """Gives creates their key.

    Args:
        settings: ``event_id_field``.
        catalog: the objects.
    """

    def __init__(self, settings: TargetSettings, catalog: Catalog) -> None:
        self._names = {name.lower(): field for name, field in settings.event_id_field.items()}
        self._catalog = catalog

    def given(self, event: Event | PlainRecord, planned: list[Planned]) -> list[Planned]:
        """What one event wants, its creates with a match on its messageId; a second one of an object its own.

        Which is the second does not depend on what becomes of the first. A create whose field does not hold
        the messageId is refused.

        Raises:
            ConfigurationError: The setting names a field that is no external id of its object.
        """
        if not self._names:
            return planned
        event_id = message_id(event)
        places: Counter[str] = Counter()
        every: list[Planned] = []
        for each in planned:
            if each.operation == "create":
                places[each.object.lower()] += 1
                every.append(self._with_key(each, event_id, places[each.object.lower()]))
            else:
                every.append(each)
        return every

    def _with_key(self, create: Planned, event_id: str | None, place: int) -> Planned:
        if isinstance(create, Refusal) or create.match is not None:
            return create
        field = self.field_of(self._catalog.of_event(create.object))
        if field is None or event_id is None:
            return create
        value = field_types.write_value(field, event_id if place == 1 else f"{event_id}:{place}")
        if is_blank(value):
            return create
        if not field_types.fits(field, value):
            told = (
                f"The messageId has {len(value)} characters; {create.object}.{field.name} takes "
                f"{field.length}."
            )
            error = RecordRejected(told, code="KEY_TOO_LONG", fields=[field.name])
            return Refusal(create.object, create.operation, error)
        create.match = Match.on([(field, value)])
        return create

    def field_of(self, sobject: SObjectDescribe) -> FieldDescribe | None:
        """The field of an object that takes the messageId; None if the setting names none that it has.

        Raises:
            ConfigurationError: The setting names a field that is no text, or no external id of the object.
        """
        own = self._names.get(sobject.name.lower())
        field = sobject.field(own or self._names.get(EVERY_OBJECT, ""))
        if field is None and own is None:
            return None
        if field is None or field.type != "string" or not field.external_id or not field.createable:
            raise ConfigurationError(
                f"{SETTING}: {sobject.name} has no text field {own or self._names[EVERY_OBJECT]} that is an "
                "External ID and that this user can write. Make one of 100 characters, External ID and "
                "unique, and give the user access to it."
            )
        return field


def message_id(event: Event | PlainRecord) -> str | None:
    """The messageId; rows of Segment's warehouse tables have it in ``id``."""
    found = member(event.record, "messageId")
    if found is MISSING and isinstance(event, Event) and event.from_row:
        found = member(event.record, "id")
    return key_text(found)
