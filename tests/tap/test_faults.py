from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from running import Outcome

if TYPE_CHECKING:
    from local_org_client import OrgClient
    from running import TapRunner

BEFORE = "2026-06-01T09:00:00Z"
MIDDAY = "2026-06-01T12:00:00Z"
QUERY = "/queryAll"
NEXT_PAGE = "/query(All)?/0r8"
"""The path of a page behind a query locator."""


WAITING_FOR_A_PIPE = {"pipe_write", "pipe_wait", "anon_pipe_write"}
"""What Linux calls a process that writes into a full pipe."""


def fill(org: OrgClient, rows: int = 4500) -> None:
    """More Leads than two pages hold, all older than the run."""
    org.clock(freeze_at=BEFORE)
    org.create("Lead", [{"LastName": f"Lead {number}", "Company": "Ltd"} for number in range(rows)])
    org.clock(freeze_at=MIDDAY)


def ids(outcome: Outcome) -> set[str]:
    return {record["id"] for record in outcome.records("leads")}


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503, "body": [{"message": "Server too busy", "errorCode": "SERVER_UNAVAILABLE"}]},
        {"status": 503, "body": "<html><body>Down for maintenance</body></html>"},
        {"status": 406, "body": [{"message": "not acceptable", "errorCode": "CustomNotAcceptable"}]},
        {"status": 429, "headers": {"Retry-After": "0"}, "body": "[]"},
        {"close_after_bytes": 1000},
        {"expire_sessions": True},
        {"expire_locators": True},
    ],
    ids=["503", "html", "406", "429", "cut", "session", "locator"],
)
def test_a_passing_fault_in_mid_paging_loses_nothing(
    org: OrgClient, tap: TapRunner, fault: dict[str, Any]
) -> None:
    fill(org)
    tap.config = {"login_url": org.url, "client_id": "app", "client_secret": "secret-of-app"}
    catalog = tap.catalog("leads")
    org.faults([{"path": NEXT_PAGE, "times": 1, "action": fault}])
    outcome = tap.run(catalog=catalog).ended()
    assert len(ids(outcome)) == 4500
    assert outcome.bookmark("leads") == MIDDAY


def test_a_lost_row_fails_the_stream_and_not_the_others(org: OrgClient, tap: TapRunner) -> None:
    fill(org, 2500)
    catalog = tap.catalog("leads", "users", "accounts")
    org.faults([{"path": NEXT_PAGE, "times": 1, "action": {"lose_rows": 1}}])
    outcome = tap.run(catalog=catalog).ended(1)
    assert "leads failed: Lead: 2,499 rows came, but Salesforce had counted 2,500" in outcome.stderr
    assert "These streams failed: leads." in outcome.errors[-1]
    assert outcome.bookmark("leads") is None
    assert outcome.bookmark("users") == MIDDAY
    again = tap.run(catalog=catalog, state=outcome.state).ended()
    assert len(ids(again)) == 2500


def test_a_window_that_takes_too_long_is_cut(org: OrgClient, tap: TapRunner) -> None:
    for day in range(1, 9):
        org.clock(freeze_at=f"2026-05-{day:02}T00:00:00Z")
        org.create("Lead", [{"LastName": f"Lead {day}", "Company": "Ltd"}])
    org.clock(freeze_at=MIDDAY)
    too_long = [{"message": "Your query request was running for too long.", "errorCode": "QUERY_TIMEOUT"}]
    state = {"bookmarks": {"leads": {"replication_key_value": "2026-05-01T00:00:00Z"}}}
    org.faults([{"path": QUERY, "times": 3, "action": {"status": 400, "body": too_long}}])
    outcome = tap.run(catalog=tap.catalog("leads"), state=state, api_type="rest").ended()
    assert len(outcome.records("leads")) == 8
    assert outcome.stderr.count("reading its window in two halves") == 3


def test_an_object_without_a_window_is_read_by_id(org: OrgClient, tap: TapRunner) -> None:
    fill(org, 2500)
    catalog = tap.catalog("leads", columns={"leads": ["last_name"]})
    too_long = [{"message": "Your query request was running for too long.", "errorCode": "QUERY_TIMEOUT"}]
    org.faults([{"path": QUERY, "times": 1, "action": {"status": 400, "body": too_long}}])
    outcome = tap.run(catalog=catalog, api_type="rest").ended()
    assert "reading in the order of Ids" in outcome.stderr
    assert len(ids(outcome)) == len(outcome.records("leads")) == 2500


