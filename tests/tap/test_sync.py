from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import pytest

from tap_salesforce_seg.collections import COLLECTIONS

if TYPE_CHECKING:
    from local_org_client import OrgClient
    from running import TapRunner

MIDDAY = "2026-06-01T12:00:00Z"


def leads(*names: str) -> list[dict[str, Any]]:
    return [{"LastName": name, "Company": f"{name} Ltd"} for name in names]


def queries(org: OrgClient, sobject: str) -> list[str]:
    """The queries on an object that the tap has sent, from the org's own log."""
    sent = [unquote_plus(each["query"]) for each in org.requests() if each["client"] == "tap-salesforce-seg"]
    return [each for each in sent if re.search(rf"FROM {sobject}\b", each)]


def test_every_row_of_every_collection_comes_once(demo_org: OrgClient, demo_tap: TapRunner) -> None:
    outcome = demo_tap.run().ended()
    for collection in COLLECTIONS:
        if collection.name == "names":
            continue
        expected = {
            row["Id"] for row in demo_org.query(f"SELECT Id FROM {collection.sobject}", all_rows=True)
        }
        ids = [record["id"] for record in outcome.records(collection.name)]
        assert len(ids) == len(set(ids)), collection.name
        assert set(ids) == expected, collection.name


def test_a_schema_goes_before_its_records_and_a_state_after_them(demo_tap: TapRunner) -> None:
    outcome = demo_tap.run(catalog=demo_tap.catalog("leads", "contacts")).ended()
    kinds = [(each["type"], each.get("stream")) for each in outcome.messages]
    assert kinds[0] == ("SCHEMA", "contacts")
    assert kinds[-1] == ("STATE", None)
    assert kinds.index(("SCHEMA", "leads")) < kinds.index(("RECORD", "leads"))
    assert len(outcome.of_type("STATE")) <= 4, "one as a first sync begins, one as it ends"
    assert outcome.schema("leads")["key_properties"] == ["id"]
    assert outcome.schema("leads")["bookmark_properties"] == ["system_modstamp"]
    for stream in ("leads", "contacts"):
        declared = set(outcome.schema(stream)["schema"]["properties"])
        assert all(record.keys() == declared for record in outcome.records(stream))


def test_the_next_run_reads_only_what_changed(org: OrgClient, tap: TapRunner) -> None:
    org.clock(freeze_at="2026-06-01T09:00:00Z")
    first, second = org.create("Lead", leads("Ada", "Bert"))
    org.clock(freeze_at=MIDDAY)
    catalog = tap.catalog("leads")
    before = tap.run(catalog=catalog).ended()
    assert before.counts() == {"leads": 2}
    assert before.bookmark("leads") == MIDDAY

    org.clock(freeze_at="2026-06-01T15:00:00Z")
    org.rest("PATCH", f"sobjects/Lead/{second}", json={"Title": "CTO"})
    (third,) = org.create("Lead", leads("Cleo"))
    org.clock(freeze_at="2026-06-01T16:00:00Z")
    after = tap.run(catalog=catalog, state=before.state).ended()
    assert {record["id"] for record in after.records("leads")} == {second, third}
    assert first not in after.stdout
    assert after.bookmark("leads") == "2026-06-01T16:00:00Z"


def test_rows_of_the_second_in_which_a_run_starts_belong_to_the_next(org: OrgClient, tap: TapRunner) -> None:
    org.clock(freeze_at=MIDDAY)
    (lead,) = org.create("Lead", leads("Ada"))
    catalog = tap.catalog("leads")
    outcome = tap.run(catalog=catalog).ended()
    assert outcome.counts() == {}
    assert outcome.bookmark("leads") == MIDDAY
    org.clock(freeze_at="2026-06-01T12:00:01Z")
    later = tap.run(catalog=catalog, state=outcome.state, lookback_window=0).ended()
    assert [record["id"] for record in later.records("leads")] == [lead]


@pytest.mark.parametrize(("minutes_late", "is_read"), [(19, True), (21, False)])
def test_a_row_that_was_committed_late_is_read_within_the_lookback(
    org: OrgClient, tap: TapRunner, minutes_late: int, is_read: bool
) -> None:
    org.clock(freeze_at=MIDDAY)
    catalog = tap.catalog("leads")
    state = tap.run(catalog=catalog).ended().state
    org.clock(
        freeze_at=f"2026-06-01T11:{60 - minutes_late}:00Z"
    )  # stamped before the bookmark, visible after
    org.create("Lead", leads("Late"))
    org.clock(freeze_at="2026-06-01T12:30:00Z")
    outcome = tap.run(catalog=catalog, state=state).ended()
    assert len(outcome.records("leads")) == is_read


def test_a_bookmark_never_passes_the_servers_clock(org: OrgClient, tap: TapRunner) -> None:
    org.clock(freeze_at=MIDDAY)
    state = {"bookmarks": {"leads": {"replication_key_value": "2030-01-01T00:00:00Z"}}}
    outcome = tap.run(catalog=tap.catalog("leads"), state=state).ended()
    assert outcome.bookmark("leads") == MIDDAY


