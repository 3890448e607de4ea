"""Paging: locators, page sizes, snapshots, expiry; and which rows ``query`` and ``queryAll`` see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from local_org_client import OrgClient

QUERY = "query?q=" + quote("SELECT Id, LastName FROM Lead ORDER BY LastName")


@pytest.fixture
def leads(org: OrgClient) -> list[str]:
    return org.create("Lead", [{"LastName": f"{number:04}", "Company": "C"} for number in range(450)])


def small_pages(org: OrgClient, path: str = QUERY, size: int = 200) -> dict[str, Any]:
    response = org.rest("GET", path, headers={"Sforce-Query-Options": f"batchSize={size}"})
    page: dict[str, Any] = response.json()
    return page


def test_a_long_result_comes_in_pages_by_locator(org: OrgClient, leads: list[str]) -> None:
    first = small_pages(org)
    second = org.rest("GET", first["nextRecordsUrl"]).json()
    third = org.rest("GET", second["nextRecordsUrl"] + "?q=SELECT+whatever+a+client+repeats").json()

    assert (first["totalSize"], first["done"], len(first["records"])) == (450, False, 200)
    assert first["nextRecordsUrl"].startswith("/services/data/v64.0/query/0r8")
    assert first["nextRecordsUrl"].endswith("-200")
    assert (second["totalSize"], second["done"], len(second["records"])) == (450, False, 200)
    assert (third["totalSize"], third["done"], len(third["records"])) == (450, True, 50)
    assert "nextRecordsUrl" not in third
    names = [each["LastName"] for page in (first, second, third) for each in page["records"]]
    assert names == [f"{number:04}" for number in range(450)]
    assert org.rest("GET", first["nextRecordsUrl"]).json() == second


@pytest.mark.parametrize(("asked", "size"), [(1, 200), (200, 200), (449, 449), (9_999, 450)])
def test_the_batch_size_is_between_200_and_2000(
    org: OrgClient, leads: list[str], asked: int, size: int
) -> None:
    assert len(small_pages(org, size=asked)["records"]) == size


def test_wide_rows_come_in_smaller_pages(org: OrgClient, leads: list[str]) -> None:
    for name in ("One", "Two"):
        org.custom_field(f"Lead.{name}__c", "LongTextArea", length=32_000, visibleLines=3)

    page = org.rest("GET", "query?q=" + quote("SELECT Id, One__c, Two__c FROM Lead")).json()

    assert (page["done"], len(page["records"])) == (False, 200)


def test_later_pages_show_what_the_query_saw(org: OrgClient, leads: list[str]) -> None:
    first = small_pages(org)
    org.rest("PATCH", f"sobjects/Lead/{leads[300]}", json={"LastName": "changed"})
    org.rest("DELETE", f"sobjects/Lead/{leads[301]}")

    second = org.rest("GET", first["nextRecordsUrl"]).json()

    assert [each["LastName"] for each in second["records"]] == [f"{number:04}" for number in range(200, 400)]


@pytest.mark.parametrize("ending", ["-100", "-201", "-450", "-0", "", "-x"])
def test_a_locator_that_leads_nowhere_is_refused(org: OrgClient, leads: list[str], ending: str) -> None:
    good = small_pages(org)["nextRecordsUrl"]

    refused = org.rest("GET", good.removesuffix("-200") + ending)

    assert refused.status_code == 400
    assert refused.json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_locators_live_two_days_of_the_orgs_clock(org: OrgClient, leads: list[str]) -> None:
    org.clock(freeze_at="2026-01-01T00:00:00Z")
    url = small_pages(org)["nextRecordsUrl"]

    org.clock(freeze_at="2026-01-03T00:00:00Z")
    assert org.rest("GET", url).status_code == 200
    org.clock(freeze_at="2026-01-03T00:00:01Z")
    assert org.rest("GET", url).json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_a_fault_can_expire_locators_and_lose_rows(org: OrgClient, leads: list[str]) -> None:
    url = small_pages(org)["nextRecordsUrl"]
    org.faults(
        [
            {"path": "/query/", "action": {"lose_rows": 3}},
            {"path": "/query", "action": {"expire_locators": True}},
        ]
    )

    short = org.rest("GET", url).json()
    expired = org.rest("GET", url)

    assert (len(short["records"]), short["totalSize"]) == (197, 450)
    assert expired.json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_a_locator_of_query_all_pages_under_query(org: OrgClient, leads: list[str]) -> None:
    org.rest("DELETE", f"sobjects/Lead/{leads[0]}")

    page = small_pages(org, QUERY.replace("query?", "queryAll?"))

    assert page["totalSize"] == 450
    assert "/query/0r8" in page["nextRecordsUrl"]
    assert org.rest("GET", page["nextRecordsUrl"].replace("/query/", "/queryAll/")).status_code == 200


def test_deleted_rows_are_only_in_query_all(org: OrgClient) -> None:
    account, contact = org.create("Account", [{"Name": "A"}])[0], None
    contact = org.create("Contact", [{"LastName": "C", "AccountId": account}])[0]
    org.rest("DELETE", f"sobjects/Account/{account}")

    soql = "SELECT Id, IsDeleted, (SELECT Id FROM Contacts) FROM Account"
    deleted = org.query(soql, all_rows=True)

    assert org.query(soql) == []
    assert deleted[0]["IsDeleted"] is True
    assert [each["Id"] for each in deleted[0]["Contacts"]["records"]] == [contact]
    assert len(org.query(f"{soql} ALL ROWS")) == 1


def test_archived_activities_are_only_in_query_all(demo_org: OrgClient) -> None:
    archived = demo_org.query("SELECT Id FROM Task WHERE IsArchived = true", all_rows=True)

    assert archived
    assert demo_org.query("SELECT Id FROM Task WHERE IsArchived = true") == []


@pytest.mark.parametrize("path", ["query", "query?q=", "query?q=%20"])
def test_a_query_without_a_statement_is_refused(org: OrgClient, path: str) -> None:
    assert org.rest("GET", path).json()[0]["errorCode"] == "MALFORMED_QUERY"
