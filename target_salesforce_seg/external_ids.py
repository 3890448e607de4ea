"""The records that an event names itself: RudderStack's ``context.externalId``.

Rules: RudderStack's "Salesforce" page (Updating Salesforce Objects) and, for reverse ETL
(``context.mappedToDestination``), its transformer: there the first entry alone says where the record goes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from target_salesforce_seg.events import as_json, key_text
from target_salesforce_seg.paths import MISSING, is_blank

if TYPE_CHECKING:
    from target_salesforce_seg.events import Event

_OF_SALESFORCE = re.compile(r"salesforce(?:_oauth(?:_sandbox)?|_bulk_upload)?-", re.IGNORECASE)
"""How the type of an entry begins: the name of one of RudderStack's Salesforce destinations."""


class ExternalId(NamedTuple):
    """One entry of ``externalId``.

    Attributes:
        object: the object it names, as it is written there.
        id: a record Id, or the value of ``field``; None if there is none; as it came if it can be neither.
        field: the field to find the record by; empty if ``id`` is the record's Id.
        literal: whether the traits are named as the object's fields are (reverse ETL).
    """

    object: str
    id: Any
    field: str = ""
    literal: bool = False

    @property
    def operation(self) -> str:
        """What the entry asks for."""
        if self.field:
            return "upsert"
        return "create" if self.id is None and not self.literal else "update"


def external_ids(event: Event) -> list[ExternalId]:
    """The Salesforce entries of an event."""
    entries = _of_context(event, "externalId")
    if entries is MISSING or entries is None:
        return []
    entries = as_json(entries)
    is_mapped = bool(_of_context(event, "mappedToDestination"))
    found = [
        entry
        for each in (entries if isinstance(entries, list) else [entries])
        if (entry := _read(each, literal=is_mapped)) is not None
    ]
    return found[:1] if found and found[0].literal else found


def is_mapped_elsewhere(event: Event) -> bool:
    """Whether an event of reverse ETL names records of other destinations only."""
    return bool(_of_context(event, "mappedToDestination")) and not external_ids(event)


def _of_context(event: Event, name: str) -> Any:
    context = event.record.get("context")
    if isinstance(context, dict):
        return context.get(name, MISSING)
    return event.find(f"context.{name}") if event.from_row else MISSING


def _read(entry: Any, *, literal: bool) -> ExternalId | None:
    if not isinstance(entry, dict) or not isinstance(kind := entry.get("type"), str):
        return None
    prefix = _OF_SALESFORCE.match(kind)
    if prefix is None:
        return None
    field = entry.get("identifierType")
    field = field.strip() if isinstance(field, str) else ""
    by_id = field.lower() in {"", "id"}
    given = entry.get("id")
    record_id = None if is_blank(given) else key_text(given) or given
    return ExternalId(kind[prefix.end() :], record_id, "" if by_id else field, literal)
