"""Aggregate functions, GROUP BY, ROLLUP, CUBE and HAVING."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from local_org_client import OrgClient

LEADS = [
    {"LastName": "a", "Company": "X", "LeadSource": "Web", "Rating": "Hot", "AnnualRevenue": 10},
    {"LastName": "b", "Company": "x", "LeadSource": "Web", "Rating": "Cold", "AnnualRevenue": 20},
    {"LastName": "c", "Company": "Y", "LeadSource": "Other", "Rating": "Hot"},
    {"LastName": "d", "Company": "Z", "Rating": "Hot", "AnnualRevenue": 40, "NumberOfEmployees": 3},
]


@pytest.fixture
def leads(org: OrgClient) -> OrgClient:
    org.create("Lead", LEADS)
    return org


def test_count_alone_answers_in_total_size(leads: OrgClient) -> None:
    plain = leads.rest("GET", "query?q=" + quote("SELECT count() FROM Lead WHERE AnnualRevenue > 15")).json()
    limited = leads.rest("GET", "query?q=" + quote("SELECT COUNT() FROM Lead LIMIT 3")).json()

    assert plain == {"totalSize": 2, "done": True, "records": []}
    assert limited["totalSize"] == 3


def test_aggregates_without_groups_are_one_row(leads: OrgClient) -> None:
    soql = (
        "SELECT COUNT(Id), COUNT(AnnualRevenue) filled, SUM(AnnualRevenue), AVG(AnnualRevenue),"
        " MIN(LastName), MAX(AnnualRevenue), COUNT_DISTINCT(Company), SUM(NumberOfEmployees) FROM Lead"
    )

    page = leads.rest("GET", f"query?q={quote(soql)}").json()

    assert page["totalSize"] == 1
    assert list(page["records"][0].items()) == [
        ("attributes", {"type": "AggregateResult"}),
        ("expr0", 4),
        ("filled", 3),
        ("expr1", 70.0),
        ("expr2", pytest.approx(70 / 3)),
        ("expr3", "a"),
        ("expr4", 40.0),
        ("expr5", 3),
        ("expr6", 3),
    ]


@pytest.mark.parametrize(
    ("soql", "rows"),
    [
        (
            "SELECT LeadSource s, COUNT(Id) FROM Lead GROUP BY LeadSource ORDER BY LeadSource",
            [{"s": None, "expr0": 1}, {"s": "Web", "expr0": 2}, {"s": "Other", "expr0": 1}],
        ),
        (
            "SELECT Company, COUNT(Id) n FROM Lead GROUP BY Company HAVING COUNT(Id) > 1",
            [{"Company": "X", "n": 2}],
        ),
        (
            "SELECT Rating FROM Lead GROUP BY Rating HAVING Rating IN ('Cold') OR MAX(AnnualRevenue) = 99",
            [{"Rating": "Cold"}],
        ),
        (
            "SELECT Rating, SUM(AnnualRevenue) s FROM Lead GROUP BY Rating ORDER BY COUNT(Id) DESC LIMIT 1",
            [{"Rating": "Hot", "s": 50.0}],
        ),
        (
            (
                "SELECT Rating, GROUPING(Rating) g, COUNT(Id) n FROM Lead GROUP BY ROLLUP(Rating)"
                " ORDER BY Rating NULLS LAST"
            ),
            [
                {"Rating": "Hot", "g": 0, "n": 3},
                {"Rating": "Cold", "g": 0, "n": 1},
                {"Rating": None, "g": 1, "n": 4},
            ],
        ),
        (
            "SELECT Owner.Name, COUNT(Id) n FROM Lead GROUP BY Owner.Name",
            [{"Name": "Local Administrator", "n": 4}],
        ),
        (
            "SELECT Rating FROM Lead GROUP BY ROLLUP(Rating) HAVING COUNT(Id) > 1 ORDER BY Rating NULLS LAST",
            [{"Rating": "Hot"}, {"Rating": None}],
        ),
        ("SELECT MAX(Rating), MIN(Rating) FROM Lead", [{"expr0": "Cold", "expr1": "Hot"}]),
        ("SELECT FORMAT(SUM(AnnualRevenue)) s FROM Lead", [{"s": "$70.00"}]),
    ],
)
def test_groups(leads: OrgClient, soql: str, rows: list[dict[str, Any]]) -> None:
    assert leads.query(soql) == rows


def test_cube_has_every_combination(leads: OrgClient) -> None:
    rows = leads.query("SELECT LeadSource, Rating, COUNT(Id) n FROM Lead GROUP BY CUBE(LeadSource, Rating)")

    assert sorted(each["n"] for each in rows) == [1, 1, 1, 1, 1, 1, 1, 2, 3, 4]


def test_date_functions_group_and_filter(org: OrgClient) -> None:
    for day in ("2025-12-31T23:00:00Z", "2026-01-01T01:00:00Z", "2026-02-14T12:30:00Z"):
        org.clock(freeze_at=day)
        org.create("Lead", [{"LastName": day, "Company": "C"}])

    years = org.query(
        "SELECT CALENDAR_YEAR(CreatedDate) y, COUNT(Id) n FROM Lead GROUP BY CALENDAR_YEAR(CreatedDate)"
    )
    parts = {
        "CALENDAR_MONTH": 2, "CALENDAR_QUARTER": 1, "CALENDAR_YEAR": 2026, "DAY_IN_MONTH": 14,
        "DAY_IN_WEEK": 7, "DAY_IN_YEAR": 45, "DAY_ONLY": "2026-02-14", "FISCAL_MONTH": 2,
        "FISCAL_QUARTER": 1, "FISCAL_YEAR": 2026, "HOUR_IN_DAY": 12, "WEEK_IN_MONTH": 2, "WEEK_IN_YEAR": 7,
    }  # fmt: skip
    where = " AND ".join(f"{name}(CreatedDate) = {value}" for name, value in parts.items())

    assert years == [{"y": 2025, "n": 1}, {"y": 2026, "n": 2}]
    assert [each["LastName"] for each in org.query(f"SELECT LastName FROM Lead WHERE {where}")] == [
        "2026-02-14T12:30:00Z"
    ]


def test_more_groups_than_a_page_are_refused(org: OrgClient) -> None:
    org.create("Lead", [{"LastName": f"{number}", "Company": "C"} for number in range(2_001)])

    refused = org.rest("GET", f"query?q={quote('SELECT LastName FROM Lead GROUP BY LastName')}")
    limited = org.query("SELECT LastName FROM Lead GROUP BY LastName LIMIT 2000")

    assert refused.status_code == 400
    assert refused.json()[0]["errorCode"] == "EXCEEDED_ID_LIMIT"
    assert len(limited) == 2_000
