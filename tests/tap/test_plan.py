from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from running import purge

from tap_salesforce_seg.readers.bulk2 import LOOKS
from tap_salesforce_seg.tally import SHARED

if TYPE_CHECKING:
    from pathlib import Path

    from local_org_client import OrgClient
    from running import Outcome, TapRunner


TOO_LONG = {"status": 414, "body": [{"message": "URI too long", "errorCode": "URI_TOO_LONG"}]}


def lines(outcome: Outcome) -> list[list[str]]:
    return [line.split() for line in outcome.ended().stdout.splitlines()]


def keeps_its_plan(
    org: OrgClient,
    tap: TapRunner,
    *,
    looks_at_jobs: int = 0,
    finds_what_is_gone: bool = False,
    **options: Any,
) -> Outcome:
    """A run that uses the API calls and brings the rows that its plan has told; the same by its own figures.

    How often a job is looked at until it is complete, the plan takes for granted; what a sweep will find
    gone, it does not know.
    """
    head, *planned, shared, total = lines(tap.run("--plan", **options))
    assert head == ["stream", "reader", "rows", "calls"]
    assert shared[:3] == ["shared", "by", "all"]
    org.forget_requests()
    outcome = tap.run(**options).ended()
    looks = sum(
        each["method"] == "GET" and "/jobs/query/" in each["path"] and not each["path"].endswith("/results")
        for each in org.requests()
    )
    refused = sum(each["status"] == TOO_LONG["status"] for each in org.requests())  # the org counts no fault
    assert int(total[-1]) - looks_at_jobs + looks == org.api_calls() + refused, outcome.stderr
    counts = {} if finds_what_is_gone else outcome.counts()
    assert {name: int(rows) for name, _, rows, _ in planned if name != "names"} == {
        name: counts.get(name, 0) for name, *_ in planned if name != "names"
    }
    if not looks_at_jobs:
        assert closing_calls(outcome) == {each[0]: each[-1] for each in (*planned, shared, total)}
    return outcome


def closing_calls(outcome: Outcome) -> dict[str, str]:
    """The calls by stream in the closing table."""
    table = outcome.stderr.partition("stream ")[2].splitlines()[1:]
    end = next(at for at, line in enumerate(table) if line.startswith("sum"))
    names = [re.split(r"\s{2,}", line) for line in table[: end + 1]]
    return {each[0].split()[0]: each[1 if each[0] == SHARED else 3] for each in names}


def test_a_first_sync_and_an_incremental_one_keep_to_their_plans(
    demo_org: OrgClient, demo_tap: TapRunner
) -> None:
    streams = ("accounts", "contacts", "leads", "tasks", "notes", "role", "note_tags", "names")
    catalog = demo_tap.catalog(*streams)
    demo_org.clock(offset_seconds=86_400)
    first = keeps_its_plan(demo_org, demo_tap, catalog=catalog)
    demo_org.clock(offset_seconds=90_000)
    soft, hard, changed, *_ = (row["Id"] for row in demo_org.query("SELECT Id FROM Lead"))
    demo_org.rest("DELETE", f"sobjects/Lead/{soft}")
    purge(demo_org, "Lead", hard)
    demo_org.rest("PATCH", f"sobjects/Lead/{changed}", json={"Title": "CTO"})
    demo_org.clock(offset_seconds=172_800)
    second = keeps_its_plan(demo_org, demo_tap, catalog=catalog, state=first.state)
    assert len(second.records("leads")) == 3
    demo_org.clock(offset_seconds=259_200)
    third = keeps_its_plan(demo_org, demo_tap, catalog=catalog, state=second.state)
    assert third.counts() == {}


def test_a_delete_that_no_window_shows_is_planned(org: OrgClient, tap: TapRunner) -> None:
    """Records of the recycle bin whose stamps lie outside the window come by their Ids, 166 a call."""
    org.clock(freeze_at="2026-06-01T12:00:00Z")
    ids = org.create("Lead", [{"LastName": str(number), "Company": "Ltd"} for number in range(180)])
    catalog = tap.catalog("leads")
    first = tap.run(catalog=catalog).ended()
    org.clock(freeze_at="2026-06-01T15:00:00Z")
    for at in (0, 100):
        org.rest("DELETE", f"composite/sobjects?ids={','.join(ids[at : at + 100])}")
    org.clock(freeze_at="2026-06-01T18:00:00Z")
    state = first.state
    state["bookmarks"]["leads"] |= {
        "deletes_since": "2026-06-01T12:00:00Z",
        "replication_key_value": "2026-06-01T17:00:00Z",
    }
    outcome = keeps_its_plan(org, tap, catalog=catalog, state=state)
    assert len(outcome.records("leads")) == 180


