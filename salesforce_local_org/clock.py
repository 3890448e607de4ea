"""The org's own clock: real time, shifted, or frozen."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Clock:
    """Tells the org's time, to the second, in UTC.

    ``SystemModstamp`` has a precision of one second on every Salesforce org, so this clock has no finer one.
    """

    def __init__(self) -> None:
        self._frozen_at: datetime | None = None
        self._offset = timedelta()

    def now(self) -> datetime:
        """The org's time now, aware, UTC, without microseconds."""
        now = self._frozen_at or datetime.now(timezone.utc) + self._offset
        return now.replace(microsecond=0)

    def stamp(self) -> str:
        """The org's time now as the store keeps it: ``2026-01-31T23:59:59.000Z``."""
        return format_stamp(self.now())

    def freeze(self, at: datetime) -> None:
        """Stop the clock at a time (aware)."""
        self._frozen_at, self._offset = at.astimezone(timezone.utc), timedelta()

    def shift(self, offset: timedelta) -> None:
        """Run at real time plus an offset."""
        self._frozen_at, self._offset = None, offset

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Stand at a time for a while, and go on as before."""
        kept = self._frozen_at, self._offset
        self.freeze(moment)
        try:
            yield
        finally:
            self._frozen_at, self._offset = kept

    def free(self) -> None:
        """Run at real time again."""
        self._frozen_at, self._offset = None, timedelta()


def format_stamp(moment: datetime) -> str:
    """A date-time as the store keeps it: UTC, to the second, ``2026-01-31T23:59:59.000Z``."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
