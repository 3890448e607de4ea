"""The README's first line, but for the installation: the whole loop with `meltano run demo`, twice."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENVIRONMENT = Path(sys.prefix)


# No lossless target-duckdb exists for Python 3.13. Where there is one, the demo runs twice in a row.
JOBS = ["demo-jsonl"] if sys.version_info >= (3, 13) else ["demo", "demo", "demo-jsonl"]


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


def outcome(lines: list[str]) -> list[str]:
    """The tables, without what the steps before them print."""
    start = next(number for number, line in enumerate(lines) if line.startswith("Salesforce -> DuckDB"))
    return [line.rstrip() for line in lines[start:] if line.strip()]


def outcome_in_the_readme() -> list[str]:
    block = re.search(r"```text\n(Salesforce -> DuckDB.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block
    return [line.rstrip() for line in block[1].splitlines() if line.strip()]


def warehouse_shown(project: Path) -> str:
    """What the README's look into the warehouse prints."""
    command = re.search(r"^\.venv/bin/python -c .*duckdb.*$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert command
    done = subprocess.run(command[0], shell=True, cwd=project, capture_output=True, text=True, check=True)
    return done.stdout


def test_the_demo_shows_what_the_readme_says(project: Path) -> None:
    for job in JOBS:  # one after the other, as all use the same port
        assert outcome(meltano_run(project, job)) == outcome_in_the_readme()
        if job == "demo":
            leads = re.search(r" leads +(\d+)", "\n".join(outcome_in_the_readme()))
            assert leads
            assert f"{leads[1]} rows" in warehouse_shown(project)


def test_the_tables_of_the_readme_add_up() -> None:
    table = [re.split(r"  +", line.strip()) for line in outcome_in_the_readme()]

    doors = {row[0]: int(row[1]) for row in table if len(row) == 2 and row[1].isdigit()}
    sent = len((ROOT / "demo" / "events.jsonl").read_text().splitlines())
    assert sum(doors[door] for door in ("written", "unchanged", "not for salesforce", "rejected")) == sent
    assert all(doors[door] > 0 for door in ("written", "not for salesforce", "rejected"))

    rows = [row for row in table if len(row) in {6, 9} and row[1].isdigit()]
    collections = {row[at]: int(row[at + 1]) for row in rows for at in range(0, len(row), 3)}
    assert len(collections) == 48
    assert all(count > 0 for count in collections.values())
