"""Several workers on one stream, each with its own span of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from local_org_client import OrgClient
    from running import TapRunner

FIRST, SECOND, MIDDAY = "2026-05-01T00:00:00Z", "2026-05-20T00:00:00Z", "2026-06-01T12:00:00Z"


@pytest.fixture
def leads_of_a_month(org: OrgClient) -> None:
    for day in range(1, 31):
        org.clock(freeze_at=f"2026-05-{day:02}T00:00:00Z")
        org.create("Lead", [{"LastName": f"Lead {day}", "Company": "Ltd"}])
    org.clock(freeze_at=MIDDAY)


@pytest.mark.usefixtures("leads_of_a_month")
def test_windows_that_touch_hold_every_row_once(tap: TapRunner) -> None:
    catalog = tap.catalog("leads")
    spans = [{"window_end": FIRST}, {"window_start": FIRST, "window_end": SECOND}, {"window_start": SECOND}]
    parts = [tap.run(catalog=catalog, **span).ended() for span in spans]
    found = [[each["last_name"] for each in part.records("leads")] for part in parts]
    assert [len(each) for each in found] == [0, 19, 11]
    assert len({name for each in found for name in each}) == 30


@pytest.mark.usefixtures("leads_of_a_month")
def test_a_window_leaves_the_bookmark_where_it_is(tap: TapRunner) -> None:
    catalog = tap.catalog("leads")
    state = tap.run(catalog=catalog).ended().state
    span = tap.run(catalog=catalog, state=state, window_start=FIRST, window_end=SECOND).ended()
    assert len(span.records("leads")) == 19
    assert span.state == state
    fresh = tap.run(catalog=catalog, window_start=FIRST, window_end=SECOND).ended()
    assert fresh.bookmark("leads") is None


@pytest.mark.usefixtures("leads_of_a_month")
def test_the_ordinary_run_begins_where_the_last_window_ends(tap: TapRunner) -> None:
    catalog = tap.catalog("leads")
    old = tap.run(catalog=catalog, window_end=SECOND).ended()
    new = tap.run(catalog=catalog, start_date=SECOND).ended()
    assert len(old.records("leads")) + len(new.records("leads")) == 30
    assert new.bookmark("leads") == MIDDAY


def test_a_window_cannot_end_in_the_future(org: OrgClient, tap: TapRunner) -> None:
    org.clock(freeze_at=MIDDAY)
    outcome = tap.run(catalog=tap.catalog("leads"), window_end="2026-06-02T00:00:00Z").ended(2)
    assert "window_end lies in the future" in outcome.errors[-1]


def test_a_window_cannot_end_before_it_starts(tap: TapRunner) -> None:
    outcome = tap.run(window_start=SECOND, window_end=FIRST).ended(2)
    assert "window_end must be later than window_start" in outcome.errors[-1]
