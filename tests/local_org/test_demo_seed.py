from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from stored_rows import Rows, all_rows, by_email

from salesforce_local_org import base_records, catalog, demo, rules
from salesforce_local_org.clock import format_stamp
from salesforce_local_org.org import Org
from salesforce_local_org.store import Store

NOW = datetime(2026, 2, 28, 12, 0, 5, tzinfo=timezone.utc)
COLLECTIONS = (
    "Account", "AccountContactRole", "AccountTag", "Campaign", "CampaignMember", "CampaignShare",
    "CampaignTag", "Case", "CaseComment", "CaseContactRole", "CaseSolution", "CaseTag", "Contact",
    "ContactTag", "Contract", "ContractTag", "Dashboard", "DashboardTag", "Document", "DocumentTag",
    "Event", "EventTag", "Group", "Lead", "LeadTag", "Note", "NoteTag", "Opportunity",
    "OpportunityCompetitor", "OpportunityContactRole", "OpportunityFieldHistory", "OpportunityLineItem",
    "OpportunityLineItemSchedule", "OpportunityStage", "OpportunityTag", "Period", "Pricebook2",
    "PricebookEntry", "Product2", "Profile", "Solution", "SolutionTag", "Task", "TaskTag", "User",
    "UserLogin", "UserRole",
)  # fmt: skip
"""The 47 of the 48 documented collections that can be queried: all but Name."""
STAMPS = ("CreatedDate", "LastModifiedDate", "SystemModstamp")
SETUP = {
    *(
        "User",
        "UserLogin",
        "UserRole",
        "Profile",
        "Group",
        "Period",
        "OpportunityStage",
        "Product2",
        "Pricebook2",
    ),
    *("PricebookEntry", "Dashboard", "DashboardTag", "Folder", "TagDefinition", "Organization"),
    *("LeadStatus", "CaseStatus", "TaskStatus", "ContractStatus", "SolutionStatus"),
}
"""What is there once, whatever the scale."""
OPEN_PICKLISTS = {("Product2", "Family")}
"""Unrestricted picklists in which the company uses words of its own, as any client may write them."""


def make_org(scale: int = 1, now: datetime = NOW) -> Org:
    """An org with the demo company, made while its clock stands still."""
    org = Org()
    org.clock.freeze(now)
    org.schema = catalog.load({"tagging": True})
    org.store = Store(org.schema, org.clock)
    org.store.user_id = org.user_id
    base_records.seed_base(org)
    demo.seed(org, scale)
    return org


@pytest.fixture(scope="module")
def org() -> Org:
    return make_org()


@pytest.fixture(scope="module")
def rows(org: Org) -> Rows:
    return all_rows(org)


# ---- what is there


def test_every_queryable_collection_has_rows(org: Org, rows: Rows) -> None:
    assert len(COLLECTIONS) == 47
    assert [name for name in COLLECTIONS if not rows[name]] == []
    assert not rows["Name"]
    assert rows["Invoice__c"]
    assert 3_000 <= sum(map(len, rows.values())) <= 6_000


def test_the_same_clock_gives_the_same_org(org: Org) -> None:
    again = make_org()
    assert list(again.store.connection.iterdump()) == list(org.store.connection.iterdump())


def test_a_demo_org_over_http_door_is_the_same_company(rows: Rows) -> None:
    """``Org(seed="demo")`` is what the server makes: same ids, same names, other dates."""
    made = all_rows(Org(seed="demo"))
    assert {name: len(each) for name, each in made.items()} == {
        name: len(each) for name, each in rows.items()
    }
    assert [(row["Id"], row["Name"]) for row in made["Account"]] == [
        (row["Id"], row["Name"]) for row in rows["Account"]
    ]


def test_scale_multiplies_the_business_and_leaves_setup_and_named_records_alone(rows: Rows) -> None:
    bigger = all_rows(make_org(2))
    named = Counter({"Account": 4, "Lead": 8, "Contact": 2})
    for name in SETUP - {"TagDefinition"}:
        assert len(bigger[name]) == len(rows[name]), name
    for name in ("Account", "Contact", "Lead", "Opportunity", "Case", "Task", "Event", "Note", "Invoice__c"):
        assert len(bigger[name]) - named[name] == 2 * (len(rows[name]) - named[name]), name
    for name in set(COLLECTIONS) - SETUP:
        assert 1.5 * len(rows[name]) - named[name] <= len(bigger[name]) <= 2.5 * len(rows[name]), name
    assert [row["Id"] for row in by_email(bigger, "Lead", "ada.byron@example.com")] == [
        row["Id"] for row in by_email(rows, "Lead", "ada.byron@example.com")
    ]
    numbers = [row["AccountNumber"] for row in bigger["Account"] if row["AccountNumber"]]
    assert {number for number, count in Counter(numbers).items() if count > 1} == {"DUP-001"}


