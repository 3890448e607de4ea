"""The tap's run report, as a browser shows it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from browser import needs_chromium, opened

if TYPE_CHECKING:
    from pathlib import Path

    from local_org_client import OrgClient
    from running import TapRunner

HOSTILE = "</td><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"


@needs_chromium
def test_the_page_shows_the_numbers_of_the_summary(demo_tap: TapRunner, tmp_path: Path) -> None:
    summary_path, page = tmp_path / "summary.json", tmp_path / "report.html"
    catalog = demo_tap.catalog("leads", "accounts", "users")

    demo_tap.run("--report", str(page), catalog=catalog, summary_path=str(summary_path)).ended()

    summary, shown = json.loads(summary_path.read_text()), opened(page, tmp_path)
    assert shown.complaints == []
    assert shown.title == "tap-salesforce-seg: run report"
    assert "all done" in shown.text
    for name, each in summary["streams"].items():
        counts = [f"{each[what]:,}" for what in ("rows", "deletes", "api_calls")]
        assert shown.row(name) == [*counts, f"{each['seconds']:.2f}"]
    used, allowed = summary["api_requests"]["used"], summary["api_requests"]["allowed"]
    assert f"{used:,} of {allowed:,} used" in shown.text
    assert f"{summary['api_calls']:,} by this run" in shown.text
    assert shown.tiles["rows"] == f"{sum(each['rows'] for each in summary['streams'].values()):,}"
    assert shown.overflow == 0
    rows = {name: shown.bars_of(name)[0] / each["rows"] for name, each in summary["streams"].items()}
    assert max(rows.values()) == pytest.approx(min(rows.values()), rel=0.02)
    assert opened(page, tmp_path, dark=True).paper != shown.paper


@needs_chromium
def test_it_tells_of_what_failed_and_runs_no_script(org: OrgClient, tap: TapRunner, tmp_path: Path) -> None:
    answer = json.dumps([{"errorCode": "INVALID_FIELD", "message": HOSTILE}])
    catalog = tap.catalog("leads", "users")
    org.faults([{"path": "query.*Lead", "times": None, "action": {"status": 400, "body": answer}}])
    page = tmp_path / "report.html"

    tap.run(catalog=catalog, report_path=str(page)).ended(1)

    shown = opened(page, tmp_path)
    assert shown.complaints == []
    assert shown.title == "tap-salesforce-seg: run report"
    assert "streams failed: 1" in shown.text
    assert HOSTILE in shown.text
    assert shown.images == 0


def test_a_folder_that_is_not_there_is_told_before_the_run(tap: TapRunner) -> None:
    outcome = tap.run("--report", "nowhere/report.html").ended(2)

    assert "report_path: the folder of nowhere/report.html does not exist" in outcome.errors[-1]
    assert outcome.stdout == ""


def test_the_page_of_an_old_summary(tap: TapRunner, tmp_path: Path) -> None:
    summary_path, page = tmp_path / "summary.json", tmp_path / "report.html"
    tap.run(
        "--report", str(page), catalog=tap.catalog("leads", "users"), summary_path=str(summary_path)
    ).ended()

    command = [sys.executable, "-m", "salesforce_seg.run_report"]
    drawn = subprocess.run([*command, str(summary_path)], capture_output=True, text=True, check=True)
    refused = subprocess.run([*command, str(page)], capture_output=True, text=True, check=False)

    assert drawn.stdout == page.read_text()
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"{page} is no summary of a run: give the file that summary_path names.\n"
