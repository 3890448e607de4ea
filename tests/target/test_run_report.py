"""The target's run report, as a browser shows it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from browser import needs_chromium, opened
from target_pipe import group, identify, messages, track

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "</td><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"


@needs_chromium
def test_the_page_shows_what_became_of_the_events(cli: Any, tmp_path: Path) -> None:
    page, summary_path = tmp_path / "report.html", tmp_path / "summary.json"
    events = [
        *(identify({"email": f"p{number}@example.com", "lastName": "P"}) for number in range(3)),
        group("G-1", {"name": "Initech"}),
        identify({"name": "Nobody"}, userId=None),
        track("Unheard of"),
    ]

    cli(messages(events), "--report", str(page), summary_path=str(summary_path)).doors(
        created=4, rejected=1, skipped=1
    )

    shown, summary = opened(page, tmp_path), json.loads(summary_path.read_text())
    assert shown.complaints == []
    assert shown.title == "target-salesforce-seg: run report"
    assert "events rejected: 1" in shown.text
    assert {door: shown.row(door) for door in ("written", "unchanged", "not for Salesforce", "rejected")} == {
        "written": ["4"], "unchanged": ["0"], "not for Salesforce": ["1"], "rejected": ["1"]
    }  # fmt: skip
    assert shown.row("Lead") == ["3", "0", "0", "0"]
    assert shown.row("Account") == ["1", "0", "0", "0"]
    assert shown.row("MISSING_KEY") == ["1"]
    (reason,) = summary["not_for_salesforce_because"]
    assert shown.row(reason) == ["1"]
    assert shown.tiles["API calls"] == str(summary["api_calls"])
    assert f"{summary['api_calls']} by this run" in shown.text
    assert shown.overflow == 0


@needs_chromium
def test_no_name_gets_out_of_its_place(cli: Any, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    event = identify({"email": "p@example.com"})

    cli(messages([event]), f"--report={page}", integration_name=HOSTILE).doors(skipped=1)

    shown = opened(page, tmp_path)
    assert shown.complaints == []
    assert shown.title == "target-salesforce-seg: run report"
    assert HOSTILE in shown.text
    assert shown.images == 0


def test_a_folder_that_is_not_there_is_told_before_the_run(cli: Any) -> None:
    outcome = cli(messages([identify({"email": "p@example.com"})]), "--report=nowhere/r.html", counts=False)

    assert outcome.exit_code == 2
    assert "report_path: the folder of nowhere/r.html does not exist" in outcome.log
    outcome = cli((), counts=False, summary_path="/")
    assert outcome.exit_code == 2
    assert "summary_path: / is a folder; give the name of a file in it." in outcome.log
