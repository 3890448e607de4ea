"""The records that an event names itself: RudderStack's ``context.externalId``.

Rules: RudderStack's "Salesforce" page (Updating Salesforce Objects) and, for reverse ETL
(``context.mappedToDestination``), its transformer: there the first entry alone says where the record goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from target_salesforce_seg.events import as_json, key_text
from target_salesforce_seg.paths import MISSING

if TYPE_CHECKING:
    from target_salesforce_seg.events import Event

_PREFIX = "salesforce-"


class ExternalId(NamedTuple):
    """One entry of ``externalId``.

    Attributes:
        object: the object it names, as it is written there.
        id: a record Id, or the value of ``field``; None if there is none.
        field: the field to find the record by; empty if ``id`` is the record's Id.
        literal: whether the traits are named as the object's fields are (reverse ETL).
    """

    object: str
    id: str | None
    field: str = ""
    literal: bool = False

    @property
    def operation(self) -> str:
        """What the entry asks for."""
        if self.field:
            return "upsert"
        return "update" if self.id or self.literal else "create"


def external_ids(event: Event) -> list[ExternalId]:
    """The Salesforce entries of an event."""
    entries = _of_context(event, "externalId")
    if entries is MISSING or entries is None:
        return []
    entries = as_json(entries)
    mapped = _of_context(event, "mappedToDestination")
    found = [
        entry
        for each in (entries if isinstance(entries, list) else [entries])
        if (entry := _read(each, literal=mapped is not MISSING and bool(mapped))) is not None
    ]
    return found[:1] if found and found[0].literal else found


def _of_context(event: Event, name: str) -> Any:
    context = event.record.get("context")
    if isinstance(context, dict):
        return context.get(name, MISSING)
    return event.find(f"context.{name}") if event.from_row else MISSING


def _read(entry: Any, *, literal: bool) -> ExternalId | None:
    kind = entry.get("type") if isinstance(entry, dict) else None
    if not isinstance(kind, str) or not kind.lower().startswith(_PREFIX):
        return None
    field = entry.get("identifierType")
    by_id = not isinstance(field, str) or field.strip().lower() in {"", "id"}
    return ExternalId(
        kind[len(_PREFIX) :], key_text(entry.get("id")), "" if by_id else field.strip(), literal
    )
