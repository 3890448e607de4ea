"""Describe: keys, shapes, and 304 for those who know already."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from local_org_client import OrgClient

KEYS = json.loads(Path(__file__).with_name("describe_keys.json").read_text())
"""The keys of recorded describes, in their order."""


def test_the_global_describe_lists_every_object_in_short(org: OrgClient) -> None:
    answer = org.rest("GET", "sobjects").json()

    assert (answer["encoding"], answer["maxBatchSize"]) == ("UTF-8", 200)
    names = [each["name"] for each in answer["sobjects"]]
    assert names == sorted(names, key=str.lower)
    assert {"Account", "Lead", "Contact", "User", "Organization", "Name"} <= set(names)
    assert "AccountTag" not in names
    assert all(list(each) == KEYS["global"] for each in answer["sobjects"])
    lead = next(each for each in answer["sobjects"] if each["name"] == "Lead")
    assert lead["keyPrefix"] == "00Q"
    assert lead["urls"]["rowTemplate"] == "/services/data/v64.0/sobjects/Lead/{ID}"


def test_the_demo_org_has_tags(demo_org: OrgClient) -> None:
    assert "AccountTag" in {each["name"] for each in demo_org.rest("GET", "sobjects").json()["sobjects"]}


def test_an_object_in_full_has_every_key(org: OrgClient) -> None:
    lead = org.rest("GET", "sobjects/lead/describe").json()

    assert set(lead) == {*KEYS["global"], *KEYS["object"]}
    assert list(lead) == sorted(lead)
    assert all(list(field) == KEYS["field"] for field in lead["fields"])
    assert lead["name"] == "Lead"
    assert lead["recordTypeInfos"][-1]["recordTypeId"] == "012000000000000AAA"
    members = next(each for each in lead["childRelationships"] if each["childSObject"] == "CampaignMember")
    assert (members["relationshipName"], members["field"], members["cascadeDelete"]) == (
        "CampaignMembers",
        "LeadId",
        True,
    )


def test_fields_tell_what_they_are(org: OrgClient) -> None:
    fields = {field["name"]: field for field in org.rest("GET", "sobjects/Lead/describe").json()["fields"]}

    assert (fields["Id"]["soapType"], fields["Id"]["byteLength"]) == ("tns:ID", 18)
    assert (fields["LastName"]["length"], fields["LastName"]["byteLength"]) == (80, 240)
    assert fields["LastName"]["extraTypeInfo"] == "personname"
    assert fields["Email"]["idLookup"] is True
    assert fields["IsConverted"]["defaultValue"] is False
    assert fields["Address"]["soapType"] == "urn:address"
    assert fields["Address"]["queryByDistance"] is True
    assert fields["CreatedDate"]["soapType"] == "xsd:dateTime"
    assert fields["NumberOfEmployees"]["digits"] == 8
    assert fields["AnnualRevenue"]["soapType"] == "xsd:double"
    assert set(fields["Status"]["picklistValues"][0]) == {
        "active",
        "defaultValue",
        "label",
        "validFor",
        "value",
    }
    owner = fields["OwnerId"]
    assert (owner["referenceTo"], owner["relationshipName"]) == (["Group", "User"], "Owner")


def test_the_short_form_of_one_object(org: OrgClient) -> None:
    answer = org.rest("GET", "sobjects/Account").json()

    assert list(answer) == ["objectDescribe", "recentItems"]
    assert answer["objectDescribe"]["keyPrefix"] == "001"


@pytest.mark.parametrize("path", ["sobjects/Nonsense", "sobjects/Nonsense/describe", "sobjects/AccountTag"])
def test_an_object_that_is_not_there(org: OrgClient, path: str) -> None:
    answer = org.rest("GET", path)

    assert answer.status_code == 404
    assert answer.json() == [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]


@pytest.mark.parametrize("path", ["sobjects", "sobjects/Lead/describe"])
def test_who_knows_gets_304_and_who_knows_an_older_one_does_not(org: OrgClient, path: str) -> None:
    org.clock(freeze_at="2026-01-01T00:00:00Z")
    first = org.rest("GET", path)
    by_etag = {"If-None-Match": first.headers["ETag"]}
    by_date = {"If-Modified-Since": first.headers["Last-Modified"]}

    for condition in (by_etag, by_date):
        again = org.rest("GET", path, headers=condition)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        assert "Sforce-Limit-Info" in again.headers
    assert first.headers["ETag"].startswith('"')
    assert first.headers["Last-Modified"] == "Thu, 01 Jan 2026 00:00:00 GMT"

    org.custom_field("Lead.Score__c", "Number", precision=18, scale=0)
    changed = {path: org.rest("GET", path, headers=by_date), "": org.rest("GET", path, headers=by_etag)}
    if path != "sobjects":
        assert [answer.status_code for answer in changed.values()] == [200, 200]
        assert "Score__c" in {field["name"] for field in changed[path].json()["fields"]}


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Thu, 01 Jan 1998 00:00:00 GMT", 200),
        ("Thu, 01 Jan 2099 00:00:00 GMT", 304),
        ("no date", 200),
        ("", 200),
    ],
)
def test_any_date_will_do(org: OrgClient, header: str, status: int) -> None:
    answer = org.rest("GET", "sobjects/Lead/describe", headers={"If-Modified-Since": header})

    assert answer.status_code == status


def test_a_describe_inside_a_composite_shows_its_headers(org: OrgClient) -> None:
    url = "/services/data/v64.0/sobjects/Lead/describe"
    alone = org.rest("GET", "sobjects/Lead/describe")
    known = {"If-Modified-Since": alone.headers["Last-Modified"]}
    members = [
        {"method": "GET", "url": url, "referenceId": "all"},
        {"method": "GET", "url": url, "referenceId": "known", "httpHeaders": known},
    ]

    answers = org.rest("POST", "composite", json={"compositeRequest": members}).json()["compositeResponse"]

    assert answers[0]["body"] == alone.json()
    assert answers[0]["httpHeaders"]["ETag"] == alone.headers["ETag"]
    assert (answers[1]["httpStatusCode"], answers[1]["body"]) == (304, None)


def test_record_counts_count_what_is_not_deleted(org: OrgClient) -> None:
    ids = org.create("Lead", [{"LastName": f"L{number}", "Company": "C"} for number in range(3)])
    org.rest("DELETE", f"sobjects/Lead/{ids[0]}")

    answer = org.rest("GET", "limits/recordCount?sObjects=Lead,Account,Nonsense").json()

    assert answer == {"sObjects": [{"count": 2, "name": "Lead"}, {"count": 0, "name": "Account"}]}
    everything = {
        each["name"]: each["count"] for each in org.rest("GET", "limits/recordCount").json()["sObjects"]
    }
    assert everything["Lead"] == 2
    assert "Name" not in everything


def test_limits_list_maximum_and_remaining(org: OrgClient) -> None:
    org.rest("GET", "limits")

    limits = org.rest("GET", "limits").json()

    assert limits["DailyApiRequests"] == {"Max": 15000, "Remaining": 14999}
    assert {"DailyBulkV2QueryJobs", "DailyBulkApiBatches", "DailyBulkV2QueryFileStorageMB"} <= set(limits)
    assert all(set(each) == {"Max", "Remaining"} for each in limits.values())
