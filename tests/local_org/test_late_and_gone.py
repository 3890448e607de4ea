"""Rows that appear late, and rows that are gone for good, by the org's own clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from local_org_client import OrgClient

LEAD = {"LastName": "Lovelace", "Company": "Engines"}
PATH = "/services/data/v64.0/sobjects/Lead"


def covered(org: OrgClient, what: str) -> str:
    span = "start=2026-03-01T11:00:00Z&end=2026-03-01T13:00:00Z"
    return str(org.rest("GET", f"sobjects/Lead/{what}?{span}").json()["latestDateCovered"])


def test_a_long_transaction_shows_its_rows_late_and_holds_back_what_is_covered(org: OrgClient) -> None:
    org.clock(freeze_at="2026-03-01T12:00:00Z")
    (known,) = org.create("Lead", [LEAD])
    writes = [
        {"method": "POST", "path": PATH, "body": LEAD | {"LastName": "Late"}},
        {"method": "PATCH", "path": f"{PATH}/{known}", "body": {"Title": "x"}},
    ]
    opened = org.local("POST", "transactions", {"requests": writes})
    assert opened["started"] == "2026-03-01T12:00:00.000Z"
    org.clock(freeze_at="2026-03-01T12:30:00Z")
    org.create("Lead", [LEAD | {"LastName": "Quick"}])
    assert covered(org, "updated") == covered(org, "deleted") == "2026-03-01T12:00:00.000+0000"
    assert {row["LastName"] for row in org.query("SELECT LastName FROM Lead")} == {"Lovelace", "Quick"}

    done = org.local("POST", f"transactions/{opened['id']}/commit")
    assert [each["status"] for each in done["responses"]] == [201, 204]
    stamps = {
        row["LastName"]: row["SystemModstamp"]
        for row in org.query("SELECT LastName, SystemModstamp FROM Lead")
    }
    assert stamps["Late"] == "2026-03-01T12:00:00.000+0000" < stamps["Quick"]
    assert covered(org, "updated") == "2026-03-01T12:30:00.000+0000"
    assert org.local("GET", "transactions") == []


def test_a_transaction_may_be_rolled_back(org: OrgClient) -> None:
    opened = org.local("POST", "transactions", {"requests": [{"method": "POST", "path": PATH, "body": LEAD}]})
    assert [each["id"] for each in org.local("GET", "transactions")] == [opened["id"]]
    org.local("DELETE", f"transactions/{opened['id']}")
    assert org.query("SELECT Id FROM Lead") == []
    assert org.http("POST", f"/_local/transactions/{opened['id']}/commit").status_code == 404


@pytest.mark.parametrize(
    "requests", ["x", [5], [{"method": "POST"}], [{"method": "POST", "path": "/_local/reset"}]]
)
def test_a_transaction_of_the_wrong_shape(org: OrgClient, requests: object) -> None:
    assert org.http("POST", "/_local/transactions", json={"requests": requests}).status_code == 400


def test_the_recycle_bin_is_emptied_after_15_days_of_the_orgs_clock(org: OrgClient) -> None:
    org.clock(freeze_at="2026-03-01T12:00:00Z")
    early, late = org.create("Lead", [LEAD, LEAD])
    org.rest("DELETE", f"sobjects/Lead/{early}")
    org.clock(freeze_at="2026-03-02T12:00:00Z")
    org.rest("DELETE", f"sobjects/Lead/{late}")
    org.clock(freeze_at="2026-03-16T12:00:01Z")
    assert [row["Id"] for row in org.query("SELECT Id FROM Lead", all_rows=True)] == [late]
    span = "start=2026-03-02T00:00:00Z&end=2026-03-16T13:00:00Z"
    gone = org.rest("GET", f"sobjects/Lead/deleted?{span}").json()["deletedRecords"]
    assert [each["id"] for each in gone] == [late]
    answer = org.rest("DELETE", f"sobjects/Lead/{early}")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "ENTITY_IS_DELETED")