@pytest.mark.parametrize("scale", [0, -1])
def test_a_scale_below_one_is_refused(scale: int) -> None:
    with pytest.raises(ValueError, match="--scale must be 1 or more"):
        make_org(scale)


# ---- every row against the schema


def test_every_value_is_of_its_fields_type_and_length(org: Org, rows: Rows) -> None:
    assert problems(org, rows) == []


def problems(org: Org, rows: Rows) -> list[str]:
    return [
        f"{sobject.name}.{field.name} = {row[field.name]!r:.60}: {problem}"
        for sobject in org.schema
        for field in sobject.stored_fields()
        for row in rows[sobject.name]
        if row[field.name] is not None and (problem := _problem(field, row[field.name], sobject.name))
    ]


_PATTERNS = {
    "id": r"[0-9A-Za-z]{15}[A-Z0-5]{3}",
    "reference": r"[0-9A-Za-z]{15}[A-Z0-5]{3}",
    "date": r"\d{4}-\d{2}-\d{2}",
    "datetime": r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.000Z",
    "time": r"\d{2}:\d{2}:\d{2}\.\d{3}Z",
    "email": r"[a-z0-9._+-]+@([\w-]+\.)*example\.(com|org)",
    "url": r"https://(www\.)?example\.(com|org)(/.*)?|/services/images/photo/\w{18}",
    "phone": r"\(\d{1,3}\) 555-01\d\d|.{40}",
    "base64": r"[A-Za-z0-9+/]*={0,2}",
}
_PYTHON_TYPES = {
    "boolean": int,
    "int": int,
    "long": int,
    "double": float,
    "currency": float,
    "percent": float,
}


def _problem(field: Any, value: Any, sobject: str) -> str | None:
    if type(value) is not _PYTHON_TYPES.get(field.type, str):
        return f"is a {type(value).__name__}, not a {field.type}"
    if isinstance(value, str):
        return _text_problem(field, value, sobject)
    if field.type == "boolean" and value not in {0, 1}:
        return "is no boolean"
    if field.type in {"double", "currency", "percent"} and field.precision:
        whole = len(str(abs(int(value)))) if int(value) else 0
        if whole > field.precision - field.scale or round(value, field.scale) != value:
            return f"does not fit ({field.precision}, {field.scale})"
    return None


def _text_problem(field: Any, value: str, sobject: str) -> str | None:
    if field.length and len(value) > field.length:
        return f"is {len(value)} characters of {field.length}"
    if value != value.strip() or value == "":
        return "is empty or not trimmed"
    if field.type in _PATTERNS and not re.fullmatch(_PATTERNS[field.type], value):
        return f"is no {field.type}"
    if field.type == "string" and re.search(r"[\r\n]", value):
        return "has more than one line"
    if field.type in {"picklist", "multipicklist"} and (sobject, field.name) not in OPEN_PICKLISTS:
        known = {each.value for each in field.picklist_values}
        if known and not known.issuperset(value.split(";") if field.type == "multipicklist" else [value]):
            return "is not in the picklist"
    return None


def test_required_fields_are_there(org: Org, rows: Rows) -> None:
    missing = [
        f"{sobject.name}.{field.name} of {row['Id']}"
        for sobject in org.schema
        for field in sobject.stored_fields()
        if not field.nillable
        for row in rows[sobject.name]
        if row[field.name] is None
    ]
    assert missing == []


def test_references_point_at_records_of_an_object_they_may_point_at(org: Org, rows: Rows) -> None:
    known = {row["Id"]: name for name, each in rows.items() for row in each}
    wrong = [
        f"{sobject.name}.{field.name} -> {target}"
        for sobject in org.schema
        for field in sobject.stored_fields()
        if field.type == "reference" and any(org.schema.object(name) for name in field.reference_to)
        for row in rows[sobject.name]
        if (target := row[field.name]) and known.get(target) not in field.reference_to
    ]
    assert wrong == []


