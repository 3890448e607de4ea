"""Each fault strikes where it hurts most, by REST and by Bulk API 2.0: the next run sets all right."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from chaos_faults import answer
from chaos_pipe import EVENING

if TYPE_CHECKING:
    from pathlib import Path

    from chaos_pipe import Pipe
    from local_org_client import OrgClient

REST, BULK = "rest", "bulk2"
LATE_PAGE = {REST: "/query(All)?[/?]", BULK: "/jobs/query/750.+/results"}
"""The path of a page of rows."""
QUERY = {REST: "/queryAll", BULK: "/jobs/query$"}
"""The path of the request that says which rows are wanted."""
A_JOB = "/jobs/query/750"
NEVER_AGAIN = {"max_retries": 0}


@dataclass(frozen=True)
class Case:
    """A fault, where it strikes, and what the run makes of it.

    Attributes:
        action: What the local org does.
        says: What the log tells of it.
        path: Which requests it takes, by reader.
        skip: How many of them it lets by.
        times: How many it takes; None: all others.
        exit_code: How the run ends.
        settings: The tap's.
    """

    action: dict[str, Any]
    says: str
    path: dict[str, str] = field(default_factory=lambda: LATE_PAGE)
    skip: int = 2
    times: int | None = 1
    exit_code: int = 0
    settings: dict[str, Any] = field(default_factory=dict)


BY_BOTH = {
    "503": Case(answer(503, "SERVER_UNAVAILABLE", "Server too busy"), "Server too busy"),
    "503 for ever": Case(
        answer(503, "SERVER_UNAVAILABLE", "Server too busy"),
        "leads failed: .*Server too busy",
        times=None,
        exit_code=1,
        settings=NEVER_AGAIN,
    ),
    "429": Case({"status": 429, "body": "[]"}, "HTTP 429", exit_code=1, settings=NEVER_AGAIN),
    "406": Case(answer(406, "CustomNotAcceptable"), "CustomNotAcceptable"),
    "concurrent limit": Case(
        answer(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."),
        "Too many long-running requests",
        exit_code=1,
        settings=NEVER_AGAIN,
    ),
    "cut in a body": Case({"close_after_bytes": 700}, "Trying again"),
    "silent server": Case(
        {"hang": True},
        "leads failed: .*did not answer within 2 s",
        exit_code=1,
        settings={"request_timeout": 2, "max_retries": 0},
    ),
    "dead session": Case({"expire_sessions": True}, "logging in again"),
    "page lost": Case({"lose_rows": 10}, "rows came, but Salesforce had counted", exit_code=1),
    "row lost": Case({"lose_rows": 1}, "rows came, but Salesforce had counted", exit_code=1),
    "object vanished": Case({"hide": ["Lead"]}, "leads is left out: ", path=QUERY, skip=0),
    "field vanished": Case({"hide": ["Lead.Rating"]}, "left out: rating", path=QUERY, skip=0),
    "quota used up": Case(
        answer(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
        "The state is kept: run again later",
        times=None,
        exit_code=3,
    ),
}
BY_REST = {
    "expired locator": Case({"expire_locators": True}, "locator"),
}
BY_BULK = {
    "job failed": Case(
        {"fail_job": "InternalServerError : Retried more than 15 times"}, "Retried more", path=QUERY, skip=0
    ),
    "job aborted": Case({"abort_job": True}, "Aborted", path=QUERY, skip=0),
    "job purged": Case({"purge_jobs": True}, "read by REST instead"),
}
CASES = [
    *(
        pytest.param(reader, case, id=f"{name} by {reader}")
        for name, case in BY_BOTH.items()
        for reader in (REST, BULK)
    ),
    *(pytest.param(REST, case, id=name) for name, case in BY_REST.items()),
    *(pytest.param(BULK, case, id=name) for name, case in BY_BULK.items()),
]


@pytest.mark.parametrize(("reader", "case"), CASES)
def test_a_fault_costs_no_row(org: OrgClient, pipe: Pipe, reader: str, case: Case) -> None:
    rule = {"path": case.path[reader], "skip": case.skip, "times": case.times, "action": case.action}
    org.faults([rule])
    struck = pipe.run(api_type=reader, **case.settings)
    assert struck.exit_code == case.exit_code, struck.stderr
    assert re.search(case.says, struck.stderr), struck.stderr
    if not case.exit_code and "hide" not in case.action:
        assert pipe.differences() == []
        assert f"{len(pipe.ids()) + len(pipe.ids('role'))} rows from " in struck.stderr
    org.clock(freeze_at=EVENING)
    after = pipe.run(api_type=reader)
    assert after.exit_code == 0, after.stderr
    assert pipe.differences() == []


def test_a_rotated_refresh_token_is_used_in_mid_paging_and_by_the_next_run(
    org: OrgClient, pipe: Pipe, tmp_path: Path
) -> None:
    kept = rotate(org, pipe, tmp_path)
    org.faults([{"path": LATE_PAGE[REST], "skip": 2, "action": {"expire_sessions": True}}])
    assert pipe.run(api_type=REST).exit_code == 0
    first = kept.read_text()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert pipe.differences() == []
    org.clock(freeze_at=EVENING)
    assert pipe.run(api_type=REST).exit_code == 0
    assert kept.read_text() != first


@pytest.mark.parametrize("in_mid_paging", [False, True])
def test_a_signal_during_a_login_loses_no_refresh_token(
    org: OrgClient, pipe: Pipe, tmp_path: Path, *, in_mid_paging: bool
) -> None:
    """Salesforce has replaced the token, and the new one is not on disk yet."""
    rotate(org, pipe, tmp_path)
    if in_mid_paging:
        org.faults([{"path": LATE_PAGE[REST], "skip": 1, "action": {"expire_sessions": True}}])
    slow = {
        "path": "/oauth2/token",
        "skip": int(in_mid_paging),
        "when": "after",
        "action": {"delay_seconds": 0.5},
    }
    stopped = pipe.run(pipe.strike_at(slow, signal.SIGTERM, later=0), api_type=REST)
    assert stopped.exit_code == 143, stopped.stderr
    after = pipe.run(api_type=REST)
    assert after.exit_code == 0, after.stderr
    assert pipe.differences() == []


def rotate(org: OrgClient, pipe: Pipe, directory: Path) -> Path:
    """Let the tap log in with a refresh token that is replaced each time; the file that keeps it."""
    org.local("POST", "login", {"rotate_refresh_tokens": True})
    kept = directory / "refresh-token.json"
    pipe.config = {
        "login_url": org.url,
        "client_id": "app",
        "refresh_token": f"5Aep-{directory}",
        "refresh_token_file": str(kept),
    }
    return kept
