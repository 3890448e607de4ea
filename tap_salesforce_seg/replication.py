"""Which rows a run reads, and what its state says afterwards.

A run reads the half-open window from the bookmark, less a lookback, up to the server's time at its start. The
bookmark then moves to the window's end, never to the greatest stamp that was seen: a transaction that was
still open may yet show a row with an older stamp (Salesforce documents this for ``getUpdated``, under
``latestDateCovered``), and results come in no particular order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from salesforce_seg import read_values
from salesforce_seg.errors import ConfigurationError
from tap_salesforce_seg.naming import snake_case

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

REPLICATION_KEYS = ("SystemModstamp", "LastModifiedDate", "CreatedDate", "LoginTime")
"""Clock fields, best first. A field serves only if its describe says filterable and sortable."""

BOOKMARK = "replication_key_value"
BOOKMARK_KEY = "replication_key"
COVERED_FIELDS = "fields"
"""API names of the fields that all rows have been read with."""
FULL_SYNC_AT = "full_sync_at"
"""When all rows were last read; kept for streams whose formula fields are refreshed."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_SECOND = timedelta(seconds=1)
_BEGINNING = datetime(1999, 3, 1, tzinfo=timezone.utc)
"""Salesforce was founded in March 1999; no row is stamped earlier."""


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
        start_date: The earliest stamp of a first (or a full) sync, or None for everything.
        lookback: How far before the bookmark to read again, for rows that were committed late.
        now: The server's time when the run began.
        full: Whether to read everything, whatever the bookmark says.
    """
    if key is None:
        return Window(None)
    if full:
        return Window(key, start_date)
    end = floor_to_second(now)
    if bookmark is None:
        return Window(key, start_date, end)
    return Window(key, floor_to_second(min(bookmark, end) - lookback), end)


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


def format_moment(moment: datetime) -> str:
    """The moment as state has it: ``2026-01-31T23:59:59Z``."""
    return floor_to_second(moment).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_state(state: Any) -> dict[str, dict[str, Any]]:
    """The bookmarks of a state file, ours or another tap's, by stream.

    Takes the plain Singer state, a whole STATE message and Meltano's ``singer_state``; a bookmark may be an
    object with ``replication_key_value``, one keyed by the replication key's own name (as singer-io's tap
    writes), or a bare date. What an interrupted run of an SDK tap left in ``progress_markers`` is not used.

    Raises:
        ConfigurationError: It is not a state.
    """
    if not isinstance(state, dict):
        raise ConfigurationError(
            "The state file does not hold a JSON object; give the last STATE line's value"
        )
    for wrapper in ("value", "singer_state"):
        if isinstance(state.get(wrapper), dict):
            state = state[wrapper]
    bookmarks = state.get("bookmarks")
    if bookmarks is None:
        return {}
    if not isinstance(bookmarks, dict):
        raise ConfigurationError('The state file is broken: "bookmarks" is not a JSON object')
    return {stream: _stream_state(stream, found) for stream, found in bookmarks.items()}


def _stream_state(stream: str, found: object) -> dict[str, Any]:
    if isinstance(found, str):
        found = {BOOKMARK: found}
    if not isinstance(found, dict):
        raise ConfigurationError(f"The state file is broken: the bookmark of {stream} is not a JSON object")
    kept = {name: value for name, value in found.items() if name not in _SDK_LEFTOVERS}
    if kept.get(BOOKMARK) is None:
        own_name = next((name for name in REPLICATION_KEYS if kept.get(name)), None)
        if own_name:
            kept = {BOOKMARK_KEY: own_name, BOOKMARK: kept[own_name]}
    if kept.get(BOOKMARK) is not None:
        try:
            parse_moment(kept[BOOKMARK])
        except ValueError as error:
            raise ConfigurationError(f"The state file is broken: the bookmark of {stream}: {error}") from None
    return kept


_SDK_LEFTOVERS = {"progress_markers", "replication_key_signpost", "starting_replication_value", "partitions"}


def bookmark_of(stream_state: Mapping[str, Any]) -> datetime | None:
    """Where the stream's last complete read ended; None if there was none."""
    value = stream_state.get(BOOKMARK)
    return None if value is None else parse_moment(value)


class StreamState:
    """What the state says of one stream, and how it moves on when a run is through.

    Args:
        bookmarks: The state's bookmarks of all streams; changed by ``move``.
        names: What the stream may be called there: its own name, then those of other naming styles and taps.
        key: The replication key's name; a bookmark that was kept for another one does not count.
    """

    def __init__(self, bookmarks: dict[str, Any], names: Sequence[str], key: str | None) -> None:
        self._bookmarks = bookmarks
        self._names = names
        self._key = key
        state: dict[str, Any] = next((bookmarks[name] for name in names if bookmarks.get(name)), {})
        kept_for = state.get(BOOKMARK_KEY)
        same_key = kept_for is None or (key is not None and snake_case(kept_for) == snake_case(key))
        self._state = dict(state) if same_key else {}

    @property
    def bookmark(self) -> datetime | None:
        """Where the last complete read ended; None if there was none."""
        return bookmark_of(self._state)

    def not_covered(self, fields: Iterable[str]) -> list[str]:
        """Those of the fields that older rows have not been read with.

        A state that does not tell (another tap's) is taken to cover all.
        """
        covered = self._state.get(COVERED_FIELDS)
        return [] if self.bookmark is None or covered is None else sorted(set(fields) - set(covered))

    @property
    def full_sync_at(self) -> datetime | None:
        """When all rows were last read; None if that is not known."""
        value = self._state.get(FULL_SYNC_AT)
        return None if value is None else parse_moment(value)

    def move(self, until: datetime, fields: Iterable[str], full_sync_at: datetime | None) -> None:
        """Write down a complete read.

        Args:
            until: The window's end.
            fields: The fields that all rows have been read with.
            full_sync_at: When all rows were last read, if that matters.
        """
        for name in self._names:
            self._bookmarks.pop(name, None)
        known = {name: value for name, value in self._state.items() if name != FULL_SYNC_AT}
        self._bookmarks[self._names[0]] = known | {
            BOOKMARK_KEY: self._key,
            BOOKMARK: format_moment(until),
            COVERED_FIELDS: sorted(fields),
            **({FULL_SYNC_AT: format_moment(full_sync_at)} if full_sync_at else {}),
        }
