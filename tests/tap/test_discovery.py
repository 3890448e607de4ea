from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_salesforce_seg.collections import COLLECTIONS

if TYPE_CHECKING:
    from local_org_client import OrgClient
    from running import TapRunner


def entry(catalog: dict[str, Any], stream: str) -> dict[str, Any]:
    (found,) = [each for each in catalog["streams"] if each["tap_stream_id"] == stream]
    return found


def metadata(catalog: dict[str, Any], stream: str, *breadcrumb: str) -> dict[str, Any]:
    items = entry(catalog, stream)["metadata"]
    return next((each["metadata"] for each in items if each["breadcrumb"] == list(breadcrumb)), {})


def names(catalog: dict[str, Any]) -> set[str]:
    return {each["tap_stream_id"] for each in catalog["streams"]}


def test_an_org_with_everything_shows_all_48_collections(demo_tap: TapRunner) -> None:
    outcome = demo_tap.run("--discover").ended()
    assert names(demo_tap.discovered()) == {each.name for each in COLLECTIONS}
    assert "left out" not in outcome.stderr
    assert "WARNING" not in outcome.stderr


def test_names_have_an_id_and_what_name_describes(demo_org: OrgClient, demo_tap: TapRunner) -> None:
    found = entry(demo_tap.discovered(), "names")
    described = demo_org.rest("GET", "sobjects/Name/describe").json()["fields"]
    assert len(found["schema"]["properties"]) == len(described)
    assert {"id", "name", "type", "first_name", "username"} <= found["schema"]["properties"].keys()
    assert found["key_properties"] == ["id"]
    assert found["replication_method"] == "INCREMENTAL"


def test_every_visible_field_is_a_column(demo_org: OrgClient, demo_tap: TapRunner) -> None:
    catalog = demo_tap.discovered()
    for sobject, stream in (("Lead", "leads"), ("Profile", "profile"), ("User", "users")):
        described = demo_org.rest("GET", f"sobjects/{sobject}/describe").json()["fields"]
        columns = entry(catalog, stream)["schema"]["properties"]
        assert len(columns.keys() - {"_sdc_deleted_at", "is_deleted"}) == len(
            [each for each in described if each["name"] != "IsDeleted"]
        )
    assert "score_c" in entry(catalog, "leads")["schema"]["properties"]


def test_what_this_org_lacks_is_left_out_with_its_reason(tap: TapRunner) -> None:
    outcome = tap.run("--discover").ended()
    left_out = [line for line in outcome.stderr.splitlines() if "left out" in line]
    tags = [line for line in left_out if "tagging is off" in line]
    assert len(tags) == 13
    assert any("opportunity_tag is left out: tagging is off in this org" in line for line in tags)


def test_keys_and_replication_keys(demo_tap: TapRunner) -> None:
    catalog = demo_tap.discovered()
    expected = {
        "leads": "system_modstamp",
        "account_tags": "system_modstamp",
        "campaign_shares": "last_modified_date",
        "user_login": "last_modified_date",
        "opportunity_field_history": "created_date",
        "period": "system_modstamp",
    }
    for stream, key in expected.items():
        found = entry(catalog, stream)
        assert found["key_properties"] == ["id"]
        assert (found["replication_method"], found["replication_key"]) == ("INCREMENTAL", key)
        assert metadata(catalog, stream, "properties", "id")["inclusion"] == "automatic"
        assert metadata(catalog, stream, "properties", key)["inclusion"] == "available"
    for stream in ("leads", "role"):  # a row must never look alive because its flag was not selected
        assert metadata(catalog, stream, "properties", "is_deleted")["inclusion"] == "automatic"


def test_binary_bodies_are_offered_but_not_selected(demo_tap: TapRunner) -> None:
    catalog = demo_tap.discovered()
    assert metadata(catalog, "documents", "properties", "body") == {
        "inclusion": "available",
        "selected-by-default": False,
    }
    assert "selected-by-default" not in metadata(catalog, "documents", "properties", "name")


