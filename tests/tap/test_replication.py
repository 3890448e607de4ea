from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesforce_seg.errors import ConfigurationError
from tap_salesforce_seg.replication import Window, boundary, format_moment, parse_moment, window
from tap_salesforce_seg.state import bookmark_of
from tap_salesforce_seg.state_file import read_state

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=timezone.utc)
LOOKBACK = timedelta(minutes=20)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(timezone.utc))


def a_window(**changes: Any) -> Window:
    wanted: dict[str, Any] = {
        "bookmark": None,
        "start_date": None,
        "lookback": LOOKBACK,
        "now": NOW,
        "full": False,
    }
    return window("SystemModstamp", **(wanted | changes))


def test_a_first_sync_reads_everything_up_to_its_start() -> None:
    assert a_window() == Window("SystemModstamp", None, NOW)


def test_start_date_holds_for_the_first_sync_only() -> None:
    start = NOW - timedelta(days=30)
    bookmark = NOW - timedelta(days=60)
    assert a_window(start_date=start).start == start
    assert a_window(start_date=start, bookmark=bookmark).start == bookmark - LOOKBACK


def test_a_bookmark_ahead_of_the_server_is_not_believed() -> None:
    assert a_window(bookmark=NOW + timedelta(days=1)) == Window("SystemModstamp", NOW - LOOKBACK, NOW)


def test_a_full_sync_has_no_bounds_but_start_date() -> None:
    assert not a_window(full=True, bookmark=NOW).bounded
    start = NOW - timedelta(days=30)
    assert a_window(full=True, bookmark=NOW, start_date=start) == Window("SystemModstamp", start)
    assert window(None, bookmark=NOW, start_date=NOW, lookback=LOOKBACK, now=NOW, full=False) == Window(None)


@given(
    bookmark=st.none() | MOMENTS,
    now=MOMENTS,
    lookback=st.integers(0, 10**6),
    start_date=st.none() | MOMENTS,
    full=st.booleans(),
)
def test_windows_of_runs_in_a_row_leave_no_gap(
    bookmark: datetime | None, now: datetime, lookback: int, start_date: datetime | None, full: bool
) -> None:
    """Whatever the clocks say, the next window begins where this one ended or earlier, and ends by now.

    So it does if it is to read all rows, and if start_date has been set anew.
    """
    first = a_window(bookmark=bookmark, now=now, lookback=timedelta(seconds=lookback))
    assert first.end is not None
    assert first.end <= now
    written = bookmark_of({"replication_key_value": format_moment(first.end)})
    second = a_window(
        bookmark=written,
        now=now + timedelta(hours=3),
        lookback=timedelta(seconds=lookback),
        start_date=start_date,
        full=full,
    )
    assert second.start is not None or full
    assert second.start is None or second.start <= first.end


@pytest.mark.parametrize(
    ("text", "taken_for"),
    [("0001-01-01T00:00:00Z", "1700-01-01T00:00:00Z"), ("9999-12-31T23:59:59Z", "4000-12-31T00:00:00Z")],
)
def test_a_boundary_is_one_that_soql_compares_with(text: str, taken_for: str) -> None:
    moment = boundary(text)
    assert format_moment(moment) == taken_for
    start = a_window(bookmark=moment).start
    assert start is not None
    assert start >= boundary("0001-01-01")


@given(start=st.none() | MOMENTS, length=st.integers(1, 10**9))
def test_halves_make_up_the_window(start: datetime | None, length: int) -> None:
    end = (start or datetime(2000, 1, 1, tzinfo=timezone.utc)) + timedelta(seconds=length)
    whole = Window("SystemModstamp", start, end)
    halves = whole.halves()
    if halves is None:
        assert length < 2
        return
    earlier, later = halves
    assert earlier.start == start
    assert earlier.end == later.start
    assert later.end == end
    assert later.start is not None
    assert start is None or start < later.start < end


