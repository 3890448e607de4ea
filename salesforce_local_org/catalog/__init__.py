"""The standard objects, as data: one JSON file an object, one short line a field.

``objects/`` holds the 48 documented objects with all that is known of their fields. ``minimal/`` holds the
objects that clients ask for besides; their fields are a small form of our own, not a describe.

A field is ``[name, label, type, size, flags, more?]``: ``size`` is a length, or digits of an int, or
``"precision,scale"``; ``flags`` is one letter a fact (``FIELD_FLAGS``); ``more`` is an object (``_MORE``).
A picklist value is ``"value"`` or ``[value, label, marks?]``: ``d`` the default, ``x`` an inactive one.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

from salesforce_local_org.schema import ChildRelationship, Field, PicklistValue, Schema, SObject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FIELD_FLAGS = {
    "n": "nillable",
    "c": "createable",
    "u": "updateable",
    "f": "filterable",
    "s": "sortable",
    "g": "groupable",
    "a": "aggregatable",
    "d": "defaulted_on_create",
    "i": "id_lookup",
    "N": "name_field",
    "R": "restricted_picklist",
    "A": "auto_number",
    "P": "name_pointing",
    "X": "polymorphic_foreign_key",
    "D": "dependent_picklist",
    "U": "unique",
    "E": "external_id",
}

OBJECT_FLAGS = {
    "q": "queryable",
    "g": "retrieveable",
    "s": "searchable",
    "r": "replicateable",
    "c": "createable",
    "u": "updateable",
    "d": "deletable",
    "n": "undeletable",
    "m": "mergeable",
    "t": "triggerable",
    "l": "layoutable",
}

_MORE = {
    "to": "reference_to",
    "rel": "relationship_name",
    "part": "compound_field_name",
    "controller": "controller_name",
    "feature": "org_feature",
    "default": "default_value",
}

INVENTED_KEY_PREFIXES = {
    "Name": "0nm",
    "OpportunityFieldHistory": "017",
    "LeadStatus": "0L1",
    "CaseStatus": "0L2",
    "TaskStatus": "0L3",
    "ContractStatus": "0L4",
    "SolutionStatus": "0L5",
    "AccountTag": "0T1",
    "CampaignTag": "0T2",
    "CaseTag": "0T3",
    "ContactTag": "0T4",
    "ContractTag": "0T5",
    "DashboardTag": "0T6",
    "DocumentTag": "0T7",
    "EventTag": "0T8",
    "LeadTag": "0T9",
    "NoteTag": "0TA",
    "OpportunityTag": "0TB",
    "SolutionTag": "0TC",
    "TaskTag": "0TD",
    "TagDefinition": "0TE",
}
"""Records need ids, but no public describe tells these objects' prefixes: these are ours."""

TAGGED_OBJECTS = (
    "Account",
    "Campaign",
    "Case",
    "Contact",
    "Contract",
    "Dashboard",
    "Document",
    "Event",
    "Lead",
    "Note",
    "Opportunity",
    "Solution",
    "Task",
)
"""The objects of which there is a Tag object, where the feature is on."""

_UNDESCRIBED_CHILDREN: dict[str, list[tuple[str, str, str, bool]]] = {
    name: [("Tags", f"{name}Tag", "ItemId", True)] for name in TAGGED_OBJECTS
}
_UNDESCRIBED_CHILDREN["OpportunityLineItem"] = [
    ("OpportunityLineItemSchedules", "OpportunityLineItemSchedule", "OpportunityLineItemId", True)
]
_UNDESCRIBED_CHILDREN["Campaign"].append(
    ("CampaignMemberStatuses", "CampaignMemberStatus", "CampaignId", True)
)
"""Children that the Object Reference tells of, although no public describe shows them."""

_EXTRA_TYPE_INFO = {"textarea": "plaintextarea"}
_PERSON_NAME_PARTS = {"FirstName", "LastName"}


def load(features: Mapping[str, bool] | None = None) -> Schema:
    """The standard objects of an org with these features on (``Schema.features``; the others are off)."""
    schema = Schema()
    switch_on(schema, features or {})
    return schema


def switch_on(schema: Schema, features: Mapping[str, bool]) -> None:
    """Set features of an org, and add the standard objects and fields that they bring.

    Raises:
        ValueError: There is no such feature.
    """
    unknown = sorted(set(features) - set(schema.features))
    if unknown:
        raise ValueError(f"unknown feature {unknown[0]!r}; there are {', '.join(schema.features)}")
    schema.features.update(features)
    for sobject in standard_objects():
        if not schema.has_feature(sobject.org_feature):
            continue
        there = schema.object(sobject.name)
        kept = {each.name: each for each in there.fields} if there else {}
        standard = [
            kept.pop(each.name, each) for each in sobject.fields if schema.has_feature(each.org_feature)
        ]
        if there:
            there.fields = standard + list(kept.values())
            there.child_relationships += [
                each for each in sobject.child_relationships if each not in there.child_relationships
            ]
        else:
            sobject.fields = standard
            schema.add(sobject)
    for relationships in (each.child_relationships for each in schema):
        relationships[:] = [each for each in relationships if schema.object(each.child)]


def standard_objects() -> Iterator[SObject]:
    """Every object of the catalogue with every field, whatever features they need."""
    here = resources.files(__package__)
    picklists = {
        name: _picklist(values)
        for name, values in json.loads(here.joinpath("picklists.json").read_text("utf-8")).items()
    }
    for room in ("objects", "minimal"):
        for file in sorted(here.joinpath(room).iterdir(), key=lambda each: each.name):
            yield _sobject(json.loads(file.read_text("utf-8")), picklists)


def _sobject(facts: dict[str, Any], picklists: dict[str, list[PicklistValue]]) -> SObject:
    name = facts["name"]
    sobject = SObject(
        name=name,
        label=facts["label"],
        label_plural=facts["labelPlural"],
        key_prefix=facts["keyPrefix"] or INVENTED_KEY_PREFIXES[name],
        org_feature=facts.get("orgFeature"),
        fields=[_field(line, picklists) for line in facts["fields"]],
        child_relationships=[
            ChildRelationship(*line)
            for line in [*facts["childRelationships"], *_UNDESCRIBED_CHILDREN.get(name, ())]
        ],
    )
    for letter, fact in OBJECT_FLAGS.items():
        setattr(sobject, fact, letter in facts["flags"])
    return sobject


def _field(line: list[Any], picklists: dict[str, list[PicklistValue]]) -> Field:
    name, label, kind, size, flags = line[:5]
    more = line[5] if len(line) > 5 else {}
    each = Field(name, label, kind, extra_type_info=_EXTRA_TYPE_INFO.get(kind))
    if isinstance(size, str):
        each.precision, each.scale = (int(part) for part in size.split(","))
    elif kind == "int":
        each.digits = size
    else:
        each.length = size
    for letter in flags:
        setattr(each, FIELD_FLAGS[letter], True)
    for key, value in more.items():
        if key == "values":
            each.picklist_values = picklists[value] if isinstance(value, str) else _picklist(value)
        else:
            setattr(each, _MORE[key], value)
    if name in _PERSON_NAME_PARTS and each.compound_field_name == "Name":
        each.extra_type_info = "personname"
    return each


def _picklist(values: Iterable[str | list[str]]) -> list[PicklistValue]:
    entries = ([value, value] if isinstance(value, str) else value for value in values)
    return [
        PicklistValue(value, label, active="x" not in "".join(marks), default="d" in "".join(marks))
        for value, label, *marks in entries
    ]
