"""When all rows are read again, although there is a bookmark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from local_org_client import OrgClient
    from running import Outcome, TapRunner

BEFORE = "2026-05-01T00:00:00Z"
MIDDAY = "2026-06-01T12:00:00Z"
NAMES = ["last_name", "system_modstamp"]


def at(org: OrgClient, moment: str) -> None:
    org.clock(freeze_at=moment)


@pytest.fixture
def two_leads(org: OrgClient) -> None:
    at(org, BEFORE)
    org.create("Lead", [{"LastName": name, "Company": "Ltd", "Title": "CTO"} for name in ("Ada", "Bert")])
    at(org, MIDDAY)


@pytest.mark.usefixtures("two_leads")
def test_a_newly_selected_field_is_filled_in_for_old_rows(org: OrgClient, tap: TapRunner) -> None:
    few = tap.catalog("leads", columns={"leads": NAMES})
    more = tap.catalog("leads", columns={"leads": [*NAMES, "title"]})
    first = tap.run(catalog=few).ended()
    assert first.state["bookmarks"]["leads"]["fields"] == ["Id", "IsDeleted", "LastName", "SystemModstamp"]
    at(org, "2026-06-02T00:00:00Z")
    second = tap.run(catalog=more, state=first.state).ended()
    assert "All rows of leads are read: older rows lack Title." in second.stderr
    assert [record["title"] for record in second.records("leads")] == ["CTO", "CTO"]
    at(org, "2026-06-03T00:00:00Z")
    third = tap.run(catalog=more, state=second.state).ended()
    assert third.counts() == {}
    fewer_again = tap.run(catalog=few, state=third.state).ended()
    assert fewer_again.counts() == {}


@pytest.mark.usefixtures("two_leads")
def test_a_new_custom_field_is_filled_in_for_old_rows(org: OrgClient, tap: TapRunner) -> None:
    first = tap.run(catalog=tap.catalog("leads")).ended()
    org.custom_field("Lead.Size__c", "Text")
    at(org, "2026-06-02T00:00:00Z")
    second = tap.run(state=first.state).ended()
    assert len(second.records("leads")) == 2
    assert all("size_c" in record for record in second.records("leads"))


@pytest.mark.usefixtures("two_leads")
def test_backfill_can_be_turned_off_and_made_up_for(org: OrgClient, tap: TapRunner) -> None:
    few = tap.catalog("leads", columns={"leads": NAMES})
    more = tap.catalog("leads", columns={"leads": [*NAMES, "title"]})
    state = tap.run(catalog=few).ended().state
    at(org, "2026-06-02T00:00:00Z")
    without = tap.run(catalog=more, state=state, backfill_new_fields=False).ended()
    assert without.counts() == {}
    at(org, "2026-06-03T00:00:00Z")
    made_up_for = tap.run(catalog=more, state=without.state).ended()
    assert len(made_up_for.records("leads")) == 2


@pytest.mark.usefixtures("two_leads")
def test_the_state_of_another_tap_is_taken_to_cover_all_fields(org: OrgClient, tap: TapRunner) -> None:
    state = {"bookmarks": {"leads": {"replication_key_value": "2026-05-20T00:00:00Z"}}}
    assert tap.run(catalog=tap.catalog("leads"), state=state).ended().counts() == {}


@pytest.mark.parametrize(
    ("every", "reads"), [("never", [0, 0, 0]), ("daily", [0, 2, 2]), ("weekly", [0, 0, 2])]
)
@pytest.mark.usefixtures("two_leads")
def test_formula_fields_are_refreshed_on_a_schedule(
    org: OrgClient, tap: TapRunner, every: str, reads: list[int]
) -> None:
    org.custom_field("Lead.Shout__c", "Text", formula="UPPER(LastName)")
    catalog = with_streams(tap.discover(), "leads")
    state: dict[str, Any] = tap.run(catalog=catalog, refresh_formula_fields=every).ended().state
    for moment, expected in zip(["01T23:00", "02T13:00", "09T12:00"], reads, strict=True):
        at(org, f"2026-06-{moment}:00Z")
        outcome = tap.run(catalog=catalog, state=state, refresh_formula_fields=every).ended()
        assert len(outcome.records("leads")) == expected, moment
        if expected:
            assert {record["shout_c"] for record in outcome.records("leads")} == {"ADA", "BERT"}
        state = outcome.state


def with_streams(catalog: dict[str, Any], *names: str) -> dict[str, Any]:
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"]["selected"] = entry["tap_stream_id"] in names
    return catalog


@pytest.mark.usefixtures("two_leads")
def test_new_fields_alone_are_filled_in_where_the_loader_merges_columns(
    org: OrgClient, tap: TapRunner
) -> None:
    few = tap.catalog("leads", columns={"leads": NAMES})
    more = tap.catalog("leads", columns={"leads": [*NAMES, "title"]})
    first = tap.run(catalog=few).ended()
    at(org, "2026-06-01T20:00:00Z")
    (new,) = org.create("Lead", [{"LastName": "Cleo", "Company": "Ltd"}])
    at(org, "2026-06-02T00:00:00Z")
    second = tap.run(catalog=more, state=first.state, backfill_columns="new").ended()
    *old, last = second.records("leads")
    assert [(each.keys(), each["title"]) for each in old] == [
        ({"id", "is_deleted", "_sdc_deleted_at", "system_modstamp", "title"}, "CTO")
    ] * 2
    assert (last["id"], last["last_name"]) == (new, "Cleo")
    third = tap.run(catalog=more, state=second.state, backfill_columns="new", lookback_window=0).ended()
    assert third.counts() == {}


VERSIONS = {"emit_activate_version_messages": True}


def kinds(outcome: Outcome) -> list[tuple[str, Any]]:
    """Type and version of all messages but STATEs on the way, one for all RECORDs in a row."""
    *messages, last = outcome.messages
    shown = [each for each in messages if each["type"] != "STATE"] + [last]
    found = [(each["type"], each.get("version")) for each in shown]
    return [each for at, each in enumerate(found) if at == 0 or each != found[at - 1]]


@pytest.mark.usefixtures("two_leads")
def test_a_new_field_that_vanishes_does_not_widen_what_is_filled_in(org: OrgClient, tap: TapRunner) -> None:
    few = tap.catalog("leads", columns={"leads": NAMES})
    more = tap.catalog("leads", columns={"leads": [*NAMES, "title", "rating"]})
    state = tap.run(catalog=few).ended().state
    at(org, "2026-06-02T00:00:00Z")
    org.faults([{"path": "/queryAll", "action": {"hide": ["Lead.Rating"]}}])
    outcome = tap.run(catalog=more, state=state, backfill_columns="new").ended()
    assert "left out: rating" in outcome.stderr
    assert [set(record) for record in outcome.records("leads")] == [
        {"id", "is_deleted", "_sdc_deleted_at", "system_modstamp", "title"}
    ] * 2


@pytest.mark.usefixtures("two_leads")
def test_a_full_sync_activates_its_version_when_all_rows_are_out(org: OrgClient, tap: TapRunner) -> None:
    all_columns = tap.catalog("leads")
    first = tap.run(catalog=all_columns, **VERSIONS).ended()
    version = first.of_type("ACTIVATE_VERSION")[0]["version"]
    assert kinds(first) == [
        ("SCHEMA", None),
        ("RECORD", version),
        ("ACTIVATE_VERSION", version),
        ("STATE", None),
    ]
    at(org, "2026-06-02T00:00:00Z")
    org.create("Lead", [{"LastName": "Cleo", "Company": "Ltd"}])
    at(org, "2026-06-02T12:00:00Z")
    later = tap.run(catalog=all_columns, state=first.state, **VERSIONS).ended()
    assert kinds(later)[1:] == [("RECORD", version), ("STATE", None)], (
        "an incremental row is of the same table"
    )
    without_key = tap.catalog("leads", columns={"leads": ["last_name"]})
    full = tap.run(catalog=without_key, state=later.state, **VERSIONS).ended()
    (newer,) = {each["version"] for each in full.of_type("RECORD")}
    assert newer > version
    assert [each["version"] for each in full.of_type("ACTIVATE_VERSION")] == [newer]


@pytest.mark.usefixtures("two_leads")
def test_a_full_sync_that_nobody_completes_is_never_activated(org: OrgClient, tap: TapRunner) -> None:
    """Loaders would remove all rows that it had not come to."""
    catalog, once_in_full = tap.catalog("leads"), tap.catalog("leads")
    for entry in once_in_full["streams"]:
        entry["replication_method"] = "FULL_TABLE"
    first = tap.run(catalog=catalog, **VERSIONS).ended()
    (told,) = first.of_type("ACTIVATE_VERSION")
    at(org, "2026-06-02T00:00:00Z")
    org.faults([{"path": "/queryAll", "action": {"lose_rows": 1}}])
    cut_short = tap.run(catalog=once_in_full, state=first.state, **VERSIONS).ended(1)
    at(org, "2026-06-02T06:00:00Z")
    org.create("Lead", [{"LastName": "Cleo", "Company": "Ltd"}])
    at(org, "2026-06-02T09:00:00Z")
    third = tap.run(catalog=catalog, state=cut_short.state, **VERSIONS).ended()
    assert [each["version"] for each in third.of_type("RECORD")] == [told["version"]]
    assert third.of_type("ACTIVATE_VERSION") == []


@pytest.mark.usefixtures("two_leads")
def test_a_full_sync_that_is_not_complete_activates_nothing(org: OrgClient, tap: TapRunner) -> None:
    org.limits(QueryPageRecords={"Max": 1, "Remaining": 1})
    catalog = tap.catalog("leads")
    lose = {"path": "/query(All)?/0r8", "times": 1, "action": {"lose_rows": 1}}
    org.faults([lose])
    failed = tap.run(catalog=catalog, **VERSIONS).ended(1)
    assert failed.of_type("ACTIVATE_VERSION") == []
    org.faults([{"path": "/query(All)?/0r8", "times": 1, "action": {"status": 400, "body": "[]"}}])
    stopped = tap.run(catalog=catalog, **VERSIONS).ended(1)
    (version,) = {each["version"] for each in stopped.of_type("RECORD")}
    assert stopped.of_type("ACTIVATE_VERSION") == []
    resumed = tap.run(catalog=catalog, state=stopped.state, **VERSIONS).ended()
    assert len(stopped.records("leads")) == len(resumed.records("leads")) == 1
    assert {each["version"] for each in resumed.of_type("RECORD")} == {version}
    assert [each["version"] for each in resumed.of_type("ACTIVATE_VERSION")] == [version]
    dated = tap.run(catalog=catalog, start_date="2026-01-01", **VERSIONS).ended()
    assert kinds(dated)[1] == ("RECORD", None)
    assert dated.of_type("ACTIVATE_VERSION") == []


@pytest.mark.usefixtures("two_leads")
def test_formulas_alone_are_refreshed_where_the_loader_merges_columns(org: OrgClient, tap: TapRunner) -> None:
    org.custom_field("Lead.Shout__c", "Text", formula="UPPER(LastName)")
    merging = {"refresh_formula_fields": "daily", "backfill_columns": "new"}
    catalog = with_streams(tap.discover(), "leads")
    first = tap.run(catalog=catalog, **merging).ended()
    at(org, "2026-06-02T13:00:00Z")
    org.create("Lead", [{"LastName": "Cleo", "Company": "Ltd"}])
    at(org, "2026-06-02T14:00:00Z")
    second = tap.run(catalog=catalog, state=first.state, **merging).ended()
    *older, newer = second.records("leads")
    assert newer["last_name"] == "Cleo"
    assert {record["shout_c"] for record in older} == {"ADA", "BERT"}
    assert all({"id", "system_modstamp", "shout_c"} <= record.keys() for record in older)
    assert all("last_name" not in record for record in older)
    at(org, "2026-06-02T15:00:00Z")
    assert tap.run(catalog=catalog, state=second.state, **merging).ended().counts() == {}


def custom_object(org: OrgClient, name: str) -> None:
    metadata = {"label": name, "pluralLabel": name, "nameField": {"type": "Text", "label": "Name"}}
    body = {"FullName": name, "Metadata": metadata}
    assert org.rest("POST", "tooling/sobjects/CustomObject", json=body).status_code == 201


def test_an_object_that_takes_over_a_streams_name_is_read_from_its_beginning(
    org: OrgClient, tap: TapRunner
) -> None:
    """FooBar__c stands before Foo_Bar__c in the alphabet, so the one that comes later takes the name."""
    at(org, "2026-06-01T09:00:00Z")
    custom_object(org, "Foo_Bar__c")
    (one,) = org.create("Foo_Bar__c", [{"Name": "one"}])
    at(org, "2026-06-01T12:00:00Z")
    settings: dict[str, Any] = {"include_objects": ["*__c"]}
    first = tap.run(catalog=with_streams(tap.discover(**settings), "foo_bar_c"), **settings).ended()
    assert [each["id"] for each in first.records("foo_bar_c")] == [one]
    custom_object(org, "FooBar__c")
    (two,) = org.create("FooBar__c", [{"Name": "two"}])
    at(org, "2026-06-01T18:00:00Z")
    both = with_streams(tap.discover(**settings), "foo_bar_c", "foo_bar_c_2")
    second = tap.run(catalog=both, state=first.state, **settings).ended()
    assert [each["id"] for each in second.records("foo_bar_c")] == [two]
    assert [each["id"] for each in second.records("foo_bar_c_2")] == [one]
    assert "foo_bar_c was the stream of Foo_Bar__c; now it is that of FooBar__c" in second.stderr
    third = tap.run(catalog=both, state=second.state, lookback_window=0, **settings).ended()
    assert third.counts() == {}


@pytest.mark.parametrize("backfill", ["new", "all"])
def test_a_field_whose_column_another_one_has_taken_is_filled_in(
    org: OrgClient, tap: TapRunner, backfill: str
) -> None:
    at(org, "2026-06-01T09:00:00Z")
    org.custom_field("Lead.Foo_Bar__c")
    org.create("Lead", [{"LastName": "Ada", "Company": "Ltd", "Foo_Bar__c": "old"}])
    at(org, "2026-06-01T12:00:00Z")
    first = tap.run(catalog=with_streams(tap.discover(), "leads")).ended()
    org.custom_field("Lead.FooBar__c")
    at(org, "2026-06-01T18:00:00Z")
    catalog = with_streams(tap.discover(), "leads")
    second = tap.run(catalog=catalog, state=first.state, backfill_columns=backfill).ended()
    (row,) = second.records("leads")
    assert (row["foo_bar_c"], row["foo_bar_c_2"]) == (None, "old")
    third = tap.run(catalog=catalog, state=second.state, backfill_columns=backfill, lookback_window=0).ended()
    assert third.counts() == {}