def test_columns_that_tell_of_deletes(demo_tap: TapRunner) -> None:
    catalog = demo_tap.discovered()
    columns = {name: entry(catalog, name)["schema"]["properties"] for name in names(catalog)}
    assert {"is_deleted", "_sdc_deleted_at"} <= columns["leads"].keys()
    assert columns["leads"]["_sdc_deleted_at"] == {"type": ["string", "null"], "format": "date-time"}
    assert "is_deleted" in columns["role"]  # deletable, though without IsDeleted
    assert "is_deleted" not in columns["users"]  # a user can never be deleted


def test_addresses_are_objects_beside_their_parts(demo_tap: TapRunner) -> None:
    columns = entry(demo_tap.discovered(), "leads")["schema"]["properties"]
    assert list(columns["address"]["properties"]) == [
        "street",
        "city",
        "state",
        "state_code",
        "postal_code",
        "country",
        "country_code",
        "latitude",
        "longitude",
        "geocode_accuracy",
    ]
    assert {"street", "city", "postal_code"} <= columns.keys()


def test_api_naming_keeps_salesforces_names(demo_tap: TapRunner) -> None:
    catalog = demo_tap.discovered(naming="api")
    assert names(catalog) == {each.sobject for each in COLLECTIONS}
    lead = entry(catalog, "Lead")
    assert lead["key_properties"] == ["Id"]
    assert lead["replication_key"] == "SystemModstamp"
    assert {"postalCode", "countryCode"} <= lead["schema"]["properties"]["Address"]["properties"].keys()
    assert {"Id", "IsDeleted", "Score__c", "_sdc_deleted_at"} <= lead["schema"]["properties"].keys()


def test_select_fields_by_default_can_be_turned_off(demo_tap: TapRunner) -> None:
    catalog = demo_tap.discovered(select_fields_by_default=False)
    chosen = {
        each["breadcrumb"][1]
        for each in entry(catalog, "leads")["metadata"]
        if len(each["breadcrumb"]) == 2 and each["metadata"].get("selected-by-default") is not False
    }
    assert chosen == {"id", "is_deleted", "system_modstamp", "_sdc_deleted_at"}


def test_custom_objects_come_by_name_or_glob(demo_org: OrgClient, demo_tap: TapRunner) -> None:
    custom = [each["name"] for each in demo_org.rest("GET", "sobjects").json()["sobjects"] if each["custom"]]
    assert custom, "the demo company has a custom object"
    catalog = demo_tap.discovered(include_objects=["*__C", "organization"])
    added = names(catalog) - {each.name for each in COLLECTIONS}
    assert added == {"organization", *(each.lower() for each in custom_as_columns(custom))}


def custom_as_columns(custom: list[str]) -> list[str]:
    return [each.removesuffix("__c").lower() + "_c" for each in custom]


def test_an_unknown_object_is_said_with_a_guess(tap: TapRunner) -> None:
    outcome = tap.run("--discover", include_objects=["Organisation", "Nothing_*"]).ended()
    assert (
        "Organisation is left out: include_objects names it, but this org has no such object"
        in outcome.stderr
    )
    assert "did you mean Organization?" in outcome.stderr
    assert "include_objects names Nothing_*, but" in outcome.stderr


def test_two_fields_on_one_column_name_are_told_apart_and_said(org: OrgClient, tap: TapRunner) -> None:
    org.custom_field("Lead.Sco_re__c", "Number", precision=18, scale=2)
    org.custom_field("Lead.ScoRe__c", "Number", precision=18, scale=2)
    outcome = tap.run("--discover").ended()
    assert "Lead.Sco_re__c is column sco_re_c_2, as sco_re_c is another field's" in outcome.stderr
    columns = entry(tap.discover(), "leads")["schema"]["properties"]
    assert {"sco_re_c", "sco_re_c_2"} <= columns.keys()


@pytest.mark.parametrize("fault", [{"status": 404, "body": "[]"}, {"status": 500, "body": "<html>"}])
def test_discovery_does_not_die_of_one_object(org: OrgClient, tap: TapRunner, fault: dict[str, Any]) -> None:
    refused = {"status": 404, "body": [{"errorCode": "NOT_FOUND", "message": "no composite here"}]}
    org.faults(
        [
            {"path": "/composite$", "times": None, "action": refused},
            {"path": "sobjects/Case/describe", "times": None, "action": fault},
        ]
    )
    outcome = tap.run("--discover", max_retries=0).ended()
    assert "cases is left out: " in outcome.stderr
    assert "leads" in outcome.stdout
