"""Dates, date-times and date literals in conditions."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from local_org_client import OrgClient

WEDNESDAY = "2026-05-13T10:20:30Z"
FIRST_DAY, LAST_DAY = date(2022, 12, 25), date(2029, 1, 5)

LITERALS = {
    "YESTERDAY": ("2026-05-12", "2026-05-12"),
    "TODAY": ("2026-05-13", "2026-05-13"),
    "TOMORROW": ("2026-05-14", "2026-05-14"),
    "LAST_WEEK": ("2026-05-03", "2026-05-09"),
    "THIS_WEEK": ("2026-05-10", "2026-05-16"),
    "NEXT_WEEK": ("2026-05-17", "2026-05-23"),
    "LAST_MONTH": ("2026-04-01", "2026-04-30"),
    "THIS_MONTH": ("2026-05-01", "2026-05-31"),
    "NEXT_MONTH": ("2026-06-01", "2026-06-30"),
    "LAST_90_DAYS": ("2026-02-12", "2026-05-13"),
    "NEXT_90_DAYS": ("2026-05-14", "2026-08-11"),
    "THIS_QUARTER": ("2026-04-01", "2026-06-30"),
    "LAST_QUARTER": ("2026-01-01", "2026-03-31"),
    "NEXT_QUARTER": ("2026-07-01", "2026-09-30"),
    "THIS_YEAR": ("2026-01-01", "2026-12-31"),
    "LAST_YEAR": ("2025-01-01", "2025-12-31"),
    "NEXT_YEAR": ("2027-01-01", "2027-12-31"),
    "THIS_FISCAL_QUARTER": ("2026-04-01", "2026-06-30"),
    "LAST_FISCAL_QUARTER": ("2026-01-01", "2026-03-31"),
    "NEXT_FISCAL_QUARTER": ("2026-07-01", "2026-09-30"),
    "THIS_FISCAL_YEAR": ("2026-01-01", "2026-12-31"),
    "LAST_FISCAL_YEAR": ("2025-01-01", "2025-12-31"),
    "NEXT_FISCAL_YEAR": ("2027-01-01", "2027-12-31"),
    "LAST_N_DAYS:3": ("2026-05-10", "2026-05-13"),
    "NEXT_N_DAYS:3": ("2026-05-14", "2026-05-16"),
    "N_DAYS_AGO:3": ("2026-05-10", "2026-05-10"),
    "LAST_N_WEEKS:2": ("2026-04-26", "2026-05-09"),
    "NEXT_N_WEEKS:2": ("2026-05-17", "2026-05-30"),
    "N_WEEKS_AGO:2": ("2026-04-26", "2026-05-02"),
    "LAST_N_MONTHS:6": ("2025-11-01", "2026-04-30"),
    "NEXT_N_MONTHS:9": ("2026-06-01", "2027-02-28"),
    "N_MONTHS_AGO:6": ("2025-11-01", "2025-11-30"),
    "LAST_N_QUARTERS:2": ("2025-10-01", "2026-03-31"),
    "NEXT_N_QUARTERS:3": ("2026-07-01", "2027-03-31"),
    "N_QUARTERS_AGO:2": ("2025-10-01", "2025-12-31"),
    "LAST_N_YEARS:2": ("2024-01-01", "2025-12-31"),
    "NEXT_N_YEARS:2": ("2027-01-01", "2028-12-31"),
    "N_YEARS_AGO:3": ("2023-01-01", "2023-12-31"),
    "LAST_N_FISCAL_QUARTERS:2": ("2025-10-01", "2026-03-31"),
    "NEXT_N_FISCAL_QUARTERS:3": ("2026-07-01", "2027-03-31"),
    "N_FISCAL_QUARTERS_AGO:2": ("2025-10-01", "2025-12-31"),
    "LAST_N_FISCAL_YEARS:2": ("2024-01-01", "2025-12-31"),
    "NEXT_N_FISCAL_YEARS:2": ("2027-01-01", "2028-12-31"),
    "N_FISCAL_YEARS_AGO:3": ("2023-01-01", "2023-12-31"),
}


def test_every_date_literal_means_its_days(org: OrgClient) -> None:
    org.clock(freeze_at=WEDNESDAY)
    days = [FIRST_DAY + timedelta(number) for number in range((LAST_DAY - FIRST_DAY).days + 1)]
    org.create(
        "Opportunity",
        [{"Name": "D", "StageName": "Prospecting", "CloseDate": day.isoformat()} for day in days],
    )

    found = {}
    for literal, (first, last) in LITERALS.items():
        span = "SELECT MIN(CloseDate) earliest, MAX(CloseDate) latest, COUNT(Id) n FROM Opportunity"
        span += " WHERE CloseDate"
        inside = org.query(f"{span} = {literal.lower()}")[0]
        before = org.query(f"{span} < {literal}")[0]
        after = org.query(f"{span} > {literal}")[0]
        not_after = org.query(f"{span} <= {literal}")[0]
        not_before = org.query(f"{span} >= {literal}")[0]
        beside = org.query(f"{span} != {literal}")[0]
        found[literal] = (inside["earliest"], inside["latest"])
        assert inside["n"] == (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
        assert before["latest"] == (date.fromisoformat(first) - timedelta(1)).isoformat()
        assert after["earliest"] == (date.fromisoformat(last) + timedelta(1)).isoformat()
        assert (not_after["n"], not_before["n"]) == (before["n"] + inside["n"], after["n"] + inside["n"])
        assert beside["n"] == len(days) - inside["n"]

    assert found == LITERALS


def test_a_date_literal_is_a_range_of_date_times(org: OrgClient) -> None:
    stamps = ["2026-05-12T23:59:59Z", "2026-05-13T00:00:00Z", "2026-05-13T23:59:59Z", "2026-05-14T00:00:00Z"]
    for stamp in stamps:
        org.clock(freeze_at=stamp)
        org.create("Lead", [{"LastName": stamp, "Company": "C"}])
    org.clock(freeze_at=WEDNESDAY)

    def names(condition: str) -> list[str]:
        rows = org.query(f"SELECT LastName FROM Lead WHERE {condition} ORDER BY CreatedDate")
        return [each["LastName"] for each in rows]

    assert names("CreatedDate = TODAY") == stamps[1:3]
    assert names("CreatedDate < TODAY") == stamps[:1]
    assert names("CreatedDate >= TODAY") == stamps[1:]
    assert names("CreatedDate IN (YESTERDAY, TOMORROW)") == [stamps[0], stamps[3]]
    assert names("CreatedDate = 2026-05-13T00:00:00Z") == stamps[1:2]
    assert names("CreatedDate > 2026-05-13T01:59:59.999+02:00") == stamps[1:]
    assert (
        names("CreatedDate >= 2026-05-12T22:00:00-02:00 AND CreatedDate < 2026-05-14T00:00:00.000Z")
        == stamps[1:3]
    )
    assert names("DAY_ONLY(CreatedDate) = 2026-05-14") == stamps[3:]
    assert names("HOUR_IN_DAY(convertTimezone(CreatedDate)) = 23") == [stamps[0], stamps[2]]


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("CloseDate = LAST_DECADE", "must be of type date and should not be enclosed in quotes"),
        ("CloseDate = LAST_N_FORTNIGHTS:2", "must be of type date and should not be enclosed in quotes"),
        ("CloseDate = '2026-01-01'", "must be of type date and should not be enclosed in quotes"),
        ("CloseDate = 2026-01-01T00:00:00Z", "must be of type date and should not be enclosed in quotes"),
        ("CreatedDate = 2026-01-01", "must be of type dateTime and should not be enclosed in quotes"),
        ("CloseDate = 2026-02-30", "Invalid date: 2026-02-30"),
        ("CloseDate = 1699-12-31", "Invalid date: 1699-12-31"),
        ("CreatedDate = 4001-01-01T00:00:00Z", "Invalid date"),
        ("CALENDAR_YEAR(CreatedDate) = THIS_YEAR", "must be of type int"),
        ("HOUR_IN_DAY(CloseDate) = 3", "does not support date function HOUR_IN_DAY"),
        ("CALENDAR_YEAR(Name) = 3", "does not support date function CALENDAR_YEAR"),
    ],
)
def test_what_is_no_date_is_refused(org: OrgClient, condition: str, message: str) -> None:
    answer = org.rest("GET", "query", params={"q": f"SELECT Id FROM Opportunity WHERE {condition}"})

    assert answer.status_code == 400
    assert message in answer.json()[0]["message"]
