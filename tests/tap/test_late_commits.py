"""Rows that become visible after rows with a newer stamp have been read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from local_org_client import OrgClient
    from running import TapRunner

MIDDAY = "2026-06-01T12:00:30Z"
LATER = "2026-06-01T14:00:00Z"
EVENING = "2026-06-01T18:00:00Z"
PATH = "/services/data/v64.0/sobjects"


@pytest.mark.parametrize(
    ("stream", "settings", "is_first"),
    [("leads", {}, True), ("leads", {"detect_hard_deletes": False}, False), ("users", {}, True)],
)
def test_a_transaction_that_is_open_for_hours_loses_no_row(
    org: OrgClient, tap: TapRunner, stream: str, settings: dict[str, Any], *, is_first: bool
) -> None:
    catalog = tap.catalog(stream)
    org.clock(freeze_at="2026-06-01T09:00:00Z")
    state = None if is_first else tap.run(catalog=catalog, **settings).ended().state
    org.clock(freeze_at=MIDDAY)
    opened = org.local("POST", "transactions", {"requests": [late_write(org, stream)]})
    org.clock(freeze_at=LATER)
    first = tap.run(catalog=catalog, state=state, lookback_window=0, **settings).ended()
    assert first.bookmark(stream) == "2026-06-01T12:00:00Z"
    assert "Late" not in {each["last_name"] for each in first.records(stream)}
    done = org.local("POST", f"transactions/{opened['id']}/commit")
    assert {each["status"] for each in done["responses"]} <= {201, 204}
    org.clock(freeze_at=EVENING)
    second = tap.run(catalog=catalog, state=first.state, lookback_window=0, **settings).ended()
    assert "Late" in {each["last_name"] for each in second.records(stream)}
    assert second.bookmark(stream) == EVENING


def late_write(org: OrgClient, stream: str) -> dict[str, Any]:
    if stream == "leads":
        return {"method": "POST", "path": f"{PATH}/Lead", "body": {"LastName": "Late", "Company": "Ltd"}}
    user = org.query("SELECT Id FROM User LIMIT 1")[0]["Id"]
    return {"method": "PATCH", "path": f"{PATH}/User/{user}", "body": {"LastName": "Late"}}