def test_a_window_without_a_clock_or_an_end_cannot_be_cut() -> None:
    assert Window(None).halves() is None
    assert Window("SystemModstamp", NOW).halves() is None


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21T12:00:00Z",
        "2026-11-21T12:00:00.000Z",
        "2026-11-21T12:00:00.000+0000",
        "2026-11-21T12:00:00.1234567+00:00",
        "2026-11-21T14:00:00+02:00",
        "2026-11-21 12:00:00",
        " 2026-11-21T12:00:00z ",
    ],
)
def test_every_way_to_write_a_moment_is_read(text: str) -> None:
    assert format_moment(parse_moment(text)) == "2026-11-21T12:00:00Z"


@given(MOMENTS)
def test_a_moment_comes_back_from_the_state_cut_to_the_second(moment: datetime) -> None:
    assert parse_moment(format_moment(moment)) == moment.replace(microsecond=0)


def test_a_date_is_its_first_second() -> None:
    assert format_moment(parse_moment("2026-11-21")) == "2026-11-21T00:00:00Z"


@pytest.mark.parametrize(
    "state",
    [
        {"bookmarks": {"Lead": {"replication_key_value": "2026-01-01T00:00:00Z"}}},
        {"bookmarks": {"Lead": {"SystemModstamp": "2026-01-01T00:00:00.000000Z"}}},
        {"bookmarks": {"Lead": "2026-01-01"}},
        {"type": "STATE", "value": {"bookmarks": {"Lead": {"SystemModstamp": "2026-01-01T00:00:00Z"}}}},
        {"singer_state": {"bookmarks": {"Lead": {"SystemModstamp": "2026-01-01T00:00:00Z"}}}},
        {
            "bookmarks": {
                "Lead": {
                    "replication_key": "SystemModstamp",
                    "replication_key_value": "2026-01-01T00:00:00+00:00",
                    "replication_key_signpost": "2026-02-01T00:00:00+00:00",
                    "starting_replication_value": None,
                    "progress_markers": {"replication_key_value": "2026-03-01T00:00:00+00:00"},
                }
            }
        },
    ],
)
def test_states_of_other_taps_are_understood(state: dict[str, Any]) -> None:
    read = read_state(state)["Lead"]
    moment = bookmark_of(read)
    assert moment is not None
    assert format_moment(moment) == "2026-01-01T00:00:00Z"
    assert not read.keys() & {"progress_markers", "replication_key_signpost", "starting_replication_value"}


def test_whatever_else_lies_beside_a_bookmark_is_kept() -> None:
    state = {"bookmarks": {"leads": {"replication_key_value": "2026-01-01T00:00:00Z", "columns": ["id"]}}}
    assert read_state(state) == state["bookmarks"]


@pytest.mark.parametrize(
    "state",
    [
        [],
        "2026-01-01",
        {"bookmarks": []},
        {"bookmarks": {"leads": 7}},
        {"bookmarks": {"leads": {"replication_key_value": "yesterday"}}},
        {"bookmarks": {"leads": {"replication_key_value": 1763726400}}},
        {"bookmarks": {"leads": {"replication_key_value": "0001-01-01T00:00:00+14:00"}}},
        {"bookmarks": {"leads": {"replication_key": 7}}},
        {"bookmarks": {"leads": {"version": "first"}}},
        {"bookmarks": {"leads": {"version": float("inf")}}},
        {"bookmarks": {"leads": {"activated_version": []}}},
        {"bookmarks": {"leads": {"fields": 7}}},
        {"bookmarks": {"leads": {"fields": ["Id", None]}}},
        {"bookmarks": {"leads": {"object": {}}}},
        {"bookmarks": {"names": {"objects": ["Task"]}}},
    ],
)
def test_a_broken_state_is_one_clear_error(state: object) -> None:
    with pytest.raises(ConfigurationError, match="state"):
        read_state(state)


@pytest.mark.parametrize("state", [{}, {"bookmarks": {}}, {"bookmarks": None}, {"bookmarks": {"a": None}}])
def test_an_empty_state_is_a_first_run(state: dict[str, Any]) -> None:
    assert read_state(state) == {}
