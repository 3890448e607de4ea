"""A read that an interrupted run was in the middle of, as the Singer state has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_salesforce_seg.replication import Window, boundary, format_moment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tap_salesforce_seg.pages import Position


_KEYS = {
    "rest": frozenset({"after", "start", "end", "floor"}),
    "bulk2": frozenset({"job", "locator", "rows"}),
}
"""What a position tells, by its reader. One that another version of the tap wrote may tell something else."""


def moment(values: Mapping[str, Any], name: str) -> datetime | None:
    """A moment that the state holds; None if it does not.

    Raises:
        ValueError: It holds something else there.
    """
    value = values.get(name)
    return None if value is None else boundary(value)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A read that is under way, or was when a run was interrupted.

    Attributes:
        what: What kind of read it is.
        fingerprint: Of what was asked for; one that was asked differently is not gone on with.
        start: The window's start; None if it is open to the past.
        end: The window's end; None if it is open.
        until: The bookmark that the stream has earned when the read is complete.
        position: The reader's position after the last page that is on stdout.
    """

    what: str
    fingerprint: str
    start: datetime | None
    end: datetime | None
    until: datetime
    position: Position | None = None

    @classmethod
    def from_state(cls, entry: object) -> Unfinished | None:
        """Read the state's entry; None if there is none that can be gone on with."""
        try:
            position = dict(entry["position"])  # type: ignore[index]
            if not _KEYS[position["reader"]] <= position.keys():
                return None
            return cls(
                entry["what"],  # type: ignore[index]
                entry["fingerprint"],  # type: ignore[index]
                moment(entry, "start"),  # type: ignore[arg-type]
                moment(entry, "end"),  # type: ignore[arg-type]
                boundary(entry["until"]),  # type: ignore[index]
                position,
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            return None

    def as_state(self, position: Position) -> dict[str, Any]:
        """The entry for the state, with a newer position."""
        return {
            "what": self.what,
            "fingerprint": self.fingerprint,
            "start": self.start and format_moment(self.start),
            "end": self.end and format_moment(self.end),
            "until": format_moment(self.until),
            "position": position,
        }

    def window(self, key: str | None) -> Window:
        """The window it reads."""
        return Window(key, self.start, self.end)
