"""What the demo company has in it: a business that hangs together, hostile values, records called by name."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from stored_rows import Rows, all_rows, by_email

from salesforce_local_org.clock import format_stamp
from salesforce_local_org.org import Org

if TYPE_CHECKING:
    from local_org_client import OrgClient


@pytest.fixture(scope="module")
def org() -> Org:
    return Org(seed="demo")


@pytest.fixture(scope="module")
def rows(org: Org) -> Rows:
    return all_rows(org)


# ---- over HTTP


@pytest.mark.parametrize("scale", [1, 2])
def test_a_reset_over_http_makes_the_company_to_scale(demo_org: OrgClient, scale: int) -> None:
    demo_org.reset("demo", scale)
    counts = {
        name: demo_org.rest("GET", "queryAll", params={"q": f"SELECT COUNT() FROM {name}"}).json()[
            "totalSize"
        ]
        for name in ("Account", "Contact", "Lead", "User")
    }
    assert counts == {
        "Account": 4 + 114 * scale,
        "Contact": 2 + 383 * scale,
        "Lead": 8 + 284 * scale,
        "User": 24,
    }


def test_every_object_that_can_be_queried_is_read_whole(demo_org: OrgClient) -> None:
    objects = demo_org.rest("GET", "sobjects").json()["sobjects"]
    names = [each["name"] for each in objects if each["queryable"]]
    assert len(names) > 55
    for name in names:
        answer = demo_org.rest("GET", "queryAll", params={"q": f"SELECT FIELDS(ALL) FROM {name} LIMIT 200"})
        assert answer.status_code == 200, (name, answer.text)
        assert answer.json()["records"], name


def test_formula_location_and_lookup_of_the_custom_object_are_read(demo_org: OrgClient) -> None:
    query = (
        "SELECT Location__c, Account__r.Revenue_Per_Employee__c FROM Invoice__c"
        " WHERE Location__Latitude__s > 0 AND Account__r.Revenue_Per_Employee__c > 0 LIMIT 1"
    )
    (invoice,) = demo_org.rest("GET", "query", params={"q": query}).json()["records"]
    assert set(invoice["Location__c"]) == {"latitude", "longitude"}
    assert invoice["Account__r"]["Revenue_Per_Employee__c"] > 0


# ---- the business


def test_converted_leads_became_what_they_say(rows: Rows) -> None:
    contacts = {row["Id"]: row for row in rows["Contact"]}
    converted = [row for row in rows["Lead"] if row["IsConverted"]]
    assert len(converted) > 40
    for lead in converted:
        contact = contacts[lead["ConvertedContactId"]]
        assert lead["Status"] == "Closed - Converted"
        assert (contact["Email"], contact["AccountId"]) == (lead["Email"], lead["ConvertedAccountId"])
        assert lead["ConvertedDate"] >= lead["CreatedDate"][:10]
    assert any(lead["ConvertedOpportunityId"] for lead in converted)
    assert not any(row["ConvertedDate"] for row in rows["Lead"] if not row["IsConverted"])


def test_opportunities_are_open_won_and_lost_and_their_lines_add_up(org: Org, rows: Rows) -> None:
    states = Counter((row["IsClosed"], row["IsWon"]) for row in rows["Opportunity"])
    assert min(states[0, 0], states[1, 1], states[1, 0]) > 20
    today = org.clock.now().date().isoformat()
    assert all(row["CloseDate"] <= today for row in rows["Opportunity"] if row["IsClosed"])
    sums: Counter[str] = Counter()
    for line in rows["OpportunityLineItem"]:
        if not line["IsDeleted"]:
            sums[line["OpportunityId"]] += line["TotalPrice"]
    amounts = {row["Id"]: row["Amount"] for row in rows["Opportunity"]}
    assert len(sums) > 100
    assert all(abs(amounts[key] - total) < 0.01 for key, total in sums.items())
    schedules: Counter[str] = Counter()
    for schedule in rows["OpportunityLineItemSchedule"]:
        schedules[schedule["OpportunityLineItemId"]] += schedule["Revenue"]
    lines = {row["Id"]: row["TotalPrice"] for row in rows["OpportunityLineItem"]}
    assert all(abs(lines[key] - total) < 0.01 for key, total in schedules.items())
    assert {"created", "StageName", "Amount", "CloseDate", "Owner"} == {
        row["Field"] for row in rows["OpportunityFieldHistory"]
    }


def test_old_closed_activities_are_archived(org: Org, rows: Rows) -> None:
    year_ago = (org.clock.now() - timedelta(days=364)).date().isoformat()
    for name in ("Task", "Event"):
        archived = [row for row in rows[name] if row["IsArchived"]]
        assert len(archived) > 10
        assert all(row["ActivityDate"] < year_ago for row in archived)
        assert len(archived) < len(rows[name]) / 2


def test_there_are_queues_inactive_users_fiscal_periods_and_a_standard_price_book(rows: Rows) -> None:
    assert {"Queue", "Regular", "Role", "Organization"} <= {row["Type"] for row in rows["Group"]}
    assert {0, 1} == {row["IsActive"] for row in rows["User"]}
    assert {1} == {row["IsFrozen"] for row in rows["UserLogin"] if row["UserId"] in _inactive(rows)}
    assert Counter(row["Type"] for row in rows["Period"]) == {"Year": 5, "Quarter": 20, "Month": 60}
    assert [row["Name"] for row in rows["Pricebook2"] if row["IsStandard"]] == ["Standard Price Book"]
    assert any(row["IsArchived"] for row in rows["PricebookEntry"])


def _inactive(rows: Rows) -> set[str]:
    return {row["Id"] for row in rows["User"] if not row["IsActive"]}


# ---- what breaks careless readers


@pytest.mark.parametrize(
    "needle",
    [
        "ü",
        "東京",
        "\N{DROPLET}",
        "שלום",
        '"',
        "'",
        "\\",
        "\n",
        "\r\n",
        ",",
        "\t",
        ";",
        "\N{COMBINING ACUTE ACCENT}",
    ],
)
def test_texts_hold_what_breaks_careless_readers(rows: Rows, needle: str) -> None:
    assert any(needle in text for text in _texts(rows))


@pytest.mark.parametrize(
    "value", ["NA", "N/A", "null", "NULL", "None", "NaN", "#N/A", "true", "00042", "1e5"]
)
def test_texts_hold_what_looks_like_something_else(rows: Rows, value: str) -> None:
    assert value in _texts(rows)


def _texts(rows: Rows) -> set[str]:
    return {
        value for each in rows.values() for row in each for value in row.values() if isinstance(value, str)
    }


def test_texts_hold_formulas_and_are_as_long_as_may_be(rows: Rows) -> None:
    assert any(text.startswith("=") for text in _texts(rows))
    assert any(len(row["Description"] or "") == 32_000 for row in rows["Account"])
    assert any(len(row["Name"]) == 255 for row in rows["Account"])


def test_numbers_are_large_small_negative_and_missing(rows: Rows) -> None:
    revenues = {row["AnnualRevenue"] for row in rows["Account"]}
    assert {None, 0.0, 999_999_999_999_999.0} <= revenues
    assert any(revenue < 0 for revenue in revenues if revenue is not None)
    assert any(row["ShippingLongitude"] == -1e-15 for row in rows["Account"])
    assert {0.01, 9_999_999_999_999.99} & {row["Amount"] for row in rows["Opportunity"]}


# ---- the records that are called by name


def test_named_leads(rows: Rows) -> None:
    assert by_email(rows, "Lead", "peter.gibbons@example.com") == []
    for email, count in (("ada.byron", 1), ("grace.hopper", 1), ("duplicate", 2)):
        found = by_email(rows, "Lead", f"{email}@example.com")
        assert [row["IsConverted"] for row in found] == [0] * count, email
    (milton,) = by_email(rows, "Lead", "milton.w@example.com")
    (contact,) = by_email(rows, "Contact", "milton.w@example.com")
    assert milton["ConvertedContactId"] == contact["Id"]
    assert sorted(row["IsConverted"] for row in by_email(rows, "Lead", "twice@example.com")) == [0, 1]
    assert by_email(rows, "Lead", "gone@example.com") == []
    assert len(by_email(rows, "Lead", "gone@example.com", deleted=True)) == 1


def test_named_accounts(rows: Rows) -> None:
    numbers = Counter(row["AccountNumber"] for row in rows["Account"])
    assert (numbers["813"], numbers["ACME-001"], numbers["DUP-001"]) == (0, 1, 2)


def test_named_records_are_no_news_to_an_incremental_reader(org: Org, rows: Rows) -> None:
    (ada,) = by_email(rows, "Lead", "ada.byron@example.com")
    assert ada["SystemModstamp"] < format_stamp(org.clock.now() - timedelta(minutes=30))
