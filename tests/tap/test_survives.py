"""What chaos has found, each in one small run."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