@pytest.mark.parametrize("composite_takes_it", [True, False])
def test_a_query_too_long_for_a_url_loses_no_column(
    org: OrgClient, tap: TapRunner, *, composite_takes_it: bool
) -> None:
    catalog = tap.catalog("profile")
    short = tap.run(catalog=tap.catalog("profile", columns={"profile": ["id", "name"]})).ended()
    if not composite_takes_it:
        too_long = [{"message": "URI too long", "errorCode": "URI_TOO_LONG"}]
        org.faults(
            [{"path": "/composite$", "skip": 1, "times": None, "action": {"status": 414, "body": too_long}}]
        )
    outcome = tap.run(catalog=catalog).ended()
    records = outcome.records("profile")
    assert {each["id"] for each in records} == {each["id"] for each in short.records("profile")}
    declared = outcome.schema("profile")["schema"]["properties"].keys()
    assert len(declared) > 400
    assert all(record.keys() == declared for record in records)
    assert all(record["system_modstamp"] for record in records)


def test_a_field_that_vanishes_after_discovery_is_left_out(org: OrgClient, tap: TapRunner) -> None:
    fill(org, 3)
    gone = "\nRating FROM Lead\n^\nERROR at Row:1:Column:8\nNo such column 'Rating' on entity 'Lead'."
    refused = [{"message": gone, "errorCode": "INVALID_FIELD"}]
    described = org.rest("GET", "sobjects/Lead/describe").json()
    described["fields"] = [each for each in described["fields"] if each["name"] != "Rating"]
    org.faults(
        [
            {"path": QUERY, "times": 1, "action": {"status": 400, "body": refused}},
            {
                "path": "sobjects/Lead/describe",
                "skip": 1,
                "times": None,
                "action": {"status": 200, "body": described},
            },
        ]
    )
    outcome = tap.run(catalog=tap.catalog("leads")).ended()
    assert "leads: no longer there for this user, and left out: rating" in outcome.stderr
    assert len(ids(outcome)) == 3
    assert all("rating" not in record for record in outcome.records("leads"))


def test_a_clock_that_cannot_be_filtered_by_is_told_with_its_remedy(org: OrgClient, tap: TapRunner) -> None:
    """Of a few objects describe says that it can (PendingOrderSummary)."""
    fill(org, 3)
    told = "\nfield 'SystemModstamp' can not be filtered in a query call"
    action = {"status": 400, "body": [{"message": told, "errorCode": "INVALID_FIELD"}]}
    org.faults([{"path": "WHERE", "times": None, "action": action}])
    catalog = tap.catalog("leads")
    assert "replication_method to FULL_TABLE" in tap.run(catalog=catalog).ended(1).stderr
    for entry in catalog["streams"]:
        entry["replication_method"] = "FULL_TABLE"
    assert len(ids(tap.run(catalog=catalog).ended())) == 3


def test_an_object_that_vanishes_after_discovery_is_left_out(org: OrgClient, tap: TapRunner) -> None:
    fill(org, 3)
    gone = "\nFROM Case\n^\nERROR at Row:1:Column:8\nsObject type 'Case' is not supported."
    refused = [{"message": gone, "errorCode": "INVALID_TYPE"}]
    rule = {"path": QUERY + r".*FROM(\+|%20)Case\b", "times": 1, "action": {"status": 400, "body": refused}}
    org.faults([rule])
    outcome = tap.run(catalog=tap.catalog("cases", "leads")).ended()
    assert "cases is left out: " in outcome.stderr
    assert outcome.bookmark("cases") is None
    assert len(ids(outcome)) == 3


def test_a_silent_org_ends_the_run_early(org: OrgClient, tap: TapRunner) -> None:
    catalog = tap.catalog("accounts", "cases", "contacts", "leads")
    org.faults([{"path": QUERY, "times": None, "action": {"close_after_bytes": 0}}])
    outcome = tap.run(catalog=catalog, max_retries=0, concurrency=1).ended(1)
    assert "the streams after cases are not tried" in outcome.stderr
    assert "leads failed" not in outcome.stderr
    last = tap.run(catalog=tap.catalog("accounts", "cases"), max_retries=0).ended(1)
    assert "These streams failed: accounts, cases. Their" in last.errors[-1]


