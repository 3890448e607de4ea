"""The README's first line, but for the installation: the whole loop with `meltano run demo`, twice."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENVIRONMENT = Path(sys.prefix)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the demo needs, with this virtual environment as its own."""
    shutil.copy(ROOT / "meltano.yml", tmp_path)
    shutil.copytree(ROOT / "demo", tmp_path / "demo", ignore=shutil.ignore_patterns("output"))
    (tmp_path / ".venv").symlink_to(ENVIRONMENT)
    return tmp_path


def meltano_run(project: Path, job: str) -> list[str]:
    """What the demo's own steps print, without Meltano's prefix."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MELTANO")}
    finished = subprocess.run(
        [project / ".venv" / "bin" / "meltano", "run", job],
        cwd=project,
        env=environment | {"NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-3000:]
    return re.findall(r"\] demo         (.*)", finished.stdout + finished.stderr)


def cells(lines: list[str]) -> list[list[str]]:
    return [re.split(r"  +", line.strip()) for line in lines]


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="target-duckdb is lossless up to Python 3.12 only")
def test_the_demo_shows_the_same_outcome_each_time_and_with_either_loader(project: Path) -> None:
    first = meltano_run(project, "demo")
    again = meltano_run(project, "demo")
    assert again == first
    assert meltano_run(project, "demo-jsonl") == first


@pytest.mark.skipif(sys.version_info < (3, 13), reason="the test above runs it beside the DuckDB loader")
def test_the_demo_runs_on_json_lines_alone(project: Path) -> None:
    assert meltano_run(project, "demo-jsonl")


def test_the_tables_add_up(project: Path) -> None:
    table = cells(meltano_run(project, "demo-jsonl"))

    summary = json.loads((project / "demo" / "output" / "summary.json").read_text())
    doors = {row[0]: int(row[1]) for row in table if len(row) == 2 and row[1].isdigit()}
    sent = len((project / "demo" / "events.jsonl").read_text().splitlines())
    assert sum(doors[door] for door in ("written", "unchanged", "not for salesforce", "rejected")) == sent
    assert summary["events"] == sent
    assert all(summary[door] > 0 for door in ("written", "not_for_salesforce", "rejected"))

    collections = {
        row[at]: int(row[at + 1]) for row in table if len(row) in {6, 9} for at in range(0, len(row), 3)
    }
    assert len(collections) == 47
    assert all(rows > 0 for rows in collections.values())

    emails = {cell for row in table for cell in row if cell.endswith(("@example.com", "@example.org"))}
    assert {"Peter.Gibbons@example.com", "samir@example.com", "zoe@example.org"} <= emails
