"""The objects that this run writes to, as the org describes them."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from salesforce_seg.describe import SObjectDescribe
from salesforce_seg.errors import ConfigurationError, ObjectUnavailable, RecordRejected, SalesforceError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from salesforce_seg.describe import FieldDescribe
    from salesforce_seg.describer import Describer
    from target_salesforce_seg.actions import Action, StreamRule
    from target_salesforce_seg.settings import TargetSettings

_NO_SUCH_COLUMN = re.compile(r"No such column '(\w+)' on|Field name not found : (\w+)")

DEFAULT_OBJECTS = ("Lead", "Account", "Contact")
"""What identify and group events write to without being told."""


class FieldGone(SalesforceError):  # noqa: N818  as its siblings
    """A field that was described is no longer there, or no longer visible to this user.

    Attributes:
        sobject: the object's API name.
        column: the field's.
    """

    def __init__(self, sobject: str, column: str, error: SalesforceError) -> None:
        super().__init__(error.message, code=error.code, status=error.status, errors=error.errors)
        self.sobject = sobject
        self.column = column


def missing_column(error: SalesforceError) -> str:
    """The field that an answer says does not exist; empty if it says no such thing."""
    if error.code not in {"INVALID_FIELD", "InvalidBatch"}:
        return ""
    match = _NO_SUCH_COLUMN.search(error.message)
    return (match[1] or match[2]) if match else ""


class Catalog:
    """Describes, asked for in one API call, and only when there is something to write.

    They are asked for again after a while (``describe_again_after``): a field added meanwhile is used.

    Args:
        describer: asks the org.
        settings: name the objects of actions and plain streams.
    """

    def __init__(self, describer: Describer, settings: TargetSettings) -> None:
        self._describer = describer
        self._rules: list[Action | StreamRule] = [
            *settings.actions,
            *(rule for rule in settings.streams.values() if rule.object),
        ]
        self._setting_of = {"Contact": "match_contacts"} if settings.match_contacts else {}
        self._setting_of |= {rule.object: rule.setting for rule in reversed(self._rules)}
        self._objects: dict[str, SObjectDescribe | SalesforceError] = {}
        self._good_for = settings.describe_again_after
        self._good_until = 0.0

    def load(self, names: Iterable[str]) -> None:
        """Describe what an event may need: the default and configured objects once, and any others named.

        Raises:
            ConfigurationError: An action or stream names an object or a key field that this user cannot use.
        """
        if self._objects and time.monotonic() > self._good_until:
            self.forget()
        wanted = [*names] if self._objects else [*DEFAULT_OBJECTS, *self._setting_of, *names]
        missing = [name for name in dict.fromkeys(wanted) if name not in self._objects]
        if not missing:
            return
        first = not self._objects
        if first:
            self._good_until = time.monotonic() + self._good_for
        for name, described in self._describer.describe(missing).items():
            self._objects[name] = described
            if isinstance(described, SObjectDescribe):
                self._objects[described.name] = described
        if first:
            self._check_configured()

    def forget(self) -> None:
        """Describe everything again the next time something is asked for."""
        for name in self._objects:
            self._describer.forget(name)
        self._objects = {}

    def has(self, name: str) -> bool:
        """Whether the org has an object that was asked for, and this user may see it."""
        return isinstance(self._objects.get(name), SObjectDescribe)

    def of_event(self, name: str) -> SObjectDescribe:
        """An object that an event names itself.

        Raises:
            RecordRejected: The org does not have it.
        """
        found = self._objects.get(name)
        if isinstance(found, SObjectDescribe):
            return found
        if found is None:
            raise RecordRejected(f"`{name[:80]}` is no name of an object.", code="INVALID_TYPE")
        if isinstance(found, ObjectUnavailable):
            raise RecordRejected(found.message, code=found.code or "INVALID_TYPE")
        raise found

    def __getitem__(self, name: str) -> SObjectDescribe:
        """An object that a default or a setting names.

        Raises:
            ConfigurationError: The org or the user does not have it.
        """
        found = self._objects[name]
        if isinstance(found, SObjectDescribe):
            return found
        if isinstance(found, ObjectUnavailable):
            where = self._setting_of.get(name)
            raise ConfigurationError(f"{f'{where}: ' if where else ''}{found.message}", code=found.code)
        raise found

    def key_field(self, sobject: SObjectDescribe, name: str, setting: str) -> FieldDescribe:
        """A field that records are found by.

        Raises:
            ConfigurationError: This user cannot see it, or cannot search by it.
        """
        field = sobject.field(name)
        if field is None:
            raise ConfigurationError(
                f"{setting}: {sobject.name} has no field {name} that this user can see. Give its API name "
                "(a custom field's ends in __c), and give the user access to it (field-level security)."
            )
        if not field.filterable:
            raise ConfigurationError(f"{setting}: Salesforce cannot search {sobject.name} by {field.name}.")
        return field

    def rule_field(self, sobject: SObjectDescribe, name: str, rule: Action | StreamRule) -> FieldDescribe:
        """A field that the records of an action or stream are found by, and created with under upsert.

        Raises:
            ConfigurationError: This user cannot see it, search by it, or create a record with it.
        """
        field = self.key_field(sobject, name, rule.setting)
        if rule.operation == "upsert" and not field.createable:
            raise ConfigurationError(
                f"{rule.setting}: upsert_rules cannot use {field.name}: no {sobject.name} can be created "
                "with it."
            )
        return field

    def key_field_of_event(self, sobject: SObjectDescribe, name: str) -> FieldDescribe:
        """A field that an event itself names to find its record by.

        Raises:
            RecordRejected: This user cannot see it, or cannot search by it.
        """
        field = sobject.field(name)
        if field is None or not field.filterable:
            problem = "has no field" if field is None else "cannot be searched by"
            raise RecordRejected(
                f"{sobject.name} {problem} `{name[:80]}`, which identifierType names.",
                code="INVALID_FIELD",
                fields=[name[:80]],
            )
        return field

    def _check_configured(self) -> None:
        for rule in self._rules:
            sobject = self[rule.object]
            for name in rule.upsert_rules.values():
                self.rule_field(sobject, name, rule)
