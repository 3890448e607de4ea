from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
import threading
from typing import TYPE_CHECKING

from running import purge

if TYPE_CHECKING:
    from pathlib import Path

    from local_org_client import OrgClient
    from running import TapRunner

BEFORE, MIDDAY = "2026-06-01T09:00:00Z", "2026-06-01T12:00:00Z"


def fill(org: OrgClient, rows: int) -> None:
    org.clock(freeze_at=BEFORE)
    org.create("Lead", [{"LastName": f"Lead {number}", "Company": "Ltd"} for number in range(rows)])
    org.clock(freeze_at=MIDDAY)


def line_of(table: str, stream: str) -> list[str]:
    (line,) = re.findall(rf"^{stream} .*$", table, re.MULTILINE)
    return line.split()[1:]


def test_a_run_ends_with_a_table_and_a_file(org: OrgClient, tap: TapRunner, tmp_path: Path) -> None:
    fill(org, 2500)
    path = tmp_path / "summary.json"
    catalog = tap.catalog("leads", "users")
    org.forget_requests()
    first = tap.run(catalog=catalog, summary_path=str(path)).ended()
    summary = json.loads(path.read_text())
    leads = summary["streams"]["leads"]
    assert (leads["rows"], leads["deletes"], leads["complete"]) == (2500, 0, True)
    assert summary["api_calls"] == sum(each["api_calls"] for each in org.requests())
    assert summary["api_requests"]["used"] >= summary["api_calls"]
    assert sum(each["api_calls"] for each in summary["streams"].values()) <= summary["api_calls"]
    assert leads["api_calls"] == 2
    counter = '"metric":"record_count","value":2500,"tags":{"stream":"leads"'
    assert counter in first.stderr, "the SDK's metrics are kept"
    assert line_of(first.stderr, "leads")[:3] == ["2500", "0", "2"]
    assert line_of(first.stderr, "sum")[:3] == [
        str(2500 + summary["streams"]["users"]["rows"]), "0", str(summary["api_calls"])
    ]  # fmt: skip


def test_records_removed_for_good_are_counted_apart(org: OrgClient, tap: TapRunner, tmp_path: Path) -> None:
    fill(org, 3)
    catalog = tap.catalog("leads")
    state = tap.run(catalog=catalog).ended().state
    org.clock(freeze_at="2026-06-01T13:00:00Z")
    (doomed,) = org.query("SELECT Id FROM Lead LIMIT 1")
    purge(org, "Lead", doomed["Id"])
    org.clock(freeze_at="2026-06-01T14:00:00Z")
    path = tmp_path / "summary.json"
    tap.run(catalog=catalog, state=state, summary_path=str(path)).ended()
    assert json.loads(path.read_text())["streams"]["leads"]["deletes"] == 1


def test_the_file_tells_of_a_failed_stream(org: OrgClient, tap: TapRunner, tmp_path: Path) -> None:
    fill(org, 2500)
    catalog = tap.catalog("leads", "users")
    org.faults([{"path": "/query(All)?/0r8", "times": 1, "action": {"lose_rows": 1}}])
    path = tmp_path / "summary.json"
    outcome = tap.run(catalog=catalog, summary_path=str(path)).ended(1)
    summary = json.loads(path.read_text())
    assert list(summary["failed"]) == ["leads"]
    assert not summary["streams"]["leads"]["complete"]
    assert line_of(outcome.stderr, "leads")[-1] == "failed"


def test_a_summary_without_its_folder_is_a_wrong_setting(tap: TapRunner) -> None:
    outcome = tap.run(summary_path="nowhere/summary.json").ended(2)
    assert "summary_path: the folder of nowhere/summary.json does not exist" in outcome.errors[-1]


def test_a_long_run_says_how_far_it_is(org: OrgClient, tap: TapRunner) -> None:
    fill(org, 2500)
    catalog = tap.catalog("leads")
    org.faults([{"path": "/query(All)?/0r8", "times": 1, "action": {"delay_seconds": 7}}])
    outcome = tap.run(catalog=catalog).ended()
    assert re.search(r"leads: 2,000 of 2,500 rows, [\d,]+ a second, about \d+ s left", outcome.stderr)


def test_a_terminal_shows_a_bar(org: OrgClient, tap: TapRunner) -> None:
    fill(org, 4500)
    catalog = tap.catalog("leads")
    org.faults([{"path": "/query(All)?/0r8", "times": None, "action": {"delay_seconds": 0.5}}])
    ours, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 24, 100, 0, 0))
    shown = bytearray()

    def read() -> None:
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:
                return
            if not part:
                return
            shown.extend(part)

    reader = threading.Thread(target=read)
    reader.start()
    command = tap.command(catalog=catalog)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=terminal, check=False, timeout=120)
    os.close(terminal)
    reader.join()
    assert done.returncode == 0, shown.decode()
    assert done.stdout.count(b'"RECORD"') == 4500
    assert re.search(r"\rleads:.*\d[\d.]*k? rows", shown.decode())
    assert "What was read" in shown.decode()
