"""One collection as the Singer SDK sees it: its catalog entry, its selection, its sync."""

from __future__ import annotations

from contextlib import closing
from functools import cached_property
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE, Metadata

from salesforce_seg.errors import ConfigurationError, SalesforceError
from tap_salesforce_seg import input_files, stream_maps
from tap_salesforce_seg.agenda import Agenda
from tap_salesforce_seg.deletes import DELETION_COLUMNS
from tap_salesforce_seg.extraction import Extraction
from tap_salesforce_seg.records import RowLayout
from tap_salesforce_seg.replication import format_moment

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from singer_sdk.helpers import types
    from singer_sdk.singerlib import Catalog, MetadataMapping

    from salesforce_seg.describe import FieldDescribe
    from salesforce_seg.progress import Task
    from tap_salesforce_seg.catalog import Column, StreamDefinition
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
        self.deletes = 0
        """Records among them that were told as removed for good."""
        self.seconds = 0.0
        """How long this run took for the stream."""
        self.done = False
        """Whether this run has read the stream completely."""
        self.progress: Task
        """Tells how far it is; there once its reading has begun."""

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
        entry = catalog.get_stream(self.name)
        if entry and (missed := input_files.fit_entry(entry, self.definition)):
            self.logger.warning(
                "%s: the catalog names %s, which this org does not have (any more).", self.name, missed
            )
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

    def deselected_parts(self, columns: Sequence[Column]) -> dict[str, frozenset[str]]:
        """By column, the keys of its address or location objects that are not selected."""
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
    def agenda(self) -> Agenda:
        """What this run reads of it."""
        return Agenda(self)

    def extraction(self) -> Extraction:
        """Reads and writes what this run owes."""
        return Extraction(self)

    @cached_property
    def seen_at(self) -> str:
        """When a record that is found deleted counts as deleted, if nothing tells it (``...sssZ``)."""
        return format_moment(self.tap.started_at).replace("Z", ".000Z")

    def layout(self, columns: Sequence[Column], clock: FieldDescribe | None = None) -> RowLayout:
        """How rows become records of these columns, read by windows of this clock field."""
        return RowLayout(
            self.definition,
            columns,
            deselected_parts=self.deselected_parts(columns),
            seen_at=self.seen_at,
            clock=clock,
        )

    def extract(self) -> Generator[bool, None, None]:
        """Write the SCHEMA and the rows of the window; only then move the bookmark.

        Yields:
            Whether something was written; False whenever what comes next is not made yet.

        Raises:
            SalesforceError: The window was not read completely; the bookmark is where it was.
        """
        self._write_schema_message()
        yield from self._read()

    def _read(self) -> Generator[bool, None, None]:
        if self.agenda.reason_for_full_sync:
            self.logger.info("All rows of %s are read: %s.", self.name, self.agenda.reason_for_full_sync)
        self.progress = self.tap.progress.begin(self.name)
        with closing(self.progress), self.get_record_counter() as counter, self.get_sync_timer():
            for rows in self.extraction().write_all():
                if rows is not None:
                    counter.increment(rows)
                    self.rows += rows
                    self.progress.advance(rows)
                yield rows is not None
        self.done = True
        self.tap.write_state()

    @cached_property
    def tells_deletes(self) -> bool:
        """Whether its records can say that they were deleted: a row of nulls alone must not look alive."""
        told = DELETION_COLUMNS & {column.name for column in self.selected_columns}
        maps = self.tap.config.get("stream_maps") or {}
        return bool(told) and (self.is_unmapped or stream_maps.may_show(told, self.stream_maps, maps))

    @property
    def is_unmapped(self) -> bool:
        """Whether records go out as they are: one identity map, no flattening."""
        first, *others = self.stream_maps
        return not others and isinstance(first, SameRecordTransform) and not first.flattening_enabled

    # The SDK's doors

    def write_activate_version(self, version: int) -> None:
        """Tell the loader that all rows of the table carry this version, and others are no more."""
        self._write_activate_version_message(version)

    def carry_version(self, version: int | None) -> None:
        """Have RECORDs of the SDK's own path carry this version."""
        self._stream_version = version

    def write_record(self, record: dict[str, Any]) -> None:
        """Write one record by the SDK's own path.

        Raises:
            ConfigurationError: A stream map cannot be applied to it.
        """
        try:
            self._write_record_message(record)
        except (BrokenPipeError, SalesforceError):
            raise
        except Exception as error:  # noqa: BLE001  an expression may raise anything
            raise ConfigurationError(
                f"stream_maps: an expression for {self.name} fails on the record "
                f"{record.get(self.definition.key.name)} ({type(error).__name__}: {error}). Let it expect "
                "null and every other value, such as: md5(email) if email else None"
            ) from None

    def get_records(self, context: types.Context | None) -> Iterator[dict[str, Any]]:
        """The rows of this run as dictionaries; the sync itself does not pass here."""
        for each in self.agenda.passes:
            for page in self.tap.reader.read(each.query, each.layout, each.position):
                for block in each.layout.blocks(page):
                    yield from block.records()

    def _sync_records(
        self, context: types.Context | None = None, *, write_messages: bool = True
    ) -> Generator[dict[str, Any], Any, Any]:
        """What ``Stream.sync`` calls: our own sync, which writes pages instead of yielding records."""
        if not write_messages:
            yield from self.get_records(context)
            return
        yield from ()
        for has_written in self._read():
            if not has_written:
                self.tap.ahead.wait()

    def get_replication_key_signpost(self, context: types.Context | None = None) -> None:
        """None: our bookmark is the window's end, so no signpost is kept in the state."""

    def finalize_state_progress_markers(self, state: dict[str, Any] | None = None) -> None:
        """Nothing: our state never holds progress markers."""