def test_sweeps_are_planned(demo_org: OrgClient, demo_tap: TapRunner, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"sweep_ids": "weekly", "known_ids_path": str(tmp_path / "known")}
    settings["catalog"] = demo_tap.catalog(
        "note_tags", "leads", sweep_ids="weekly", known_ids_path="elsewhere"
    )
    demo_org.clock(offset_seconds=86_400)
    first = keeps_its_plan(demo_org, demo_tap, **settings)
    for day in (3, 20):  # nothing is due; a sweep of the tags, and of the leads as their log is too short
        demo_org.clock(offset_seconds=day * 86_400)
        is_due = day == 20
        later = keeps_its_plan(demo_org, demo_tap, state=first.state, finds_what_is_gone=is_due, **settings)
        assert ("all Ids were looked through" in later.stderr) is is_due


@pytest.mark.parametrize("backfill", ["new", "all"])
def test_a_backfill_is_planned(org: OrgClient, tap: TapRunner, backfill: str) -> None:
    org.clock(freeze_at="2026-06-01T12:00:00Z")
    org.create("Lead", [{"LastName": str(number), "Company": "Ltd"} for number in range(5)])
    org.clock(freeze_at="2026-06-01T18:00:00Z")
    few = tap.catalog("leads", columns={"leads": ["last_name", "system_modstamp"]})
    first = tap.run(catalog=few).ended()
    org.clock(freeze_at="2026-06-01T19:00:00Z")
    org.create("Lead", [{"LastName": "New", "Company": "Ltd"}])
    org.clock(freeze_at="2026-06-01T20:00:00Z")
    keeps_its_plan(org, tap, catalog=tap.catalog("leads"), state=first.state, backfill_columns=backfill)


@pytest.mark.parametrize("api_type", ["rest", "auto"])
def test_a_query_that_has_no_room_anywhere_is_planned(org: OrgClient, tap: TapRunner, api_type: str) -> None:
    """Salesforce takes Profile's 400 fields in a request body; should it not, they are read in parts."""
    keeps_its_plan(org, tap, catalog=tap.catalog("profile"), api_type=api_type)
    org.faults([{"path": "/composite$", "longer_than": 9000, "times": None, "action": TOO_LONG}])
    is_job = api_type == "auto"
    keeps_its_plan(org, tap, looks_at_jobs=LOOKS * is_job, catalog=tap.catalog("profile"), api_type=api_type)


def test_the_plan_reads_no_row(demo_org: OrgClient, demo_tap: TapRunner) -> None:
    outcome = demo_tap.run("--plan")
    assert "RECORD" not in outcome.stdout
    assert lines(outcome)[-1][0] == "sum"
    assert len(lines(outcome)) == 1 + 48 + 2


def test_what_cannot_be_read_keeps_nothing_else_from_being_planned(
    demo_org: OrgClient, demo_tap: TapRunner
) -> None:
    catalog = demo_tap.catalog("accounts", "leads")
    demo_org.faults([{"path": "/composite$", "skip": 2, "action": {"hide": ["Account"]}}])
    outcome = demo_tap.run("--plan", catalog=catalog)
    assert [line[0:2] for line in lines(outcome)[1:3]] == [["accounts", "none"], ["leads", "rest"]]
    assert "accounts is planned without Account: Counting Account: INVALID_TYPE" in outcome.stderr


def test_an_object_too_large_to_be_counted_is_planned(org: OrgClient, tap: TapRunner) -> None:
    org.clock(freeze_at="2026-06-01T12:00:00Z")
    org.create("Lead", [{"LastName": "Ada", "Company": "Ltd"}] * 3)
    refusal = {
        "referenceId": "count",
        "httpStatusCode": 400,
        "body": [{"errorCode": "QUERY_TIMEOUT", "message": "Your query request was running for too long."}],
    }
    answer = {"status": 200, "body": {"compositeResponse": [refusal]}}
    catalog = tap.catalog("leads")
    org.faults([{"path": "/composite$", "skip": 1, "action": answer}])
    outcome = tap.run("--plan", catalog=catalog)
    assert lines(outcome)[1] == ["leads", "rest", "3", "1"]
    assert "planned are all of Lead, 3" in outcome.stderr


def test_pages_are_counted(org: OrgClient, tap: TapRunner) -> None:
    org.clock(freeze_at="2026-06-01T12:00:00Z")
    org.create("Lead", [{"LastName": f"Lead {number}", "Company": "Ltd"} for number in range(2001)])
    org.clock()
    assert lines(tap.run("--plan", catalog=tap.catalog("leads")))[1] == ["leads", "rest", "2001", "2"]


def test_a_sync_of_all_collections_without_changes_is_cheap(demo_org: OrgClient, demo_tap: TapRunner) -> None:
    demo_org.clock(offset_seconds=86_400)
    first = demo_tap.run().ended()
    demo_org.clock(offset_seconds=172_800)
    planned = int(lines(demo_tap.run("--plan", state=first.state))[-1][2])
    demo_org.forget_requests()
    idle = demo_tap.run(state=first.state).ended()
    assert idle.counts() == {}
    assert len(idle.state["bookmarks"]) == 48
    assert demo_org.api_calls() == planned <= 15
