"""The benchmark of the target runs, and the stand-in for an org keeps what is written and answers late."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import requests

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
DATA = "/services/data/v62.0"


def test_the_stand_in_finds_what_was_written_and_takes_its_time() -> None:
    command = [sys.executable, str(BENCHMARKS / "target" / "quick_org.py"), "--milliseconds=50"]
    with subprocess.Popen(
        [*command, "--milliseconds-a-record=30"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        _, _, url = process.stdout.readline().strip().partition(" ")
        try:
            records = [
                {"attributes": {"type": "Lead"}, "Email": f"{name}@example.com", "LastName": name.upper()}
                for name in ("a", "b", "o\\'b")
            ]
            began = time.perf_counter()
            written = requests.post(
                f"{url}{DATA}/composite/sobjects", json={"records": records}, timeout=30
            ).json()
            assert time.perf_counter() - began >= 0.05 + 3 * 0.03
            assert [each["success"] for each in written] == [True] * 3
            changed = requests.patch(
                f"{url}{DATA}/sobjects/Lead/{written[1]['id']}", json={"LastName": "C"}, timeout=30
            )
            assert changed.status_code == 204
            soql = "SELECT Id, LastName, Title FROM Lead WHERE Email IN ('B@example.com','x@example.com')"
            found = requests.get(f"{url}{DATA}/query", params={"q": soql}, timeout=30).json()
            row = {"attributes": {"type": "Lead"}, "Id": written[1]["id"], "LastName": "C", "Title": None}
            assert (found["totalSize"], found["records"]) == (1, [row])
            counts = requests.get(f"{url}/_quick/counts", timeout=30).json()
            assert (counts["api_calls"], counts["records_written"]) == (3, 4)
        finally:
            process.terminate()


def test_the_benchmark_measures_our_target_and_the_loop_and_reports(tmp_path: Path) -> None:
    docs, readme = tmp_path / "docs", tmp_path / "README.md"
    readme.write_text("Before.\n<!-- target: begin -->\nold\n<!-- target: end -->\nAfter.\n")
    command = [sys.executable, str(BENCHMARKS / "target" / "run.py"), "--only", "ours", "loops"]
    sizes = ["--events=200", "--loop-events=5", "--milliseconds=5"]
    done = subprocess.run(
        [*command, *sizes, "--write", f"--docs={docs}", f"--readme={readme}"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads((docs / "target.json").read_text())
    calls = {each["situation"]: each["calls_per_thousand"] for each in figures["ours"]}
    assert calls == {
        "all new": 10,
        "all known, one change each": 10,
        "all unchanged": 5,
        "half new, half known and changed": 10,
        "ten events a person": 10,
        "groups, all new": 10,
    }
    assert {each["calls_per_thousand"] for each in figures["loops"]} == {2000}
    written = readme.read_text()
    assert written.startswith("Before.\n<!-- target: begin -->\n")
    assert written.endswith("<!-- target: end -->\nAfter.\n")
    assert "| target-salesforce-seg | all new | 200 |" in written
    assert "old" not in written
    bars = [each for each in ET.parse(docs / "target.svg").iter() if each.tag.endswith("rect")]
    assert len(bars) == len(calls) + 2


def test_memory_is_measured_with_people_who_differ_and_whom_nobody_keeps() -> None:
    command = [
        sys.executable,
        str(BENCHMARKS / "target" / "run.py"),
        "--only",
        "memory",
        "--memory-events=50",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split("|")[1].strip() for line in done.stdout.splitlines() if line.startswith("| ")]
    assert rows[2:] == ["all unchanged, 5", "all unchanged, 50", "gate closed, 5", "gate closed, 50"]
