from __future__ import annotations

import sqlite3
import stat
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from local_org_client import LocalOrgProcess, OrgClient
from running import TapRunner
from test_deletes import purge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from running import Outcome

    Sync = Callable[..., Outcome]

SWEEPING: dict[str, Any] = {"sweep_ids": "always", "known_ids_path": "known"}
A_DAY = 86_400


@pytest.fixture
def known(tmp_path: Path) -> Path:
    return tmp_path / "known"


@pytest.fixture
def sync(demo_org: OrgClient, demo_tap: TapRunner, known: Path) -> Sync:
    """Syncs the tags of notes on a day, with what the last sync left: no log tells of their deletes."""
    settings: dict[str, Any] = {"sweep_ids": "always", "known_ids_path": str(known)}
    catalog = demo_tap.catalog("note_tags", **SWEEPING)

    def sync(day: int, last: Outcome | None = None, *, ends: int = 0, **others: Any) -> Outcome:
        demo_org.clock(offset_seconds=day * A_DAY)
        state = last.state if last else None
        return demo_tap.run(**{"catalog": catalog, "state": state, **settings, **others}).ended(ends)

    return sync


@pytest.fixture
def tags(demo_org: OrgClient) -> list[str]:
    return [row["Id"] for row in demo_org.query("SELECT Id FROM NoteTag ORDER BY Id")]


def remove(org: OrgClient, tag: str) -> None:
    purge(org, "NoteTag", tag)


def gone(outcome: Outcome) -> dict[str, str]:
    """What was told as removed for good, and when; a tag in the recycle bin comes whole."""
    columns = {"id", "is_deleted", "_sdc_deleted_at"}
    rows = [row for row in outcome.records("note_tags") if row.keys() == columns]
    assert all(row["is_deleted"] for row in rows)
    return {row["id"]: row["_sdc_deleted_at"] for row in rows}


def test_what_is_not_there_any_more_is_told_as_deleted(
    demo_org: OrgClient, sync: Sync, tags: list[str], known: Path
) -> None:
    first = sync(1)
    assert gone(first) == {}, "the first sync only learns"
    remove(demo_org, tags[0])
    second = sync(2, first)
    assert gone(second).keys() == {tags[0]}
    assert second.counts() == {"note_tags": 1}
    assert gone(sync(3, second)) == {}
    files = [each for each in known.rglob("*") if each.is_file()]
    folders = [known, *(each for each in known.rglob("*") if each.is_dir())]
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
    assert {stat.S_IMODE(each.stat().st_mode) for each in folders} == {0o700}
    assert len(files) <= 3


def test_rows_that_came_between_two_sweeps_are_known(
    demo_org: OrgClient, sync: Sync, tags: list[str]
) -> None:
    weekly = {"sweep_ids": "weekly"}
    first = sync(1, **weekly)
    note = demo_org.query("SELECT Id FROM Note")[0]["Id"]
    (urgent,) = demo_org.create("NoteTag", [{"ItemId": note, "Name": "urgent", "Type": "Public"}])
    second = sync(3, first, **weekly)
    remove(demo_org, urgent)
    remove(demo_org, tags[0])
    third = sync(5, second, **weekly)
    assert third.counts() == {}, "a week has not gone by"
    assert gone(sync(9, third, **weekly)).keys() == {urgent, tags[0]}


def test_deletes_are_told_until_a_loader_has_them(demo_org: OrgClient, sync: Sync, tags: list[str]) -> None:
    first = sync(1)
    remove(demo_org, tags[0])
    sync(2, first)  # what its loader did with it is not known: its state never comes back
    again = sync(3, first)
    assert gone(again).keys() == {tags[0]}
    assert gone(sync(4, again)) == {}


def test_a_sweep_that_fails_tells_and_forgets_nothing(
    demo_org: OrgClient, sync: Sync, tags: list[str]
) -> None:
    first = sync(1)
    remove(demo_org, tags[0])
    demo_org.faults([{"path": "/queryAll.*SELECT.Id.FROM", "times": 1, "action": {"lose_rows": 5}}])
    failed = sync(2, first, ends=1)
    assert gone(failed) == {}
    assert "had counted" in failed.stderr
    demo_org.local("DELETE", "faults")
    assert gone(sync(3, failed)).keys() == {tags[0]}


def test_a_run_that_is_killed_while_it_looks_through_ids_loses_nothing(
    demo_org: OrgClient, demo_tap: TapRunner, sync: Sync, tags: list[str], known: Path
) -> None:
    first = sync(1)
    remove(demo_org, tags[0])
    demo_org.clock(offset_seconds=2 * A_DAY)
    demo_org.faults([{"path": "/queryAll.*SELECT.Id.FROM", "times": 1, "action": {"hang": True}}])
    sweeping = SWEEPING | {"known_ids_path": str(known)}
    catalog = demo_tap.catalog("note_tags", **SWEEPING)
    demo_org.forget_requests()
    command = demo_tap.command(catalog=catalog, state=first.state, **sweeping)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        while not any("SELECT+Id+FROM+NoteTag" in each["query"] for each in demo_org.requests()):
            assert process.poll() is None
        process.kill()
        assert process.stdout is not None
        assert tags[0] not in process.stdout.read().decode()
    assert gone(sync(3, first)).keys() == {tags[0]}