def test_start_date_is_for_the_first_sync_alone(org: OrgClient, tap: TapRunner) -> None:
    org.clock(freeze_at="2026-05-01T00:00:00Z")
    org.create("Lead", leads("Early"))
    org.clock(freeze_at="2026-05-20T00:00:00Z")
    org.create("Lead", leads("Late"))
    org.clock(freeze_at=MIDDAY)
    catalog = tap.catalog("leads")
    first = tap.run(catalog=catalog, start_date="2026-05-10").ended()
    assert [each["last_name"] for each in first.records("leads")] == ["Late"]
    old = {"bookmarks": {"leads": {"replication_key_value": "2026-04-01T00:00:00Z"}}}
    second = tap.run(catalog=catalog, start_date="2026-05-10", state=old).ended()
    assert len(second.records("leads")) == 2


def test_deselecting_the_replication_key_syncs_fully_and_moves_the_bookmark(
    org: OrgClient, tap: TapRunner
) -> None:
    org.clock(freeze_at="2026-05-01T00:00:00Z")
    org.create("Lead", leads("Ada", "Bert"))
    org.clock(freeze_at=MIDDAY)
    state = {"bookmarks": {"leads": {"replication_key_value": "2026-05-31T00:00:00Z"}}}
    catalog = tap.catalog("leads")
    (entry,) = [each for each in catalog["streams"] if each["tap_stream_id"] == "leads"]
    for item in entry["metadata"]:
        if item["breadcrumb"] == ["properties", "system_modstamp"]:
            item["metadata"]["selected"] = False
    full = tap.run(catalog=catalog, state=state).ended()
    assert len(full.records("leads")) == 2
    assert all("system_modstamp" not in record for record in full.records("leads"))
    assert full.bookmark("leads") == MIDDAY
    org.clock(freeze_at="2026-06-02T12:00:00Z")
    again = tap.run(catalog=tap.catalog("leads"), state=full.state).ended()
    assert again.counts() == {}
    assert again.bookmark("leads") == "2026-06-02T12:00:00Z"


def test_a_soft_deleted_row_comes_as_deleted(org: OrgClient, tap: TapRunner) -> None:
    org.clock(freeze_at="2026-05-01T00:00:00Z")
    kept, gone = org.create("Lead", leads("Kept", "Gone"))
    org.clock(freeze_at=MIDDAY)
    catalog = tap.catalog("leads")
    state = tap.run(catalog=catalog).ended().state
    org.clock(freeze_at="2026-06-02T12:00:00Z")
    org.rest("DELETE", f"sobjects/Lead/{gone}")
    org.clock(freeze_at="2026-06-02T13:00:00Z")
    (record,) = tap.run(catalog=catalog, state=state).ended().records("leads")
    assert record["id"] == gone != kept
    assert record["is_deleted"] is True
    assert record["_sdc_deleted_at"] == record["system_modstamp"] == "2026-06-02T12:00:00.000Z"


def test_only_what_is_selected_is_asked_for(org: OrgClient, tap: TapRunner) -> None:
    org.create("Lead", leads("Ada"))
    catalog = tap.catalog("leads", columns={"leads": ["last_name", "system_modstamp"]})
    org.forget_requests()
    outcome = tap.run(catalog=catalog).ended()
    (query,) = queries(org, "Lead")
    assert "SELECT Id, IsDeleted, LastName, SystemModstamp FROM Lead WHERE SystemModstamp < " in query
    assert not queries(org, "Account")
    assert not [each for each in org.requests() if "Account" in each["path"]]
    columns = {"id", "is_deleted", "_sdc_deleted_at", "last_name", "system_modstamp"}
    assert outcome.schema("leads")["schema"]["properties"].keys() == columns


def test_parts_of_an_address_can_be_deselected(demo_tap: TapRunner) -> None:
    catalog = demo_tap.catalog("leads", columns={"leads": ["address", "system_modstamp"]})
    (entry,) = [each for each in catalog["streams"] if each["tap_stream_id"] == "leads"]
    for item in entry["metadata"]:
        if len(item["breadcrumb"]) == 4:
            item["metadata"]["selected"] = item["breadcrumb"][3] == "city"
    outcome = demo_tap.run(catalog=catalog).ended()
    addresses = [record["address"] for record in outcome.records("leads") if record["address"]]
    assert addresses
    assert all(address.keys() == {"city"} for address in addresses)


def test_the_state_of_another_tap_is_taken_over(org: OrgClient, tap: TapRunner) -> None:
    org.clock(freeze_at="2026-05-01T00:00:00Z")
    org.create("Lead", leads("Ada"))
    org.clock(freeze_at=MIDDAY)
    state = {"bookmarks": {"Lead": {"SystemModstamp": "2026-05-20T00:00:00.000000Z"}}}
    outcome = tap.run(catalog=tap.catalog("Lead", naming="api"), state=state, naming="api").ended()
    assert outcome.counts() == {}
    assert outcome.bookmark("Lead") == MIDDAY


