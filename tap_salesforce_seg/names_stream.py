"""The stream ``names``: a read of each object with lookups to several others, after all other streams."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, cast

from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE, REPLICATION_INCREMENTAL

from salesforce_seg.errors import ObjectUnavailable, QueryRefused
from tap_salesforce_seg.agenda import Agenda
from tap_salesforce_seg.catalog import choose_replication_key
from tap_salesforce_seg.deletes import Deletions
from tap_salesforce_seg.extraction import FIELD_REFUSED, Extraction
from tap_salesforce_seg.id_set import IdSet
from tap_salesforce_seg.lookups import Lookup, lookups
from tap_salesforce_seg.names import NamesLayout
from tap_salesforce_seg.pages import RowsLost
from tap_salesforce_seg.passes import OUTPUT_SETTINGS, WHOLE, WINDOW, Pass, digest
from tap_salesforce_seg.query import Query
from tap_salesforce_seg.replication import window
from tap_salesforce_seg.stream import CollectionStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from singer_sdk.singerlib import Catalog

    from salesforce_seg.describe import SObjectDescribe
    from tap_salesforce_seg.catalog import StreamDefinition
    from tap_salesforce_seg.pages import Page
    from tap_salesforce_seg.records import RowLayout
    from tap_salesforce_seg.tap import TapSalesforceSeg


class NamesStream(CollectionStream):
    """Records of all kinds, as far as lookups to several objects lead to them; each once a run.

    Args:
        tap: The tap.
        definition: What discovery found out about Name, and about the objects that lead to it.
    """

    def __init__(self, tap: TapSalesforceSeg, definition: StreamDefinition) -> None:
        super().__init__(tap, definition)
        # Name has no clock; what is incremental is the reading of the objects that lead to it.
        self.forced_replication_method = REPLICATION_INCREMENTAL

    def apply_catalog(self, catalog: Catalog) -> None:
        """Take selection and replication method from the input catalog."""
        super().apply_catalog(catalog)
        entry = catalog.get_stream(self.name)
        self.forced_replication_method = (entry and entry.replication_method) or REPLICATION_INCREMENTAL

    @cached_property
    def met(self) -> IdSet:
        """Which names this run has written."""
        return IdSet()

    @cached_property
    def agenda(self) -> NamesAgenda:
        """What this run reads of each object."""
        return NamesAgenda(self)

    def extraction(self) -> Extraction:
        """Reads and writes what this run owes."""
        return NamesExtraction(self)


class NamesAgenda(Agenda):
    """One pass for each object that leads to names.

    Args:
        stream: The stream.
    """

    is_announced = False  # what is to be read is known when the other streams have been read

    def __init__(self, stream: NamesStream) -> None:
        super().__init__(stream)
        self._names = stream

    @property
    def reason_for_full_sync(self) -> str:
        """Why this run reads all objects anew; the empty string if it goes on from its bookmarks."""
        if self._names.replication_method == REPLICATION_FULL_TABLE:
            return "the catalog asks for it"
        return "names that changed without a stamp are refreshed" if self._reasons.is_refresh_due else ""

    @cached_property
    def passes(self) -> list[Pass]:
        """What this run reads, object by object, first what an interrupted run has begun."""
        if self._tap.settings.slice:
            self._names.logger.warning(
                "%s is left to a run without window_start and window_end.", self._names.name
            )
            return []
        sources = self._names.definition.sources
        passes = [each for source in sources for each in self._of_object(source, lookups(source))]
        return sorted(passes, key=lambda each: each.position is None)

    def _of_object(self, source: SObjectDescribe, of: Sequence[Lookup]) -> list[Pass]:
        planned = self.planned(source, of)
        past = self.past.unfinished
        if past is None or (past.what, past.fingerprint) != (planned.what, planned.fingerprint):
            return [planned]
        query = planned.query
        read = past.window(query.window.key)
        rest = replace(
            planned,
            query=replace(query, window=read, is_incremental=False),
            position=past.position,
            until=past.until,
        )
        if query.window.key is None:
            return [rest]
        since = replace(query.window, start=past.until - self._tap.settings.lookback)
        return [rest, replace(planned, what=WINDOW, query=replace(query, window=since))]

    def planned(self, source: SObjectDescribe, of: Sequence[Lookup]) -> Pass:
        """The pass over an object, asking for these lookups."""
        layout = NamesLayout(self._names.name, self._names.selected_columns, of, self._names.met)
        settings, clock, key = self._tap.settings, choose_replication_key(source), source.field("Id")
        until, asked = self.past.read_of(source.name)
        is_other = asked != digest(layout.fields) and settings.backfill_new_fields
        is_whole = bool(self.reason_for_full_sync) or clock is None or until is None or is_other
        read = window(
            clock.name if clock else None,
            bookmark=until,
            start_date=settings.start_date,
            lookback=settings.lookback,
            now=self._tap.started_at,
            full=is_whole,
        )
        query = Query(
            source.name,
            layout.fields,
            replace(read, end=self._tap.started_at) if clock else read,
            key_may_be_null=bool(clock and clock.nillable),
            in_id_order=bool(key and key.sortable and key.filterable),
            limit=self._names.ABORT_AT_RECORD_COUNT,
            is_incremental=not is_whole,
        )
        fingerprint = [
            query.sobject,
            query.fields,
            query.window.key,
            list(layout.names),
            self._tap.session.settings.api_version,
            *(self._tap.config.get(name) for name in OUTPUT_SETTINGS),
        ]
        return Pass(
            WHOLE if is_whole else WINDOW,
            query,
            cast("RowLayout", layout),  # it has all that readers and Extraction ask of one
            digest(fingerprint),
        )

    def follows_from(self, each: Pass, streams: Mapping[str, CollectionStream]) -> bool:
        """Whether a stream of the same run reads all that a pass would look through.

        Args:
            each: The pass.
            streams: The run's streams, by object.
        """
        own = streams.get(each.query.sobject)
        others = own.agenda.passes if own else []
        if len(others) != 1 or others[0].position or each.position or others[0].query.limit:
            return False
        asked, read = each.query.window, others[0].query.window
        starts_early = read.start is None or (asked.start is not None and read.start <= asked.start)
        ends_late = read.end is None or (asked.end is not None and read.end >= asked.end)
        return read.key == asked.key and starts_early and ends_late

    @property
    def deletes_since(self) -> datetime | None:
        """None: a name that nothing leads to any more is not deleted."""
        return None

    @property
    def _emits_versions(self) -> bool:
        return False

    def end(self, each: Pass, *, deletes_are_told: bool) -> None:
        """Write down that an object has been read."""
        if self._names.ABORT_AT_RECORD_COUNT is not None:
            return
        refreshed_at = self._tap.started_at if each.what == WHOLE else self.past.full_sync_at
        self.past.move_object(
            each.query.sobject,
            self._until(each),
            digest(each.query.fields),
            full_sync_at=refreshed_at if self._tap.settings.refresh_formula_fields else None,
        )

    def _until(self, each: Pass) -> datetime:
        started_at = self._tap.started_at
        covered = self._tap.deletions.get(each.query.sobject, Deletions()).covered_until
        return each.until or min(started_at, covered or started_at)


class NamesExtraction(Extraction):
    """Reads the objects that lead to names, except those of which this run has seen that nothing changed.

    Args:
        stream: The stream.
    """

    def __init__(self, stream: NamesStream) -> None:
        super().__init__(stream)
        self._names = stream
        self._resumable = True

    def write_all(self) -> Iterator[int | None]:
        """Write all names; yields and raises as for any other stream."""
        agenda = self._names.agenda
        streams = {each.definition.sobject.name: each for each in self._tap.selected}
        unchanged = [
            each
            for each in agenda.passes
            if agenda.follows_from(each, streams) and _is_empty(streams[each.query.sobject])
        ]
        self._tap.reader.announce([each.query for each in agenda.passes if each not in unchanged])
        for each in agenda.passes:
            agenda.begin(each)
            if each not in unchanged:
                yield from self._write_pass(each)
            agenda.end(each, deletes_are_told=True)
            self._tap.write_state()
            self._tap.reader.finish(self._position)

    def _write_pass(self, each: Pass) -> Iterator[int | None]:
        self._position = each.position
        try:
            yield from self._write(each)
        except ObjectUnavailable as error:
            self._leave_out(each.query.sobject, error)
        except QueryRefused as error:
            if error.code not in FIELD_REFUSED:
                raise
            yield from self._write_one_by_one(each, error)
        except RowsLost:
            self._agenda.past.forget_position()
            raise

    def _write_one_by_one(self, each: Pass, error: QueryRefused) -> Iterator[int | None]:
        """The lookups of an object each by itself, as one of them spoils the query."""
        sources = {source.name: source for source in self._names.definition.sources}
        source = sources[each.query.sobject]
        found = lookups(source)
        if len(found) < 2:
            self._leave_out(f"{source.name}.{found[0].field}", error)
            return
        self._agenda.past.forget_position()
        self._resumable = False
        for lookup in found:
            alone = self._names.agenda.planned(source, [lookup])
            query = replace(alone.query, window=each.query.window, is_incremental=False)
            self._position = None
            try:
                yield from self._write(replace(alone, query=query))
            except QueryRefused as refusal:
                if refusal.code not in FIELD_REFUSED:
                    raise
                self._leave_out(f"{source.name}.{lookup.field}", refusal)
        self._resumable = True

    def _advance(self, page: Page) -> None:
        if self._resumable:
            super()._advance(page)

    def _leave_out(self, what: str, error: Exception) -> None:
        self._stream.logger.warning("%s: what %s leads to is left out: %s", self._stream.name, what, error)


def _is_empty(stream: CollectionStream) -> bool:
    return stream.done and not stream.rows
