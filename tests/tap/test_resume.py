"""A run that is killed, and the next one, which goes on where it stopped."""

from __future__ import annotations

import subprocess
import time
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import pytest
from running import SECONDS_TO_WAIT, Outcome, purge

from tap_salesforce_seg.readers.bulk2 import LOOKS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from local_org_client import OrgClient
    from running import TapRunner

BEFORE = "2026-06-01T09:00:00Z"
MIDDAY = "2026-06-01T12:00:00Z"
LATER = "2026-06-01T15:00:00Z"
EVENING = "2026-06-01T18:00:00Z"
ROWS = 1000
NEXT_PAGE = {"rest": "/query(All)?/0r8", "bulk2": "/results.*locator="}
HANG = {"times": None, "action": {"hang": True}}


@pytest.fixture
def leads(org: OrgClient) -> list[str]:
    """A thousand Leads, and pages of two hundred."""
    org.clock(freeze_at=BEFORE)
    ids = org.create("Lead", [{"LastName": f"Lead {each}", "Company": "Ltd"} for each in range(ROWS)])
    org.clock(freeze_at=MIDDAY)
    small_pages(org)
    return ids


def small_pages(org: OrgClient) -> None:
    org.limits(
        QueryPageRecords={"Max": 200, "Remaining": 200}, BulkResultPageRecords={"Max": 200, "Remaining": 200}
    )


def has_position(outcome: Outcome) -> bool:
    states = outcome.of_type("STATE")
    return bool(states) and bool(position_of(states[-1]["value"]))


def position_of(state: dict[str, Any], stream: str = "leads") -> dict[str, Any]:
    unfinished = state.get("bookmarks", {}).get(stream, {}).get("unfinished") or {}
    return dict(unfinished.get("position") or {})


def has_rows_of_job(outcome: Outcome) -> bool:
    return has_position(outcome) and position_of(outcome.state).get("rows", 0) > 0


