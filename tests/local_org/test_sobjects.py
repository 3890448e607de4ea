"""One record at a time, through HTTP."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from salesforce_local_org import ids

if TYPE_CHECKING:
    from local_org_client import OrgClient

NOT_FOUND = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
DELETED = [{"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED", "fields": []}]
LEAD = {"LastName": "Lovelace", "Company": "Engines", "Email": "ada@example.com"}


@pytest.fixture
def lead(org: OrgClient) -> str:
    return org.create("Lead", [LEAD])[0]


def fields_of(org: OrgClient, record_id: str, *names: str) -> tuple[Any, ...]:
    record = org.rest("GET", f"sobjects/Lead/{record_id}?fields={','.join(names)}").json()
    return tuple(record[name] for name in names)


# ---- create, read, update, delete


def test_create_answers_with_id_and_location(org: OrgClient) -> None:
    answer = org.rest("POST", "sobjects/Lead/", json=LEAD)
    assert answer.status_code == 201
    record_id = answer.json()["id"]
    assert answer.json() == {"id": record_id, "success": True, "errors": []}
    assert answer.headers["Location"] == f"/services/data/v64.0/sobjects/Lead/{record_id}"
    assert ids.normalise(record_id) == record_id


def test_read_gives_every_field_in_describe_order(org: OrgClient, lead: str) -> None:
    answer = org.rest("GET", f"sobjects/lead/{lead[:15]}")
    described = [each["name"] for each in org.rest("GET", "sobjects/Lead/describe").json()["fields"]]
    record = answer.json()
    assert list(record) == ["attributes", *described]
    assert record["attributes"] == {"type": "Lead", "url": f"/services/data/v64.0/sobjects/Lead/{lead}"}
    assert record["CreatedDate"] == record["SystemModstamp"]
    assert record["SystemModstamp"].endswith(".000+0000")


def test_read_gives_the_fields_asked_for(org: OrgClient, lead: str) -> None:
    record = org.rest("GET", f"sobjects/Lead/{lead}?fields=email,Owner.Username,email").json()
    assert {name: record[name] for name in record if name != "attributes"} == {
        "Email": "ada@example.com",
        "Owner": record["Owner"],
        "Id": lead,
    }
    assert record["Owner"]["Username"] == "admin@example.com"
    assert org.rest("GET", f"sobjects/Lead/{lead}?fields=Nonsense").json()[0]["errorCode"] == "INVALID_FIELD"
    bad = org.rest("GET", f"sobjects/Lead/{lead}", params={"fields": "Id FROM User--"})
    assert bad.json()[0]["errorCode"] == "INVALID_FIELD"


@pytest.mark.parametrize("how", [("PATCH", ""), ("POST", "?_HttpMethod=PATCH")])
def test_update_changes_what_is_given(org: OrgClient, lead: str, how: tuple[str, str]) -> None:
    org.clock(freeze_at="2027-01-01T00:00:00Z")
    method, query = how
    answer = org.rest(method, f"sobjects/Lead/{lead}{query}", json={"title": "Countess"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert fields_of(org, lead, "Title", "Company", "SystemModstamp", "LastModifiedDate") == (
        "Countess",
        "Engines",
        "2027-01-01T00:00:00.000+0000",
        "2027-01-01T00:00:00.000+0000",
    )


def test_the_id_does_not_belong_into_an_updates_body(org: OrgClient, lead: str) -> None:
    answer = org.rest("PATCH", f"sobjects/Lead/{lead}", json={"Id": lead, "Title": "x"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_FIELD")


def test_delete_and_what_follows(org: OrgClient, lead: str) -> None:
    assert org.rest("DELETE", f"sobjects/Lead/{lead}").status_code == 204
    assert org.rest("GET", f"sobjects/Lead/{lead}").json() == NOT_FOUND
    for method in ("DELETE", "PATCH"):
        answer = org.rest(method, f"sobjects/Lead/{lead}", json={})
        assert (answer.status_code, answer.json()) == (404, DELETED)
    (row,) = org.query("SELECT Id, IsDeleted FROM Lead", all_rows=True)
    assert row == {"Id": lead, "IsDeleted": True}
    assert org.query("SELECT Id FROM Lead") == []


def test_a_delete_takes_children_along(org: OrgClient) -> None:
    (account,) = org.create("Account", [{"Name": "Acme"}])
    org.create("Contact", [{"LastName": "Lovelace", "AccountId": account}])
    org.rest("DELETE", f"sobjects/Account/{account}")
    assert [row["IsDeleted"] for row in org.query("SELECT IsDeleted FROM Contact", all_rows=True)] == [True]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "sobjects/Nonsense/001", 404, "NOT_FOUND"),
        ("POST", "sobjects/Nonsense", 404, "NOT_FOUND"),
        ("GET", f"sobjects/Lead/{ids.make('00Q', 999)}", 404, "NOT_FOUND"),
        ("PATCH", f"sobjects/Lead/{ids.make('00Q', 999)}", 404, "NOT_FOUND"),
        ("DELETE", f"sobjects/Lead/{ids.make('00Q', 999)}", 404, "NOT_FOUND"),
        ("DELETE", "sobjects/Lead/nonsense", 404, "NOT_FOUND"),
        ("PATCH", f"sobjects/Lead/{ids.make('001', 1)}", 400, "MALFORMED_ID"),
        ("GET", f"sobjects/Name/{ids.make('0nm', 1)}", 404, "NOT_FOUND"),
        ("PATCH", "sobjects/Lead/Nonsense/x", 404, "NOT_FOUND"),
        ("PATCH", "sobjects/Lead/Company/x", 404, "NOT_FOUND"),
    ],
)
def test_a_record_that_is_not_there(org: OrgClient, method: str, path: str, status: int, code: str) -> None:
    answer = org.rest(method, path, json={"LastName": "x", "Company": "y"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)


@pytest.mark.parametrize("body", ["", "[]", '"x"', "{", '{"LastName": }', "null", "\ud800"])
def test_a_body_that_is_no_object(org: OrgClient, body: str) -> None:
    answer = org.rest("POST", "sobjects/Lead", data=body.encode("utf-8", "surrogatepass"))
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


def test_conditional_requests(org: OrgClient, lead: str) -> None:
    answer = org.rest("GET", f"sobjects/Lead/{lead}")
    modified = answer.headers["Last-Modified"]
    again = org.rest("GET", f"sobjects/Lead/{lead}", headers={"If-Modified-Since": modified})
    assert (again.status_code, again.content) == (304, b"")
    past = {"If-Unmodified-Since": "Thu, 01 Jan 2015 00:00:00 GMT"}
    assert org.rest("PATCH", f"sobjects/Lead/{lead}", json={"Title": "x"}, headers=past).status_code == 412
    now = {"If-Unmodified-Since": modified}
    assert org.rest("PATCH", f"sobjects/Lead/{lead}", json={"Title": "x"}, headers=now).status_code == 204


# ---- upsert and other keys


def test_upsert_by_a_key(org: OrgClient) -> None:
    new = org.rest("PATCH", "sobjects/Lead/Email/ada%40example.com", json={"LastName": "A", "Company": "B"})
    record_id = new.json()["id"]
    assert (new.status_code, new.json()) == (
        201,
        {"id": record_id, "success": True, "errors": [], "created": True},
    )
    again = org.rest("PATCH", "sobjects/Lead/email/ADA@example.com", json={"Title": "Countess"})
    assert (again.status_code, again.json()) == (
        200,
        {"id": record_id, "success": True, "errors": [], "created": False},
    )
    assert fields_of(org, record_id, "Email", "Title") == ("ada@example.com", "Countess")


def test_before_version_46_an_upsert_has_no_body_when_it_updates(org: OrgClient, lead: str) -> None:
    path = "/services/data/v45.0/sobjects/Lead/Email/ada@example.com"
    answer = org.rest("PATCH", path, json={"Title": "Countess"})
    assert (answer.status_code, answer.content) == (204, b"")
    created = org.rest("PATCH", path + ".uk", json={"LastName": "A", "Company": "B"})
    assert (created.status_code, "created" in created.json()) == (201, False)
    assert fields_of(org, lead, "Title") == ("Countess",)


def test_upsert_that_may_only_update(org: OrgClient) -> None:
    path = "sobjects/Lead/Email/new@example.com?updateOnly=true"
    answer = org.rest("PATCH", path, json={"LastName": "A", "Company": "B"})
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert org.query("SELECT Id FROM Lead") == []


@pytest.mark.parametrize("method", ["PATCH", "GET", "DELETE"])
def test_a_key_that_several_records_have(org: OrgClient, method: str) -> None:
    both = org.create("Lead", [LEAD, LEAD])
    answer = org.rest(method, "sobjects/Lead/Email/ada@example.com", json={"Title": "x"})
    assert answer.status_code == 300
    assert answer.json() == [f"/services/data/v64.0/sobjects/Lead/{each}" for each in both]
    assert [row["Title"] for row in org.query("SELECT Title FROM Lead")] == [None, None]


def test_an_address_that_ends_like_a_file_name_is_not_found(org: OrgClient) -> None:
    answer = org.rest("PATCH", "sobjects/Lead/Email/ada@example.inc", json={"LastName": "A", "Company": "B"})
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    (record_id,) = org.create("Lead", [LEAD | {"Email": "ada@example.inc"}])
    assert fields_of(org, record_id, "Email") == ("ada@example.inc",)


def test_a_field_that_is_no_key(org: OrgClient) -> None:
    answer = org.rest("PATCH", "sobjects/Lead/Namez/x", json={})
    assert answer.json() == [
        {
            "errorCode": "NOT_FOUND",
            "message": "Provided external ID field does not exist or is not accessible: Namez",
        }
    ]


@pytest.mark.parametrize("name", ["Id", "Email"])
def test_the_key_does_not_belong_into_the_body(org: OrgClient, name: str) -> None:
    answer = org.rest("PATCH", "sobjects/Lead/Email/ada@example.com", json={name: "ada@example.com"})
    assert answer.json()[0]["message"] == f"The {name} field should not be specified in the sobject data."


def test_external_ids_with_hostile_values(org: OrgClient) -> None:
    org.custom_field("Lead.Key__c", "Text", length=60, externalId=True, unique=True)
    for value in ("a/b", "ü ö", "it's", "100%25", "a?b=c&d", "' OR 1=1 --"):
        path = f"sobjects/Lead/Key__c/{quote(value, safe='')}"
        created = org.rest("PATCH", path, json={"LastName": "x", "Company": "y"})
        assert created.status_code == 201, created.text
        assert org.rest("GET", path).json()["Key__c"] == value


def test_case_counts_in_external_ids_that_are_not_unique(org: OrgClient) -> None:
    org.custom_field("Lead.Key__c", "Text", length=20, externalId=True)
    body = {"LastName": "x", "Company": "y"}
    assert org.rest("PATCH", "sobjects/Lead/Key__c/abc", json=body).status_code == 201
    assert org.rest("PATCH", "sobjects/Lead/Key__c/ABC", json=body).status_code == 201
    assert org.rest("PATCH", "sobjects/Lead/Key__c/abc", json=body).status_code == 200


def test_upsert_by_id(org: OrgClient, lead: str) -> None:
    assert org.rest("PATCH", f"sobjects/Lead/Id/{lead}", json={"Title": "Countess"}).status_code == 200
    assert org.rest("POST", "sobjects/Lead/Id", json={"LastName": "x", "Company": "y"}).status_code == 201


def test_read_and_delete_by_key(org: OrgClient, lead: str) -> None:
    assert org.rest("GET", "sobjects/Lead/Email/ada@example.com").json()["Id"] == lead
    assert org.rest("DELETE", "sobjects/Lead/Email/ada@example.com").status_code == 204
    assert org.rest("GET", "sobjects/Lead/Email/ada@example.com").json() == NOT_FOUND


# ---- parts of a record


def test_a_documents_body(org: OrgClient) -> None:
    (user,) = [row["Id"] for row in org.query("SELECT Id FROM User LIMIT 1")]
    content = bytes(range(256)) * 10
    values = {"Name": "d", "DeveloperName": "d", "FolderId": user, "ContentType": "image/png"}
    (document,) = org.create("Document", [values | {"Body": base64.b64encode(content).decode()}])
    record = org.rest("GET", f"sobjects/Document/{document}").json()
    assert record["Body"] == f"/services/data/v64.0/sobjects/Document/{document}/Body"
    assert record["BodyLength"] == len(content)
    answer = org.rest("GET", record["Body"])
    assert (answer.content, answer.headers["Content-Type"]) == (content, "image/png")


def test_the_parent_of_a_record(org: OrgClient) -> None:
    (account,) = org.create("Account", [{"Name": "Acme"}])
    contact, lonely = org.create("Contact", [{"LastName": "x", "AccountId": account}, {"LastName": "y"}])
    assert org.rest("GET", f"sobjects/Contact/{contact}/Account?fields=Name").json()["Name"] == "Acme"
    assert org.rest("GET", f"sobjects/Contact/{lonely}/Account").json() == NOT_FOUND


# ---- updated and deleted


def test_updated_and_deleted_tell_what_changed(org: OrgClient) -> None:
    org.clock(freeze_at="2026-03-01T12:00:30Z")
    first, second, third = org.create("Lead", [LEAD, LEAD, LEAD])
    org.clock(freeze_at="2026-03-01T12:10:30Z")
    org.rest("PATCH", f"sobjects/Lead/{second}", json={"Title": "x"})
    org.rest("DELETE", f"sobjects/Lead/{third}")
    span = "start=2026-03-01T12:05:00%2B00:00&end=2026-03-01T13:11:59%2B01:00"
    assert org.rest("GET", f"sobjects/Lead/updated?{span}").json() == {
        "ids": [second],
        "latestDateCovered": "2026-03-01T12:10:00.000+0000",
    }
    assert org.rest("GET", f"sobjects/Lead/deleted/?{span}").json() == {
        "deletedRecords": [{"id": third, "deletedDate": "2026-03-01T12:10:30.000+0000"}],
        "earliestDateAvailable": "2026-02-14T12:10:00.000+0000",
        "latestDateCovered": "2026-03-01T12:10:00.000+0000",
    }
    org.clock(freeze_at="2026-03-01T13:00:00Z")
    covered = org.rest("GET", f"sobjects/Lead/updated?{span}").json()["latestDateCovered"]
    assert covered == "2026-03-01T12:11:00.000+0000"
    assert first not in org.rest("GET", f"sobjects/Lead/updated?{span}").json()["ids"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("Lead/updated?start=2026-02-20T00:00:00Z&end=2026-02-20T00:01:00Z", "INVALID_REPLICATION_DATE"),
        ("Lead/updated?start=2026-01-01T00:00:00Z&end=2026-02-20T00:00:00Z", "INVALID_REPLICATION_DATE"),
        ("Lead/deleted?start=2026-02-10T00:00:00Z&end=2026-02-20T00:00:00Z", "INVALID_REPLICATION_DATE"),
        ("Lead/updated?start=2026-02-20T00:00:00Z", "INVALID_FIELD"),
        ("Lead/updated?start=x&end=y", "INVALID_FIELD"),
        ("CampaignShare/updated?start=2026-02-20T00:00:00Z&end=2026-02-21T00:00:00Z", None),
    ],
)
def test_spans_that_cannot_be_asked_for(org: OrgClient, path: str, code: str | None) -> None:
    org.clock(freeze_at="2026-03-01T12:00:00Z")
    answer = org.rest("GET", f"sobjects/{path}")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code or "INVALID_TYPE_FOR_OPERATION")


# ---- going wrong


def test_locked_rows(org: OrgClient, lead: str) -> None:
    org.faults([{"method": "PATCH", "action": {"lock_rows": True}}])
    answer = org.rest("PATCH", f"sobjects/Lead/{lead}", json={"Title": "x"})
    assert (answer.status_code, answer.json()) == (
        400,
        [
            {
                "message": f"unable to obtain exclusive access to this record or 1 records: {lead}",
                "errorCode": "UNABLE_TO_LOCK_ROW",
                "fields": [],
            }
        ],
    )
    assert org.rest("PATCH", f"sobjects/Lead/{lead}", json={"Title": "x"}).status_code == 204