def test_a_bookmark_of_another_name_is_that_of_another_table(org: OrgClient, tap: TapRunner) -> None:
    """Loaders make a table for each stream name: a new one must not lack what the old one has."""
    org.clock(freeze_at="2026-05-01T00:00:00Z")
    ids = org.create("Lead", leads("Ada"))
    org.clock(freeze_at=MIDDAY)
    first = tap.run(catalog=tap.catalog("leads")).ended()
    other = tap.run(catalog=tap.catalog("Lead", naming="api"), state=first.state, naming="api").ended()
    assert [record["Id"] for record in other.records("Lead")] == ids
    assert "the state knows Lead as leads" in other.stderr
    assert "set naming to segment" in other.stderr
    again = tap.run(catalog=tap.catalog("leads"), state=other.state).ended()
    assert again.counts() == {}


def test_bookmarks_of_other_streams_are_kept(org: OrgClient, tap: TapRunner) -> None:
    org.clock(freeze_at=MIDDAY)
    other = {"replication_key": "system_modstamp", "replication_key_value": "2026-01-01T00:00:00Z"}
    outcome = tap.run(catalog=tap.catalog("leads"), state={"bookmarks": {"accounts": other}}).ended()
    assert outcome.state["bookmarks"]["accounts"] == other


def test_a_full_table_sync_can_be_asked_for(org: OrgClient, tap: TapRunner) -> None:
    org.clock(freeze_at="2026-05-01T00:00:00Z")
    org.create("Lead", leads("Ada"))
    org.clock(freeze_at=MIDDAY)
    catalog = tap.catalog("leads")
    for entry in catalog["streams"]:
        entry["replication_method"] = "FULL_TABLE"
    state = {"bookmarks": {"leads": {"replication_key_value": "2026-05-31T00:00:00Z"}}}
    outcome = tap.run(catalog=catalog, state=state).ended()
    assert outcome.counts() == {"leads": 1}
    assert outcome.bookmark("leads") == MIDDAY


def test_stream_maps_give_the_same_values_by_the_sdks_path(demo_tap: TapRunner) -> None:
    catalog = demo_tap.catalog("leads", "accounts")
    plain = demo_tap.run(catalog=catalog).ended()
    hashed = {"id": "id", "email_hash": "md5(email) if email else None", "__else__": None}
    maps = {"leads": hashed, "accounts": {}}
    mapped = demo_tap.run(catalog=catalog, stream_maps=maps).ended()
    assert mapped.records("accounts") == plain.records("accounts")
    assert {each["id"] for each in mapped.records("leads")} == {each["id"] for each in plain.records("leads")}
    assert all(each.keys() == {"id", "email_hash"} for each in mapped.records("leads"))
    flat = demo_tap.run(catalog=catalog, flattening_enabled=True, flattening_max_depth=1).ended()
    with_address = [each for each in flat.records("leads") if each.get("address__city")]
    assert with_address
    assert all(each["address__city"] == each["city"] for each in with_address)


def test_a_stream_that_the_maps_leave_out_is_not_read(org: OrgClient, tap: TapRunner) -> None:
    org.create("Lead", leads("Ada"))
    catalog = tap.catalog("leads", "accounts")
    org.forget_requests()
    outcome = tap.run(catalog=catalog, stream_maps={"accounts": {}, "__else__": None}).ended()
    assert not queries(org, "Lead")
    assert "leads" not in outcome.state["bookmarks"]


def test_api_naming_holds_in_records_and_state(demo_tap: TapRunner) -> None:
    outcome = demo_tap.run(catalog=demo_tap.catalog("Lead", naming="api"), naming="api").ended()
    records = outcome.records("Lead")
    assert {"Id", "IsDeleted", "SystemModstamp", "Score__c"} <= records[0].keys()
    address = next(each["Address"] for each in records if each["Address"])
    assert "postalCode" in address
    assert outcome.state["bookmarks"]["Lead"]["replication_key"] == "SystemModstamp"


def test_binary_bodies_come_in_base64_when_selected(demo_org: OrgClient, demo_tap: TapRunner) -> None:
    catalog = demo_tap.catalog("documents", columns={"documents": ["name", "body", "is_deleted"]})
    records = demo_tap.run(catalog=catalog).ended().records("documents")
    kept = [record for record in records if record["body"] and not record["is_deleted"]]
    assert kept
    for record in kept:
        body = demo_org.rest("GET", f"sobjects/Document/{record['id']}/Body").content
        assert base64.b64decode(record["body"]) == body


def test_values_are_written_as_promised(demo_org: OrgClient, demo_tap: TapRunner) -> None:
    outcome = demo_tap.run(catalog=demo_tap.catalog("accounts", "leads", "opportunities")).ended()
    text = outcome.stdout
    assert re.search(r'"system_modstamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"', text)
    assert not re.search(r'"annual_revenue":[0-9]*\.0[,}]', text)
    assert not re.search(r'":-?[0-9.]+E', text)
    stored = {row["Id"]: row for row in demo_org.query("SELECT Id, AnnualRevenue, Description FROM Account")}
    for record in outcome.records("accounts"):
        if record["id"] in stored:
            assert record["annual_revenue"] == stored[record["id"]]["AnnualRevenue"]
            assert record["description"] == stored[record["id"]]["Description"]
