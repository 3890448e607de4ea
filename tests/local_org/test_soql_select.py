"""What a SELECT gives back: values on the wire, parents, children, TYPEOF, FIELDS(), functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from local_org_client import OrgClient


def answer(org: OrgClient, soql: str) -> dict[str, Any]:
    """The raw first page."""
    response = org.rest("GET", f"query?q={quote(soql)}")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


@pytest.fixture
def account(org: OrgClient) -> str:
    return org.create(
        "Account",
        [
            {
                "Name": 'Acmé "Nord"\n% Süd',
                "BillingCity": "Graz",
                "BillingLatitude": 47.000000000000014,
                "BillingGeocodeAccuracy": "City",
            }
        ],
    )[0]


def test_a_record_has_its_attributes_first_and_its_fields_in_the_order_asked(
    org: OrgClient, account: str
) -> None:
    record = answer(org, "select NAME, billingLATITUDE, isDELETED, id, numberofemployees from ACCOUNT")[
        "records"
    ][0]

    assert list(record.items()) == [
        ("attributes", {"type": "Account", "url": f"/services/data/v64.0/sobjects/Account/{account}"}),
        ("Name", 'Acmé "Nord"\n% Süd'),
        ("BillingLatitude", 47.000000000000014),
        ("IsDeleted", False),
        ("Id", account),
        ("NumberOfEmployees", None),
    ]


def test_dates_date_times_and_compounds(org: OrgClient, account: str) -> None:
    org.clock(freeze_at="2022-03-17T16:21:26Z")
    org.create("Opportunity", [{"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2022-04-01"}])

    deal = org.query("SELECT CloseDate, CreatedDate FROM Opportunity")[0]
    places = org.query("SELECT BillingAddress, ShippingAddress FROM Account")[0]

    assert deal == {"CloseDate": "2022-04-01", "CreatedDate": "2022-03-17T16:21:26.000+0000"}
    assert places["ShippingAddress"] is None
    assert places["BillingAddress"] == {
        "city": "Graz",
        "country": None,
        "geocodeAccuracy": "City",
        "latitude": 47.000000000000014,
        "longitude": None,
        "postalCode": None,
        "state": None,
        "street": None,
    }


def test_the_body_of_a_document_is_the_path_to_it(org: OrgClient) -> None:
    folder = org.query("SELECT Id FROM User LIMIT 1")[0]["Id"]
    document = org.create(
        "Document", [{"Name": "Plan", "DeveloperName": "Plan", "FolderId": folder, "Body": "aGVsbG8="}]
    )[0]

    record = org.query("SELECT Body FROM Document")[0]

    assert record["Body"] == f"/services/data/v64.0/sobjects/Document/{document}/Body"


def test_parents_nest_and_an_empty_lookup_is_null(org: OrgClient, account: str) -> None:
    org.create("Contact", [{"LastName": "With", "AccountId": account}, {"LastName": "Without"}])

    first, second = org.query(
        "SELECT LastName, Account.Owner.Profile.Name, Account.Name FROM Contact ORDER BY LastName"
    )

    assert list(first["Account"]) == ["attributes", "Owner", "Name"]
    assert first["Account"]["Owner"]["Profile"]["Name"] == "System Administrator"
    assert second["Account"] is None


def test_aliases_and_the_object_name_may_start_a_path(org: OrgClient, account: str) -> None:
    org.create("Contact", [{"LastName": "Lee", "AccountId": account}])

    by_alias = org.query(
        "SELECT c.LastName, a.BillingCity FROM Contact c, c.Account a WHERE a.BillingCity = 'graz'"
    )
    by_object = org.query("SELECT Contact.LastName, Contact.Account.BillingCity FROM Contact")

    assert by_alias == by_object
    assert by_alias[0]["Account"]["BillingCity"] == "Graz"


def test_a_polymorphic_parent_offers_the_fields_of_name(org: OrgClient, account: str) -> None:
    lead = org.create("Lead", [{"LastName": "Lee", "Company": "C", "Email": "lee@example.com"}])[0]
    org.create("Task", [{"Subject": "Call", "WhoId": lead, "WhatId": account}])

    task = org.query("SELECT Who.Name, Who.Email, Who.Type, What.Name, What.Type, Owner.IsActive FROM Task")[
        0
    ]

    assert task["Who"] == {
        "attributes": {"type": "Name", "url": f"/services/data/v64.0/sobjects/Lead/{lead}"},
        "Name": "Lee",
        "Email": "lee@example.com",
        "Type": "Lead",
    }
    assert (task["What"]["Type"], task["Owner"]["IsActive"]) == ("Account", True)


def test_typeof_takes_other_fields_for_each_object(org: OrgClient, account: str) -> None:
    contact = org.create("Contact", [{"LastName": "Con", "Email": "c@example.com", "AccountId": account}])[0]
    lead = org.create("Lead", [{"LastName": "Lee", "Company": "Corp"}])[0]
    org.create(
        "Task", [{"Subject": "1", "WhoId": contact}, {"Subject": "2", "WhoId": lead}, {"Subject": "3"}]
    )

    typeof = "TYPEOF Who WHEN Contact THEN Email, Account.BillingCity WHEN Lead THEN Company END"
    tasks = org.query(f"SELECT Subject, {typeof} FROM Task ORDER BY Subject")
    otherwise = org.query(
        "SELECT TYPEOF Who WHEN Contact THEN Email ELSE Name END FROM Task ORDER BY Subject"
    )

    assert tasks[0]["Who"]["attributes"]["type"] == "Contact"
    assert (tasks[0]["Who"]["Email"], tasks[0]["Who"]["Account"]["BillingCity"]) == ("c@example.com", "Graz")
    assert (tasks[1]["Who"]["attributes"]["type"], tasks[1]["Who"]["Company"]) == ("Lead", "Corp")
    assert tasks[2]["Who"] is None
    assert otherwise[1]["Who"]["Name"] == "Lee"


def test_children_come_as_a_list_or_null(org: OrgClient, account: str) -> None:
    org.create("Contact", [{"LastName": name, "AccountId": account} for name in ("B", "A", "C")])
    org.create("Account", [{"Name": "Childless"}])

    contacts = "SELECT LastName, Account.Name FROM Contacts WHERE LastName != 'C' ORDER BY LastName"
    with_children, without = org.query(f"SELECT ({contacts}) FROM Account ORDER BY Name")

    assert with_children["Contacts"]["totalSize"] == 2
    assert with_children["Contacts"]["done"] is True
    assert [each["LastName"] for each in with_children["Contacts"]["records"]] == ["A", "B"]
    assert with_children["Contacts"]["records"][0]["attributes"]["type"] == "Contact"
    assert without["Contacts"] is None


def test_lists_in_lists_nest_down_to_five_levels(org: OrgClient) -> None:
    parent = None
    for number in range(5):
        (parent,) = org.create("Account", [{"Name": f"{number}", "ParentId": parent}])

    def nested(levels: int) -> str:
        inner = f", ({nested(levels - 1)})" if levels > 1 else ""
        return f"SELECT Name{inner} FROM ChildAccounts"

    soql = f"SELECT Name, ({nested(4)}) FROM Account WHERE ParentId = null"
    record = org.query(soql)[0]
    names = [record["Name"]]
    while "ChildAccounts" in record:
        record = record["ChildAccounts"]["records"][0]
        names.append(record["Name"])

    assert names == list("01234")
    too_deep = org.rest("GET", "query", params={"q": f"SELECT ({nested(5)}) FROM Account"})
    assert too_deep.json()[0]["errorCode"] == "MALFORMED_QUERY"


def test_a_long_child_list_pages_on_its_own(org: OrgClient, account: str) -> None:
    org.create("Contact", [{"LastName": f"L{number:03}", "AccountId": account} for number in range(450)])

    listed = org.query("SELECT (SELECT LastName FROM Contacts ORDER BY LastName) FROM Account")[0]["Contacts"]

    assert (listed["totalSize"], listed["done"], len(listed["records"])) == (450, False, 200)
    names = [each["LastName"] for each in listed["records"]]
    while not listed["done"]:
        listed = org.rest("GET", listed["nextRecordsUrl"]).json()
        names += [each["LastName"] for each in listed["records"]]
    assert names == [f"L{number:03}" for number in range(450)]


def test_fields_stands_for_the_fields_of_a_kind(org: OrgClient, account: str) -> None:
    org.custom_field("Account.Level__c")
    described = org.rest("GET", "sobjects/Account/describe").json()["fields"]

    everything = org.query("SELECT FIELDS(ALL) FROM Account LIMIT 200")[0]
    standard = org.query("SELECT FIELDS(STANDARD) FROM Account")[0]
    custom = org.query(f"SELECT Name, FIELDS(CUSTOM) FROM Account WHERE Id IN ('{account}')")[0]

    assert list(everything) == [field["name"] for field in described]
    assert list(standard) == [field["name"] for field in described if not field["custom"]]
    assert list(custom) == ["Name", "Level__c"]


def test_functions_of_the_select_list(org: OrgClient) -> None:
    org.clock(freeze_at="2022-03-17T16:21:26Z")
    org.create(
        "Account",
        [{"Name": "A", "AnnualRevenue": 1234567, "BillingLatitude": 47.07, "BillingLongitude": 15.44}],
    )

    distance = "DISTANCE(BillingAddress, GEOLOCATION(48.21, 16.37), 'km')"
    record = org.query(
        f"SELECT FORMAT(AnnualRevenue) shown, FORMAT(CreatedDate), toLabel(Industry), {distance} FROM Account"
    )[0]
    near = org.query(f"SELECT Id FROM Account WHERE {distance} < 150 ORDER BY {distance}")
    far = org.query(f"SELECT Id FROM Account WHERE {distance} > 150")

    assert (record["shown"], record["CreatedDate"]) == ("$1,234,567", "3/17/2022, 4:21 PM")
    assert record["Industry"] is None
    assert record["expr0"] == pytest.approx(144.6, abs=1)
    assert (len(near), len(far)) == (1, 0)


def test_formula_fields_are_worked_out(org: OrgClient, account: str) -> None:
    org.custom_field("Account.Twice__c", "Number", formula="BillingLatitude * 2", precision=18, scale=2)

    record = org.query("SELECT Twice__c FROM Account WHERE Twice__c >= 94 ORDER BY Twice__c")[0]

    assert record["Twice__c"] == pytest.approx(94)


def test_columns_true_tells_the_columns_and_no_rows(org: OrgClient, account: str) -> None:
    soql = quote("SELECT Id, Name, Owner.Name, (SELECT LastName FROM Contacts) FROM Account")

    metadata = org.rest("GET", f"query?q={soql}&columns=true").json()

    assert (metadata["entityName"], metadata["idSelected"], metadata["groupBy"]) == ("Account", True, False)
    names = [
        (each["columnName"], [inner["columnName"] for inner in each["joinColumns"]])
        for each in metadata["columnMetadata"]
    ]
    assert names == [("Id", []), ("Name", []), ("Owner", ["Name"]), ("Contacts", ["LastName"])]


def test_explain_tells_an_index_from_a_scan(org: OrgClient, account: str) -> None:
    by_id, by_city = (
        org.rest("GET", f"query?explain={quote(f'SELECT Id FROM Account WHERE {condition}')}").json()
        for condition in (f"Id = '{account}'", "BillingCity = null")
    )

    assert by_id["plans"][0]["leadingOperationType"] == "Index"
    assert by_city["plans"][0]["leadingOperationType"] == "TableScan"
    assert by_city["plans"][0]["sobjectType"] == "Account"