def test_living_records_hang_on_living_parents(org: Org, rows: Rows) -> None:
    """Deleting a parent would have deleted its children; so no child outlives one here."""
    gone = {row["Id"] for each in rows.values() for row in each if row.get("IsDeleted")}
    orphans = [
        f"{relationship.child}.{relationship.field} of {row['Id']}"
        for sobject in org.schema
        for relationship in sobject.child_relationships
        if relationship.cascade_delete
        for row in rows[relationship.child]
        if not row.get("IsDeleted") and row[relationship.field] in gone
    ]
    assert orphans == []


def test_the_orgs_own_validator_would_take_every_record(org: Org, rows: Rows) -> None:
    for sobject in org.schema:
        writable = [field for field in sobject.stored_fields() if field.createable and not field.unique]
        for row in rows[sobject.name] if sobject.createable else ():
            values = {field.name: row[field.name] for field in writable if row[field.name] is not None}
            values |= {field.name: bool(row[field.name]) for field in writable if field.type == "boolean"}
            if not row.get("IsDeleted"):
                rules.validate(org, sobject, values)


def test_unique_fields_are_unique(org: Org, rows: Rows) -> None:
    for sobject in org.schema:
        for field in sobject.stored_fields():
            if field.unique:
                values = [row[field.name] for row in rows[sobject.name] if row[field.name] is not None]
                assert len(set(values)) == len(values), f"{sobject.name}.{field.name}"
    assert len({row["Username"] for row in rows["User"]}) == len(rows["User"])
    assert len({row["UserId__c"] for row in rows["Contact"]}) > 100


# ---- history


def test_stamps_are_in_order_and_leave_the_last_half_hour_to_others(rows: Rows) -> None:
    check_stamps(rows, NOW)


def check_stamps(rows: Rows, now: datetime) -> None:
    latest = format_stamp(now - timedelta(minutes=30))
    earliest = format_stamp(now - timedelta(days=800))
    for name, each in rows.items():
        for row in each:
            stamps = [row[stamp] for stamp in STAMPS if row.get(stamp)]
            assert stamps == sorted(stamps), (name, row["Id"])
            assert not stamps or earliest <= stamps[0] <= stamps[-1] <= latest, (name, row["Id"])


def test_history_is_spread_and_goes_on_to_the_last_hours(rows: Rows) -> None:
    def between(stamp: str, start: timedelta, end: timedelta) -> int:
        low, high = format_stamp(NOW - start), format_stamp(NOW - end)
        return sum(low <= row[stamp] < high for row in rows["Account"] + rows["Contact"] + rows["Lead"])

    day = timedelta(days=1)
    for quarter in range(8):
        assert between("CreatedDate", 91.25 * day * (quarter + 1), 91.25 * day * quarter) > 30
    assert between("SystemModstamp", 7 * day, day) > 10
    assert between("SystemModstamp", day, day / 24) > 5
    assert between("SystemModstamp", 730 * day, 180 * day) > 100


@pytest.mark.parametrize(
    "now",
    [
        datetime(2024, 2, 29, 23, 59, 59, tzinfo=timezone.utc),
        datetime(2027, 1, 1, 0, 0, 0, tzinfo=timezone.utc),
        datetime(2038, 12, 31, 0, 20, 0, tzinfo=timezone.utc),
    ],
)
def test_any_day_will_do(now: datetime) -> None:
    made = make_org(now=now)
    rows = all_rows(made)
    check_stamps(rows, now)
    assert problems(made, rows) == []
    assert all(rows[name] for name in COLLECTIONS)


def test_rows_were_deleted_within_the_time_the_recycle_bin_keeps(org: Org, rows: Rows) -> None:
    limit = format_stamp(NOW - timedelta(days=15))
    deleted = {name: [row for row in each if row.get("IsDeleted")] for name, each in rows.items()}
    assert sum(bool(each) for each in deleted.values()) >= 20
    for name in (
        "Account",
        "Contact",
        "Lead",
        "Opportunity",
        "Case",
        "Task",
        "Event",
        "Invoice__c",
        "AccountTag",
    ):
        assert deleted[name], name
    assert min(row["SystemModstamp"] for each in deleted.values() for row in each) > limit
    org.store.purge()
    assert all_rows(org) == rows


def test_merged_records_name_the_one_they_became(rows: Rows) -> None:
    for name in ("Account", "Contact", "Lead", "Case"):
        living = {row["Id"] for row in rows[name] if not row["IsDeleted"]}
        losers = [row for row in rows[name] if row["MasterRecordId"]]
        assert losers, name
        assert all(row["IsDeleted"] and row["MasterRecordId"] in living for row in losers), name
