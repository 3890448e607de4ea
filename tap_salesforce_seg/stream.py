"""One collection as the Singer SDK sees it: its catalog entry, its selection, its sync."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE, Metadata

from tap_salesforce_seg.collections import BY_OBJECT
from tap_salesforce_seg.deletes import Deletions, are_logged
from tap_salesforce_seg.extraction import DELETION_COLUMNS, Extraction
from tap_salesforce_seg.naming import snake_case
from tap_salesforce_seg.query import Query
from tap_salesforce_seg.records import RowLayout
from tap_salesforce_seg.replication import StreamState, format_moment, window

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from datetime import datetime

    from singer_sdk.helpers import types
    from singer_sdk.singerlib import Catalog, MetadataMapping

    from tap_salesforce_seg.catalog import Column, StreamDefinition
    from tap_salesforce_seg.replication import Window
    from tap_salesforce_seg.tap import TapSalesforceSeg


_AUTOMATIC = Metadata.InclusionType.AUTOMATIC
_AVAILABLE = Metadata.InclusionType.AVAILABLE


class CollectionStream(Stream):
    """A collection of Segment's source, or another object of the org.

    Args:
        tap: The tap.
        definition: What discovery found out about the object.
    """

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE  # values already fit their schema

    def __init__(self, tap: TapSalesforceSeg, definition: StreamDefinition) -> None:
        super().__init__(tap, schema=definition.schema, name=definition.name)
        self.tap = tap
        self.definition = definition
        self.primary_keys = [definition.key.name]
        self.replication_key = definition.replication_key.name if definition.replication_key else None
        self.rows = 0
        """Rows written in this run."""
        self.done = False
        """Whether this run has read the stream completely."""

    # What the catalog says

    @property
    def metadata(self) -> MetadataMapping:
        """The input catalog's metadata, or our own: all but the automatic columns can be deselected."""
        is_ours = self._metadata is None
        metadata = super().metadata
        if is_ours and not (self._tap_input_catalog and self._tap_input_catalog.get_stream(self.name)):
            for column in self.definition.columns:
                metadata["properties", column.name] = Metadata(
                    inclusion=_AUTOMATIC if column.automatic else _AVAILABLE,
                    selected_by_default=None if column.selected_by_default else False,
                )
        return metadata

    def apply_catalog(self, catalog: Catalog) -> None:
        """Take selection and replication method from the input catalog; the key stays the Id."""
        super().apply_catalog(catalog)
        self.primary_keys = [self.definition.key.name]
        own = self.definition.replication_key
        if self.replication_key and not self._can_replicate_by(self.replication_key):
            self.logger.warning(
                "%s: the catalog's replication key %s cannot be filtered by; using %s",
                self.name,
                self.replication_key,
                own.name if own else "a full sync",
            )
            self.replication_key = None
        if self.replication_key is None and own:
            self.replication_key = own.name
        if not self.replication_key:
            self.forced_replication_method = REPLICATION_FULL_TABLE

    def _can_replicate_by(self, name: str) -> bool:
        column = self.definition.column(name)
        field = column.field if column else None
        return field is not None and field.type == "datetime" and field.filterable

    @property
    def selected_columns(self) -> list[Column]:
        """The columns to read, in the stream's order."""
        known = self.effective_schema.get("properties", {})
        mask = self.mask
        return [
            column
            for column in self.definition.columns
            if column == self.definition.key or (column.name in known and mask["properties", column.name])
        ]

    def _deselected_parts(self, columns: Sequence[Column]) -> dict[str, frozenset[str]]:
        mask = self.mask
        cut = {
            column.name: frozenset(
                part
                for part in column.schema.get("properties", {})
                if not mask["properties", column.name, "properties", part]
            )
            for column in columns
        }
        return {name: parts for name, parts in cut.items() if parts}

    # What a run reads

    @cached_property
    def reason_for_full_sync(self) -> str:
        """Why this run reads all rows; the empty string if it goes on from its bookmark."""
        columns = self.selected_columns
        if self.replication_key is None:
            return "it has no replication key"
        if self.replication_method == REPLICATION_FULL_TABLE:
            return "the catalog asks for it"
        if self.replication_key not in {column.name for column in columns}:
            return "its replication key is deselected"
        fields = [column.field for column in columns if column.field]
        key = self.definition.column(self.replication_key)
        added = self._past.not_covered(each.name for each in fields if not key or each != key.field)
        if added and self.tap.settings.backfill_new_fields:
            return f"older rows lack {', '.join(added)}"
        if any(field.calculated for field in fields) and self._formulas_are_stale:
            return "its formula fields are refreshed"
        return ""

    @property
    def _formulas_are_stale(self) -> bool:
        every = self.tap.settings.refresh_formula_fields
        last = self._past.full_sync_at
        if every is None or self._past.bookmark is None:
            return False
        return last is None or self.tap.started_at - last >= every

    @cached_property
    def _past(self) -> StreamState:
        """What the state says of the stream."""
        sobject = self.definition.sobject.name
        documented = BY_OBJECT[sobject].name if sobject in BY_OBJECT else snake_case(sobject)
        others = [name for name in (sobject, documented) if name not in self.tap.collections]
        bookmarks = self.tap.state.setdefault("bookmarks", {})
        return StreamState(bookmarks, [self.name, *others], self.replication_key)

    @property
    def window(self) -> Window:
        """The window of this run."""
        key = self.definition.column(self.replication_key) if self.replication_key else None
        settings = self.tap.settings
        return window(
            key.field.name if key and key.field else None,
            bookmark=self._past.bookmark,
            start_date=settings.start_date,
            lookback=settings.lookback,
            now=self.tap.started_at,
            full=bool(self.reason_for_full_sync),
        )

    @property
    def deletes_since(self) -> datetime | None:
        """From when on the log of deletes matters; None if it does not, or there is none."""
        bookmark = self._past.bookmark
        names = {column.name for column in self.selected_columns}
        wanted = self.tap.settings.detect_hard_deletes and names & DELETION_COLUMNS
        if bookmark is None or not wanted or not are_logged(self.definition.sobject):
            return None
        return min(bookmark, self.tap.started_at) - self.tap.settings.lookback

    def query(self, layout: RowLayout) -> Query:
        """What this run asks for."""
        read = self.window
        field = self.definition.sobject.field(read.key) if read.key else None
        return Query(
            self.definition.sobject.name,
            layout.fields,
            read,
            key_may_be_null=bool(field and field.nillable),
            limit=self.ABORT_AT_RECORD_COUNT,
            is_incremental=not self.reason_for_full_sync and self._past.bookmark is not None,
        )

    def layout(self, *, without: Sequence[Column] = ()) -> RowLayout:
        """How this run's rows become records."""
        columns = [column for column in self.selected_columns if column not in without]
        return RowLayout(
            self.definition,
            columns,
            deselected_parts=self._deselected_parts(columns),
            seen_at=format_moment(self.tap.started_at).replace("Z", ".000Z"),
        )

    def extract(self) -> None:
        """Write the SCHEMA and the rows of the window; only then move the bookmark.

        Raises:
            SalesforceError: The window was not read completely; the bookmark is where it was.
        """
        self._write_schema_message()
        self._read()

    def _read(self) -> None:
        if self.reason_for_full_sync:
            self.logger.info("All rows of %s are read: %s.", self.name, self.reason_for_full_sync)
        extraction = Extraction(self)
        with self.get_record_counter() as counter, self.get_sync_timer():
            for rows in extraction.write_all():
                counter.increment(rows)
                self.rows += rows
        if self.ABORT_AT_RECORD_COUNT is None and self.replication_key is not None:
            self._move_on(extraction.fields)
        self.done = True
        self.tap.write_state()

    def _move_on(self, fields: Sequence[str]) -> None:
        started_at, settings = self.tap.started_at, self.tap.settings
        deletions = self.tap.deletions.get(self.definition.sobject.name, Deletions())
        missing = [] if settings.backfill_new_fields else self._past.not_covered(fields)
        was_full = bool(self.reason_for_full_sync) or self._past.bookmark is None
        self._past.move(
            min(started_at, deletions.covered_until or started_at),
            fields if was_full else [field for field in fields if field not in missing],
            (started_at if was_full else self._past.full_sync_at)
            if settings.refresh_formula_fields
            else None,
        )

    @property
    def is_unmapped(self) -> bool:
        """Whether records go out as they are: one identity map, no flattening."""
        first, *others = self.stream_maps
        return not others and isinstance(first, SameRecordTransform) and not first.flattening_enabled

    # The SDK's doors

    def write_record(self, record: dict[str, Any]) -> None:
        """Write one record by the SDK's own path."""
        self._write_record_message(record)

    def get_records(self, context: types.Context | None) -> Iterator[dict[str, Any]]:
        """The rows of this run as dictionaries; the sync itself does not pass here."""
        layout = self.layout()
        for page in self.tap.ahead.read(self.query(layout), layout):
            for rows in layout.blocks(page):
                for row in rows:
                    yield dict(zip(layout.names, row, strict=True))

    def _sync_records(
        self, context: types.Context | None = None, *, write_messages: bool = True
    ) -> Generator[dict[str, Any], Any, Any]:
        """What ``Stream.sync`` calls: our own sync, which writes pages instead of yielding records."""
        if not write_messages:
            yield from self.get_records(context)
            return
        yield from ()
        self._read()

    def get_replication_key_signpost(self, context: types.Context | None = None) -> None:
        """None: our bookmark is the window's end, so no signpost is kept in the state."""

    def finalize_state_progress_markers(self, state: dict[str, Any] | None = None) -> None:
        """Nothing: our state never holds progress markers."""
