"""Creates that nothing finds again: neither a kill nor a run that fails makes them twice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from target_pipe import CASE, COMPOSITE, messages, track

from target_salesforce_seg.writers import create_journal

if TYPE_CHECKING:
    from local_org_client import OrgClient

STREAMS = {"cases": {"object": "Case", "operation": "create"}}


def issue(n: int) -> dict[str, Any]:
    return track("Issue", {"title": f"T{n}"}, messageId=f"m-{n}")


def state(n: int) -> dict[str, Any]:
    return {"type": "STATE", "value": {"seen": n}}


def subjects(org: OrgClient) -> list[str]:
    return [row["Subject"] for row in org.query("SELECT Subject FROM Case ORDER BY Subject")]


def journal(config: dict[str, Any]) -> Path:
    return Path(f"{config['rejects_path']}.creates")


@pytest.mark.parametrize(("when", "there"), [("before", 10), ("after", 15)])
@pytest.mark.parametrize("events", ["actions", "plain records"])
def test_a_kill_makes_no_create_come_twice(
    org: OrgClient, config: dict[str, Any], cli: Any, killed: Any, when: str, there: int, events: str
) -> None:
    if events == "actions":
        content, settings = messages(issue(n) for n in range(20)), {"actions": [CASE], "batch_size": 5}
    else:
        rows = [{"subject": f"T{n // 2}"} for n in range(20)]  # each twice: nothing tells them apart
        content, settings = messages(rows, "cases"), {"streams": STREAMS, "batch_size": 5}
    killed(content, COMPOSITE | {"skip": 3, "when": when}, **settings)
    assert len(subjects(org)) == there
    assert journal(config).stat().st_mode & 0o777 == 0o600
    assert "T1" not in journal(config).read_text()
    with journal(config).open("a") as file:
        file.write("abcd x sent dddd\nhalf a li")
    dry = cli(content, "--dry-run", prints=True, **settings)
    dry.doors(unchanged=10, created=5, rejected=5)
    outcome = cli(content, **settings)
    outcome.doors(unchanged=10, created=5, rejected=5)
    assert outcome.codes == ["OUTCOME_UNKNOWN"] * 5
    assert "An earlier run was broken off" in outcome.rejects[0]["reason"]
    assert len(subjects(org)) == there + 5
    assert not journal(config).exists()
    cli((), f"--replay={config['rejects_path']}", **settings).doors(created=5)
    assert len(subjects(org)) == there + 10


def test_what_a_state_covers_is_forgotten(
    org: OrgClient, config: dict[str, Any], cli: Any, killed: Any
) -> None:
    same = {"type": "RECORD", "stream": "cases", "record": {"subject": "same"}}
    content = [*messages([], "cases"), same, state(1), same, same, state(3), same]
    settings = {"streams": STREAMS, "batch_size": 2}
    killed(content, COMPOSITE | {"skip": 2, "when": "before"}, **settings)
    assert len(subjects(org)) == 2  # the state after the first of them is out, that after the second is not
    outcome = cli([content[0], *content[3:]], **settings)
    outcome.doors(unchanged=1, rejected=2)
    assert outcome.codes == ["OUTCOME_UNKNOWN"] * 2
    assert outcome.states == [state(3)["value"]]
    cli(content, **settings).doors(created=4)
    assert len(subjects(org)) == 6


def test_a_run_that_fails_makes_no_create_come_twice(
    org: OrgClient, config: dict[str, Any], cli: Any
) -> None:
    settings = {"actions": [CASE], "batch_size": 5}
    content = messages(issue(n) for n in range(20))
    org.limits(DailyApiRequests={"Max": 1000, "Remaining": 1000 - 796})
    outcome = cli(content, **settings)
    made = outcome.counts["created"]
    assert outcome.exit_code == 3
    assert 0 < made < 20
    org.limits(DailyApiRequests={"Max": 100000, "Remaining": 100000})
    cli(content, "--dry-run", prints=True, **settings)
    cli(content, **settings).doors(unchanged=made, created=20 - made)
    assert len(subjects(org)) == 20
    assert not journal(config).exists()


def test_a_folder_that_takes_no_more_files_is_said_and_the_run_goes_on(
    org: OrgClient, config: dict[str, Any], send: Any
) -> None:
    journal(config).mkdir()
    outcome = send(issue(1), issue(2), actions=[CASE])
    outcome.doors(created=2)
    assert outcome.log.count("the next one may make records twice that nothing finds again") == 1


def test_a_tap_that_sends_no_state_is_told_what_that_takes(
    org: OrgClient, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(create_journal, "MANY", 8)
    content = messages(issue(n) for n in range(20))
    settings = {"actions": [CASE], "batch_size": 5}
    told = "10 records were created since the tap sent its last state."
    outcome = run(content, **settings)
    outcome.doors(created=20)
    assert outcome.log.count(told) == 1
    with_states = [
        each for n, line in enumerate(content) for each in (line, *([state(n)] if n % 5 == 0 else ()))
    ]
    assert told not in run(with_states, **settings).log
