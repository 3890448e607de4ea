"""One read of a stream, and what it was asked for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from salesforce_seg.exact_json import encode_json

if TYPE_CHECKING:
    from datetime import datetime

    from tap_salesforce_seg.pages import Position
    from tap_salesforce_seg.query import Query
    from tap_salesforce_seg.records import RowLayout

WHOLE, WINDOW, BACKFILL, SLICE = "whole", "window", "backfill", "slice"
"""Kinds of passes: all rows; those since the bookmark; new fields of older rows; a span that the user set."""

OUTPUT_SETTINGS = (
    "naming",
    "api_type",
    "start_date",
    "lookback_window",
    "stream_maps",
    "stream_map_config",
)
"""Settings that a read which is gone on with must have begun under."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One read of a stream, from its first row to its last.

    Attributes:
        what: The kind.
        query: What is asked.
        layout: What the rows become.
        fingerprint: Of what was asked for, and how.
        position: From where it goes on; None if it begins.
        until: The bookmark that it earned when it began in an earlier run; None if it begins in this one.
    """

    what: str
    query: Query
    layout: RowLayout
    fingerprint: str
    position: Position | None = None
    until: datetime | None = None

    @property
    def reads_all(self) -> bool:
        """Whether no row of the object is passed over."""
        return self.what == WHOLE and self.query.window.start is None and self.query.limit is None


def digest(asked: object) -> str:
    """A short text that differs for different JSON values."""
    return hashlib.sha256(encode_json(asked)).hexdigest()[:16]
