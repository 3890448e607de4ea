"""What an org has before anybody works in it."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from salesforce_local_org import base_records, catalog
from salesforce_local_org.clock import format_stamp
from salesforce_local_org.org import Org
from salesforce_local_org.store import Store

COUNTS = {
    "Organization": 1,
    "User": 1,
    "UserLogin": 1,
    "UserRole": 1,
    "Profile": 7,
    "Group": 1,
    "Period": 85,
    "OpportunityStage": 10,
    "LeadStatus": 4,
    "CaseStatus": 4,
    "TaskStatus": 5,
    "ContractStatus": 3,
    "SolutionStatus": 3,
    "Pricebook2": 1,
}


@pytest.fixture(scope="module")
def org() -> Org:
    return Org(seed="none")


def rows_of(org: Org, name: str) -> list[dict[str, Any]]:
    cursor = org.store.connection.execute(f'SELECT * FROM "{name}" ORDER BY Id')
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def test_an_unseeded_org_has_these_records_and_no_others(org: Org) -> None:
    counts = {sobject.name: len(rows_of(org, sobject.name)) for sobject in org.schema}
    assert {name: count for name, count in counts.items() if count} == COUNTS


def test_the_org_and_its_administrator_have_the_ids_that_logins_name(org: Org) -> None:
    (organization,), (user,), (login,) = (
        rows_of(org, name) for name in ("Organization", "User", "UserLogin")
    )
    assert (organization["Id"], user["Id"], login["UserId"]) == (org.org_id, org.user_id, org.user_id)
    (profile,) = (row for row in rows_of(org, "Profile") if row["Id"] == user["ProfileId"])
    assert profile["Name"] == "System Administrator"
    assert profile["PermissionsModifyAllData"] == profile["PermissionsApiEnabled"] == 1
    assert [row["Id"] for row in rows_of(org, "UserRole")] == [user["UserRoleId"]]


def test_base_records_are_no_news_to_an_incremental_reader(org: Org) -> None:
    year_ago = format_stamp(org.clock.now() - timedelta(days=365))
    for name in COUNTS:
        for row in rows_of(org, name):
            assert row.get("SystemModstamp", row.get("LastModifiedDate")) < year_ago, name


def test_statuses_are_the_values_of_the_picklists_that_use_them(org: Org) -> None:
    used_by = {
        "OpportunityStage": ("Opportunity", "StageName"),
        "LeadStatus": ("Lead", "Status"),
        "CaseStatus": ("Case", "Status"),
        "TaskStatus": ("Task", "Status"),
        "ContractStatus": ("Contract", "Status"),
        "SolutionStatus": ("Solution", "Status"),
    }
    for name, (sobject, field_name) in used_by.items():
        described = org.schema.object(sobject)
        field = described.field(field_name) if described else None
        assert field is not None
        labels = {row["ApiName"] for row in rows_of(org, name)}
        assert labels == {each.value for each in field.picklist_values}, name


def test_periods_follow_each_other_without_gap(org: Org) -> None:
    periods = rows_of(org, "Period")
    for kind, count in (("Year", 5), ("Quarter", 20), ("Month", 60)):
        spans = sorted((row["StartDate"], row["EndDate"]) for row in periods if row["Type"] == kind)
        assert len(spans) == count
        assert all(
            date.fromisoformat(start) - date.fromisoformat(end) == timedelta(days=1)
            for (_, end), (start, _) in pairwise(spans)
        )
    today = org.clock.now().date().isoformat()
    assert sum(row["StartDate"] <= today <= row["EndDate"] for row in periods) == 3


def test_currencies_and_record_types_are_there_where_the_org_has_them() -> None:
    org = Org(seed="none")
    org.schema = catalog.load({"multi_currency": True, "person_accounts": True})
    org.store = Store(org.schema, org.clock)
    base_records.seed_base(org)
    assert [row["IsoCode"] for row in rows_of(org, "CurrencyType") if row["IsCorporate"]] == ["USD"]
    assert {row["CurrencyIsoCode"] for row in rows_of(org, "User")} == {"USD"}
    assert [row["Name"] for row in rows_of(org, "RecordType") if row["IsPersonType"]] == ["Person Account"]


def test_an_org_that_already_has_users_is_not_given_another_administrator() -> None:
    org = Org(seed="none")
    with pytest.raises(ValueError, match="must be"):
        base_records.seed_base(org)
    assert len(rows_of(org, "User")) == 1
    assert len(rows_of(org, "Organization")) == 1
