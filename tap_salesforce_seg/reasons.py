"""Why a run reads all rows of a stream, or some columns of all rows."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE

from tap_salesforce_seg.naming import snake_case
from tap_salesforce_seg.settings import NEW_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_salesforce_seg.state import StreamState
    from tap_salesforce_seg.stream import CollectionStream

INTERRUPTED_RUN_COUNTS = timedelta(days=2)
"""How long a run that did not come to its end spares the next one the full syncs that it had completed."""


class Reasons:
    """What speaks for reading older rows of a stream again.

    Args:
        stream: The stream.
        past: What the state says of it.
    """

    def __init__(self, stream: CollectionStream, past: StreamState) -> None:
        self._stream = stream
        self._tap = stream.tap
        self._settings = stream.tap.settings
        self._key = stream.replication_key
        self._past = past

    @cached_property
    def for_full_sync(self) -> str:
        """Why this run reads all rows; the empty string if it goes on from its bookmark."""
        if self._settings.slice:
            return ""
        if self._is_from_the_future:
            return f"its bookmark, {self._past.bookmark}, lies in the future, so what was read is not known"
        if self.always_full:
            return "" if self._key and self.was_completed else self.always_full
        if self._merges_columns:
            return ""
        if self.added:
            return f"older rows lack {', '.join(self.added)}"
        return "its formula fields are refreshed" if self.stale_formulas else ""

    @property
    def _is_from_the_future(self) -> bool:
        """Whether the bookmark is further ahead than clocks may differ: it is no run's of ours."""
        bookmark = self._past.bookmark
        return bookmark is not None and bookmark - self._tap.started_at > self._settings.lookback

    @property
    def _merges_columns(self) -> bool:
        """Whether the loader leaves columns alone that a record does not have."""
        return self._settings.backfill_columns == NEW_COLUMNS and self._stream.is_unmapped

    @property
    def always_full(self) -> str:
        """Why every run reads all rows; the empty string if not every run does."""
        if self._key is None:
            return "it has no replication key"
        if self._stream.replication_method == REPLICATION_FULL_TABLE:
            return "the catalog asks for it"
        if self._key not in {column.name for column in self._stream.selected_columns}:
            return "its replication key is deselected"
        return ""

    @property
    def was_completed(self) -> bool:
        """Whether a run that did not come to its end has read the whole stream, not long ago."""
        completed_at = self._past.completed_at
        return completed_at is not None and self._tap.started_at - completed_at < INTERRUPTED_RUN_COUNTS

    @cached_property
    def added(self) -> list[str]:
        """Fields that older rows have not been read with, if these are to be read again."""
        if not self._settings.backfill_new_fields:
            return []
        key = self._stream.definition.column(self._key) if self._key else None
        fields = [column.field for column in self._stream.selected_columns if column.field]
        wanted = [each.name for each in fields if not key or each != key.field]
        missing = set(self._past.not_covered(self.with_columns(wanted)))
        return sorted(
            name for name, entry in zip(wanted, self.with_columns(wanted), strict=True) if entry in missing
        )

    def with_columns(self, fields: Iterable[str]) -> list[str]:
        """Fields as the state has them: with the column, where it is not the usual one."""
        definition = self._stream.definition
        usual = snake_case if definition.snake_case else str
        moved = {
            column.field.name: f"{column.field.name}={column.name}"
            for column in definition.columns
            if column.field and column.name != usual(column.field.name)
        }
        return [moved.get(each, each) for each in fields]

    @cached_property
    def stale_formulas(self) -> list[str]:
        """Formula fields whose values in older rows are to be read again."""
        fields = [column.field for column in self._stream.selected_columns if column.field]
        return [each.name for each in fields if each.calculated] if self.is_refresh_due else []

    @property
    def is_refresh_due(self) -> bool:
        """Whether what changes without a stamp is to be read again."""
        every = self._settings.refresh_formula_fields
        last = self._past.full_sync_at
        if every is None or self._past.bookmark is None:
            return False
        return last is None or self._tap.started_at - last >= every
