"""What a record may not hold, and what Salesforce says then: the one validator, asked through HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from salesforce_local_org import ids

if TYPE_CHECKING:
    from local_org_client import OrgClient

NO_KEY = "Field name provided, Title does not match an External ID, Salesforce Id, or indexed field for User"
NOBODY = ids.make("003", 99)


def lead(**values: Any) -> dict[str, Any]:
    return {"LastName": "Lovelace", "Company": "Engines"} | values


@pytest.mark.parametrize(
    ("sobject", "record", "code", "message", "fields"),
    [
        ("Lead", lead(Foo="x"), "INVALID_FIELD", "No such column 'Foo' on sobject of type Lead", None),
        (
            "Lead",
            {"FirstName": "Ada"},
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [LastName, Company]",
            ["LastName", "Company"],
        ),
        (
            "Account",
            {"Name": "  "},
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [Name]",
            ["Name"],
        ),
        (
            "Lead",
            lead(FirstName="x" * 41),
            "STRING_TOO_LONG",
            f"First Name: data value too large: {'x' * 41} (max length=40)",
            ["FirstName"],
        ),
        (
            "Lead",
            lead(Email="badone"),
            "INVALID_EMAIL_ADDRESS",
            "Email: invalid email address: badone",
            ["Email"],
        ),
        (
            "Lead",
            lead(CleanStatus="Spotless"),
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "Clean Status: bad value for restricted picklist field: Spotless",
            ["CleanStatus"],
        ),
        (
            "Lead",
            lead(OwnerId="nobody"),
            "MALFORMED_ID",
            "Owner ID: id value of incorrect type: nobody",
            ["OwnerId"],
        ),
        (
            "Contact",
            {"LastName": "x", "AccountId": NOBODY},
            "MALFORMED_ID",
            f"Account ID: id value of incorrect type: {NOBODY}",
            ["AccountId"],
        ),
        (
            "Contact",
            {"LastName": "x", "ReportsToId": NOBODY},
            "INVALID_CROSS_REFERENCE_KEY",
            "invalid cross reference id",
            [],
        ),
        (
            "Contact",
            {"LastName": "x", "Owner": {"Email": "who@example.com"}},
            "INVALID_FIELD",
            "Foreign key external ID: who@example.com not found for field Email in entity User",
            [],
        ),
        (
            "Contact",
            {"LastName": "x", "Owner": {"Title": "Boss"}},
            "INVALID_FIELD",
            NO_KEY,
            [],
        ),
        ("Lead", lead(Id=NOBODY), "INVALID_FIELD_FOR_INSERT_UPDATE", None, ["Id"]),
        ("Lead", lead(Name="Ada"), "INVALID_FIELD_FOR_INSERT_UPDATE", None, ["Name"]),
        ("Lead", lead(Address={"city": "London"}), "INVALID_FIELD_FOR_INSERT_UPDATE", None, ["Address"]),
        (
            "Lead",
            lead(CreatedDate="2020-01-01T00:00:00Z"),
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            None,
            ["CreatedDate"],
        ),
        ("Lead", lead(AnnualRevenue=10**18), "NUMBER_OUTSIDE_VALID_RANGE", None, ["AnnualRevenue"]),
        ("Lead", lead(NumberOfEmployees=10**8), "NUMBER_OUTSIDE_VALID_RANGE", None, ["NumberOfEmployees"]),
        ("Lead", lead(Latitude=90.000001), "NUMBER_OUTSIDE_VALID_RANGE", None, ["Latitude"]),
        ("Lead", lead(Longitude=-181), "NUMBER_OUTSIDE_VALID_RANGE", None, ["Longitude"]),
        (
            "Contact",
            {"LastName": "x", "Birthdate": "1699-12-31"},
            "NUMBER_OUTSIDE_VALID_RANGE",
            None,
            ["Birthdate"],
        ),
        ("OpportunityStage", {}, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", None, []),
    ],
)
def test_a_bad_record_is_refused_with_salesforces_words(
    org: OrgClient,
    sobject: str,
    record: dict[str, Any],
    code: str,
    message: str | None,
    fields: list[str] | None,
) -> None:
    error = org.refused(sobject, record)
    assert error["errorCode"] == code
    assert message in {None, error["message"]}
    assert error.get("fields") == fields


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"LastName": {"a": 1}}, "Cannot deserialize instance of string from START_OBJECT value {"),
        ({"LastName": ["a"]}, "Cannot deserialize instance of string from START_ARRAY value ["),
        ({"LastName": 5}, "Cannot deserialize instance of string from VALUE_NUMBER_INT value 5"),
        ({"LastName": True}, "Cannot deserialize instance of string from VALUE_TRUE value true"),
        ({"NumberOfEmployees": "many"}, "Cannot deserialize instance of int from VALUE_STRING value many"),
        ({"NumberOfEmployees": 1.5}, "Cannot deserialize instance of int from VALUE_NUMBER_FLOAT value 1.5"),
        ({"IsUnreadByOwner": "perhaps"}, "Cannot deserialize instance of boolean from VALUE_STRING"),
        ({"AnnualRevenue": "1,5"}, "Cannot deserialize instance of currency from VALUE_STRING value 1,5"),
    ],
)
def test_a_value_of_another_json_type_refuses_every_record_of_a_call(
    org: OrgClient, values: dict[str, Any], message: str
) -> None:
    error = org.refused("Lead", lead(**values))
    assert error["errorCode"] == "JSON_PARSER_ERROR"
    assert error["message"].startswith(message)
    records = [{"attributes": {"type": "Lead"}} | record for record in (lead(), lead(**values))]
    answer = org.rest("POST", "composite/sobjects", json={"records": records})
    assert (answer.status_code, answer.json()) == (400, [error])
    assert org.query("SELECT Id FROM Lead") == []


@pytest.mark.parametrize("text", ["2026-02-30", "2026-2-3", "03/02/2026", "2026-02-03T00:00:00Z", "soon"])
def test_what_is_no_date(org: OrgClient, text: str) -> None:
    error = org.refused("Contact", {"LastName": "x", "Birthdate": text})
    assert error["errorCode"] == "JSON_PARSER_ERROR"


@pytest.mark.parametrize("text", ["2026-02-03", "2026-02-03T25:00:00Z", "2026-02-03T00:00:00", 1730962800000])
def test_what_is_no_date_time(org: OrgClient, text: object) -> None:
    error = org.refused("Task", {"ReminderDateTime": text})
    assert error["errorCode"] == "JSON_PARSER_ERROR"


def test_a_deleted_or_inactive_record_cannot_be_referred_to(org: OrgClient) -> None:
    (account,) = org.create("Account", [{"Name": "Acme"}])
    org.rest("DELETE", f"sobjects/Account/{account}")
    error = org.refused("Contact", {"LastName": "x", "AccountId": account})
    assert (error["errorCode"], error["message"]) == ("ENTITY_IS_DELETED", "entity is deleted")
    (user,) = [row["Id"] for row in org.query("SELECT Id FROM User LIMIT 1")]
    org.rest("PATCH", f"sobjects/User/{user}", json={"IsActive": False})
    assert org.refused("Lead", lead(OwnerId=user))["errorCode"] == "INACTIVE_OWNER_OR_USER"


def test_a_converted_lead_cannot_be_changed(org: OrgClient) -> None:
    (record_id,) = org.create("Lead", [lead(IsConverted=True)])
    answer = org.rest("PATCH", f"sobjects/Lead/{record_id}", json={"Title": "Countess"})
    assert answer.status_code == 400
    assert answer.json() == [
        {
            "message": "cannot reference converted lead",
            "errorCode": "CANNOT_UPDATE_CONVERTED_LEAD",
            "fields": [],
        }
    ]
