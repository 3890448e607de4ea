"""Any number of plain records of one object."""

from __future__ import annotations

import pytest

from salesforce_local_org.filler import seed_bulk
from salesforce_local_org.org import Org


@pytest.fixture(scope="module")
def org() -> Org:
    return Org(seed="none")


@pytest.mark.parametrize("name", ["Account", "Lead", "Opportunity", "Task", "Product2", "Campaign"])
def test_writes_that_many_records_that_fit_their_fields(org: Org, name: str) -> None:
    seed_bulk(org, name, 500)
    sobject = org.schema.object(name)
    assert sobject is not None
    rows = org.store.connection.execute(f'SELECT * FROM "{name}" ORDER BY Id').fetchall()
    assert len(rows) == 500
    for place, field in enumerate(sobject.columns()):
        values = [row[place] for row in rows]
        if field.required_on_create or field.name == "OwnerId":
            assert None not in values, field.name
        if field.length and field.type != "reference":
            assert max(len(value or "") for value in values) <= field.length, field.name
        if field.restricted_picklist:
            assert {each.value for each in field.picklist_values} | {None} >= set(values), field.name


def test_records_have_names_of_their_own_and_creation_dates_in_order(org: Org) -> None:
    seed_bulk(org, "Contact", 1_000)
    rows = org.store.connection.execute(
        "SELECT LastName, CreatedDate, SystemModstamp FROM Contact ORDER BY Id"
    )
    names, created, touched = zip(*rows.fetchall(), strict=True)
    assert len(set(names)) == 1_000
    assert list(created) == sorted(created) == list(touched)
    assert created[0] < created[500] < created[-1] < org.clock.stamp()


def test_two_fillings_do_not_collide(org: Org) -> None:
    for _ in range(2):
        seed_bulk(org, "Solution", 10)
    assert org.store.connection.execute("SELECT count(DISTINCT Id) FROM Solution").fetchone() == (20,)


def test_no_rows_are_no_rows(org: Org) -> None:
    seed_bulk(org, "Event", 0)
    assert org.store.connection.execute("SELECT count(*) FROM Event").fetchone() == (0,)


def test_an_unknown_object_and_a_lookup_without_a_target_are_refused() -> None:
    org = Org(seed="none")
    with pytest.raises(ValueError, match=r"no object Invoice__c"):
        seed_bulk(org, "Invoice__c", 1)
    with pytest.raises(ValueError, match=r"needs a record of Opportunity"):
        seed_bulk(org, "OpportunityContactRole", 1)
