"""Types and shapes of values that few orgs have all of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from local_org_client import LocalOrgProcess, OrgClient
from running import TapRunner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CODED = """
features: {state_country_picklists: true}
"""


@pytest.fixture
def coded_org(tmp_path: Path) -> Iterator[OrgClient]:
    """An org with state and country picklists."""
    schema = tmp_path / "schema.yaml"
    schema.write_text(CODED)
    with LocalOrgProcess(f"--schema={schema}") as process, OrgClient(process.url) as client:
        yield client


@pytest.mark.parametrize("naming", ["segment", "api"])
def test_addresses_have_state_and_country_codes_either_way(
    coded_org: OrgClient, tmp_path: Path, naming: str
) -> None:
    address = {"Street": "1 Main", "City": "Austin", "StateCode": "TX", "CountryCode": "US"}
    coded_org.create("Lead", [{"LastName": "Ada", "Company": "Ltd", **address}])
    coded_org.clock(offset_seconds=3600)
    tap = TapRunner.at(coded_org, tmp_path, "")
    stream, column = ("leads", "address") if naming == "segment" else ("Lead", "Address")
    catalog = tap.discover(naming=naming)
    catalog["streams"] = [each for each in catalog["streams"] if each["tap_stream_id"] == stream]
    found = [
        tap.run(catalog=catalog, naming=naming, api_type=way).ended().records(stream)[0][column]
        for way in ("rest", "bulk2")
    ]
    assert found[0] == found[1]
    assert list(found[0]) == list(found[1])
    code, country_code, zip_code = (
        ("state_code", "country_code", "postal_code")
        if naming == "segment"
        else ("stateCode", "countryCode", "postalCode")
    )
    assert (found[0][code], found[0][country_code], found[0][zip_code]) == ("TX", "US", None)
    assert (found[0]["state"], found[0]["country"]) == ("Texas", "United States")


ODD_TYPES = {
    "anyType": "007",
    "json": '{"a": 1}',
    "complexvalue": "<x/>",
    "masterrecord": "00QLo0000000001MAA",
    "encryptedstring": "****1234",
    "datacategorygroupreference": "All",
    "combobox": "a",
    "hologram": "3D",
    "smell": "rose",
}


def test_each_type_is_read_and_unknown_ones_are_said_once(org: OrgClient, tap: TapRunner) -> None:
    """Describe is made to show types that no org can be given by hand; values are text in any case."""
    for kind in ODD_TYPES:
        org.custom_field(f"Lead.{kind}__c")
    org.custom_field("Lead.second__c")
    describes = {
        name: org.rest("GET", f"sobjects/{name}/describe").json() for name in ("Lead", "Account", "Contact")
    }
    for field in describes["Lead"]["fields"]:
        kind = field["name"].removesuffix("__c")
        field["type"] = kind if kind in ODD_TYPES else field["type"]
        field["type"] = "hologram" if kind == "second" else field["type"]
    values = {f"{kind}__c": value for kind, value in ODD_TYPES.items()}
    org.clock(freeze_at="2026-06-01T09:00:00Z")
    org.create("Lead", [{"LastName": "Ada", "Company": "Ltd", **values}])
    org.clock(freeze_at="2026-06-01T12:00:00Z")
    catalog = tap.discover()
    catalog["streams"] = [each for each in catalog["streams"] if each["tap_stream_id"] == "leads"]
    show(org, describes["Lead"])
    outcomes = {way: tap.run(catalog=catalog, api_type=way) for way in ("rest", "bulk2")}
    for outcome in outcomes.values():
        (row,) = outcome.ended().records("leads")
        columns = {f"{kind}__c": row[f"{snake(kind)}_c"] for kind in ODD_TYPES}
        assert columns == values
        said = [line.split("| ")[-1] for line in outcome.stderr.splitlines() if "unknown type" in line]
        assert sorted(line.partition(" of ")[2] for line in said) == [
            "the unknown type hologram are read as text: Lead.hologram__c, Lead.second__c.",
            "the unknown type smell are read as text: Lead.smell__c.",
        ]


def snake(kind: str) -> str:
    return "any_type" if kind == "anyType" else kind


def show(org: OrgClient, describe: dict[str, Any]) -> None:
    """Answer with this describe when it is asked for alone."""
    action = {"status": 200, "body": describe}
    org.faults([{"path": "/sobjects/Lead/describe$", "times": None, "action": action}])


def test_objects_that_a_glob_names_but_nobody_may_query_are_said(org: OrgClient, tap: TapRunner) -> None:
    described = org.rest("GET", "sobjects").json()
    for each in described["sobjects"]:
        each["queryable"] = each["name"] not in {"Name", "Folder"}
    org.faults([{"path": "/sobjects$", "action": {"status": 200, "body": described}}])
    outcome = tap.run("--discover", include_objects=["*"]).ended()
    assert "include_objects *: Salesforce answers no queries on these, left out: Folder." in outcome.stderr
    assert "names" in {each["tap_stream_id"] for each in json.loads(outcome.stdout)["streams"]}