def test_a_state_without_known_ids_learns_first(demo_org: OrgClient, sync: Sync, tags: list[str]) -> None:
    before = sync(1, sweep_ids="never")
    remove(demo_org, tags[0])
    learnt = sync(2, before)
    assert gone(learnt) == {}
    remove(demo_org, tags[1])
    assert gone(sync(3, learnt)).keys() == {tags[1]}


def test_the_ids_may_come_by_bulk(demo_org: OrgClient, sync: Sync, tags: list[str]) -> None:
    first = sync(1, api_type="bulk2")
    remove(demo_org, tags[0])
    assert gone(sync(2, first, api_type="bulk2")).keys() == {tags[0]}
    assert demo_org.rest("GET", "jobs/query").json()["records"] == [], "no job is left behind"


def test_another_org_is_never_compared_with(
    demo_org: OrgClient, sync: Sync, tags: list[str], known: Path
) -> None:
    first = sync(1)
    (folder,) = known.iterdir()
    folder.rename(known / "00DOfAnotherOrg0AAA")
    remove(demo_org, tags[0])
    assert gone(sync(2, first)) == {}
    assert len(list(known.iterdir())) == 2


def test_an_org_that_does_not_tell_its_id_is_not_swept(org: OrgClient, tap: TapRunner, known: Path) -> None:
    org.faults([{"path": "FROM.Organization", "action": {"lose_rows": 1}}])
    settings = {"sweep_ids": "always", "known_ids_path": str(known)}
    outcome = tap.run(catalog=tap.catalog("lead_tags"), **settings).ended(1)
    assert "does not tell the org's Id" in outcome.errors[-1]


def test_a_gap_in_the_log_of_deletes_is_closed(org: OrgClient, tap: TapRunner, known: Path) -> None:
    org.clock(freeze_at="2026-05-01T12:00:00Z")
    ids = org.create("Lead", [{"LastName": name, "Company": "Ltd"} for name in ("Ada", "Bert", "Cleo")])
    org.clock(freeze_at="2026-06-01T12:00:00Z")
    settings: dict[str, Any] = {"sweep_ids": "weekly", "known_ids_path": str(known)}
    catalog = tap.catalog("leads", **SWEEPING)
    first = tap.run(catalog=catalog, **settings).ended()
    purge(org, "Lead", ids[0])
    org.clock(freeze_at="2026-06-21T12:00:00Z")
    second = tap.run(catalog=catalog, state=first.state, **settings).ended()
    assert [row["id"] for row in second.records("leads")] == [ids[0]]
    assert "WARNING" not in second.stderr
    org.clock(freeze_at="2026-06-29T12:00:00Z")
    org.forget_requests()
    tap.run(catalog=catalog, state=second.state, **settings).ended()
    asked = [each for each in org.requests() if each["path"].endswith("/queryAll")]
    assert len(asked) == 1, "with a log that tells all, no Ids are looked through"


def test_a_folder_is_needed(tap: TapRunner) -> None:
    outcome = tap.run(sweep_ids="daily").ended(2)
    assert "name a folder for them in known_ids_path" in outcome.stderr


def test_a_folder_that_cannot_be_written_is_said(sync: Sync, known: Path) -> None:
    known.write_text("a file")
    outcome = sync(1, ends=2)
    assert "known_ids_path: a file in" in outcome.stderr


def test_a_stage_that_was_removed_in_setup_is_found(tmp_path: Path, known: Path) -> None:
    """describe calls stages, logins and fiscal periods not deletable, and no log tells of them."""
    database = tmp_path / "org.sqlite"
    settings: dict[str, Any] = {"sweep_ids": "always", "known_ids_path": str(known)}
    with (
        LocalOrgProcess("--seed", "demo", "--database", str(database)) as process,
        OrgClient(process.url) as org,
    ):
        tap = TapRunner.at(org, tmp_path, "")
        catalog = tap.catalog("opportunity_stage", "user_login", "period", **settings)
        first = tap.run(catalog=catalog, **settings).ended()
        stage, *_ = first.records("opportunity_stage")
        assert stage["is_deleted"] is False
        with closing(sqlite3.connect(database)) as tables, tables:
            tables.execute("DELETE FROM OpportunityStage WHERE Id = ?", (stage["id"],))
        second = tap.run(catalog=catalog, state=first.state, lookback_window=0, **settings).ended()
        (told,) = [each for each in second.records("opportunity_stage") if each["is_deleted"]]
        assert told.keys() == {"id", "is_deleted", "_sdc_deleted_at"}
        assert told["id"] == stage["id"]
        assert not [each for each in second.records("period") if each["is_deleted"]]


@pytest.mark.parametrize("damage", ["turned round", "cut short", "empty"])
def test_a_damaged_file_is_named(sync: Sync, known: Path, damage: str) -> None:
    first = sync(1)
    second = sync(2, first)
    (file,) = known.rglob("*.all.gz")
    whole = file.read_bytes()
    file.write_bytes({"turned round": whole[::-1], "cut short": whole[:-9], "empty": b""}[damage])
    failed = sync(3, second, ends=2)
    assert f"{file} is damaged. Remove it" in failed.stderr
    file.unlink()
    sync(4, failed)
