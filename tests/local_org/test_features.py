"""Features that a schema file switches on: state and country picklists, currencies, person accounts."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from local_org_client import LocalOrgProcess, OrgClient

if TYPE_CHECKING:
    from collections.abc import Iterator

FEATURES = {"state_country_picklists": True, "multi_currency": True, "person_accounts": True}
LEAD = {"LastName": "Lovelace", "Company": "Engines"}


@pytest.fixture(scope="module")
def rich_org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgClient]:
    folder = tmp_path_factory.mktemp("features")
    file = folder / "schema.json"
    file.write_text(json.dumps({"features": FEATURES}))
    process = LocalOrgProcess("--schema", str(file), log=folder / "log.txt")
    org = OrgClient(process.url)
    yield org
    errors = org.local("GET", "errors")["errors"]
    org.close()
    assert process.stop() == 0
    assert errors == []


def stored(org: OrgClient, sobject: str, record: dict[str, Any]) -> dict[str, Any]:
    (record_id,) = org.create(sobject, [record])
    return dict(org.rest("GET", f"sobjects/{sobject}/{record_id}").json())


# ---- states and countries


@pytest.mark.parametrize(
    "given",
    [
        {"Country": "united states", "State": "California"},
        {"CountryCode": "US", "StateCode": "CA"},
        {"Country": "United States", "StateCode": "CA", "CountryCode": "US"},
    ],
)
def test_texts_and_codes_follow_each_other(rich_org: OrgClient, given: dict[str, str]) -> None:
    record = stored(rich_org, "Lead", LEAD | given)
    assert {name: record[name] for name in ("State", "StateCode", "Country", "CountryCode")} == {
        "State": "California",
        "StateCode": "CA",
        "Country": "United States",
        "CountryCode": "US",
    }
    assert (record["Address"]["stateCode"], record["Address"]["countryCode"]) == ("CA", "US")


@pytest.mark.parametrize(
    ("given", "message", "field"),
    [
        ({"Country": "Ruritania"}, "There's a problem with this country, even though", "Country"),
        ({"State": "California"}, "A country/territory must be specified before", "State"),
        ({"Country": "Canada", "State": "California"}, "There's a problem with this state", "State"),
        ({"CountryCode": "US", "StateCode": "QC"}, "There's a problem with this state", "State"),
        ({"CountryCode": "CA", "Country": "Mexico"}, "There's a problem with this country", "Country"),
    ],
)
def test_places_that_are_not_on_the_map(
    rich_org: OrgClient, given: dict[str, str], message: str, field: str
) -> None:
    error = rich_org.refused("Lead", LEAD | given)
    assert (error["errorCode"], error["fields"]) == ("FIELD_INTEGRITY_EXCEPTION", [field])
    assert error["message"].startswith(message)


def test_describe_says_which_states_go_with_which_country(rich_org: OrgClient) -> None:
    described = rich_org.rest("GET", "sobjects/Lead/describe").json()["fields"]
    fields = {each["name"]: each for each in described}
    countries = [each["value"] for each in fields["CountryCode"]["picklistValues"]]
    valid = {
        (each["value"], countries[place])
        for each in fields["StateCode"]["picklistValues"]
        for bits in [base64.b64decode(each["validFor"])]
        for place in range(8 * len(bits))
        if bits[place // 8] & (0x80 >> place % 8)
    }
    assert {("CA", "US"), ("QC", "CA"), ("TX", "US")} <= valid
    assert ("QC", "US") not in valid
    assert fields["StateCode"]["controllerName"] == "CountryCode"
    assert all(each["validFor"] is None for each in fields["CountryCode"]["picklistValues"])


def test_a_state_must_fit_a_country_that_changes(rich_org: OrgClient) -> None:
    place = {"BillingCountryCode": "US", "BillingStateCode": "WA"}
    (record_id,) = rich_org.create("Account", [{"Name": "Acme"} | place])
    path = f"sobjects/Account/{record_id}"
    answer = rich_org.rest("PATCH", path, json={"BillingCountry": "Germany"})
    assert answer.json()[0]["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"
    assert rich_org.rest("PATCH", path, json={"BillingCountry": "Australia"}).status_code == 204
    assert rich_org.rest("GET", path).json()["BillingState"] == "Western Australia"
    assert (
        rich_org.rest("PATCH", path, json={"BillingState": None, "BillingCountry": None}).status_code == 204
    )
    assert rich_org.rest("GET", path).json()["BillingAddress"] is None


# ---- currencies


def test_records_have_a_currency(rich_org: OrgClient) -> None:
    assert stored(rich_org, "Lead", LEAD)["CurrencyIsoCode"] == "USD"
    assert stored(rich_org, "Lead", LEAD | {"CurrencyIsoCode": "EUR"})["CurrencyIsoCode"] == "EUR"
    error = rich_org.refused("Lead", LEAD | {"CurrencyIsoCode": "XXX"})
    assert error["errorCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    codes = {
        row["IsoCode"] for row in rich_org.query("SELECT IsoCode FROM CurrencyType WHERE IsActive = true")
    }
    assert codes == {"USD", "EUR", "GBP", "JPY"}


def test_amounts_are_worth_what_their_currency_is_worth(rich_org: OrgClient) -> None:
    deal = {"StageName": "Prospecting", "CloseDate": "2026-01-01", "Amount": 92}
    rich_org.create(
        "Opportunity",
        [deal | {"Name": "worth", "CurrencyIsoCode": code} for code in ("EUR", "USD")]
        + [{"Name": "worth", "StageName": "Prospecting", "CloseDate": "2026-01-01"}],
    )

    def codes(condition: str) -> list[str]:
        soql = f"SELECT CurrencyIsoCode FROM Opportunity WHERE Name = 'worth' AND {condition}"
        return sorted(row["CurrencyIsoCode"] for row in rich_org.query(f"{soql} AND Amount != null"))

    rows = rich_org.query(
        "SELECT Amount, convertCurrency(Amount) own, FORMAT(Amount) text,"
        " FORMAT(convertCurrency(Amount)) mine FROM Opportunity WHERE Name = 'worth'"
        " ORDER BY CurrencyIsoCode, Amount NULLS LAST"
    )
    assert [tuple(row.values()) for row in rows] == [
        (92.0, 92.0, "USD 92.00", "USD 92.00"),
        (None, None, None, None),
        (92.0, 100.0, "EUR 92.00", "USD 100.00"),
    ]
    (total,) = rich_org.query("SELECT SUM(Amount) own FROM Opportunity WHERE Name = 'worth'")
    assert total == {"own": 192.0}
    assert codes("Amount > 91") == ["EUR", "USD"]
    assert codes("Amount > USD99") == ["EUR"]
    assert codes("Amount = EUR92") == ["EUR"]
    assert codes("Amount != eur92") == ["USD"]
    assert codes("Amount IN (USD100, USD92)") == ["EUR", "USD"]
    assert codes("Amount NOT IN (USD100)") == ["USD"]
    answer = rich_org.rest("GET", "query?q=SELECT Id FROM Opportunity WHERE Amount > XXX5")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_FIELD")


# ---- person accounts


def test_an_account_with_a_last_name_is_a_person_with_a_contact(rich_org: OrgClient) -> None:
    ada = {"FirstName": "Ada", "LastName": "Lovelace", "PersonEmail": "ada@example.com", "Phone": "1"}
    person = stored(rich_org, "Account", ada)
    assert (person["IsPersonAccount"], person["Name"]) == (True, "Ada Lovelace")
    path = f"sobjects/Contact/{person['PersonContactId']}"
    contact = rich_org.rest("GET", path).json()
    assert (contact["AccountId"], contact["IsPersonAccount"]) == (person["Id"], True)
    assert (contact["Name"], contact["Email"], contact["Phone"]) == ("Ada Lovelace", "ada@example.com", "1")
    changes = {"LastName": "Byron", "PersonTitle": "Countess"}
    assert rich_org.rest("PATCH", f"sobjects/Account/{person['Id']}", json=changes).status_code == 204
    assert rich_org.rest("GET", f"sobjects/Account/{person['Id']}").json()["Name"] == "Ada Byron"
    assert rich_org.rest("GET", path).json()["Title"] == "Countess"
    rich_org.rest("DELETE", f"sobjects/Account/{person['Id']}")
    assert rich_org.rest("GET", path).status_code == 404


def test_businesses_and_persons_have_different_fields(rich_org: OrgClient) -> None:
    business = stored(rich_org, "Account", {"Name": "Acme"})
    assert (business["IsPersonAccount"], business["PersonContactId"]) == (False, None)
    types = {
        row["IsPersonType"]: row["Id"] for row in rich_org.query("SELECT Id, IsPersonType FROM RecordType")
    }
    assert business["RecordTypeId"] == types[False]
    assert rich_org.refused("Account", {"Name": "x", "LastName": "y"})["fields"] == ["Name"]
    assert rich_org.refused("Account", {"Name": "x", "PersonEmail": "a@example.com"})["fields"] == [
        "PersonEmail"
    ]
    assert rich_org.refused("Account", {"RecordTypeId": types[True]})["fields"] == ["LastName"]
    assert stored(rich_org, "Account", {"RecordTypeId": types[True], "LastName": "y"})["Name"] == "y"
