"""The example payloads of the documented destinations give exactly the documented records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from target_pipe import group, identify

if TYPE_CHECKING:
    from local_org_client import OrgClient

PETER = {
    "FirstName": "Peter",
    "LastName": "Gibbons",
    "Title": "VP of Derp",
    "Email": "peter.gibbons@example.com",
    "Company": "Initech",
    "Phone": "570-690-4150",
    "Rating": "Hot",
    "Street": "19123 forest lane",
    "City": "east greenwich",
    "State": "RI",
    "PostalCode": "94115",
    "Country": "USA",
}
TRAITS = {
    "name": "Peter Gibbons",
    "title": "VP of Derp",
    "email": "peter.gibbons@example.com",
    "phone": "570-690-4150",
    "rating": "Hot",
}
ADDRESS = {
    "city": "east greenwich",
    "postalCode": "94115",
    "country": "USA",
    "street": "19123 forest lane",
    "state": "RI",
}
TEEMO = {
    "Name": "Teemo Industries",
    "AccountNumber": "813",
    "BillingCity": "East Greenwich",
    "BillingCountry": "US",
    "BillingPostalCode": "02818",
    "BillingState": "RI",
    "BillingStreet": "9000 Forest Lane",
    "NumberOfEmployees": 4,
    "Phone": "222-555-4444",
    "Website": "https://example.com",
    "Description": "Makes great husky products",
}
TEEMO_TRAITS = {
    "name": "Teemo Industries",
    "address": {
        "city": "East Greenwich",
        "state": "RI",
        "country": "US",
        "postalCode": "02818",
        "street": "9000 Forest Lane",
    },
    "phone": "222-555-4444",
    "description": "Makes great husky products",
    "employees": 4,
    "website": "https://example.com",
}


def written(org: OrgClient, sobject: str) -> list[dict[str, Any]]:
    """All records, with the fields that a person filled in."""
    fields = [
        field["name"]
        for field in org.rest("GET", f"sobjects/{sobject}/describe").json()["fields"]
        if field["createable"] and not field["defaultedOnCreate"] and field["name"] != "CleanStatus"
    ]
    rows = org.query(f"SELECT {', '.join(fields)} FROM {sobject} ORDER BY CreatedDate, Id")
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


@pytest.mark.parametrize(
    "traits",
    [
        pytest.param(TRAITS | ADDRESS | {"company": "Initech"}, id="flat"),
        pytest.param(
            TRAITS | {"company": {"id": 666, "name": "Initech"}, "state": "California", "address": ADDRESS},
            id="objects",
        ),
    ],
)
def test_an_identify_makes_the_lead_of_the_segment_page(org: OrgClient, send: Any, traits: dict) -> None:
    send(identify(traits, userId="YOUR_USERS_ID")).doors(created=1)
    assert written(org, "Lead") == [PETER]
    again = send(identify(traits, userId="YOUR_USERS_ID"))
    again.doors(unchanged=1)
    assert written(org, "Lead") == [PETER]


def test_a_group_makes_the_account_of_the_segment_page(org: OrgClient, send: Any) -> None:
    send(group("813", TEEMO_TRAITS)).doors(created=1)
    assert written(org, "Account") == [TEEMO]
    send(group("813", {"employees": 5})).doors(updated=1)
    assert written(org, "Account") == [TEEMO | {"NumberOfEmployees": 5}]


def test_an_identify_makes_the_lead_of_the_rudderstack_page(org: OrgClient, send: Any) -> None:
    traits = {
        "name": "John Doe",
        "title": "CEO",
        "email": "name.surname@domain.com",
        "company": "Company123",
        "phone": "123-456-7890",
        "rating": "Hot",
        "city": "Austin",
        "postalCode": "12345",
        "country": "US",
        "street": "Sample Address",
        "state": "TX",
    }
    event = {"type": "identify", "userId": "userid", "integrations": {"All": True, "Salesforce": True}}
    send(event | {"context": {"traits": traits, "ip": "127.0.0.1"}, "channel": "web"}).doors(created=1)
    assert written(org, "Lead") == [
        {
            "FirstName": "John",
            "LastName": "Doe",
            "Title": "CEO",
            "Email": "name.surname@domain.com",
            "Company": "Company123",
            "Phone": "123-456-7890",
            "Rating": "Hot",
            "City": "Austin",
            "PostalCode": "12345",
            "Country": "US",
            "Street": "Sample Address",
            "State": "TX",
        }
    ]


def test_an_external_id_updates_the_contact_of_the_rudderstack_page(org: OrgClient, send: Any) -> None:
    (contact,) = org.create("Contact", [{"LastName": "Before"}])
    event = identify(
        {"FirstName": "John", "LastName": "Gibbs", "Email": "john@peterson.com"},
        userId="123456",
        context={"externalId": [{"type": "Salesforce-Contact", "id": contact}]},
    )
    send(event).doors(updated=1)
    assert written(org, "Contact") == [
        {"FirstName": "John", "LastName": "Gibbs", "Email": "john@peterson.com"}
    ]
    assert written(org, "Lead") == []
