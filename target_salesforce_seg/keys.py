"""How an event's record is found: by the values of some fields, or by its Id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from salesforce_seg.errors import RecordRejected
from target_salesforce_seg.intents import Match, long_id
from target_salesforce_seg.paths import MISSING, find, is_blank, normalised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from salesforce_seg.describe import FieldDescribe, SObjectDescribe
    from target_salesforce_seg.catalog import Catalog
    from target_salesforce_seg.events import Event
    from target_salesforce_seg.mapping.values import ValueRules

_EMAIL = re.compile(r"[^@\s,;\x00-\x1f\x7f]+@[^@\s,;\x00-\x1f\x7f]+\.[^@\s,;\x00-\x1f\x7f]+")


_LONGEST_EMAIL = 254
"""Characters of an address (RFC 5321); Salesforce takes 80."""


class Keys:
    """Makes matches of the values that find a record.

    Args:
        catalog: the objects.
        values: how values become what Salesforce takes.
    """

    def __init__(self, catalog: Catalog, values: ValueRules) -> None:
        self._catalog = catalog
        self._values = values

    def match(
        self, sobject: SObjectDescribe, setting: str, rules: Mapping[str, str], look_up: Callable[[str], Any]
    ) -> Match | None:
        """A match by all of some rules; None without rules.

        Args:
            sobject: the object.
            setting: that has the rules, for messages.
            rules: paths, and the fields that must have their values.
            look_up: gives the value at a path.

        Raises:
            RecordRejected: A path leads to nothing (a rule never gets weaker by that), or to no key.
            ConfigurationError: A field is none to search by.
        """
        pairs = []
        for path, name in rules.items():
            field = self._catalog.key_field(sobject, name, setting)
            value = look_up(path)
            if is_blank(value):
                raise RecordRejected(
                    f"The event has no `{path}`, by which its {sobject.name} is found ({field.name}).",
                    code="MISSING_KEY",
                    fields=[field.name],
                )
            pairs.append((field, self.value(sobject, field, value, path)))
        return Match.on(pairs) if pairs else None

    def value(self, sobject: SObjectDescribe, field: FieldDescribe, value: Any, origin: str) -> Any:
        """A value to find a record by, typed.

        Raises:
            RecordRejected: It is none.
        """
        typed = self._values.key(sobject, field, value, origin)
        if field.type == "email" and not is_email(typed):
            raise RecordRejected(
                f"`{origin}` is no e-mail address.", code="INVALID_EMAIL_ADDRESS", fields=[field.name]
            )
        return typed

    def on_id(self, sobject: SObjectDescribe, value: Any, origin: str) -> Match:
        """A match by the record's Id.

        Raises:
            RecordRejected: It is none.
        """
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


def lead_key(event: Event, trait: str) -> Any:
    """The value of a trait to find a Lead by.

    The e-mail address may be the ``userId`` (Segment), or stand where RudderStack reads it too.
    """
    own = find(event.traits, trait)
    if not is_blank(own):
        return own
    places: Iterable[Any] = (event.find(trait),)
    if normalised(trait) == "email":
        user_id = event.user_id if is_email(event.user_id) else MISSING
        elsewhere = (find(event.record, place) for place in ("context.traits.email", "properties.email"))
        places = (user_id, *elsewhere)
    return next((value for value in places if not is_blank(value)), MISSING)


def is_email(value: object) -> bool:
    """Whether a value looks like an e-mail address."""
    text = value.strip() if isinstance(value, str) else ""
    return len(text) <= _LONGEST_EMAIL and _EMAIL.fullmatch(text) is not None
