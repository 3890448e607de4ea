"""How far a run is, and what it came to."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

from target_pipe import identify, messages, track

from target_salesforce_seg.target import TargetSalesforceSeg

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest
    from local_org_client import OrgClient


def people(count: int) -> list[dict[str, Any]]:
    return [identify({"email": f"p{number}@example.com", "lastName": "L"}) for number in range(count)]


def test_a_long_run_says_how_far_it_is(org: OrgClient, cli: Any) -> None:
    org.faults([{"path": "/composite$", "skip": 3, "times": 1, "action": {"delay_seconds": 6.5}}])
    outcome = cli(messages(people(40)), batch_size=20)
    outcome.doors(created=40)
    told = re.search(r"Settled: 20 events so far, \d+ a second: (.*)", outcome.log)
    assert told, outcome.log
    assert told[1] == "20 written, 0 unchanged, 0 not for Salesforce, 0 rejected."


def test_what_was_done_to_each_object_is_told_at_the_end(org: OrgClient, cli: Any, tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    case = {
        "event": "track",
        "event_name": "Issue",
        "operation": "create",
        "object": "Case",
        "field_mappings": {"properties.subject": "Subject"},
    }
    opened = track("Issue", {"subject": "S"})
    events = [*people(3), *people(1), identify({"email": "p1@example.com", "title": "T"}), opened]
    page = tmp_path / "report.html"
    outcome = cli(messages(events), f"--report={page}", actions=[case], summary_path=str(path))
    outcome.doors(created=4, updated=1, unchanged=1)
    assert "Records, by object" in page.read_text()
    assert json.loads(path.read_text())["objects"] == {
        "Case": {"created": 1, "updated": 0, "deleted": 0, "unchanged": 0},
        "Lead": {"created": 3, "updated": 1, "deleted": 0, "unchanged": 1},
    }
    assert re.search(r"^Lead +3 +1 +0 +1$", outcome.log, re.MULTILINE)


def test_a_run_that_stops_tells_what_it_did(org: OrgClient, cli: Any, tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    org.limits(DailyApiRequests={"Max": 100, "Remaining": 25})
    outcome = cli(messages(people(60)), batch_size=10, summary_path=str(path))
    assert outcome.exit_code == 3
    summary = json.loads(path.read_text())
    assert summary["events"] + summary["not_settled"] <= 60
    assert summary["not_settled"] > 0
    assert summary["api_requests"]["allowed"] == 100
    assert summary["objects"]["Lead"]["created"] == summary["created"]


def test_a_tap_that_never_ends_gets_its_events_written(
    org: OrgClient, live: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TargetSalesforceSeg, "_MAX_RECORD_AGE_IN_MINUTES", 0.2 / 60)
    written: list[int] = []

    def content() -> Iterator[Any]:
        for number, message in enumerate(messages(people(4))):
            if number == 3:
                time.sleep(0.3)
            yield message
            written.append(len(org.query("SELECT Id FROM Lead")))

    live(content()).doors(created=4)
    assert written == [0, 0, 0, 3, 3]
