"""Fields and objects that an administrator adds, by the tooling API and by a schema file."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from local_org_client import LocalOrgProcess, OrgClient

from salesforce_local_org.org import Org
from salesforce_local_org.schema_file import apply_schema_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIELDS = "tooling/sobjects/CustomField"
OBJECTS = "tooling/sobjects/CustomObject"
ADA = {"LastName": "Lovelace", "Company": "Engines", "Email": "ada@example.com"}


def described(org: OrgClient, sobject: str, field: str) -> dict[str, Any]:
    fields = org.rest("GET", f"sobjects/{sobject}/describe").json()["fields"]
    return next(dict(each) for each in fields if each["name"] == field)


def add(org: OrgClient, full_name: str, **metadata: Any) -> Any:
    return org.rest("POST", FIELDS, json={"FullName": full_name, "Metadata": metadata})


# ---- the tooling API


def test_a_new_field_is_there_at_once(org: OrgClient) -> None:
    answer = add(
        org,
        "Lead.Score__c",
        type="Number",
        label="Score",
        precision=18,
        scale=0,
        externalId=False,
        unique=False,
    )
    field_id = answer.json()["id"]
    assert field_id.startswith("00N")
    assert (answer.status_code, answer.json()) == (
        201,
        {"id": field_id, "success": True, "errors": [], "warnings": [], "infos": []},
    )
    field = described(org, "Lead", "Score__c")
    assert (field["type"], field["precision"], field["scale"], field["custom"]) == ("double", 18, 0, True)
    (record_id,) = org.create("Lead", [ADA | {"Score__c": 7}])
    assert org.query("SELECT Score__c FROM Lead WHERE Score__c > 6") == [{"Score__c": 7.0}]
    assert org.rest("GET", f"sobjects/Lead/{record_id}").json()["Score__c"] == 7.0
    read = org.rest("GET", f"{FIELDS}/{field_id}").json()
    assert (read["DeveloperName"], read["TableEnumOrId"]) == ("Score", "Lead")


def test_rows_that_are_there_have_the_new_field_empty_and_keep_their_stamp(org: OrgClient) -> None:
    (record_id,) = org.create("Lead", [ADA])
    before = org.rest("GET", f"sobjects/Lead/{record_id}").json()
    org.clock(offset_seconds=3600)
    org.custom_field("Lead.Note__c", "Text")
    org.custom_field("Lead.Flag__c", "Checkbox", defaultValue=True)
    after = org.rest("GET", f"sobjects/Lead/{record_id}").json()
    assert (after["Note__c"], after["Flag__c"]) == (None, False)
    assert after["SystemModstamp"] == before["SystemModstamp"]


@pytest.mark.parametrize(
    ("full_name", "metadata", "code"),
    [
        ("Lead.Score", {"type": "Number"}, "INVALID_FIELD"),
        ("Lead.1__c", {"type": "Number"}, "INVALID_FIELD"),
        ("Lead.a__b__c", {"type": "Number"}, "INVALID_FIELD"),
        (f"Lead.{'x' * 41}__c", {"type": "Number"}, "INVALID_FIELD"),
        ("Nonsense.Score__c", {"type": "Number"}, "INVALID_TYPE"),
        ("Score__c", {"type": "Number"}, "INVALID_TYPE"),
        ("Lead.Score__c", {"type": "Blob"}, "INVALID_TYPE"),
        ("Lead.Score__c", {}, "INVALID_TYPE"),
        ("Lead.Score__c", {"type": "Number", "precision": 19}, "NUMBER_OUTSIDE_VALID_RANGE"),
        ("Lead.Score__c", {"type": "Text", "length": "long"}, "NUMBER_OUTSIDE_VALID_RANGE"),
        ("Lead.Score__c", {"type": "Lookup", "referenceTo": "Nonsense"}, "INVALID_TYPE"),
        ("Lead.Score__c", {"type": "Checkbox", "unique": True}, "INVALID_FIELD"),
        ("Lead.Score__c", {"type": "Number", "formula": "Nonsense + 1"}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.Score__c", {"type": "Number", "formula": "1 +"}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.Score__c", {"type": "Number", "formula": "Score__c + 1"}, "FIELD_INTEGRITY_EXCEPTION"),
    ],
)
def test_a_field_that_cannot_be(org: OrgClient, full_name: str, metadata: dict[str, Any], code: str) -> None:
    answer = add(org, full_name, **metadata)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)
    names = {each["name"] for each in org.rest("GET", "sobjects/Lead/describe").json()["fields"]}
    assert not any(name.endswith("__c") for name in names)


def test_a_name_is_used_once(org: OrgClient) -> None:
    org.custom_field("Lead.Score__c", "Number")
    answer = add(org, "Lead.score__C", type="Number")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_FIELD")
    answer = add(org, "Lead.SCORE__c", type="Text", length=5)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "DUPLICATE_DEVELOPER_NAME")


def test_a_new_object_with_a_lookup_a_number_and_a_place(org: OrgClient) -> None:
    name = {"type": "AutoNumber", "label": "Visit", "displayFormat": "V-{0000}"}
    answer = org.rest(
        "POST",
        OBJECTS,
        json={
            "FullName": "Visit__c",
            "Metadata": {"label": "Visit", "pluralLabel": "Visits", "nameField": name},
        },
    )
    assert answer.status_code == 201, answer.text
    org.custom_field("Visit__c.Account__c", "MasterDetail", referenceTo="Account", relationshipName="Visits")
    org.custom_field("Visit__c.Place__c", "Location", displayLocationInDecimal=True, scale=5)
    (account,) = org.create("Account", [{"Name": "Acme"}])
    values = {"Account__c": account, "Place__Latitude__s": 52.5, "Place__Longitude__s": 13.4}
    (visit,) = org.create("Visit__c", [values])
    record = org.rest("GET", f"sobjects/Visit__c/{visit}").json()
    assert record["Name"] == "V-0001"
    assert record["Place__c"] == {"latitude": 52.5, "longitude": 13.4}
    (row,) = org.query("SELECT (SELECT Account__r.Name FROM Visits__r) FROM Account")
    assert row["Visits__r"]["records"][0]["Account__r"]["Name"] == "Acme"
    refused = org.rest("POST", "sobjects/Visit__c", json={}).json()
    assert refused[0]["message"] == "Required fields are missing: [Account__c]"
    org.rest("DELETE", f"sobjects/Account/{account}")
    assert org.query("SELECT Id FROM Visit__c") == []


def test_a_plain_lookup_is_emptied_when_its_record_goes(org: OrgClient) -> None:
    org.custom_field("Lead.Partner__c", "Lookup", referenceTo="Account", relationshipName="Partner_Leads")
    (account,) = org.create("Account", [{"Name": "Acme"}])
    org.create("Lead", [ADA | {"Partner__c": account}])
    org.rest("DELETE", f"sobjects/Account/{account}")
    assert org.query("SELECT Partner__c FROM Lead") == [{"Partner__c": None}]


@pytest.mark.parametrize(
    ("kind", "formula", "value"),
    [
        ("Number", "AnnualRevenue / NumberOfEmployees", 33.33),
        ("Number", "AnnualRevenue / 0", None),
        ("Number", "-(2 + 3) * 2 ^ 3", -40),
        ("Number", "MAX(1, NumberOfEmployees, 2) + LEN(Name)", 7),
        ("Text", "Name & ' has ' & TEXT(NumberOfEmployees)", "Acme has 3"),
        ("Text", 'IF(AnnualRevenue > 50 && NOT(ISBLANK(Name)), "big", "small")', "big"),
        ("Text", 'CASE(Industry, "Retail", "shop", "Energy", "power", "other")', "shop"),
        ("Text", "Owner.Username", "admin@example.com"),
        ("Text", "Site", None),
        ("Checkbox", "OR(ISPICKVAL(Industry, 'Energy'), BEGINS(Name, 'Ac'))", True),
        ("Date", "TODAY() + 1", "2026-03-02"),
        ("Number", "TODAY() - DATE(2026, 2, 1)", 28),
    ],
)
def test_formulas(org: OrgClient, kind: str, formula: str, value: object) -> None:
    org.clock(freeze_at="2026-03-01T12:00:00Z")
    facts = {"scale": 2} if kind == "Number" else {}
    org.custom_field("Account.Formula__c", kind, formula=formula, **facts)
    record = {"Name": "Acme", "AnnualRevenue": 100, "NumberOfEmployees": 3, "Industry": "Retail"}
    (record_id,) = org.create("Account", [record])
    assert org.rest("GET", f"sobjects/Account/{record_id}").json()["Formula__c"] == value
    field = described(org, "Account", "Formula__c")
    assert (field["calculated"], field["createable"], field["calculatedFormula"]) == (True, False, formula)
    answer = org.rest("PATCH", f"sobjects/Account/{record_id}", json={"Formula__c": None})
    assert answer.json()[0]["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_a_formula_over_a_lookup_changes_without_a_stamp(org: OrgClient) -> None:
    org.custom_field("Contact.Company__c", "Text", formula="Account.Name")
    (account,) = org.create("Account", [{"Name": "Acme"}])
    (contact,) = org.create("Contact", [{"LastName": "x", "AccountId": account}])
    before = org.rest("GET", f"sobjects/Contact/{contact}").json()
    org.clock(offset_seconds=3600)
    org.rest("PATCH", f"sobjects/Account/{account}", json={"Name": "Apex"})
    after = org.rest("GET", f"sobjects/Contact/{contact}").json()
    assert (before["Company__c"], after["Company__c"]) == ("Acme", "Apex")
    assert after["SystemModstamp"] == before["SystemModstamp"]


# ---- the schema file


@contextmanager
def org_with(path: Path, schema: dict[str, Any]) -> Iterator[OrgClient]:
    file = path / "schema.json"
    file.write_text(json.dumps(schema))
    process = LocalOrgProcess("--schema", str(file), log=path / "log.txt")
    org = OrgClient(process.url)
    try:
        yield org
        assert org.local("GET", "errors")["errors"] == []
    finally:
        org.close()
        assert process.stop() == 0


def test_field_level_security_hides_a_field_everywhere(tmp_path: Path) -> None:
    with org_with(tmp_path, {"fields": [{"object": "Lead", "name": "Phone", "visible": False}]}) as org:
        names = {each["name"] for each in org.rest("GET", "sobjects/Lead/describe").json()["fields"]}
        assert "Phone" not in names
        answer = org.rest("POST", "sobjects/Lead", json=ADA | {"Phone": "1"})
        assert answer.json() == [
            {"message": "No such column 'Phone' on sobject of type Lead", "errorCode": "INVALID_FIELD"}
        ]
        (record_id,) = org.create("Lead", [ADA])
        assert "Phone" not in org.rest("GET", f"sobjects/Lead/{record_id}").json()
        answer = org.rest("GET", "query?q=SELECT Phone FROM Lead")
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_FIELD")


def test_validation_rules(tmp_path: Path) -> None:
    rule = {
        "object": "Lead",
        "name": "Countesses_have_mail",
        "condition": 'AND(CONTAINS(Title, "Countess"), ISBLANK(Email))',
        "message": "A countess needs an e-mail address",
        "field": "Email",
    }
    with org_with(tmp_path, {"validation_rules": [rule]}) as org:
        refused = [
            {
                "message": "A countess needs an e-mail address",
                "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
                "fields": ["Email"],
            }
        ]
        countess = ADA | {"Title": "Countess"}
        assert org.rest("POST", "sobjects/Lead", json=countess | {"Email": None}).json() == refused
        (record_id,) = org.create("Lead", [countess])
        assert org.rest("PATCH", f"sobjects/Lead/{record_id}", json={"Email": ""}).json() == refused
        assert org.rest("PATCH", f"sobjects/Lead/{record_id}", json={"Title": "Ms"}).status_code == 204


def test_duplicate_rules(tmp_path: Path) -> None:
    rules = [
        {"object": "Lead", "name": "Leads_DR", "fields": ["Email"], "action": "alert"},
        {"object": "Contact", "name": "Contacts_DR", "fields": ["Email"], "message": "Already here."},
    ]
    with org_with(tmp_path, {"duplicate_rules": rules}) as org:
        (first,) = org.create("Lead", [ADA])
        answer = org.rest("POST", "sobjects/Lead", json=ADA | {"Email": "ADA@example.com"})
        (error,) = answer.json()
        assert answer.status_code == 400
        assert set(error) == {"duplicateResut", "message", "errorCode"}, error
        assert (error["errorCode"], error["message"]) == ("DUPLICATES_DETECTED", "Use one of these records?")
        (match,) = error["duplicateResut"]["matchResults"][0]["matchRecords"]
        assert match["record"]["Id"] == first
        assert match["record"]["attributes"]["url"].endswith(first)
        (row,) = org.rest(
            "POST", "composite/sobjects", json={"records": [{"attributes": {"type": "Lead"}} | ADA]}
        ).json()
        assert row["errors"][0]["statusCode"] == "DUPLICATES_DETECTED"
        allow = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
        assert org.rest("POST", "sobjects/Lead", json=ADA, headers=allow).status_code == 201
        assert (
            org.rest("PATCH", f"sobjects/Lead/{first}", json={"Title": "x"}, headers=allow).status_code == 204
        )
        contact = {"LastName": "x", "Email": "ada@example.com"}
        org.create("Contact", [contact])
        assert org.rest("POST", "sobjects/Contact", json=contact, headers=allow).status_code == 400


def test_assignment_rules_take_records_unless_told_not_to(tmp_path: Path) -> None:
    with org_with(tmp_path, {"assignment_rules": [{"object": "Lead", "owner": "Inbox"}]}) as org:
        (queue,) = org.create("Group", [{"Name": "Inbox", "Type": "Queue"}])
        (user,) = [row["Id"] for row in org.query("SELECT Id FROM User LIMIT 1")]

        def owner_after(method: str, path: str, body: dict[str, Any], **headers: str) -> str:
            answer = org.rest(method, path, json=body, headers=headers)
            record_id = answer.json()["id"] if answer.content else path.rpartition("/")[2]
            return str(org.rest("GET", f"sobjects/Lead/{record_id}").json()["OwnerId"])

        off = {"Sforce-Auto-Assign": "false"}
        assert owner_after("POST", "sobjects/Lead", ADA) == queue
        assert owner_after("POST", "sobjects/Lead", ADA, **off) == user
        (record_id,) = [row["Id"] for row in org.query(f"SELECT Id FROM Lead WHERE OwnerId = '{user}'")]
        assert owner_after("PATCH", f"sobjects/Lead/{record_id}", {"Title": "x"}, **off) == user
        assert owner_after("PATCH", f"sobjects/Lead/{record_id}", {"Title": "y"}) == queue


def test_a_schema_file_that_cannot_be_used_ends_the_start_with_one_line(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text(json.dumps({"fields": [{"object": "Leed", "name": "Score__c", "type": "Number"}]}))
    command = [sys.executable, "-m", "salesforce_local_org", "serve", "--port=0", "--schema", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "fields, entry 1: there is no object 'Leed'" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.fixture(scope="module")
def plain_org() -> Org:
    return Org()


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"feelds": []}, "unknown key 'feelds'"),
        ({"features": {"teleport": True}}, "unknown feature 'teleport'"),
        ({"features": {"tagging": "yes"}}, "features: expected"),
        ({"fields": {"Lead": "Score__c"}}, "fields: expected a list"),
        (
            {"fields": [{"object": "Lead", "name": "Score__c", "typ": "Number"}]},
            "fields, entry 1: unknown key 'typ'",
        ),
        ({"fields": [{"object": "Lead", "name": "Score__c", "type": "Nmber"}]}, "unknown type 'Nmber'"),
        ({"fields": [{"object": "Lead", "name": "Nonsense", "visible": False}]}, "has no field 'Nonsense'"),
        ({"objects": [{"name": "Visit"}]}, "ends in __c"),
        (
            {"objects": [{"name": "Visit__c", "fields": [{"name": "Age__c", "kind": "Number"}]}]},
            "Visit__c, field 'Age__c': unknown key 'kind'",
        ),
        ({"objects": [{"name": "Stay__c", "fields": ["Age__c"]}]}, "fields: expected a list of objects"),
        ({"validation_rules": [{"object": "Lead", "name": "x", "message": "y"}]}, "'condition' is missing"),
        (
            {"validation_rules": [{"object": "Lead", "name": "x", "message": "y", "condition": "1 +"}]},
            "Syntax error",
        ),
        ({"duplicate_rules": [{"object": "Lead", "name": "x", "fields": ["Foo"]}]}, "has no field 'Foo'"),
    ],
)
def test_what_a_schema_file_cannot_ask_for(plain_org: Org, schema: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        apply_schema_file(plain_org, schema)


def test_the_demo_company_leaves_a_schema_files_objects_as_they_are(tmp_path: Path) -> None:
    invoice = {"name": "Invoice__c", "fields": [{"name": "Total__c", "type": "Number", "precision": 9}]}
    visit = {"name": "Visit__c", "fields": [{"name": "Guest__c", "type": "Lookup", "referenceTo": "Contact"}]}
    tier = {"object": "Account", "name": "Tier__c", "type": "Picklist", "values": ["Gold", "Iron"]}
    file = tmp_path / "schema.json"
    file.write_text(json.dumps({"objects": [visit, invoice], "fields": [tier]}))
    options = ("--schema", str(file), "--seed=demo")

    with LocalOrgProcess(*options, log=tmp_path / "log.txt") as process, OrgClient(process.url) as org:
        (record_id,) = org.create("Invoice__c", [{"Name": "Mine", "Total__c": 5, "Account__c": acme(org)}])
        found = org.rest("GET", f"sobjects/Invoice__c/{record_id}").json()
        assert (found["Name"], found["Total__c"]) == ("Mine", 5)
        assert len(org.query("SELECT Amount__c, Account__r.Name FROM Invoice__c")) > 10
        (visit_id,) = org.create("Visit__c", [{"Name": "Today"}])
        assert visit_id[:3] != record_id[:3]
        fields = org.rest("GET", "sobjects/Account/describe").json()["fields"]
        (tiers,) = [each["picklistValues"] for each in fields if each["name"] == "Tier__c"]
        assert [each["value"] for each in tiers] == ["Gold", "Iron"]
        assert org.local("GET", "errors")["errors"] == []


def acme(org: OrgClient) -> str:
    (row,) = org.query("SELECT Id FROM Account WHERE Name LIKE 'Acme%' LIMIT 1")
    return str(row["Id"])


def test_a_field_that_the_demo_company_has_otherwise_is_one_clear_message(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text(json.dumps({"fields": [{"object": "Account", "name": "Tier__c", "type": "Number"}]}))

    with pytest.raises(RuntimeError, match=r"the demo company has Account\.Tier__c of its own"):
        LocalOrgProcess("--schema", str(file), "--seed=demo", log=tmp_path / "log.txt")
    with LocalOrgProcess("--schema", str(file)) as process, OrgClient(process.url) as org:
        answer = org.http("POST", "/_local/reset", json={"seed": "demo"})
        assert answer.status_code == 400
        assert "Account.Tier__c" in answer.json()[0]["message"]


def test_a_duplicate_rule_may_be_about_an_object_without_a_recycle_bin(tmp_path: Path) -> None:
    rule = {"object": "User", "name": "One_alias", "fields": ["Alias"]}
    with org_with(tmp_path, {"duplicate_rules": [rule]}) as org:
        (user,) = org.query("SELECT Id, Alias FROM User LIMIT 1")
        assert org.rest("PATCH", f"sobjects/User/{user['Id']}", json={"Title": "x"}).status_code == 204
