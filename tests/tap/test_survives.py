"""What chaos has found, each in one small run."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from bulk_jobs import ingest
from chaos_pipe import EVENING, Pipe
from local_org_client import LocalOrgProcess, OrgClient
from running import TapRunner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chaos_zygote import Zygote


def test_rows_come_out_though_the_bookmark_stays_where_it_was(
    org: OrgClient, tap: TapRunner, pipe: Pipe
) -> None:
    """An open transaction holds the bookmark, so no STATE is there to carry the last rows along."""
    pipe.catalog = tap.catalog("leads")
    org.local("POST", "transactions", {"requests": []})
    assert pipe.run().exit_code == 0
    org.clock(freeze_at=EVENING)
    (new,) = org.create("Lead", [{"LastName": "New", "Company": "Ltd"}])
    org.clock(freeze_at="2026-06-01T18:10:00Z")
    assert pipe.run().exit_code == 0
    assert new in pipe.ids()
    assert pipe.differences() == []


@pytest.mark.parametrize("reader", ["rest", "bulk2"])
def test_what_is_read_again_for_late_commits_comes_once_after_a_kill(
    org: OrgClient, pipe: Pipe, reader: str
) -> None:
    """The job of a killed run holds rows of its last minutes; so does the window that follows it."""
    org.clock(freeze_at="2026-06-01T09:05:00Z")
    page = {"rest": "/query(All)?/0r8", "bulk2": "/results"}[reader]
    hang = {"path": page, "skip": 2, "action": {"hang": True}}
    assert pipe.run(pipe.strike_at(hang, signal.SIGTERM), api_type=reader).exit_code == 143
    before = pipe.ids()
    org.clock(freeze_at=EVENING)
    assert pipe.run(api_type=reader).exit_code == 0
    assert before
    assert set(pipe.ids()) | set(before) == set(pipe.loader.tables["leads"])
    assert pipe.differences() == []


def test_a_row_of_a_killed_first_run_may_be_removed_for_good(org: OrgClient, pipe: Pipe) -> None:
    org.create("Lead", [{"LastName": "Long", "Company": "Ltd", "Description": "x" * 9000}] * 30)
    org.clock(freeze_at="2026-06-01T12:30:00Z")
    hang = {"path": "/query(All)?/0r8", "skip": 5, "action": {"hang": True}}
    assert pipe.run(pipe.strike_at(hang, signal.SIGKILL)).exit_code == -signal.SIGKILL
    loaded, *_ = pipe.ids()
    org.clock(freeze_at="2026-06-01T13:00:00Z")
    assert not ingest(org, "Lead", f"Id\n{loaded}\n", "hardDelete")["numberRecordsFailed"]
    org.clock(freeze_at=EVENING)
    assert pipe.run().exit_code == 0
    assert pipe.loader.tables["leads"][loaded]["is_deleted"] is True
    assert pipe.differences() == []


def test_a_row_of_a_killed_runs_job_may_be_removed_for_good(org: OrgClient, pipe: Pipe) -> None:
    """The job still shows it, alive, as it was when the job was made; the log of deletes knows better."""
    hang = {"path": "/results", "skip": 2, "action": {"hang": True}}
    assert pipe.run(pipe.strike_at(hang, signal.SIGTERM), api_type="bulk2").exit_code == 143
    org.clock(freeze_at="2026-06-01T13:00:00Z")
    late = set(pipe.created) - set(pipe.ids())
    assert not ingest(org, "Lead", "\n".join(["Id", *late, ""]), "hardDelete")["numberRecordsFailed"]
    org.clock(freeze_at=EVENING)
    assert pipe.run(api_type="bulk2").exit_code == 0
    assert late
    assert all(pipe.loader.tables["leads"][each]["is_deleted"] for each in late)
    assert pipe.differences() == []


@pytest.fixture
def pipe_on_file(zygote: Zygote, tmp_path: Path) -> Iterator[tuple[OrgClient, Pipe, Path]]:
    """The pipe at an org whose tables are in a file: the way in for what the org itself would not do."""
    database = tmp_path / "org.sqlite"
    with LocalOrgProcess("--database", str(database)) as process, OrgClient(process.url) as org:
        yield org, Pipe(org, zygote, TapRunner.at(org, tmp_path, "none")), database


def test_a_deletion_without_a_stamp_behind_a_killed_runs_job_is_told(
    pipe_on_file: tuple[OrgClient, Pipe, Path],
) -> None:
    """No page says that a deletion moves SystemModstamp: the job shows the row alive, the log does not."""
    org, pipe, database = pipe_on_file
    hang = {"path": "/results", "skip": 2, "action": {"hang": True}}
    assert pipe.run(pipe.strike_at(hang, signal.SIGTERM), api_type="bulk2").exit_code == 143
    org.clock(freeze_at="2026-06-01T13:00:00Z")
    (late,) = [*set(pipe.created) - set(pipe.ids())][:1]
    with closing(sqlite3.connect(database)) as tables:
        (stamp,) = tables.execute("SELECT SystemModstamp FROM Lead WHERE Id = ?", (late,)).fetchone()
    org.rest("DELETE", f"sobjects/Lead/{late}")
    with closing(sqlite3.connect(database)) as tables, tables:
        tables.execute("UPDATE Lead SET SystemModstamp = ? WHERE Id = ?", (stamp, late))
    org.clock(freeze_at=EVENING)
    assert pipe.run(api_type="bulk2").exit_code == 0
    assert pipe.loader.tables["leads"][late]["is_deleted"] is True
    assert pipe.differences() == []
