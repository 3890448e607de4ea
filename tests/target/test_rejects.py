"""The rejects file, and replaying it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from target_pipe import creates_cases, group, identify, messages, read_lines, track

from salesforce_seg.errors import ConfigurationError, RunFailed

if TYPE_CHECKING:
    from local_org_client import OrgClient

NAMELESS = group("1", {"phone": "1", "score": 1.10, "note": "naïve 🎈 \u0000"})


def test_a_line_says_what_why_and_when(org: OrgClient, send: Any, config: Any) -> None:
    outcome = send(NAMELESS, identify({}, userId=None), fail_on_rejects=False)
    outcome.doors(rejected=2)
    first, second = outcome.rejects
    assert list(first) == ["stream", "event", "object", "operation", "code", "reason", "fields", "at"]
    assert first["event"] == NAMELESS
    assert (first["stream"], first["object"], first["operation"]) == ("events", "Account", "upsert")
    assert (first["code"], first["fields"]) == ("REQUIRED_FIELD_MISSING", ["Name"])
    assert first["reason"]
    assert first["at"].startswith("20")
    assert first["at"].endswith("Z")
    assert (second["object"], second["code"]) == ("Lead", "MISSING_KEY")
    assert "Rejected: 1 with REQUIRED_FIELD_MISSING; see " in outcome.log
    path = Path(config["rejects_path"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    send(NAMELESS).doors(rejected=1)
    assert path.read_bytes().startswith(before)


def test_half_a_line_in_the_file_spoils_no_other(org: OrgClient, send: Any, tmp_path: Path) -> None:
    path = tmp_path / "half.jsonl"
    path.write_text('{"stream": "ev')
    send(NAMELESS, rejects_path=str(path)).doors(rejected=1)
    half, whole = path.read_text().splitlines()
    assert half == '{"stream": "ev'
    assert json.loads(whole)["event"] == NAMELESS


def test_what_is_no_file_keeps_its_mode(org: OrgClient, send: Any, tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path, 0o622)
    path.chmod(0o622)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    send(NAMELESS, rejects_path=str(path)).doors(rejected=1)
    assert json.loads(os.read(reader, 100_000))["event"] == NAMELESS
    os.close(reader)
    assert stat.S_IMODE(path.stat().st_mode) == 0o622


def test_a_run_with_rejects_may_fail(org: OrgClient, send: Any, cli: Any) -> None:
    with pytest.raises(RunFailed, match=r"1 events were rejected \(fail_on_rejects\): see "):
        send(NAMELESS, fail_on_rejects=True)
    outcome = cli(messages([NAMELESS, identify({"email": "a@example.com"})]), fail_on_rejects=True)
    assert outcome.exit_code == 1
    outcome.doors(created=1, rejected=1)
    assert cli(messages([NAMELESS])).exit_code == 0


@pytest.mark.parametrize("path", ["no/such/folder/rejects.jsonl", "."])
def test_a_rejects_file_that_cannot_be_written_is_told_at_the_start(
    send: Any, tmp_path: Path, path: str
) -> None:
    with pytest.raises(ConfigurationError, match="rejects_path: "):
        send(rejects_path=str(tmp_path / path))


def test_replay_tries_again_and_keeps_what_fails_again(
    org: OrgClient, cli: Any, config: Any, tmp_path: Path
) -> None:
    events = [NAMELESS, identify({"email": "a@example.com", "flag": "x"}), identify({}, userId=None)]
    cli(messages(events), unknown_fields="reject").doors(rejected=3)
    rejects = Path(config["rejects_path"])
    kept = tmp_path / "to-replay.jsonl"
    rejects.rename(kept)
    with kept.open("a") as file:
        file.write("no reject\n")
    content = kept.read_bytes()
    org.create("Account", [{"Name": "One", "AccountNumber": "1"}])
    org.custom_field("Lead.flag__c")
    org.custom_field("Account.note__c")
    org.custom_field("Account.score__c", "Number", precision=10, scale=2)
    outcome = cli((), f"--replay={kept}", unknown_fields="reject")
    assert outcome.exit_code == 0
    outcome.doors(created=1, updated=1, rejected=2)
    assert outcome.codes == ["MISSING_KEY", "INVALID_REJECTS_LINE"]
    assert outcome.rejects[1]["event"] == "no reject"
    assert kept.read_bytes() == content
    assert org.query("SELECT Name, Phone, score__c FROM Account") == [
        {"Name": "One", "Phone": "1", "score__c": 1.1}
    ]
    again = cli((), f"--replay={rejects}")
    again.doors(rejected=2)
    assert len(again.rejects) == 2


def test_replay_does_only_what_failed_of_an_event(org: OrgClient, send: Any, cli: Any, config: Any) -> None:
    action = {
        "event": "track",
        "event_name": "Issue",
        "operation": "create",
        "object": "Case",
        "field_mappings": {"properties.title": "Subject"},
    }
    contact = action | {"object": "Contact", "field_mappings": {"properties.title": "Title"}}
    actions = [action, contact]
    send(track("Issue", {"title": "T"}), actions=actions).doors(rejected=1)
    assert len(org.query("SELECT Id FROM Case")) == 1
    contact["field_mappings"]["properties.title"] = "LastName"
    cli((), f"--replay={config['rejects_path']}", actions=actions).doors(created=1)
    assert len(org.query("SELECT Id FROM Case")) == 1
    assert org.query("SELECT LastName FROM Contact") == [{"LastName": "T"}]


TASK = {"event": "track", "event_name": "Issue", "operation": "create", "object": "task"}
BY_EVENT = {"event_id_field": {"Task": "Event_Id__c"}}


@pytest.mark.parametrize("settings", [{}, BY_EVENT])
def test_replay_tells_wishes_apart_that_want_the_same_of_an_event(
    org: OrgClient, send: Any, cli: Any, config: Any, settings: dict[str, Any]
) -> None:
    org.custom_field("Task.Event_Id__c", length=100, externalId=True, unique=True)
    first = TASK | {"field_mappings": {"properties.one": "Subject", "properties.due": "ActivityDate"}}
    second = TASK | {"field_mappings": {"properties.two": "Subject"}}
    events = [track("Issue", {"one": "A", "two": "B", "due": "soon"}, messageId="m")]
    send(*events, actions=[first, second], **settings).doors(rejected=1)
    del first["field_mappings"]["properties.due"]
    cli((), f"--replay={config['rejects_path']}", actions=[first, second], **settings).doors(created=1)
    made = {row["Subject"]: row["Event_Id__c"] for row in org.query("SELECT Subject, Event_Id__c FROM Task")}
    assert made == ({"A": "m", "B": "m:2"} if settings else {"A": None, "B": None})


def test_replay_of_wishes_that_all_failed_makes_each_once(
    org: OrgClient, send: Any, cli: Any, config: Any
) -> None:
    action = TASK | {"field_mappings": {"properties.one": "Subject", "properties.due": "ActivityDate"}}
    case = TASK | {"object": "Case", "field_mappings": {"properties.one": "Subject"}}
    event = track("Issue", {"one": "A", "due": "soon"})
    send(event, actions=[action, case, action]).doors(rejected=1)
    assert [line.get("wish") for line in read_lines(Path(config["rejects_path"]))] == [1, 2]
    del action["field_mappings"]["properties.due"]
    cli((), f"--replay={config['rejects_path']}", actions=[action, case, action]).doors(created=2)
    assert len(org.query("SELECT Id FROM Task")) == 2
    assert len(org.query("SELECT Id FROM Case")) == 1


def test_replay_carries_out_what_the_settings_have_made_of_a_wish(
    org: OrgClient, send: Any, cli: Any, config: Any
) -> None:
    org.custom_field("Case.Number__c", externalId=True)
    case = TASK | {"object": "Case", "field_mappings": {"properties.one": "OwnerId"}}
    task = TASK | {"field_mappings": {"properties.one": "Subject"}}
    send(track("Issue", {"one": "A"}), actions=[task, case]).doors(rejected=1)
    case |= {"operation": "upsert", "upsert_rules": {"properties.one": "Number__c"}, "field_mappings": {}}
    cli((), f"--replay={config['rejects_path']}", actions=[task, case]).doors(created=1)
    assert org.query("SELECT Number__c FROM Case") == [{"Number__c": "A"}]
    assert len(org.query("SELECT Id FROM Task")) == 1


def test_replay_does_nothing_again_for_a_wish_that_is_gone(
    org: OrgClient, send: Any, cli: Any, config: Any
) -> None:
    bad = TASK | {"field_mappings": {"properties.one": "ActivityDate"}}
    good = TASK | {"field_mappings": {"properties.one": "Subject"}}
    case = TASK | {"object": "Case", "field_mappings": {"properties.one": "OwnerId"}}
    send(track("Issue", {"one": "A"}), actions=[bad, good, case]).doors(rejected=1)
    outcome = cli((), f"--replay={config['rejects_path']}", actions=[good])
    outcome.doors(rejected=2)
    assert outcome.codes == ["NO_SUCH_WISH"] * 2
    assert [(line["object"], line.get("wish")) for line in outcome.rejects] == [("task", 1), ("Case", None)]
    assert len(org.query("SELECT Id FROM Task")) == 1
    rejects = Path(config["rejects_path"])
    whole = [line | {"object": None, "operation": None} for line in outcome.rejects[:1]]
    rejects.write_text("".join(f"{json.dumps(line)}\n" for line in whole))
    cli((), f"--replay={rejects}", actions=[good]).doors(created=1)


def test_replay_of_a_file_that_is_not_there(cli: Any, tmp_path: Path) -> None:
    outcome = cli((), f"--replay={tmp_path / 'none'}", counts=False)
    assert outcome.exit_code == 2
    assert "none" in outcome.log
    source = tmp_path / "input.singer"
    source.write_text(json.dumps({"type": "STATE", "value": {}}))
    outcome = cli((), f"--replay={source}", f"--input={source}", counts=False)
    assert outcome.exit_code == 2
    assert "--replay and --input cannot be used together" in outcome.log


def test_rejects_are_on_the_disk_before_the_state_goes_out(org: OrgClient, cli: Any, config: Any) -> None:
    content = [*messages([NAMELESS]), {"type": "STATE", "value": {"seen": 1}}, *messages([NAMELESS])[1:]]
    outcome = cli([*content, {"type": "STATE", "value": {"seen": 2}}], batch_size=1)
    assert len(read_lines(Path(config["rejects_path"]))) == 2
    assert outcome.states[-1] == {"seen": 2}


def issue(n: int) -> dict[str, Any]:
    return track("Issue", {"title": "T", "account": f"a{n}"})


ISSUE = creates_cases(
    "Issue", **{"properties.title": "Subject", "properties.account": "Account.AccountNumber"}
)


def test_a_rejects_file_that_is_replayed_is_taken_aside(
    org: OrgClient, send: Any, cli: Any, config: Any, tmp_path: Path
) -> None:
    send(*(issue(n) for n in range(6)), actions=[ISSUE]).doors(rejected=6)
    replay = f"--replay={config['rejects_path']}"
    cli((), replay, actions=[ISSUE]).doors(rejected=6)
    cli((), replay, "--dry-run", prints=True, actions=[ISSUE]).doors(rejected=6)
    assert not list(tmp_path.glob("rejects.jsonl.replayed-*"))
    assert len(read_lines(Path(config["rejects_path"]))) == 6
    org.create("Account", [{"Name": f"a{n}", "AccountNumber": f"a{n}"} for n in range(6)])
    away = {"method": "POST", "path": "/composite$", "skip": 3, "times": None, "action": {"status": 503}}
    org.faults([away])
    outcome = cli((), replay, actions=[ISSUE], batch_size=2, max_retries=0)
    assert outcome.exit_code == 1
    made = outcome.counts["created"]
    assert 0 < made < 6
    assert len(outcome.rejects) == 6 - made  # what was not reached is back
    assert "what fails again, or is not reached, goes to a new rejects.jsonl" in outcome.log
    org.local("DELETE", "faults")
    outcome = cli((), replay, actions=[ISSUE])
    outcome.doors(created=6 - made)
    assert outcome.rejects == []
    assert not list(tmp_path.glob("rejects.jsonl.replayed-*"))
    assert len(org.query("SELECT Id FROM Case")) == 6


def test_what_a_killed_replay_has_left_is_named(
    org: OrgClient, cli: Any, config: Any, tmp_path: Path
) -> None:
    left = tmp_path / "rejects.jsonl.replayed-20260101T000000000000Z"
    left.touch()
    outcome = cli((), f"--replay={config['rejects_path']}", counts=False)
    assert outcome.exit_code == 2
    assert f"A replay that was killed has left {left.name}: replay that as well." in outcome.log
    assert "rejects.jsonl cannot be read (No such file or directory)" in outcome.log
