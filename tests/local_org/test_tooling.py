"""Fields and objects that an administrator adds by the Tooling API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from local_org_client import OrgClient

FIELDS = "tooling/sobjects/CustomField"
OBJECTS = "tooling/sobjects/CustomObject"
ADA = {"LastName": "Lovelace", "Company": "Engines", "Email": "ada@example.com"}


def described(org: OrgClient, sobject: str, field: str) -> dict[str, Any]:
    fields = org.rest("GET", f"sobjects/{sobject}/describe").json()["fields"]
    return next(dict(each) for each in fields if each["name"] == field)


def add(org: OrgClient, full_name: str, **metadata: Any) -> Any:
    return org.rest("POST", FIELDS, json={"FullName": full_name, "Metadata": metadata})


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
