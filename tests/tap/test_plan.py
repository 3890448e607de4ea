from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_org_client import OrgClient
    from running import Outcome, TapRunner


def lines(outcome: Outcome) -> list[list[str]]:
    return [line.split() for line in outcome.ended().stdout.splitlines()]


def test_the_plan_tells_what_a_first_sync_will_cost(demo_org: OrgClient, demo_tap: TapRunner) -> None:
    catalog = demo_tap.catalog("accounts", "leads", "tasks")
    head, *streams, total = lines(demo_tap.run("--plan", catalog=catalog))
    assert head == ["stream", "reader", "rows", "calls"]
    assert [line[:2] for line in streams] == [["accounts", "rest"], ["leads", "rest"], ["tasks", "rest"]]
    assert total[0] == "sum"
    assert int(total[1]) == sum(int(line[2]) for line in streams)
    assert int(total[2]) == sum(int(line[3]) for line in streams)
    demo_org.forget_requests()
    outcome = demo_tap.run(catalog=catalog).ended()
    assert outcome.counts() == {line[0]: int(line[2]) for line in streams}
    queries = [each for each in demo_org.requests() if "query" in each["path"].lower()]
    describes, log = [each for each in demo_org.requests() if each["path"].endswith("/composite")]
    assert sum(each["api_calls"] for each in [*queries, log]) == int(total[2]), describes


def test_the_plan_reads_no_row(demo_org: OrgClient, demo_tap: TapRunner) -> None:
    outcome = demo_tap.run("--plan")
    assert "RECORD" not in outcome.stdout
    assert lines(outcome)[-1][0] == "sum"
    assert len(lines(outcome)) == 1 + 48 + 1


def test_pages_are_counted(org: OrgClient, tap: TapRunner) -> None:
    org.clock(freeze_at="2026-06-01T12:00:00Z")
    org.create("Lead", [{"LastName": f"Lead {number}", "Company": "Ltd"} for number in range(2001)])
    org.clock()
    assert lines(tap.run("--plan", catalog=tap.catalog("leads")))[1] == ["leads", "rest", "2001", "3"]


def test_a_sync_of_all_collections_without_changes_is_cheap(demo_org: OrgClient, demo_tap: TapRunner) -> None:
    demo_org.clock(offset_seconds=86_400)
    first = demo_tap.run().ended()
    demo_org.clock(offset_seconds=172_800)
    planned = int(lines(demo_tap.run("--plan", state=first.state))[-1][2])
    demo_org.forget_requests()
    idle = demo_tap.run(state=first.state).ended()
    assert idle.counts() == {}
    assert len(idle.state["bookmarks"]) == 48
    composites = [each for each in demo_org.requests() if each["path"].endswith("/composite")]
    describes = 2
    assert len(composites) - describes == planned
    assert demo_org.api_calls() <= 15
