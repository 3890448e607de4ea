"""What objects and fields this org has, and how objects and fields are added."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


FIRST_YEAR, LAST_YEAR = 1700, 4000
"""The years that dates and date-times may lie in ("Primitive Data Types" in the Object Reference)."""


@dataclass(slots=True)
class PicklistValue:
    """One entry of a picklist."""

    value: str
    label: str
    active: bool = True
    default: bool = False
    valid_for: str | None = None
    """For a dependent picklist, a bit for each value of the controlling field, in base64."""


@dataclass(slots=True)
class Field:
    """One field of an object: the facts that a describe tells, under Salesforce's names for them."""

    name: str
    label: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    digits: int = 0
    nillable: bool = False
    createable: bool = False
    updateable: bool = False
    filterable: bool = False
    sortable: bool = False
    groupable: bool = False
    aggregatable: bool = False
    defaulted_on_create: bool = False
    default_value: bool | float | str | None = None
    unique: bool = False
    case_sensitive: bool = False
    external_id: bool = False
    id_lookup: bool = False
    auto_number: bool = False
    display_format: str = "{00000000}"
    """How an auto-number looks: the braces hold as many zeros as digits."""
    formula: str | None = None
    custom: bool = False
    name_field: bool = False
    encrypted: bool = False
    restricted_picklist: bool = False
    dependent_picklist: bool = False
    controller_name: str | None = None
    picklist_values: list[PicklistValue] = field(default_factory=list)
    reference_to: list[str] = field(default_factory=list)
    relationship_name: str | None = None
    name_pointing: bool = False
    polymorphic_foreign_key: bool = False
    cascade_delete: bool = False
    compound_field_name: str | None = None
    extra_type_info: str | None = None
    org_feature: str | None = None

    @property
    def calculated(self) -> bool:
        """Whether the field is a formula."""
        return self.formula is not None

    @property
    def compound(self) -> bool:
        """Whether the field has no column of its own: its value is put together from its parts."""
        return self.type in {"address", "location"}

    @property
    def required_on_create(self) -> bool:
        """Whether a create without a value fails with REQUIRED_FIELD_MISSING."""
        return (
            self.createable and not self.nillable and not self.defaulted_on_create and self.type != "boolean"
        )


@dataclass(slots=True)
class ChildRelationship:
    """The other end of a reference field: how a parent reaches the children that point at it."""

    name: str | None
    child: str
    field: str
    cascade_delete: bool = False


@dataclass(slots=True)
class SObject:
    """One object of the org, with its fields in describe order."""

    name: str
    label: str
    label_plural: str
    key_prefix: str | None
    custom: bool = False
    queryable: bool = True
    retrieveable: bool = True
    searchable: bool = False
    replicateable: bool = True
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    undeletable: bool = False
    mergeable: bool = False
    triggerable: bool = True
    layoutable: bool = True
    org_feature: str | None = None
    fields: list[Field] = field(default_factory=list)
    hidden_fields: list[Field] = field(default_factory=list)
    """Fields that field-level security hides: no reader, writer or describe of this org sees them."""
    child_relationships: list[ChildRelationship] = field(default_factory=list)
    _by_name: dict[str, Field] = field(default_factory=dict, repr=False)
    """By lower-case name, and by the name itself, which nearly everybody asks for."""
    _named: int = field(default=0, repr=False)
    """How many fields there were when ``_by_name`` was made."""

    def field(self, name: str) -> Field | None:
        """The field of that API name, whatever its case; None if the object has no such field."""
        if self._named != len(self.fields):
            self._by_name = {each.name.lower(): each for each in self.fields}
            self._by_name |= {each.name: each for each in self.fields}
            self._named = len(self.fields)
        return self._by_name.get(name) or self._by_name.get(name.lower())

    def hide(self, name: str) -> None:
        """Take a field out of everybody's sight, as field-level security does. Its values stay."""
        hidden = [each for each in self.fields if each.name.lower() == name.lower()]
        self.hidden_fields += hidden
        self.fields = [each for each in self.fields if each not in hidden]
        self._named = 0

    def show(self, name: str, place: int) -> None:
        """Let everybody see a hidden field again, in that place among the others."""
        shown = [each for each in self.hidden_fields if each.name.lower() == name.lower()]
        self.hidden_fields = [each for each in self.hidden_fields if each not in shown]
        self.fields = [*self.fields[:place], *shown, *self.fields[place:]]
        self._named = 0

    @property
    def soft_deletes(self) -> bool:
        """Whether a deleted record goes to the recycle bin, with IsDeleted true."""
        return self.field("IsDeleted") is not None

    @property
    def name_field(self) -> Field | None:
        """The field that names a record to a person, if the object has one."""
        return next((each for each in self.fields if each.name_field), None)

    def stored_fields(self) -> Iterator[Field]:
        """The fields that have a column in the store: all but compounds and formulas."""
        return (each for each in self.fields if not each.compound and not each.calculated)

    def columns(self) -> Iterator[Field]:
        """The fields that have a column in the store, those that nobody may see among them."""
        yield from self.stored_fields()
        yield from (each for each in self.hidden_fields if not each.compound and not each.calculated)


