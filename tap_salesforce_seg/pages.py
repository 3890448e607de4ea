"""What passes from the readers to the writing side: pages of raw rows, each with the place to go on from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from salesforce_seg.errors import RunFailed

Position = dict[str, Any]
"""From where a later run goes on after a page: a small JSON object. ``reader`` names who understands it."""

Records = Sequence[dict[str, Any]]
"""Rows of a REST answer: decoded, or decoded when they are looked at."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a query, as a reader got them.

    Attributes:
        raw: The rows: decoded from REST, or as Bulk API 2.0 sends them (UTF-8 CSV with a header line).
        rows: How many there are.
        position: From where a later run goes on after this page; None if it must read the window again.
        gone: Ids of records that were removed for good while they were read.
        rows_left: How many rows follow, as far as Salesforce has counted them; None if it has not.
    """

    raw: Records | bytes
    rows: int
    position: Position | None = None
    gone: tuple[str, ...] = ()
    rows_left: int | None = None

    def without_rows(self) -> Page:
        """What there is to know of it when its rows are no longer needed."""
        return replace(self, raw=self.raw[:0])


class RowsLost(RunFailed):
    """Fewer or more rows came than Salesforce had counted, so that no position of the read can be trusted.

    Args:
        sobject: The object's API name.
        rows: How many came.
        expected: How many were counted.
    """

    def __init__(self, sobject: str, rows: int, expected: int) -> None:
        super().__init__(
            f"{sobject}: {rows:,} rows came, but Salesforce had counted {expected:,}. "
            "The bookmark stays where it was; run again."
        )
