"""What a schema file makes of an org, and what it cannot ask for."""

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

ADA = {"LastName": "Lovelace", "Company": "Engines", "Email": "ada@example.com"}


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
