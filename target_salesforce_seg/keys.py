"""How an event's record is found: by the values of some fields, or by its Id."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from salesforce_seg import fields
from salesforce_seg.errors import RecordRejected
from target_salesforce_seg.intents import Match, long_id
from target_salesforce_seg.mapping.problems import mistyped, too_long, unreadable
from target_salesforce_seg.paths import MISSING, find, is_blank, normalised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from salesforce_seg.describe import FieldDescribe, SObjectDescribe
    from target_salesforce_seg.catalog import Catalog
    from target_salesforce_seg.events import Event
    from target_salesforce_seg.mapping.values import Convert

_EMAIL = re.compile(r"[^@\s,;\x00-\x1f\x7f]+@[^@\s,;\x00-\x1f\x7f]+\.[^@\s,;\x00-\x1f\x7f]+")


_LONGEST_EMAIL = 254
"""Characters of an address (RFC 5321); Salesforce takes 80."""


@dataclass(slots=True)
class Key:
    """A field that records are found by.

    Attributes:
        sobject: the object.
        field: of the object.
        write: makes a value of the field's type; raises ValueError.
    """

    sobject: SObjectDescribe
    field: FieldDescribe
    write: Convert

    @classmethod
    def of(cls, sobject: SObjectDescribe, field: FieldDescribe) -> Key:
        """The key that a field is."""
        return cls(sobject, field, fields.writer(field))

    def value(self, value: Any, origin: str) -> Any:
        """A value to find a record by, typed and never cut.

        Args:
            value: JSON value, not blank.
            origin: the trait, path or column it comes from, for messages.

        Raises:
            RecordRejected: It is not of the field's type, too long, or no e-mail address.
        """
        if isinstance(value, str):
            if "\0" in value:
                raise self._has_null(origin)
        elif isinstance(value, dict | list):
            raise mistyped(self.sobject, self.field, origin, "a list or an object cannot be a key")
        elif isinstance(value, bool) and self.field.type not in {"boolean", "email"}:
            raise mistyped(self.sobject, self.field, origin, "true and false tell no record from another")
        try:
            typed = self.write(value)
        except ValueError as error:
            raise unreadable(self.sobject, self.field, origin, error) from None
        field = self.field
        if not fields.fits(field, typed):
            raise too_long(self.sobject, field)
        if field.type == "email" and not is_email(typed):
            raise RecordRejected(
                f"`{origin}` is no e-mail address.", code="INVALID_EMAIL_ADDRESS", fields=[field.name]
            )
        return typed

    def _has_null(self, origin: str) -> RecordRejected:
        is_email_field = self.field.type == "email"
        return RecordRejected(
            f"`{origin}` has a null character, which no key can have.",
            code="INVALID_EMAIL_ADDRESS" if is_email_field else "INVALID_TYPE_ON_FIELD_IN_RECORD",
            fields=[self.field.name],
        )


class Keys:
    """Makes matches of the values that find a record.

    Args:
        catalog: the objects.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._named: dict[tuple[str, str], Key] = {}

    def named(self, sobject: SObjectDescribe, setting: str, name: str) -> Key:
        """A key that a setting names; remembered as long as the object's describe is the same.

        Raises:
            ConfigurationError: The field is none to search by.
        """
        key = self._named.get((setting, name))
        if key is None or key.sobject is not sobject:
            key = Key.of(sobject, self._catalog.key_field(sobject, name, setting))
            self._named[setting, name] = key
        return key

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
            key = self.named(sobject, setting, name)
            field = key.field
            value = look_up(path)
            if is_blank(value):
                raise RecordRejected(
                    f"The event has no `{path}`, by which its {sobject.name} is found ({field.name}).",
                    code="MISSING_KEY",
                    fields=[field.name],
                )
            pairs.append((field, key.value(value, path)))
        return Match.on(pairs) if pairs else None

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
    traits = event.traits
    own = traits[trait] if trait in traits else find(traits, trait)
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
