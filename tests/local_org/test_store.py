"""Records in the SQLite file: ids, system fields, the recycle bin, and what outlives a restart."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from local_org_client import LocalOrgProcess, OrgClient

from salesforce_local_org import catalog, ids
from salesforce_local_org.clock import Clock
from salesforce_local_org.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=timezone.utc)
STAMP = "2026-03-01T12:00:00.000Z"


@pytest.fixture
def store() -> Iterator[Store]:
    clock = Clock()
    clock.freeze(START)
    store = Store(catalog.load({"tagging": True}), clock)
    yield store
    store.close()


def advance(store: Store, **span: float) -> str:
    store.clock.freeze(store.clock.now() + timedelta(**span))
    return store.clock.stamp()


# ---- ids


@given(st.text("ABCXYZabcxyz0123456789", min_size=15, max_size=15))
def test_an_id_keeps_its_case_through_its_suffix(id15: str) -> None:
    full = ids.with_suffix(id15)
    assert ids.normalise(id15) == ids.normalise(full) == full
    assert ids.normalise(full[:15].swapcase() + full[15:]) == full


def test_a_recorded_id_has_the_suffix_that_salesforce_gave_it() -> None:
    assert ids.with_suffix("0014S000007Nxml") == "0014S000007NxmlQAC"
    assert ids.with_suffix("0015500001QdQWf") == "0015500001QdQWfAAN"


@pytest.mark.parametrize("text", ["", "001", "0014S000007Nxml!", "0014S000007NxmlQA", "0014S000007NxmlQA9"])
def test_what_is_no_id_is_none(text: str) -> None:
    assert ids.normalise(text) is None


@given(st.integers(1, 62**9 - 1))
def test_later_ids_sort_later(number: int) -> None:
    assert ids.make("001", number) < ids.make("001", number + 1) or number == 62**9 - 1


# ---- writing


def test_a_new_record_is_stamped(store: Store) -> None:
    store.user_id = ids.make("005", 1)
    row = store.get("Account", store.insert("Account", {"Name": "Acme"}))
    assert row is not None
    assert {row["CreatedDate"], row["LastModifiedDate"], row["SystemModstamp"]} == {STAMP}
    assert row["CreatedById"] == row["LastModifiedById"] == store.user_id
    assert row["IsDeleted"] == 0


def test_history_can_be_written(store: Store) -> None:
    given_stamps = {"CreatedDate": "2025-01-01T00:00:00.000Z", "LastModifiedDate": "2025-02-01T00:00:00.000Z"}
    row = store.get("Account", store.insert("Account", {"Name": "Old"} | given_stamps))
    assert row is not None
    assert {name: row[name] for name in given_stamps} == given_stamps
    assert row["SystemModstamp"] == "2025-02-01T00:00:00.000Z"


def test_an_update_moves_the_stamps_and_nothing_else(store: Store) -> None:
    record_id = store.insert("Account", {"Name": "Acme", "Site": "HQ"})
    later = advance(store, minutes=5)
    store.update("Account", record_id, {"Name": "Acme 2"})
    row = store.get("Account", record_id)
    assert row is not None
    assert (row["CreatedDate"], row["LastModifiedDate"], row["SystemModstamp"]) == (STAMP, later, later)
    assert (row["Name"], row["Site"]) == ("Acme 2", "HQ")


def test_unknown_columns_are_refused(store: Store) -> None:
    with pytest.raises(KeyError, match="Nonsense"):
        store.insert("Account", {"Name": "Acme", "Nonsense": 1})


def insert_and_fail(store: Store, name: str) -> None:
    with store.transaction():
        store.insert("Account", {"Name": name})
        raise InterruptedError


def test_a_transaction_leaves_nothing_when_it_fails(store: Store) -> None:
    with pytest.raises(InterruptedError):
        insert_and_fail(store, "Alone")
    assert store.find("Account", "Name", "Alone") == []


def test_an_inner_transaction_fails_alone(store: Store) -> None:
    with store.transaction():
        store.insert("Account", {"Name": "Outer"})
        with pytest.raises(InterruptedError):
            insert_and_fail(store, "Inner")
    assert len(store.find("Account", "Name", "outer")) == 1
    assert store.find("Account", "Name", "Inner") == []


# ---- derived values


def test_derived_values_come_with_the_record(store: Store) -> None:
    store.insert(
        "OpportunityStage",
        {
            "ApiName": "Closed Won",
            "MasterLabel": "Closed Won",
            "IsClosed": 1,
            "IsWon": 1,
            "DefaultProbability": 100.0,
            "ForecastCategory": "Closed",
            "ForecastCategoryName": "Closed",
        },
    )
    values = {"Name": "Deal", "StageName": "Closed Won", "CloseDate": "2026-05-01", "Amount": 50.0}
    row = store.get("Opportunity", store.insert("Opportunity", values))
    assert row is not None
    assert (row["IsClosed"], row["IsWon"], row["Probability"], row["ExpectedRevenue"]) == (1, 1, 100.0, 50.0)
    assert (row["FiscalYear"], row["FiscalQuarter"], row["Fiscal"]) == (2026, 2, "2026 2")


@pytest.mark.parametrize("name", ["Lead", "Contact", "User"])
def test_a_persons_name_follows_its_parts(store: Store, name: str) -> None:
    record_id = store.insert(name, {"Salutation": "Ms."} if name != "User" else {} | {"LastName": "Lovelace"})
    store.update(name, record_id, {"FirstName": "Ada", "LastName": "Lovelace"})
    row = store.get(name, record_id)
    assert row is not None
    assert row["Name"] == "Ada Lovelace"


def test_records_are_numbered_on(store: Store) -> None:
    first = store.get("Case", store.insert("Case", {}))
    store.insert("Case", {"CaseNumber": "00000041"})
    third = store.get("Case", store.insert("Case", {}))
    assert first is not None
    assert third is not None
    assert (first["CaseNumber"], third["CaseNumber"]) == ("00000001", "00000042")


# ---- the recycle bin


def test_a_delete_takes_children_along_and_undelete_brings_them_back(store: Store) -> None:
    account = store.insert("Account", {"Name": "Acme"})
    contact = store.insert("Contact", {"LastName": "Lovelace", "AccountId": account})
    note = store.insert("Note", {"Title": "n", "ParentId": contact})
    gone_before = store.insert("Contact", {"LastName": "Gone", "AccountId": account})
    store.delete("Contact", gone_before)
    later = advance(store, hours=1)
    store.delete("Account", account)
    for name, record_id in (("Account", account), ("Contact", contact), ("Note", note)):
        assert store.get(name, record_id) is None
        row = store.get(name, record_id, include_deleted=True)
        assert row is not None
        assert (row["IsDeleted"], row["SystemModstamp"], row["LastModifiedDate"]) == (1, later, later)
    assert store.undelete("Account", account)
    for name, record_id in (("Account", account), ("Contact", contact), ("Note", note)):
        assert store.get(name, record_id) is not None
    assert store.get("Contact", gone_before) is None


def test_other_lookups_are_emptied_and_filled_again(store: Store) -> None:
    campaign = store.insert("Campaign", {"Name": "Spring"})
    values = {"Name": "Deal", "StageName": "New", "CloseDate": "2026-05-01", "CampaignId": campaign}
    deal = store.insert("Opportunity", values)
    later = advance(store, hours=1)
    store.delete("Campaign", campaign)
    row = store.get("Opportunity", deal)
    assert row is not None
    assert (row["CampaignId"], row["SystemModstamp"], row["LastModifiedDate"]) == (None, later, STAMP)
    store.undelete("Campaign", campaign)
    row = store.get("Opportunity", deal)
    assert row is not None
    assert row["CampaignId"] == campaign


def test_the_bin_is_emptied_after_15_days(store: Store) -> None:
    account = store.insert("Account", {"Name": "Acme"})
    store.delete("Account", account)
    advance(store, days=15)
    store.purge()
    assert store.get("Account", account, include_deleted=True) is not None
    advance(store, seconds=1)
    store.purge()
    assert store.get("Account", account, include_deleted=True) is None
    assert not store.undelete("Account", account)


def test_erase_leaves_no_row(store: Store) -> None:
    account = store.insert("Account", {"Name": "Acme"})
    contact = store.insert("Contact", {"LastName": "Lovelace", "AccountId": account})
    store.erase("Account", account)
    assert store.get("Account", account, include_deleted=True) is None
    assert store.get("Contact", contact, include_deleted=True) is None


def test_objects_without_a_bin_go_for_good(store: Store) -> None:
    group = store.insert("Group", {"Name": "Queue", "Type": "Queue"})
    store.delete("Group", group)
    assert store.get("Group", group, include_deleted=True) is None
    assert not store.undelete("Group", group)


# ---- the file


def test_a_file_keeps_records_fields_and_hidden_things(tmp_path: Path) -> None:
    database = tmp_path / "org.sqlite"
    with_schema = tmp_path / "schema.json"
    lookup = {"name": "Account__c", "type": "Lookup", "referenceTo": "Account", "relationshipName": "Plans"}
    score = {"object": "Lead", "name": "Score__c", "type": "Number", "precision": 5, "scale": 1}
    hidden = {"object": "Lead", "name": "Fax", "visible": False}
    plan = {"name": "Plan__c", "label": "Plan", "fields": [lookup]}
    with_schema.write_text(json.dumps({"objects": [plan], "fields": [score, hidden]}))
    process = LocalOrgProcess("--database", str(database), "--schema", str(with_schema))
    org = OrgClient(process.url)
    (lead,) = org.create("Lead", [{"LastName": "Lovelace", "Company": "Engines", "Score__c": 7.5}])
    (account,) = org.create("Account", [{"Name": "Engines"}])
    org.create("Plan__c", [{"Name": "Gold", "Account__c": account}])
    org.close()
    assert process.stop() == 0

    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT Score__c FROM Lead").fetchall() == [(7.5,)]
    connection.close()

    process = LocalOrgProcess("--database", str(database))
    org = OrgClient(process.url)
    record = org.rest("GET", f"sobjects/Lead/{lead}").json()
    assert record["Score__c"] == 7.5
    assert "Fax" not in record
    (row,) = org.query("SELECT (SELECT Name FROM Plans__r) FROM Account")
    assert [each["Name"] for each in row["Plans__r"]["records"]] == ["Gold"]
    (again,) = org.create("Lead", [{"LastName": "Byron", "Company": "Poems"}])
    assert again > lead
    org.close()
    assert process.stop() == 0
