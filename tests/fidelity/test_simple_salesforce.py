"""simple-salesforce describes, queries and asks about the org, as its own documentation promises."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from simple_salesforce import Salesforce, format_soql
from simple_salesforce.exceptions import (
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)

if TYPE_CHECKING:
    from local_org_client import OrgClient

Connect = Callable[..., Salesforce]
NOT_FOUND = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]


def test_global_describe(demo_org: OrgClient, salesforce: Connect) -> None:
    answer = salesforce(demo_org).describe()

    assert (answer["encoding"], answer["maxBatchSize"]) == ("UTF-8", 200)
    objects = {each["name"]: each for each in answer["sobjects"]}
    assert objects["Lead"]["keyPrefix"] == "00Q"
    assert objects["Lead"]["urls"]["describe"] == "/services/data/v64.0/sobjects/Lead/describe"
    assert (objects["Invoice__c"]["custom"], objects["Lead"]["custom"]) == (True, False)


def test_object_describe_and_metadata(demo_org: OrgClient, salesforce: Connect) -> None:
    sf = salesforce(demo_org)

    describe = sf.Contact.describe()
    metadata = sf.Contact.metadata()

    fields = {each["name"]: each for each in describe["fields"]}
    assert fields["AccountId"]["referenceTo"] == ["Account"]
    assert (fields["UserId__c"]["externalId"], fields["Email"]["idLookup"]) == (True, True)
    assert fields["MailingCity"]["compoundFieldName"] == "MailingAddress"
    assert metadata["objectDescribe"]["name"] == "Contact"
    assert isinstance(metadata["recentItems"], list)


@pytest.mark.parametrize("call", ["metadata", "describe"])
def test_an_unknown_object_is_not_found(org: OrgClient, salesforce: Connect, call: str) -> None:
    with pytest.raises(SalesforceResourceNotFound) as missing:
        getattr(salesforce(org).Nothing__c, call)()

    assert (missing.value.status, missing.value.content) == (404, NOT_FOUND)


def test_a_query_gives_typed_rows_in_select_order(demo_org: OrgClient, salesforce: Connect) -> None:
    answer = salesforce(demo_org).query(
        format_soql(
            "SELECT Id, LastName, IsConverted, NumberOfEmployees, CreatedDate, Owner.Name"
            " FROM Lead WHERE Email = {}",
            "ada.byron@example.com",
        )
    )

    assert (answer["totalSize"], answer["done"]) == (1, True)
    [row] = answer["records"]
    names = ["attributes", "Id", "LastName", "IsConverted", "NumberOfEmployees", "CreatedDate", "Owner"]
    assert list(row) == names
    assert row["attributes"] == {"type": "Lead", "url": f"/services/data/v64.0/sobjects/Lead/{row['Id']}"}
    assert (row["LastName"], row["IsConverted"], row["NumberOfEmployees"]) == ("Byron", False, None)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000", row["CreatedDate"])
    assert list(row["Owner"]) == ["attributes", "Name"]


def test_query_all_walks_every_page(org: OrgClient, salesforce: Connect) -> None:
    org.create("Account", [{"Name": f"Account {number:04}"} for number in range(950)])
    sf = salesforce(org)
    small = {"Sforce-Query-Options": "batchSize=200"}
    soql = "SELECT Name FROM Account WHERE Name LIKE 'Account %' ORDER BY Name"

    first = sf.query(soql, headers=small)
    everything = sf.query_all(soql, headers=small)
    lazily = list(sf.query_all_iter(soql, headers=small))

    assert (first["totalSize"], first["done"], len(first["records"])) == (950, False, 200)
    assert (everything["totalSize"], everything["done"]) == (950, True)
    assert [row["Name"] for row in everything["records"]] == [f"Account {n:04}" for n in range(950)]
    assert lazily == everything["records"]


def test_query_more_takes_a_url_or_an_identifier(org: OrgClient, salesforce: Connect) -> None:
    org.create("Lead", [{"LastName": f"{number:03}", "Company": "A"} for number in range(201)])
    sf = salesforce(org)
    first = sf.query("SELECT Id FROM Lead", headers={"Sforce-Query-Options": "batchSize=200"})
    url = first["nextRecordsUrl"]

    by_url = sf.query_more(url, identifier_is_url=True)
    by_name = sf.query_more(url.rpartition("/")[2])
    of_all = sf.query_more(url.rpartition("/")[2], include_deleted=True)

    assert by_url == by_name == of_all
    assert (by_url["totalSize"], by_url["done"], len(by_url["records"])) == (201, True, 1)


def test_query_sees_deleted_rows_only_when_asked(org: OrgClient, salesforce: Connect) -> None:
    sf = salesforce(org)
    sf.Lead.delete(sf.Lead.create({"LastName": "Gone", "Company": "A"})["id"])
    soql = "SELECT LastName, IsDeleted FROM Lead"

    assert sf.query_all(soql)["records"] == []
    [row] = sf.query_all(soql, include_deleted=True)["records"]
    assert (row["LastName"], row["IsDeleted"]) == ("Gone", True)


@pytest.mark.parametrize(
    ("soql", "code", "text"),
    [
        ("SELECT Nothing FROM Lead", "INVALID_FIELD", "No such column 'Nothing' on entity 'Lead'."),
        ("SELECT Id FROM Nothing", "INVALID_TYPE", "sObject type 'Nothing' is not supported."),
        ("SELECT Id FROM", "MALFORMED_QUERY", ""),
    ],
)
def test_a_bad_query_is_malformed(
    org: OrgClient, salesforce: Connect, soql: str, code: str, text: str
) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        salesforce(org).query(soql)

    [error] = refused.value.content
    assert (refused.value.status, refused.value.resource_name, error["errorCode"]) == (400, "query", code)
    assert text in error["message"]


def test_what_changed_and_what_went(org: OrgClient, salesforce: Connect) -> None:
    sf = salesforce(org)
    kept, gone = (sf.Lead.create({"LastName": name, "Company": "A"})["id"] for name in ("Kept", "Gone"))
    sf.Lead.delete(gone)
    now = datetime.now(timezone.utc)
    span = now - timedelta(hours=1), now + timedelta(minutes=2)

    updated, deleted = sf.Lead.updated(*span), sf.Lead.deleted(*span)

    assert updated["ids"] == [kept]
    assert [row["id"] for row in deleted["deletedRecords"]] == [gone]
    assert set(deleted) == {"deletedRecords", "earliestDateAvailable", "latestDateCovered"}
    for stamp in (updated["latestDateCovered"], *[row["deletedDate"] for row in deleted["deletedRecords"]]):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000", stamp)


def test_versions_limits_and_counts(demo_org: OrgClient, salesforce: Connect) -> None:
    sf = salesforce(demo_org)

    resources = sf.restful("")
    limits = sf.limits()
    counts = sf.restful("limits/recordCount", {"sObjects": "Account"})

    assert resources["sobjects"] == "/services/data/v64.0/sobjects"
    assert set(limits["DailyApiRequests"]) >= {"Max", "Remaining"}
    [count] = counts["sObjects"]
    assert count["name"] == "Account"
    assert count["count"] == sf.query("SELECT count() FROM Account")["totalSize"]
    assert sf.is_sandbox() is False


def test_who_am_i(org: OrgClient, salesforce: Connect) -> None:
    sf = salesforce(org)

    me = sf.oauth2("userinfo")

    [user] = sf.query(format_soql("SELECT Username FROM User WHERE Id = {}", me["user_id"]))["records"]
    assert me["preferred_username"] == user["Username"]


def test_a_crash_of_the_server_is_a_general_error(org: OrgClient, salesforce: Connect) -> None:
    sf = salesforce(org)
    body = '[{"message":"Server too busy","errorCode":"SERVER_UNAVAILABLE"}]'
    org.faults([{"path": ".*/limits/?", "action": {"status": 503, "body": body}}])

    with pytest.raises(SalesforceGeneralError) as failed:
        sf.limits()

    assert failed.value.status == 503
    assert failed.value.content == [{"message": "Server too busy", "errorCode": "SERVER_UNAVAILABLE"}]


def test_search(demo_org: OrgClient, salesforce: Connect) -> None:
    sf = salesforce(demo_org)

    found = sf.quick_search("Byron")
    narrowed = sf.search("FIND {Byron} IN NAME FIELDS RETURNING Lead(Id, Email)")

    types = {row["attributes"]["type"] for row in found["searchRecords"]}
    assert "Lead" in types
    [lead] = narrowed["searchRecords"]
    assert lead["Email"] == "ada.byron@example.com"
    with pytest.raises(SalesforceMalformedRequest) as refused:
        sf.search("FIND Byron")
    assert refused.value.content[0]["errorCode"] == "MALFORMED_SEARCH"
