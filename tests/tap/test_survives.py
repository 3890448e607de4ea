"""What chaos has found, each in one small run."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from chaos_pipe import EVENING

if TYPE_CHECKING:
    from chaos_pipe import Pipe
    from local_org_client import OrgClient
    from running import TapRunner


def test_rows_come_out_though_the_bookmark_stays_where_it_was(
    org: OrgClient, tap: TapRunner, pipe: Pipe
) -> None:
    """An open transaction holds the bookmark, so no STATE is there to carry the last rows along."""
    pipe.catalog = tap.catalog("leads")
    org.local("POST", "transactions", {"requests": []})
    assert pipe.run().exit_code == 0
    org.clock(freeze_at=EVENING)
    (new,) = org.create("Lead", [{"LastName": "New", "Company": "Ltd"}])
    org.clock(freeze_at="2026-06-01T18:10:00Z")
    assert pipe.run().exit_code == 0
    assert new in pipe.ids()
    assert pipe.differences() == []


@pytest.mark.parametrize("reader", ["rest", "bulk2"])
def test_what_is_read_again_for_late_commits_comes_once_after_a_kill(
    org: OrgClient, pipe: Pipe, reader: str
) -> None:
    """The job of a killed run holds rows of its last minutes; so does the window that follows it."""
    org.clock(freeze_at="2026-06-01T09:05:00Z")
    page = {"rest": "/query(All)?/0r8", "bulk2": "/results"}[reader]
    hang = {"path": page, "skip": 2, "action": {"hang": True}}
    assert pipe.run(pipe.strike_at(hang, signal.SIGTERM), api_type=reader).exit_code == 143
    before = pipe.ids()
    org.clock(freeze_at=EVENING)
    assert pipe.run(api_type=reader).exit_code == 0
    assert before
    assert set(pipe.ids()) | set(before) == set(pipe.loader.tables["leads"])
    assert pipe.differences() == []