@dataclass(slots=True)
class ValidationRule:
    """A condition under which a record of an object is refused."""

    object: str
    name: str
    condition: str
    """A formula; the record is refused when it is true."""
    message: str
    field: str | None = None


@dataclass(slots=True)
class DuplicateRule:
    """Which records count as duplicates, and what happens to them."""

    object: str
    name: str
    fields: list[str]
    """A record that has the same values in all of these is a duplicate; case does not count."""
    match_object: str
    """The object that is searched: the rule's own, or another that has the same fields."""
    blocks: bool = True
    """Whether a duplicate is always refused, or only without ``allowSave=true`` (an alert)."""
    message: str = "Use one of these records?"


@dataclass(slots=True)
class AssignmentRule:
    """Who gets the records of an object (Case or Lead) that are written with ``Sforce-Auto-Assign``."""

    object: str
    owner: str
    """A user's Username or a queue's Name."""


_ALWAYS_ON = frozenset({None, "data_com", "partner_or_customer_portal", "scheduling"})


class Schema:
    """All objects of one org, found by name (whatever its case) or by key prefix."""

    def __init__(self) -> None:
        self._objects: dict[str, SObject] = {}
        self._by_prefix: dict[str | None, SObject] = {}
        self.features: dict[str, bool] = {
            "tagging": False,
            "state_country_picklists": False,
            "multi_currency": False,
            "person_accounts": False,
        }
        self.validation_rules: list[ValidationRule] = []
        self.duplicate_rules: list[DuplicateRule] = []
        self.assignment_rules: list[AssignmentRule] = []

    def has_feature(self, feature: str | None) -> bool:
        """Whether the org has what a catalogue entry needs. Record types come with person accounts."""
        if feature == "record_types":
            feature = "person_accounts"
        return feature in _ALWAYS_ON or self.features.get(feature or "", False)

    def __iter__(self) -> Iterator[SObject]:
        return iter(self._objects.values())

    def object(self, name: str) -> SObject | None:
        """The object of that API name, whatever its case; None if the org has no such object."""
        return self._objects.get(name.lower())

    def add(self, sobject: SObject) -> None:
        """Add an object, or replace the one of the same name."""
        self._objects[sobject.name.lower()] = sobject
        self._by_prefix[sobject.key_prefix] = sobject

    def remove(self, name: str) -> None:
        """Take an object out; ``add`` brings it back, behind the others."""
        removed = self._objects.pop(name.lower())
        if self._by_prefix.get(removed.key_prefix) is removed:
            del self._by_prefix[removed.key_prefix]

    def by_prefix(self, record_id: str) -> SObject | None:
        """The object that a record id belongs to, by its first three characters."""
        return self._by_prefix.get(record_id[:3])