def killed(tap: TapRunner, when: Callable[[Outcome], bool], **options: Any) -> Outcome:
    """A run that is killed as soon as its output is such; what a loader has then got."""
    path: Path = tap.directory / "out.jsonl"
    with path.open("wb") as out:
        process = subprocess.Popen(tap.command(**options), stdout=out, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + SECONDS_TO_WAIT
    while not when(Outcome(-9, whole_lines(path), "")):
        assert process.poll() is None, whole_lines(path)[-2000:]
        assert time.monotonic() < deadline, whole_lines(path)[-2000:]
        time.sleep(0.05)
    process.kill()
    process.wait()
    return Outcome(-9, whole_lines(path), "")


def whole_lines(path: Path) -> str:
    text = path.read_bytes().decode(errors="ignore")
    return text[: text.rfind("\n") + 1]


def ids(outcome: Outcome, stream: str = "leads") -> list[str]:
    return [record["id"] for record in outcome.records(stream)]


def ids_before_state(outcome: Outcome) -> set[str]:
    """The Leads that were out when the last STATE was."""
    last = max(at for at, each in enumerate(outcome.messages) if each["type"] == "STATE")
    before = (each for _, each in takewhile(lambda found: found[0] < last, enumerate(outcome.messages)))
    return {each["record"]["id"] for each in before if each["type"] == "RECORD"}


@pytest.mark.parametrize("reader", ["rest", "bulk2"])
def test_a_killed_run_is_gone_on_with_and_followed_by_what_is_new(
    org: OrgClient, tap: TapRunner, leads: list[str], reader: str
) -> None:
    catalog = tap.catalog("leads")
    org.faults([{"path": NEXT_PAGE[reader], "skip": 1, **HANG}])
    is_far = has_position if reader == "rest" else has_rows_of_job
    first = killed(tap, is_far, catalog=catalog, api_type=reader)
    out = ids_before_state(first)
    assert 0 < len(out) < ROWS
    assert first.bookmark("leads") is None

    org.local("DELETE", "faults")
    org.clock(freeze_at=LATER)
    changed, removed, *_ = out
    org.rest("PATCH", f"sobjects/Lead/{changed}", json={"Title": "CTO"})
    purge(org, "Lead", removed)
    org.clock(freeze_at=EVENING)
    state = first.state
    org.limits(QueryPageRecords={"Max": 2000}, BulkResultPageRecords={"Max": 100_000})
    plan = tap.run("--plan", catalog=catalog, state=state, api_type=reader).ended().stdout.splitlines()
    org.forget_requests()
    second = tap.run(catalog=catalog, state=state, api_type=reader).ended()
    rest = ids(second)
    assert len(rest) == len(set(rest))
    assert out | set(rest) == set(leads)
    assert out & set(rest) == {changed, removed}
    assert [each["id"] for each in second.records("leads") if each["is_deleted"]] == [removed]
    assert second.bookmark("leads") == EVENING
    assert position_of(second.state) == {}
    assert plan[1].split()[2] == str(len(rest))
    spared = LOOKS - 1 if reader == "bulk2" else 0  # the new window's job is complete at the first look
    assert int(plan[-1].split()[-1]) - spared == org.api_calls()
    created = [each for each in org.requests() if each["path"].endswith("/jobs/query")]
    assert len(created) == (reader == "bulk2"), "the job is gone on with; the new window has its own"
    assert org.rest("GET", "jobs/query").json()["records"] == []
    idle = tap.run(catalog=catalog, state=second.state, lookback_window=0, api_type=reader).ended()
    assert idle.counts() == {}


@pytest.mark.parametrize("columns", [None, ["last_name", "title"]])
def test_a_row_of_an_old_job_that_the_window_behind_it_reads_again_comes_once(
    org: OrgClient, tap: TapRunner, leads: list[str], columns: list[str] | None
) -> None:
    """The last rows before the job lie in the lookback; with the key deselected, they bear no stamp."""
    recent = org.create("Lead", [{"LastName": f"Recent {each}", "Company": "Ltd"} for each in range(300)])
    org.clock(freeze_at="2026-06-01T12:10:00Z")
    catalog = tap.catalog("leads", columns={"leads": columns} if columns else None)
    org.faults([{"path": NEXT_PAGE["bulk2"], "skip": 1, **HANG}])
    first = killed(tap, has_rows_of_job, catalog=catalog, api_type="bulk2")
    out = ids_before_state(first)
    org.local("DELETE", "faults")
    org.clock(freeze_at=LATER)
    changed = recent[7]
    org.rest("PATCH", f"sobjects/Lead/{changed}", json={"Title": "CTO"})
    org.clock(freeze_at=EVENING)
    second = tap.run(catalog=catalog, state=first.state, api_type="bulk2").ended()
    rest = ids(second)
    assert len(rest) == len(set(rest))
    assert set(recent) <= set(rest)
    assert out | set(rest) == {*leads, *recent}
    (row,) = [each for each in second.records("leads") if each["id"] == changed]
    assert row.get("title", "CTO") == "CTO"


def test_a_locator_that_is_lost_after_a_short_page_brings_no_row_twice(
    org: OrgClient, tap: TapRunner, leads: list[str]
) -> None:
    """A page that lacks a row is no place to go on from, so pages come anew that are out already."""
    page = {"path": NEXT_PAGE["rest"], "times": 1}
    org.faults(
        [
            page | {"action": {"lose_rows": 1}},
            page | {"skip": 1, "action": {"expire_locators": True}},
        ]
    )
    outcome = tap.run(catalog=tap.catalog("leads"), api_type="rest").ended()
    assert "the query locator is gone" in outcome.stderr
    assert sorted(ids(outcome)) == sorted(leads)


def test_a_job_that_is_gone_costs_its_window_again(org: OrgClient, tap: TapRunner, leads: list[str]) -> None:
    org.faults([{"path": NEXT_PAGE["bulk2"], "skip": 1, **HANG}])
    first = killed(tap, has_rows_of_job, catalog=tap.catalog("leads"), api_type="bulk2")
    org.local("DELETE", "faults")
    org.faults([{"path": "/jobs/query/", "times": 1, "action": {"purge_jobs": True}}])
    second = tap.run(catalog=tap.catalog("leads"), state=first.state, api_type="bulk2").ended()
    assert "its window is read again, as its job is lost" in second.stderr
    assert sorted(ids(second)) == sorted(leads)


def test_a_job_that_is_lost_on_the_way_is_replaced_without_a_row_twice(
    org: OrgClient, tap: TapRunner, leads: list[str]
) -> None:
    org.faults([{"path": NEXT_PAGE["bulk2"], "skip": 2, "times": 1, "action": {"purge_jobs": True}}])
    outcome = tap.run(catalog=tap.catalog("leads"), api_type="bulk2").ended()
    assert "Lead is read by REST instead" in outcome.stderr
    assert sorted(ids(outcome)) == sorted(leads)


@pytest.mark.parametrize("change", [{"api_type": "bulk2"}, {"columns": {"leads": ["last_name"]}}])
def test_a_position_does_not_count_when_something_else_is_asked_for(
    org: OrgClient, tap: TapRunner, leads: list[str], change: dict[str, Any]
) -> None:
    settings: dict[str, Any] = {"api_type": "rest"}
    org.faults([{"path": NEXT_PAGE["rest"], "skip": 1, **HANG}])
    first = killed(tap, has_position, catalog=tap.catalog("leads"), **settings)
    org.local("DELETE", "faults")
    catalog = tap.catalog("leads", columns=change.pop("columns", None))
    second = tap.run(catalog=catalog, state=first.state, **settings | change).ended()
    assert sorted(ids(second)) == sorted(leads)


def test_a_position_of_another_version_does_not_count(
    org: OrgClient, tap: TapRunner, leads: list[str]
) -> None:
    catalog = tap.catalog("leads")
    org.faults([{"path": NEXT_PAGE["rest"], "skip": 1, **HANG}])
    state = killed(tap, has_position, catalog=catalog, api_type="rest").state
    org.local("DELETE", "faults")
    del state["bookmarks"]["leads"]["unfinished"]["position"]["floor"]
    outcome = tap.run(catalog=catalog, state=state).ended()
    assert sorted(ids(outcome)) == sorted(leads)


def test_a_full_sync_that_was_complete_is_not_done_again_for_a_killed_run(
    org: OrgClient, tap: TapRunner, leads: list[str]
) -> None:
    catalog = tap.catalog("accounts", "leads", columns={"accounts": ["name"]})
    org.clock(freeze_at=BEFORE)
    org.create("Account", [{"Name": name} for name in ("A", "B")])
    org.clock(freeze_at=MIDDAY)
    org.faults([{"path": NEXT_PAGE["rest"], **HANG}])
    first = killed(tap, lambda outcome: bool(outcome.counts().get("leads")), catalog=catalog)
    assert len(ids(first, "accounts")) == 2
    org.local("DELETE", "faults")
    org.clock(freeze_at=LATER)
    (new,) = org.create("Account", [{"Name": "C"}])
    org.clock(freeze_at=EVENING)
    second = tap.run(catalog=catalog, state=first.state).ended()
    assert ids(second, "accounts") == [new]
    assert set(ids(second)) <= set(leads)
    third = tap.run(catalog=catalog, state=second.state).ended()
    assert len(ids(third, "accounts")) == 3


def test_a_page_short_of_a_row_is_no_place_to_go_on_from(
    org: OrgClient, tap: TapRunner, leads: list[str]
) -> None:
    catalog = tap.catalog("leads")
    org.faults(
        [
            {"path": NEXT_PAGE["rest"], "times": 1, "action": {"lose_rows": 1}},
            {"path": NEXT_PAGE["rest"], "skip": 1, **HANG},
        ]
    )
    first = killed(tap, lambda outcome: len(ids(outcome)) >= 599, catalog=catalog, api_type="rest")
    org.local("DELETE", "faults")
    assert position_of(first.state)["after"] == sorted(leads)[199]
    second = tap.run(catalog=catalog, state=first.state).ended()
    assert set(ids(first)[:200]) | set(ids(second)) == set(leads)


def test_few_rows_leave_though_the_next_page_hangs(org: OrgClient, tap: TapRunner, leads: list[str]) -> None:
    catalog = tap.catalog("leads", columns={"leads": ["id"]})
    org.faults([{"path": NEXT_PAGE["rest"], **HANG}])
    first = killed(tap, lambda outcome: len(ids(outcome)) >= 200, catalog=catalog, api_type="rest")
    assert ids(first) == sorted(leads)[:200]


def test_the_quota_guard_keeps_the_position(org: OrgClient, tap: TapRunner, leads: list[str]) -> None:
    org.limits(DailyApiRequests={"Max": 100, "Remaining": 100})
    catalog = tap.catalog("leads")
    stopped = tap.run(catalog=catalog, api_type="rest", quota_percent_per_run=6).ended(3)
    out = ids(stopped)
    assert 0 < len(out) < ROWS
    assert position_of(stopped.state)["after"] == max(out)
    org.limits(DailyApiRequests={"Max": 15000, "Remaining": 15000})
    again = tap.run(catalog=catalog, state=stopped.state, api_type="rest").ended()
    assert sorted(out + ids(again)) == sorted(leads)


TOO_LONG = {
    "status": 400,
    "body": [{"message": "Your query request was running for too long.", "errorCode": "QUERY_TIMEOUT"}],
}


@pytest.mark.parametrize(
    ("action", "path"), [({"expire_locators": True}, NEXT_PAGE["rest"]), (TOO_LONG, "/queryAll/0r8")]
)
def test_what_breaks_off_a_cursor_brings_no_row_twice(
    org: OrgClient, tap: TapRunner, leads: list[str], action: dict[str, Any], path: str
) -> None:
    org.clock(freeze_at="2026-06-01T09:30:00Z")
    more = org.create("Lead", [{"LastName": f"More {each}", "Company": "Ltd"} for each in range(300)])
    org.clock(freeze_at=MIDDAY)
    org.faults(
        [
            {
                "path": path.replace("/queryAll/", "/query(All)?/"),
                "skip": 1,
                "every": 3,
                "times": 4,
                "action": action,
            }
        ]
    )
    outcome = tap.run(catalog=tap.catalog("leads"), api_type="rest").ended()
    assert sorted(ids(outcome)) == sorted(leads + more)
