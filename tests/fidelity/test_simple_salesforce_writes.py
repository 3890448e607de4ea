"""simple-salesforce writes records one by one, by key and in one call, as its documentation promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)

if TYPE_CHECKING:
    from pathlib import Path

    from local_org_client import OrgClient

Connect = Callable[..., Salesforce]
NOT_FOUND = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]


def test_a_record_from_birth_to_death(org: OrgClient, salesforce: Connect) -> None:
    sf = salesforce(org)

    created = sf.Contact.create({"LastName": "Byron", "Email": "ada@example.com", "Birthdate": "1815-12-10"})
    contact_id = created["id"]
    assert created == {"id": contact_id, "success": True, "errors": []}
    assert sf.Contact.get(contact_id)["Birthdate"] == "1815-12-10"

    assert sf.Contact.update(contact_id, {"FirstName": "Ada", "Email": None}) == 204
    row = sf.Contact.get(contact_id)
    assert (row["Name"], row["Email"]) == ("Ada Byron", None)

    assert sf.Contact.delete(contact_id) == 204
    with pytest.raises(SalesforceResourceNotFound) as missing:
        sf.Contact.get(contact_id)
    assert (missing.value.resource_name, missing.value.content) == ("Contact", NOT_FOUND)


@pytest.mark.parametrize(
    ("record", "error"),
    [
        (
            {"FirstName": "Ada"},
            {
                "message": "Required fields are missing: [LastName]",
                "errorCode": "REQUIRED_FIELD_MISSING",
                "fields": ["LastName"],
            },
        ),
        (
            {"LastName": "B", "Email": "not-an-address"},
            {
                "message": "Email: invalid email address: not-an-address",
                "errorCode": "INVALID_EMAIL_ADDRESS",
                "fields": ["Email"],
            },
        ),
        (
            {"LastName": "B", "Nothing__c": 1},
            {
                "message": "No such column 'Nothing__c' on sobject of type Contact",
                "errorCode": "INVALID_FIELD",
            },
        ),
    ],
)
def test_a_bad_record_is_malformed(
    org: OrgClient, salesforce: Connect, record: dict[str, Any], error: dict[str, Any]
) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        salesforce(org).Contact.create(record)

    assert (refused.value.status, refused.value.content) == (400, [error])


def test_upsert_creates_then_updates_by_an_external_id(org: OrgClient, salesforce: Connect) -> None:
    org.custom_field("Account.Number__c", "Text", length=40, externalId=True, unique=True)
    sf = salesforce(org)

    assert sf.Account.upsert("Number__c/A 1", {"Name": "First"}) == 201
    again = sf.Account.upsert("Number__c/A 1", {"Name": "Second"}, raw_response=True)

    assert again.status_code == 200
    body = again.json()
    assert (body["created"], body["success"], body["errors"]) == (False, True, [])
    assert sf.Account.get(body["id"])["Name"] == "Second"


def test_upsert_by_an_email_that_leads_share(demo_org: OrgClient, salesforce: Connect) -> None:
    sf = salesforce(demo_org)

    assert sf.Lead.upsert(f"Email/{quote('ada.byron@example.com')}", {"FirstName": "Augusta"}) == 200
    with pytest.raises(SalesforceMoreThanOneRecord) as several:
        sf.Lead.upsert("Email/duplicate@example.com", {"FirstName": "C"})

    found = sf.query("SELECT Id FROM Lead WHERE Email = 'duplicate@example.com'")["records"]
    assert sorted(several.value.content) == sorted(row["attributes"]["url"] for row in found)
    assert several.value.status == 300


def test_a_record_by_its_custom_id(demo_org: OrgClient, salesforce: Connect) -> None:
    sf = salesforce(demo_org)
    [contact] = sf.query("SELECT Id, UserId__c FROM Contact WHERE UserId__c = 'milton.w'")["records"]

    row = sf.Contact.get_by_custom_id("UserId__c", contact["UserId__c"])
    assert (row["Id"], row["attributes"]["type"]) == (contact["Id"], "Contact")

    with pytest.raises(SalesforceResourceNotFound) as unknown_value:
        sf.Contact.get_by_custom_id("UserId__c", "nobody")
    with pytest.raises(SalesforceResourceNotFound) as no_key:
        sf.Contact.get_by_custom_id("FirstName", "Milton")
    assert unknown_value.value.content == NOT_FOUND
    assert no_key.value.content == [
        {
            "message": "Provided external ID field does not exist or is not accessible: FirstName",
            "errorCode": "NOT_FOUND",
        }
    ]


def test_a_file_keeps_its_bytes(demo_org: OrgClient, salesforce: Connect, tmp_path: Path) -> None:
    sf = salesforce(demo_org)
    content = bytes(range(256))
    file = tmp_path / "new.bin"
    file.write_bytes(content)
    [document] = sf.query("SELECT Id, Body FROM Document LIMIT 1")["records"]

    assert sf.Document.update_base64(document["Id"], str(file)) == 204

    assert sf.Document.get_base64(document["Id"]) == content
    assert document["Body"].endswith(f"/sobjects/Document/{document['Id']}/Body")


def test_records_by_the_two_hundred(org: OrgClient, salesforce: Connect) -> None:
    sf = salesforce(org)
    leads = [{"attributes": {"type": "Lead"}, "LastName": f"{n}", "Company": "A"} for n in range(199)]
    bad = {"attributes": {"type": "Lead"}, "LastName": "x" * 81, "Company": "A"}

    made = sf.restful("composite/sobjects", method="POST", json={"records": [*leads, bad]})
    ids = [row["id"] for row in made[:-1]]
    changed = sf.restful(
        "composite/sobjects",
        method="PATCH",
        json={"records": [{"attributes": {"type": "Lead"}, "id": ids[0], "Company": "B"}]},
    )
    removed = sf.restful("composite/sobjects", {"ids": ",".join(ids[1:])}, method="DELETE")

    assert all(row["success"] for row in made[:-1])
    assert made[-1]["success"] is False
    assert made[-1]["errors"][0]["statusCode"] == "STRING_TOO_LONG"
    assert "id" not in made[-1]
    assert changed == [{"id": ids[0], "success": True, "errors": []}]
    assert removed == [{"id": each, "success": True, "errors": []} for each in ids[1:]]
    assert [row["Company"] for row in sf.query("SELECT Company FROM Lead")["records"]] == ["B"]


def test_a_composite_request_hands_ids_on(org: OrgClient, salesforce: Connect) -> None:
    sf = salesforce(org)
    base = f"/services/data/v{sf.sf_version}"
    account = {
        "method": "POST",
        "url": f"{base}/sobjects/Account",
        "referenceId": "account",
        "body": {"Name": "Acme"},
    }
    contact = {
        "method": "POST",
        "url": f"{base}/sobjects/Contact",
        "referenceId": "contact",
        "body": {"LastName": "W.", "AccountId": "@{account.id}"},
    }
    soql = "SELECT Account.Name FROM Contact WHERE Id = '@{contact.id}'"
    query = {"method": "GET", "url": f"{base}/query/?q={soql}", "referenceId": "query"}

    answer = sf.restful(
        "composite", method="POST", json={"allOrNone": True, "compositeRequest": [account, contact, query]}
    )["compositeResponse"]

    assert [(each["referenceId"], each["httpStatusCode"]) for each in answer] == [
        ("account", 201),
        ("contact", 201),
        ("query", 200),
    ]
    assert answer[2]["body"]["records"][0]["Account"]["Name"] == "Acme"


def test_a_custom_field_by_the_tooling_api(org: OrgClient, salesforce: Connect) -> None:
    sf = salesforce(org)
    metadata = {"type": "Number", "label": "Score", "precision": 5, "scale": 1}

    made = sf.toolingexecute(
        "sobjects/CustomField", "POST", {"FullName": "Lead.Score__c", "Metadata": metadata}
    )
    sf.Lead.create({"LastName": "Byron", "Company": "A", "Score__c": 4.5})

    assert made["success"] is True
    assert [row["Score__c"] for row in sf.query("SELECT Score__c FROM Lead")["records"]] == [4.5]
