"""The tap piped into target-duckdb, and killed, or its loader, again and again: the table equals the org."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from bulk_jobs import ingest
from loaders import duckdb_tables, loader
from warehouse import OrgTable

if TYPE_CHECKING:
    from pathlib import Path

    from local_org_client import OrgClient

MOMENTS = [f"2026-06-01T{hour:02}:00:00Z" for hour in range(9, 20)]
ROWS, PAGE_ROWS = 1500, 100
PAGE = {"rest": "/query(All)?[/?]", "bulk2": "/jobs/query/750.+/results"}
SECONDS_TO_WAIT = 120


class Pipeline:
    """``tap | target-duckdb``, with the state that the loader gave back last."""

    def __init__(self, org: OrgClient, directory: Path, reader: str) -> None:
        self._org, self._reader = org, reader
        self._state = directory / "state.json"
        self.database = directory / "warehouse.duckdb"
        login = {"login_url": org.url, "client_id": "app", "client_secret": "secret-of-app"}
        files = {
            "tap": login | {"api_type": reader},
            "loader": {"path": str(self.database), "default_target_schema": "sfdc"},
        }
        for name, value in files.items():
            (directory / f"{name}.json").write_text(json.dumps(value))
        self._tap = [sys.executable, "-m", "tap_salesforce_seg", "--config", str(directory / "tap.json")]
        self._loader = [str(loader("target-duckdb")), "--config", str(directory / "loader.json")]
        self._select_leads(directory)

    def _select_leads(self, directory: Path) -> None:
        found = subprocess.run([*self._tap, "--discover"], capture_output=True, check=True).stdout
        leads = [each for each in json.loads(found)["streams"] if each["tap_stream_id"] == "leads"]
        catalog = directory / "catalog.json"
        catalog.write_text(json.dumps({"streams": leads}))
        self._tap += ["--catalog", str(catalog)]

    def run(self, *, kill: str = "", by: signal.Signals = signal.SIGKILL, at_page: int = 0) -> int:
        """Run it; if wanted, one of the two is killed while the tap asks for a page.

        Returns:
            The tap's exit code.
        """
        if kill:
            rule = {"path": PAGE[self._reader], "skip": at_page, "action": {"hang": True}}
            self._org.faults([rule])
        state = ["--state", str(self._state)] if self._state.exists() else []
        with subprocess.Popen([*self._tap, *state], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as tap:
            load = subprocess.Popen(
                self._loader, stdin=tap.stdout, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
            assert tap.stdout is not None
            tap.stdout.close()
            if kill:
                self._wait_until_it_hangs(tap)
                (tap if kill == "tap" else load).send_signal(by)
                self._org.local("DELETE", "faults")
                if kill == "loader":
                    load.wait(SECONDS_TO_WAIT)
                    tap.kill()  # a runner such as Meltano ends the one when the other has died
            said, _ = load.communicate(timeout=SECONDS_TO_WAIT)
            if states := said.strip().splitlines():
                self._state.write_text(states[-1])
            return tap.wait(SECONDS_TO_WAIT)

    def _wait_until_it_hangs(self, tap: subprocess.Popen[bytes]) -> None:
        while self._org.local("GET", "faults")[0]["times"]:
            assert tap.poll() is None, "the tap came to its end before it was killed"
            time.sleep(0.05)


def differences(org: OrgClient, rows: list[dict[str, Any]], removed: str) -> list[str]:
    """The columns in which the loaded rows differ from the org's."""
    (gone,) = [row for row in rows if row["id"] == removed]
    assert gone["is_deleted"] is True
    table = OrgTable(org, "Lead")
    there = [row for row in rows if row["id"] != removed]
    assert len(there) == len(table.rows)
    loaded = table.checksums_of(there)
    return [column for column, digest in table.checksums().items() if loaded[column] != digest]


@pytest.mark.parametrize("reader", ["rest", "bulk2"])
def test_a_pipeline_that_is_killed_again_and_again(org: OrgClient, tmp_path: Path, reader: str) -> None:
    moments = iter(MOMENTS)
    org.clock(freeze_at=next(moments))
    leads = org.create(
        "Lead",
        [
            {"LastName": f"Lead {number}", "Company": "Ltd", "Description": "x" * 999}
            for number in range(ROWS)
        ],
    )
    org.clock(freeze_at=next(moments))
    org.limits(QueryPageRecords={"Max": PAGE_ROWS}, BulkResultPageRecords={"Max": PAGE_ROWS})
    pipeline = Pipeline(org, tmp_path, reader)
    assert pipeline.run(kill="tap", at_page=3) == -signal.SIGKILL
    assert pipeline.run(kill="tap", by=signal.SIGTERM, at_page=6) == 143
    org.rest("PATCH", f"sobjects/Lead/{leads[0]}", json={"Title": 'said "no"\r\nand left'})
    org.clock(freeze_at=next(moments))
    assert pipeline.run(kill="loader", at_page=3) in {1, -signal.SIGKILL}
    org.rest("DELETE", f"sobjects/Lead/{leads[700]}")
    ingest(org, "Lead", f"Id\n{leads[1]}\n", "hardDelete")
    org.clock(freeze_at=next(moments))
    assert pipeline.run() == 0
    org.limits(QueryPageRecords={"Max": 2000})
    assert differences(org, duckdb_tables(pipeline.database)["leads"], leads[1]) == []
