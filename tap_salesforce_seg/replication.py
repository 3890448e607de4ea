"""The span of time that a run reads.

A run reads the half-open window from the bookmark, less a lookback, up to the server's time at its start. The
bookmark then moves to the window's end, never to the greatest stamp that was seen: a transaction that was
still open may yet show a row with an older stamp (Salesforce documents this for ``getUpdated``, under
``latestDateCovered``), and results come in no particular order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from salesforce_seg import read_values

REPLICATION_KEYS = ("SystemModstamp", "LastModifiedDate", "CreatedDate", "LoginTime")
"""Clock fields, best first. A field serves only if its describe says filterable and sortable."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_SECOND = timedelta(seconds=1)
_BEGINNING = datetime(1999, 3, 1, tzinfo=timezone.utc)
"""Salesforce was founded in March 1999; no row is stamped earlier."""

_EARLIEST = datetime(1700, 1, 1, tzinfo=timezone.utc)
_LATEST = datetime(4000, 12, 31, tzinfo=timezone.utc)
"""Between these SOQL compares (SOQL and SOSL Reference, "Date Formats and Date Literals")."""


@dataclass(frozen=True, slots=True)
class Window:
    """The rows of one read: ``start <= key < end``, to the second, in UTC.

    Without a start the window is open to the past; without an end it holds every row of the object.
    """

    key: str | None
    """API name of the clock field; None if the object has none that can be filtered."""
    start: datetime | None = None
    end: datetime | None = None

    @property
    def bounded(self) -> bool:
        """Whether the read filters at all."""
        return self.key is not None and (self.start is not None or self.end is not None)

    def holds(self, stamp: str) -> bool:
        """Whether a row with this stamp is one of them."""
        moment = parse_moment(stamp)
        return (self.start is None or self.start <= moment) and (self.end is None or moment < self.end)

    def halves(self) -> tuple[Window, Window] | None:
        """The window in two, without gap or overlap.

        Returns:
            The earlier and the later half; None if the window cannot be cut, being a second or unbounded.
        """
        if self.key is None or self.end is None:
            return None
        start = self.start or _BEGINNING
        seconds = int((self.end - start) / _SECOND)
        if seconds < 2:
            return None
        middle = start + timedelta(seconds=seconds // 2)
        # The earlier half stays open to the past, so that nothing falls out below the assumed beginning.
        return replace(self, end=middle), replace(self, start=middle)


def window(
    key: str | None,
    *,
    bookmark: datetime | None,
    start_date: datetime | None,
    lookback: timedelta,
    now: datetime,
    full: bool,
) -> Window:
    """The window of a stream for this run.

    Args:
        key: API name of the replication key, or None.
        bookmark: Where the last run ended, or None before the first one.
        start_date: The earliest stamp of a first (or a full) sync, or None for everything; what a bookmark
            before it would have read is read in any case.
        lookback: How far before the bookmark to read again, for rows that were committed late.
        now: The server's time when the run began.
        full: Whether to read everything, whatever the bookmark says.
    """
    if key is None:
        return Window(None)
    end = floor_to_second(now)
    since = bookmark and max(floor_to_second(min(bookmark, end) - lookback), _EARLIEST)
    if full or since is None:
        start = min(start_date, since) if start_date and since else start_date
        return Window(key, start, None if full else end)
    return Window(key, since, end)


def floor_to_second(moment: datetime) -> datetime:
    """The moment in UTC, cut to the second: finer than that no Salesforce stamp is."""
    return moment.astimezone(timezone.utc).replace(microsecond=0)


def parse_moment(text: object) -> datetime:
    """A date or date-time in any ISO 8601 form; UTC where it names no zone.

    Raises:
        ValueError: It is none.
    """
    try:
        if isinstance(text, str):
            return read_values.parse_moment(text + "T00:00Z" if _DATE.fullmatch(text) else text)
    except ValueError:
        pass
    raise ValueError(f"{text!r} is not a date-time such as 2026-01-31T00:00:00Z")


def boundary(text: object) -> datetime:
    """A date or date-time that rows' stamps are compared with, moved into what SOQL compares with.

    Raises:
        ValueError: It is none.
    """
    return min(max(parse_moment(text), _EARLIEST), _LATEST)


def format_moment(moment: datetime) -> str:
    """The moment as state has it: ``2026-01-31T23:59:59Z``."""
    return floor_to_second(moment).strftime("%Y-%m-%dT%H:%M:%SZ")
