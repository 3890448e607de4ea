"""The tap piped into real loaders: what they hold afterwards is what the org holds.

Twice each: before and after rows were changed, deleted, removed for good, and a field was added.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bulk_jobs import ingest
from loaders import duckdb_tables, loader
from warehouse import OrgTable

from tap_salesforce_seg.collections import COLLECTIONS

if TYPE_CHECKING:
    from pathlib import Path

    from loaders import PostgresServer
    from local_org_client import OrgClient

SECONDS_TO_WAIT = 300


class Pipe:
    """The tap piped into one loader, run after run, with the state that the loader gave back."""

    def __init__(
        self, org: OrgClient, directory: Path, name: str, settings: dict[str, Any], **tap_settings: Any
    ) -> None:
        self._tap = directory / "tap.json"
        login = {"instance_url": org.url, "access_token": org.token()}
        self._tap.write_text(json.dumps(login | tap_settings))
        self._catalog: list[str] = []
        self._loader = directory / "loader.json"
        self._loader.write_text(json.dumps(settings))
        self._state = directory / "state.json"
        self._command = loader(name)

    def select(self, stream: str, *, without: str) -> None:
        """Only one stream, and not all of its columns."""
        discover = [sys.executable, "-m", "tap_salesforce_seg", "--config", str(self._tap), "--discover"]
        catalog = json.loads(subprocess.run(discover, capture_output=True, check=True).stdout)
        for entry in catalog["streams"]:
            for each in entry["metadata"]:
                if not each["breadcrumb"]:
                    each["metadata"]["selected"] = entry["tap_stream_id"] == stream
                elif each["breadcrumb"][-1] == without:
                    each["metadata"]["selected"] = False
        file = self._tap.with_name("catalog.json")
        file.write_text(json.dumps(catalog))
        self._catalog = ["--catalog", str(file)]

    def run(self) -> None:
        state = ["--state", str(self._state)] if self._state.exists() else []
        tap = subprocess.Popen(
            [sys.executable, "-m", "tap_salesforce_seg", "--config", str(self._tap), *self._catalog, *state],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        load = subprocess.run(
            [self._command, "--config", str(self._loader)],
            stdin=tap.stdout,
            capture_output=True,
            text=True,
            timeout=SECONDS_TO_WAIT,
            check=False,
        )
        _, messages = tap.communicate()
        assert load.returncode == 0, load.stderr[-3000:]
        assert tap.returncode == 0, messages.decode()
        self._state.write_text(load.stdout.strip().splitlines()[-1])


def change(org: OrgClient) -> str:
    """What may happen to a company between two runs; the id of a Lead that was removed for good."""
    leads = [row["Id"] for row in org.query("SELECT Id FROM Lead WHERE IsConverted = false LIMIT 4")]
    org.custom_field("Lead.Renewal_Note__c")
    org.rest("PATCH", f"sobjects/Lead/{leads[0]}", json={"Title": 'Zoë\'s "new"\r\ntitle \\ 7'})
    org.rest("PATCH", f"sobjects/Lead/{leads[1]}", json={"Renewal_Note__c": "ask again in May"})
    org.rest("DELETE", f"sobjects/Lead/{leads[2]}")
    job = ingest(org, "Lead", f"Id\n{leads[3]}\n", "hardDelete")
    assert job["numberRecordsFailed"] == 0, job
    org.create("Lead", [{"LastName": "Ünal", "Company": "東京 Ltd"}])
    (account,) = org.query("SELECT Id FROM Account LIMIT 1")
    org.rest("PATCH", f"sobjects/Account/{account['Id']}", json={"AnnualRevenue": 1234567.89})
    return leads[3]


def compare(
    org: OrgClient, tables: dict[str, list[dict[str, Any]]], removed: str, *, hard_delete: bool = False
) -> None:
    """Every collection, every row, every column.

    Args:
        org: The org.
        tables: What the loader holds, by collection.
        removed: The Lead that the org no longer has at all. Unless the loader deletes, its row says so.
        hard_delete: Whether the loader deletes what the org has deleted.
    """
    for collection in COLLECTIONS:
        if collection.name == "names":
            leads = {row["id"] for row in tables["leads"]} - {removed}
            named = {row["id"] for row in tables["names"] if row["type"] == "Lead"}
            assert named, "Tasks and Events lead to Leads"
            assert named <= leads | {removed}
            continue
        table = OrgTable(org, collection.sobject)
        if hard_delete:
            table.rows = {key: row for key, row in table.rows.items() if not row.get("IsDeleted")}
        loaded = {row["id"]: row for row in tables.get(collection.name, [])}
        assert len(loaded) == len(tables.get(collection.name, [])), collection.name
        gone = loaded.keys() - table.rows.keys()  # with a Lead goes what belongs to it
        assert (removed in gone) == (collection.name == "leads" and not hard_delete)
        assert all(loaded.pop(key)["is_deleted"] is True for key in gone), collection.name
        assert loaded.keys() == table.rows.keys(), collection.name
        assert table.checksums_of(list(loaded.values())) == table.checksums(), collection.name


def load_twice(org: OrgClient, pipe: Pipe) -> str:
    """A first load, an hour after the company was made; some changes; and a second load, an hour later."""
    org.clock(offset_seconds=3600)
    pipe.run()
    removed = change(org)
    org.clock(offset_seconds=7200)
    pipe.run()
    return removed


def test_target_jsonl(demo_org: OrgClient, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    pipe = Pipe(
        demo_org, tmp_path, "target-jsonl", {"destination_path": str(folder), "do_timestamp_file": False}
    )
    removed = load_twice(demo_org, pipe)
    tables: dict[str, list[dict[str, Any]]] = {}
    for file in folder.glob("*.jsonl"):
        latest = {row["id"]: row for row in map(json.loads, file.read_text().splitlines())}
        tables[file.stem] = list(latest.values())  # target-jsonl appends
    compare(demo_org, tables, removed)


def test_target_csv(demo_org: OrgClient, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    settings = {"output_path": str(folder), "file_naming_scheme": "{stream_name}-{timestamp}.csv"}
    removed = load_twice(demo_org, Pipe(demo_org, tmp_path, "target-csv", settings))
    latest: dict[str, dict[str, dict[str, Any]]] = {}
    for file in sorted(folder.glob("*.csv")):  # a file for each run
        with file.open(newline="") as lines:
            rows = {
                row["id"]: {name: from_csv(cell) for name, cell in row.items()}
                for row in csv.DictReader(lines)
            }
        latest.setdefault(file.name.partition("-")[0], {}).update(rows)
    compare(demo_org, {name: list(rows.values()) for name, rows in latest.items()}, removed)


def from_csv(cell: str) -> Any:
    """A cell of target-csv, which writes booleans and objects as Python shows them."""
    if cell.startswith("{'") or cell in {"True", "False"}:
        return eval(cell, {"__builtins__": {}, "Decimal": Decimal})
    return cell or None


def test_target_duckdb(demo_org: OrgClient, tmp_path: Path) -> None:
    database = tmp_path / "warehouse.duckdb"
    settings = {"path": str(database), "default_target_schema": "sfdc", "hard_delete": True}
    removed = load_twice(demo_org, Pipe(demo_org, tmp_path, "target-duckdb", settings))
    compare(demo_org, duckdb_tables(database), removed, hard_delete=True)


def test_target_postgres(demo_org: OrgClient, tmp_path: Path, postgres: PostgresServer) -> None:
    settings = postgres.settings | {"default_target_schema": "sfdc"}
    removed = load_twice(demo_org, Pipe(demo_org, tmp_path, "target-postgres", settings))
    names = [each.name for each in COLLECTIONS]
    compare(demo_org, {name: postgres.rows(f'SELECT * FROM sfdc."{name}"') for name in names}, removed)


def test_a_full_sync_removes_what_the_org_no_longer_has(
    org: OrgClient, tmp_path: Path, postgres: PostgresServer
) -> None:
    settings = postgres.settings | {"default_target_schema": "versions", "hard_delete": True}
    versions = {"emit_activate_version_messages": True, "detect_hard_deletes": False}
    kept, removed = org.create("Lead", [{"LastName": name, "Company": "Ltd"} for name in ("Ada", "Bert")])
    pipe = Pipe(org, tmp_path, "target-postgres", settings, **versions)
    pipe.select("leads", without="system_modstamp")  # so that each sync is a full one
    pipe.run()
    assert {row["id"] for row in postgres.rows("SELECT id FROM versions.leads")} == {kept, removed}

    ingest(org, "Lead", f"Id\n{removed}\n", "hardDelete")
    pipe.run()

    assert postgres.rows("SELECT id, last_name FROM versions.leads") == [{"id": kept, "last_name": "Ada"}]
