"""The files of docs/scale.md, run by the engines they are for."""

from __future__ import annotations

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Project

HERE = Path(__file__).parent.parent
LINT = Path(os.environ["LINT_BIN"])


def same_rows(project: Project, whole: Project) -> None:
    assert project.rows.keys() == whole.rows.keys()
    assert len(project.rows) >= 45
    assert project.rows == whole.rows


def test_shards_side_by_side_load_what_one_worker_loads(project: Project, whole: Project) -> None:
    def extract(number: int) -> str:
        return project.extract(f"shard-{number}", TAP_SALESFORCE_SEG_SHARD=f"{number}/3")

    with ThreadPoolExecutor(3) as workers:
        list(workers.map(extract, (1, 2, 3)))
    same_rows(project, whole)
    states = [project.bookmarks(f"shard-{number}") for number in (1, 2, 3)]
    assert sum(map(len, states)) == len(set().union(*states)) == len(whole.bookmarks("whole"))
    project.run(project.meltano, "state", "merge", "--from-state-id", "shard-2", "shard-1")
    project.run(project.meltano, "state", "merge", "--from-state-id", "shard-3", "shard-1")
    merged = project.bookmarks("shard-1")
    assert merged.keys() == whole.bookmarks("whole").keys()
    before = project.rows
    project.extract("shard-1")  # one worker goes on from there: nothing is read anew but the lookback
    assert all(set(rows) == set(before[stream]) for stream, rows in project.rows.items())


def test_airflow_runs_the_dag(project: Project, whole: Project) -> None:
    airflow = Path(os.environ["AIRFLOW_BIN"]) / "airflow"
    home = project.folder / "airflow"
    settings = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(HERE / "airflow"),
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW_VAR_MELTANO_PROJECT": str(project.folder),
        "AIRFLOW_VAR_MELTANO_COMMAND": str(project.meltano),
    }
    project.run(airflow, "db", "migrate", **settings)
    told = project.run(airflow, "dags", "test", "salesforce_to_warehouse", "2026-01-01", **settings)
    assert "state=success" in told or "DagRun Finished" in told, told
    same_rows(project, whole)


def test_dagster_materialises_the_collections(project: Project, whole: Project) -> None:
    dagster = Path(os.environ["DAGSTER_BIN"]) / "dagster"
    home = project.folder / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    definitions = str(HERE / "dagster/definitions.py")
    materialize = (dagster, "asset", "materialize", "--select", "leads,users", "-f", definitions)
    told = project.run(*materialize, DAGSTER_HOME=str(home))
    assert project.rows.keys() == {"leads", "users"}
    assert {name: project.rows[name] for name in project.rows} == {
        name: whole.rows[name] for name in ("leads", "users")
    }
    assert "ASSET_MATERIALIZATION" in told
    script = (
        "import dagster, json\n"
        "instance = dagster.DagsterInstance.get()\n"
        "event = instance.get_latest_materialization_event(dagster.AssetKey('leads'))\n"
        "metadata = event.asset_materialization.metadata\n"
        "print(json.dumps({name: value.value for name, value in metadata.items()}))\n"
    )
    python = dagster.parent / "python"
    metadata = json.loads(project.run(python, "-c", script, DAGSTER_HOME=str(home)).splitlines()[-1])
    assert metadata["dagster/row_count"] == len(whole.rows["leads"])
    assert 0 < metadata["api_calls_of_the_run"] < 10


def test_the_container_and_the_kubernetes_job_are_well_formed() -> None:
    folder = HERE / "kubernetes"
    for command in (
        [LINT / "hadolint", folder / "Containerfile"],
        [LINT / "kubernetes-validate", "--strict", folder / "cronjob.yaml"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
