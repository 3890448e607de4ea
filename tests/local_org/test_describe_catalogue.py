"""Every object's describe over HTTP, fact by fact beside the catalogue's files."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest
from local_org_client import LocalOrgProcess, OrgClient

if TYPE_CHECKING:
    from collections.abc import Iterator

FIELD_FACTS = {
    "n": "nillable", "c": "createable", "u": "updateable", "f": "filterable", "s": "sortable",
    "g": "groupable", "a": "aggregatable", "d": "defaultedOnCreate", "i": "idLookup", "N": "nameField",
    "R": "restrictedPicklist", "A": "autoNumber", "P": "namePointing", "X": "polymorphicForeignKey",
    "D": "dependentPicklist", "U": "unique", "E": "externalId",
}  # fmt: skip
OBJECT_FACTS = {
    "q": "queryable", "g": "retrieveable", "s": "searchable", "r": "replicateable", "c": "createable",
    "u": "updateable", "d": "deletable", "n": "undeletable", "m": "mergeable", "t": "triggerable",
    "l": "layoutable",
}  # fmt: skip
CATALOGUE = resources.files("salesforce_local_org.catalog")
PICKLISTS = json.loads(CATALOGUE.joinpath("picklists.json").read_text("utf-8"))
OBJECTS: dict[str, dict[str, Any]] = {
    facts["name"]: facts
    for room in ("objects", "minimal")
    for file in CATALOGUE.joinpath(room).iterdir()
    if (facts := json.loads(file.read_text("utf-8"))).get("orgFeature") in {None, "tagging"}
}
ALWAYS_THERE = {None, "tagging", "data_com", "partner_or_customer_portal", "scheduling"}


@pytest.fixture(scope="module")
def tagged_org() -> Iterator[OrgClient]:
    with LocalOrgProcess() as process, OrgClient(process.url) as org:
        org.reset("demo")
        yield org


def wanted_field(line: list[Any]) -> dict[str, Any]:
    name, label, kind, size, flags = line[:5]
    more = line[5] if len(line) > 5 else {}
    precision, scale = size.split(",") if isinstance(size, str) else (0, 0)
    values = more.get("values", [])
    values = PICKLISTS[values] if isinstance(values, str) else values
    return {
        "name": name,
        "label": label,
        "type": kind,
        "length": 0 if isinstance(size, str) or kind == "int" else size,
        "digits": size if kind == "int" else 0,
        "precision": int(precision),
        "scale": int(scale),
        "referenceTo": more.get("to", []),
        "relationshipName": more.get("rel"),
        "compoundFieldName": more.get("part"),
        "controllerName": more.get("controller"),
        "picklistValues": [each if isinstance(each, str) else each[0] for each in values],
    } | {fact: letter in flags for letter, fact in FIELD_FACTS.items()}


def told_field(field: dict[str, Any]) -> dict[str, Any]:
    return field | {"picklistValues": [each["value"] for each in field["picklistValues"]]}


@pytest.mark.parametrize("name", sorted(OBJECTS))
def test_a_describe_tells_what_the_catalogue_knows(tagged_org: OrgClient, name: str) -> None:
    facts = OBJECTS[name]

    told = tagged_org.rest("GET", f"sobjects/{name}/describe").json()

    for letter, fact in OBJECT_FACTS.items():
        assert told[fact] is (letter in facts["flags"]), fact
    assert (told["name"], told["label"], told["labelPlural"]) == (name, facts["label"], facts["labelPlural"])
    assert told["keyPrefix"] == facts["keyPrefix"] or facts["keyPrefix"] is None
    known = [line for line in facts["fields"] if (line[5:] or [{}])[0].get("feature") in ALWAYS_THERE]
    standard = [told_field(each) for each in told["fields"] if not each["custom"]]
    assert [each["name"] for each in standard] == [line[0] for line in known]
    for field, wanted in zip(standard, map(wanted_field, known), strict=True):
        assert {fact: field[fact] for fact in wanted} == wanted


@pytest.mark.parametrize("name", sorted(OBJECTS))
def test_a_describe_tells_whose_children_an_object_has(tagged_org: OrgClient, name: str) -> None:
    told = {
        (each["relationshipName"], each["childSObject"], each["field"], each["cascadeDelete"])
        for each in tagged_org.rest("GET", f"sobjects/{name}/describe").json()["childRelationships"]
    }

    known = {(*line, False)[:4] for line in OBJECTS[name]["childRelationships"] if line[1] in OBJECTS}
    assert known <= told