def test_the_quota_guard_keeps_what_was_done(org: OrgClient, tap: TapRunner) -> None:
    fill(org, 10)
    org.limits(DailyApiRequests={"Max": 100, "Remaining": 100})
    catalog = tap.catalog("accounts", "leads", "users")
    org.forget_requests()
    full = tap.run(catalog=catalog, quota_percent_per_run=100).ended()
    org.limits(DailyApiRequests={"Max": 100, "Remaining": 100})
    stopped = tap.run(catalog=catalog, quota_percent_per_run=2).ended(3)
    assert "quota_percent_per_run" in stopped.errors[-1]
    assert len(stopped.state.get("bookmarks", {})) < len(full.state["bookmarks"])


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_leaves_whole_lines_and_the_state(
    org: OrgClient, tap: TapRunner, number: signal.Signals, exit_code: int
) -> None:
    fill(org, 2500)
    catalog = tap.catalog("accounts", "leads")
    org.faults([{"path": NEXT_PAGE, "times": None, "action": {"hang": True}}])
    process = subprocess.Popen(tap.command(catalog=catalog), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    head = b""
    while b'"type":"RECORD"' not in head:  # the first page is out, the second one hangs
        head += os.read(process.stdout.fileno(), 65536)
    process.send_signal(number)
    rest, stderr = process.communicate(timeout=60)
    outcome = Outcome(process.returncode, (head + rest).decode(), stderr.decode()).ended(exit_code)
    assert outcome.messages[-1]["type"] == "STATE"
    assert outcome.bookmark("accounts") == MIDDAY
    assert outcome.bookmark("leads") is None


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_signal_while_the_loader_does_not_read_leaves_whole_lines(
    org: OrgClient, tap: TapRunner, unbuffered: str
) -> None:
    fill(org, 2500)
    process = subprocess.Popen(
        tap.command(catalog=tap.catalog("leads")),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
    )
    assert process.stdout is not None
    head = os.read(process.stdout.fileno(), 1)  # the SCHEMA has come; the pipe is full soon
    while Path(f"/proc/{process.pid}/wchan").read_text() not in WAITING_FOR_A_PIPE:
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    rest, stderr = process.communicate(timeout=60)
    outcome = Outcome(process.returncode, (head + rest).decode(), stderr.decode()).ended(143)
    assert outcome.messages[-1]["type"] == "STATE"
    assert outcome.bookmark("leads") is None


def test_a_loader_that_dies_is_one_clear_error(org: OrgClient, tap: TapRunner) -> None:
    fill(org, 2500)
    process = subprocess.Popen(
        tap.command(catalog=tap.catalog("leads")), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    os.read(process.stdout.fileno(), 1)
    process.stdout.close()
    _, stderr = process.communicate(timeout=60)
    outcome = Outcome(process.returncode, "", stderr.decode()).ended(1)
    assert "reads this one's output has ended" in outcome.errors[-1]


@pytest.mark.parametrize("body", ["null", "<html>Not here</html>", ""])
@pytest.mark.parametrize("reader", ["rest", "bulk2"])
def test_a_404_that_is_no_word_of_salesforces_fails_the_stream(
    org: OrgClient, tap: TapRunner, reader: str, body: str
) -> None:
    """Left out with a warning is only what Salesforce itself calls unknown: rows must not be missing."""
    org.faults([{"path": "/query", "times": None, "action": {"status": 404, "body": body}}])
    outcome = tap.run(catalog=tap.catalog("leads"), api_type=reader).ended(1)
    assert "look for a proxy, a firewall or a maintenance page in between" in outcome.stderr
    assert outcome.bookmark("leads") is None


@pytest.mark.parametrize(
    "answer",
    [
        {"totalSize": 2, "done": False, "records": []},
        {"totalSize": 1, "done": True, "records": [None]},
        {"totalSize": 2, "done": True, "records": [None, {"Id": "x"}]},
    ],
)
def test_an_answer_that_is_none_to_a_query_fails_the_stream(
    org: OrgClient, tap: TapRunner, answer: dict[str, Any]
) -> None:
    org.faults([{"path": QUERY, "times": None, "action": {"status": 200, "body": answer}}])
    outcome = tap.run(catalog=tap.catalog("leads"), max_retries=0).ended(1)
    assert "unforeseen" not in outcome.stderr
    assert "leads failed: " in outcome.stderr
