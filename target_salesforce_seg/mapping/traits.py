"""The traits of an identify or group event as the record of one object."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_salesforce_seg.mapping.names import company_name, person_name
from target_salesforce_seg.mapping.values import Assignment, ValueRules
from target_salesforce_seg.paths import MISSING, find, first_present, is_blank, normalised

if TYPE_CHECKING:
    from salesforce_seg.describe import SObjectDescribe
    from target_salesforce_seg.events import Event
    from target_salesforce_seg.mapping.tables import TraitTable

_NOT_IN_A_FIELD_NAME = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class TraitMapping:
    """Maps traits by a table, the user's overrides, and the ``__c`` rule.

    Attributes:
        table: which trait becomes which standard field.
        overrides: the setting ``trait_fields``: path of a trait, and its field; None leaves the trait out.
        values: how values become what Salesforce takes.
    """

    table: TraitTable
    overrides: Mapping[str, str | None]
    values: ValueRules

    def record(self, event: Event, sobject: SObjectDescribe) -> dict[str, Any]:
        """The record that an event's traits make, typed and trimmed.

        Raises:
            RecordRejected: As :meth:`ValueRules.typed`.
        """
        traits = _without(event.traits, self.overrides)
        assignments = [
            *self._standard(traits, sobject),
            *self._custom(traits, sobject, from_row=event.from_row),
            *self._overridden(event.traits),
        ]
        return self.values.typed(sobject, assignments)

    def _standard(self, traits: Mapping[str, Any], sobject: SObjectDescribe) -> Iterator[Assignment]:
        def complain(trait: str) -> None:
            self.values.wrong_shape(sobject.name, trait)

        if self.table.is_person:
            for field, value in person_name(traits, complain).items():
                yield Assignment(field, value, field)
        if self.table.takes_company:
            company = company_name(traits, complain)
            if company is not MISSING:
                yield Assignment("Company", company, "company")
        address = find(traits, "address")
        if not is_blank(address) and not isinstance(address, Mapping):
            complain("address")
        for field, paths in self.table.fields.items():
            value = first_present(traits, paths)
            if value is not MISSING:
                yield Assignment(field, value, paths[0])

    def _custom(
        self, traits: Mapping[str, Any], sobject: SObjectDescribe, *, from_row: bool
    ) -> Iterator[Assignment]:
        for trait, value in traits.items():
            plain = normalised(trait)
            if plain in self.table.own_traits:
                continue
            field = custom_field(trait, sobject, lost_case=from_row)
            if sobject.field(field) is None:
                if plain in self.table.reserved_names:
                    continue
                field = self.table.by_own_name.get(plain, field)
            yield Assignment(field, value, trait)

    def _overridden(self, traits: Mapping[str, Any]) -> Iterator[Assignment]:
        for path, field in self.overrides.items():
            value = find(traits, path)
            if field and value is not MISSING:
                yield Assignment(field, value, path)


def custom_field(trait: str, sobject: SObjectDescribe, *, lost_case: bool) -> str:
    """The custom field of a trait: ``__c`` is appended, never twice, and the casing kept.

    Args:
        trait: the trait's name as the event has it.
        sobject: the object's describe.
        lost_case: whether the name went through a warehouse, so that ``test_prop`` may have been
            ``testProp``.

    Returns:
        The API name of a field the org has, if one fits; else the trait with ``__c``.
    """
    name = trait if trait.lower().endswith("__c") else f"{trait}__c"
    if sobject.field(name) is not None:
        return name
    cleaned = _NOT_IN_A_FIELD_NAME.sub("_", name[:-3]).strip("_") + name[-3:]
    if sobject.field(cleaned) is not None:
        return cleaned
    if lost_case:
        wanted = normalised(name)
        alike = [field.name for field in sobject.fields if field.custom and normalised(field.name) == wanted]
        if len(alike) == 1:
            return alike[0]
    return name


def literal_assignments(record: Mapping[str, Any], sobject: SObjectDescribe) -> Iterator[Assignment]:
    """A record whose names are API names already (any case); a name that only fits with ``__c`` gets it."""
    for name, value in record.items():
        if name.startswith("_sdc_"):
            continue
        with_suffix = f"{name}__c"
        known_by = with_suffix if sobject.field(name) is None and sobject.field(with_suffix) else name
        yield Assignment(known_by, value, name)


def _without(traits: Mapping[str, Any], overrides: Mapping[str, str | None]) -> Mapping[str, Any]:
    for path in overrides:
        traits = _without_path(traits, path)
    return traits


def _without_path(traits: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    head, _, rest = path.partition(".")
    wanted, whole = normalised(head), normalised(path)
    kept: dict[str, Any] = {}
    for name, value in traits.items():
        if normalised(name) == whole:
            continue
        nested = bool(rest) and normalised(name) == wanted and isinstance(value, Mapping)
        kept[name] = _without_path(value, rest) if nested else value
    return kept
