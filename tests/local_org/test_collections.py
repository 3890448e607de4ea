"""Up to 200 records in one call, through HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from salesforce_local_org import ids

if TYPE_CHECKING:
    from local_org_client import OrgClient

ROLLED_BACK = {
    "success": False,
    "errors": [
        {
            "statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK",
            "message": "Record rolled back because not all records were valid and the request was using"
            " AllOrNone header",
            "fields": [],
        }
    ],
}


def typed(sobject: str, **values: Any) -> dict[str, Any]:
    return {"attributes": {"type": sobject}} | values


def lead(number: int, **values: Any) -> dict[str, Any]:
    return typed("Lead", LastName=f"L{number}", Company="Engines", Email=f"p{number}@example.com") | values


def send(org: OrgClient, method: str, path: str, records: list[Any], **more: Any) -> list[dict[str, Any]]:
    answer = org.rest(method, path, json={"records": records} | more)
    assert answer.status_code == 200, answer.text
    rows = answer.json()
    assert isinstance(rows, list)
    assert len(rows) == len(records)
    return rows


def codes(rows: list[dict[str, Any]]) -> list[str | None]:
    return [row["errors"][0]["statusCode"] if row["errors"] else None for row in rows]


# ---- create, update, delete


def test_results_stand_in_the_records_order_and_failures_do_no_harm(org: OrgClient) -> None:
    records = [lead(0), lead(1, Email="badone"), lead(2), typed("Lead", LastName="x"), lead(4)]
    rows = send(org, "POST", "composite/sobjects", records)
    assert codes(rows) == [None, "INVALID_EMAIL_ADDRESS", None, "REQUIRED_FIELD_MISSING", None]
    assert rows[1] == {
        "success": False,
        "errors": [
            {
                "statusCode": "INVALID_EMAIL_ADDRESS",
                "message": "Email: invalid email address: badone",
                "fields": ["Email"],
            }
        ],
    }
    assert list(rows[0]) == ["id", "success", "errors"]
    names = {row["Id"]: row["LastName"] for row in org.query("SELECT Id, LastName FROM Lead")}
    assert names == {rows[0]["id"]: "L0", rows[2]["id"]: "L2", rows[4]["id"]: "L4"}


def test_all_or_none(org: OrgClient) -> None:
    rows = send(org, "POST", "composite/sobjects", [lead(0), lead(1, LastName="")], allOrNone=True)
    assert rows[0] == ROLLED_BACK
    assert codes(rows)[1] == "REQUIRED_FIELD_MISSING"
    assert org.query("SELECT Id FROM Lead") == []


def test_update_takes_the_id_in_either_spelling(org: OrgClient) -> None:
    first, second = org.create("Lead", [lead(0), lead(1)])
    records = [
        typed("Lead", id=first, Title="one"),
        typed("Lead", Id=second[:15], Title="two"),
        typed("Lead", Title="three"),
        typed("Lead", id=ids.make("00Q", 999), Title="four"),
        typed("Lead", id=ids.make("001", 1), Title="five"),
        typed("Lead", id=first, Id=first, Name="six"),
    ]
    rows = send(org, "PATCH", "composite/sobjects", records)
    assert [row.get("id") for row in rows] == [first, second, None, None, None, None]
    assert codes(rows) == [
        None,
        None,
        "MISSING_ARGUMENT",
        "INVALID_CROSS_REFERENCE_KEY",
        "MALFORMED_ID",
        "INVALID_FIELD_FOR_INSERT_UPDATE",
    ]
    assert [row["Title"] for row in org.query("SELECT Title FROM Lead ORDER BY LastName")] == ["one", "two"]


def test_one_record_may_come_twice_in_an_update(org: OrgClient) -> None:
    (record_id,) = org.create("Lead", [lead(0)])
    records = [typed("Lead", id=record_id, Title="one"), typed("Lead", id=record_id, Title="two")]
    assert codes(send(org, "PATCH", "composite/sobjects", records)) == [None, None]
    assert [row["Title"] for row in org.query("SELECT Title FROM Lead")] == ["two"]


def test_delete(org: OrgClient) -> None:
    first, second = org.create("Lead", [lead(0), lead(1)])
    path = f"composite/sobjects?ids={first},{first},{ids.make('00Q', 999)},nonsense"
    rows = org.rest("DELETE", path).json()
    assert rows[0] == {"id": first, "success": True, "errors": []}
    assert codes(rows) == [None, "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID"]
    rows = org.rest("DELETE", f"composite/sobjects?ids={second},{first}&allOrNone=true").json()
    assert rows[0] == ROLLED_BACK
    assert [row["Id"] for row in org.query("SELECT Id FROM Lead")] == [second]


def test_objects_may_be_mixed_in_up_to_ten_pieces(org: OrgClient) -> None:
    mixed = [lead(0), typed("Account", Name="A"), lead(1)]
    assert codes(send(org, "POST", "composite/sobjects", mixed)) == [None] * 3
    records = [typed("Account", Name="A") if n % 2 else lead(n) for n in range(11)]
    answer = org.rest("POST", "composite/sobjects", json={"records": records})
    assert answer.status_code == 400
    assert answer.json()[0]["message"].startswith("Cannot have more than 10 chunks")
    assert org.query("SELECT COUNT(Id) FROM Lead")[0]["expr0"] == 2


def test_200_records_are_the_most(org: OrgClient) -> None:
    assert codes(send(org, "POST", "composite/sobjects", [lead(n) for n in range(200)])) == [None] * 200
    answer = org.rest("POST", "composite/sobjects", json={"records": [lead(n) for n in range(201)]})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "EXCEEDED_ID_LIMIT")
    many = ",".join(ids.make("00Q", n) for n in range(1, 202))
    assert org.rest("DELETE", f"composite/sobjects?ids={many}").status_code == 400


def test_one_call_costs_one(org: OrgClient) -> None:
    org.token()
    before = org.api_calls()
    send(org, "POST", "composite/sobjects", [lead(n) for n in range(50)])
    assert org.api_calls() - before == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"records": {}},
        {"records": []},
        {"records": [5]},
        {"records": [{"LastName": "x"}]},
        {"records": [{"attributes": {}}]},
        {"records": [typed("Nonsense")]},
        {"records": [typed("Lead", Nonsense=1)]},
        [],
    ],
)
def test_a_body_of_the_wrong_shape(org: OrgClient, body: Any) -> None:
    for method, path in (("POST", ""), ("PATCH", ""), ("PATCH", "/Lead/Email")):
        answer = org.rest(method, f"composite/sobjects{path}", json=body)
        assert answer.status_code == 400
        assert answer.json()[0]["errorCode"]


# ---- upsert


def test_upsert_creates_and_updates_in_order(org: OrgClient) -> None:
    (known,) = org.create("Lead", [lead(1)])
    rows = send(org, "PATCH", "composite/sobjects/Lead/Email", [lead(0), lead(1, Title="Countess"), lead(2)])
    assert [row["created"] for row in rows] == [True, False, True]
    assert rows[1] == {"id": known, "success": True, "errors": [], "created": False}
    assert [row["Title"] for row in org.query("SELECT Title FROM Lead ORDER BY LastName")] == [
        None,
        "Countess",
        None,
    ]


def test_rows_that_share_a_key_all_fail(org: OrgClient) -> None:
    records = [lead(0), lead(1), lead(0, Email="P0@Example.com"), typed("Lead", LastName="x", Company="y")]
    rows = send(org, "PATCH", "composite/sobjects/Lead/Email", records)
    assert codes(rows) == ["DUPLICATE_VALUE", None, "DUPLICATE_VALUE", "MISSING_ARGUMENT"]
    assert rows[0]["errors"][0] == {
        "statusCode": "DUPLICATE_VALUE",
        "message": "Duplicate external id specified: p0@example.com",
        "fields": ["Email"],
    }


def test_a_key_that_several_records_have_fails_its_row(org: OrgClient) -> None:
    both = org.create("Lead", [lead(0), lead(0)])
    rows = send(org, "PATCH", "composite/sobjects/Lead/Email", [lead(0), lead(1)])
    assert codes(rows) == ["DUPLICATE_EXTERNAL_ID", None]
    message = f"Email: more than one record found for external id field: [{', '.join(both)}]"
    assert rows[0]["errors"][0]["message"] == message


def test_numbers_may_be_keys(org: OrgClient) -> None:
    org.custom_field("Lead.Number__c", "Number", precision=10, scale=0, externalId=True, unique=True)
    path = "composite/sobjects/Lead/Number__c"
    first = send(org, "PATCH", path, [lead(0, Number__c=7)])
    again = send(org, "PATCH", path, [lead(0, Number__c="7")])
    assert (first[0]["id"], again[0]["created"]) == (again[0]["id"], False)
    assert org.rest("GET", "sobjects/Lead/Number__c/7").json()["Number__c"] == 7


def test_upsert_by_id_creates_without_one(org: OrgClient) -> None:
    (known,) = org.create("Account", [{"Name": "A"}])
    records = [typed("Account", Id=None, Name="B"), typed("Account", Id=known, Name="C")]
    rows = send(org, "PATCH", "composite/sobjects/Account/Id", records)
    assert [row["created"] for row in rows] == [True, False]


def test_upsert_by_a_field_that_is_no_key(org: OrgClient) -> None:
    answer = org.rest(
        "PATCH", "composite/sobjects/Account/Name", json={"records": [typed("Account", Name="x")]}
    )
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "NOT_FOUND")


def test_an_upsert_is_of_one_object(org: OrgClient) -> None:
    records = [lead(0), typed("Contact", LastName="x", Email="a@example.com")]
    answer = org.rest("PATCH", "composite/sobjects/Lead/Email", json={"records": records})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_TYPE")


def test_deleted_records_are_not_found_by_a_key(org: OrgClient) -> None:
    (gone,) = org.create("Lead", [lead(0)])
    org.rest("DELETE", f"sobjects/Lead/{gone}")
    (row,) = send(org, "PATCH", "composite/sobjects/Lead/Email", [lead(0)])
    assert row["created"]
    assert row["id"] != gone


# ---- retrieve


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_retrieve(org: OrgClient, method: str) -> None:
    first, second, gone = org.create("Lead", [lead(0), lead(1), lead(2)])
    org.rest("DELETE", f"sobjects/Lead/{gone}")
    wanted = [second, gone, first[:15], ids.make("00Q", 999), second]
    if method == "GET":
        answer = org.rest("GET", f"composite/sobjects/Lead?ids={','.join(wanted)}&fields=LastName,Owner.Name")
    else:
        body = {"ids": wanted, "fields": ["LastName", "Owner.Name"]}
        answer = org.rest("POST", "composite/sobjects/Lead", json=body)
    assert [row and row["LastName"] for row in answer.json()] == ["L1", None, "L0", None, "L1"]
    assert answer.json()[0]["Owner"]["Name"] == "Local Administrator"


def test_retrieve_refuses_what_it_cannot_read(org: OrgClient) -> None:
    account = ids.make("001", 1)
    assert org.rest("GET", f"composite/sobjects/Lead?ids={account}&fields=Id").status_code == 400
    assert org.rest("POST", "composite/sobjects/Lead", json={"ids": "x", "fields": []}).status_code == 400
    bad = {"ids": [ids.make("00Q", 1)], "fields": ["Nonsense"]}
    answer = org.rest("POST", "composite/sobjects/Lead", json=bad)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_FIELD")


# ---- going wrong


def test_locked_rows_fail_one_by_one(org: OrgClient) -> None:
    (known,) = org.create("Lead", [lead(0)])
    org.faults([{"method": "PATCH", "action": {"lock_rows": True}}])
    (row,) = send(org, "PATCH", "composite/sobjects/Lead/Email", [lead(0, Title="x")])
    assert row["errors"] == [
        {
            "statusCode": "UNABLE_TO_LOCK_ROW",
            "message": f"unable to obtain exclusive access to this record or 1 records: {known}",
            "fields": [],
        }
    ]
