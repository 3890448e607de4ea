"""What a run reads of a stream: decided from the state and the catalog before a row is read."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_salesforce_seg.collections import BY_OBJECT
from tap_salesforce_seg.deletes import Deletions, are_logged
from tap_salesforce_seg.naming import API, SEGMENT, snake_case
from tap_salesforce_seg.pass_maker import PassMaker
from tap_salesforce_seg.passes import BACKFILL, SLICE, WHOLE, WINDOW, Pass
from tap_salesforce_seg.reasons import Reasons
from tap_salesforce_seg.replication import Window, window
from tap_salesforce_seg.state import StreamState
from tap_salesforce_seg.unfinished import Unfinished

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from tap_salesforce_seg.catalog import Column
    from tap_salesforce_seg.pages import Position
    from tap_salesforce_seg.stream import CollectionStream


class Agenda:
    """The passes of one run over one stream, and what the state says after each.

    Args:
        stream: The stream.
    """

    def __init__(self, stream: CollectionStream) -> None:
        self._stream = stream
        self._tap = stream.tap
        self._sobject = stream.definition.sobject
        self._key = stream.replication_key
        bookmarks = self._tap.state.setdefault("bookmarks", {})
        self.past = StreamState(
            bookmarks,
            stream.name,
            self._key,
            self._sobject.name,
            names_may_move=stream.definition.snake_case and self._sobject.name not in BY_OBJECT,
        )
        self._reasons = Reasons(stream, self.past)
        self._maker = PassMaker(stream)
        self._tell_of_other_names(bookmarks)

    def _tell_of_other_names(self, bookmarks: Mapping[str, Any]) -> None:
        """Say why a bookmark does not count that looks as if it did: it is that of another table."""
        stream, sobject = self._stream, self._sobject.name
        if self.past.was_of:
            stream.logger.warning(
                "%s was the stream of %s; now it is that of %s, and all rows are read. Empty its table, or "
                "rows of both are in it.",
                stream.name,
                self.past.was_of,
                sobject,
            )
        documented = BY_OBJECT[sobject].name if sobject in BY_OBJECT else snake_case(sobject)
        others = ({sobject, documented} - self._tap.collections.keys()) & bookmarks.keys()
        if others and stream.name not in bookmarks:
            stream.logger.warning(
                "%s is read from its beginning, as the state knows %s as %s, and loaders make that another "
                "table. To go on with that one, set naming to %s.",
                stream.name,
                sobject,
                ", ".join(others),
                API if stream.definition.snake_case else SEGMENT,
            )

    @property
    def reason_for_full_sync(self) -> str:
        """Why this run reads all rows; the empty string if it goes on from its bookmark."""
        return self._reasons.for_full_sync

    # What

    @cached_property
    def passes(self) -> list[Pass]:
        """What this run reads, in order."""
        planned = self._planned()
        past = self.past.unfinished
        if past is None or self._slice or not planned:
            return planned
        first, *others = planned
        if (past.what, past.fingerprint) != (first.what, first.fingerprint):
            self._stream.logger.info(
                "%s was interrupted, but what is asked for has changed since; its window is read again.",
                self._stream.name,
            )
            return planned
        return self._resumed(first, past, others)

    is_announced = True
    """Whether what is to be read is known before other streams have been read."""

    def follows_from(self, each: Pass, streams: Mapping[str, CollectionStream]) -> bool:
        """Whether a pass need not be read if another of the run's streams (by object) has no news."""
        return False

    def _planned(self) -> list[Pass]:
        """What a run reads that goes on with nothing."""
        if self._slice:
            return self._sliced(self._slice)
        if self._key is None and self._reasons.was_completed:
            return []
        columns = self._stream.selected_columns
        if self.reason_for_full_sync or self.past.bookmark is None:
            return [self._maker.make(WHOLE, self._window(), columns)]
        news = self._maker.make(WINDOW, self._window(), columns)
        again = {*self._reasons.added, *self._reasons.stale_formulas}
        if not again:
            return [news]
        kept = {self._stream.definition.key.name, self._key}
        few = [
            each
            for each in columns
            if each.automatic or each.name in kept or (each.field and each.field.name in again)
        ]
        old = Window(news.query.window.key, self._tap.settings.start_date, news.query.window.start)
        return [self._maker.make(BACKFILL, old, few), news]

    def _sliced(self, span: Window) -> list[Pass]:
        """What a run reads that is one of several workers on one stream: its span, whatever the bookmark."""
        key = self._stream.definition.column(self._key) if self._key else None
        if key is None or key.field is None:
            self._stream.logger.warning(
                "%s has no clock field, so no window_start and window_end: a run without them reads it.",
                self._stream.name,
            )
            return []
        read = replace(span, key=key.field.name)
        found = self._maker.make(SLICE, read, self._stream.selected_columns)
        # Rows without a stamp belong to the slice that is open to the past.
        nulls = found.query.key_may_be_null and read.start is None
        return [replace(found, query=replace(found.query, key_may_be_null=nulls))]

    @property
    def _slice(self) -> Window | None:
        """The span that the user set; None for the ordinary run."""
        return self._tap.settings.slice

    def _resumed(self, first: Pass, past: Unfinished, others: Sequence[Pass]) -> list[Pass]:
        """The rest of an interrupted pass, then what follows it up to now, without overlap."""
        self._stream.logger.info("%s goes on where the last run was interrupted.", self._stream.name)
        read = past.window(first.query.window.key)
        if self._key is None or first.what == BACKFILL:
            return [self._rest(first, past, read), *others]
        since = past.until - self._tap.settings.lookback
        read = replace(read, end=min(read.end or since, since))
        if read.start and read.end and read.end <= read.start:
            return [first, *others]
        news = self._maker.make(WINDOW, self._window(since), self._stream.selected_columns)
        return [
            self._rest(first, past, read),
            replace(news, query=replace(news.query, key_may_be_null=False)),
        ]

    def _rest(self, begun: Pass, past: Unfinished, read: Window) -> Pass:
        query = replace(begun.query, window=read, is_incremental=False)
        return replace(begun, query=query, position=past.position, until=past.until)

    def _window(self, since: datetime | None = None) -> Window:
        """The window up to now: of the reason for a full sync, from the bookmark, or from a moment on."""
        key = self._stream.definition.column(self._key) if self._key else None
        settings = self._tap.settings
        first_to_activate = self._emits_versions and self.past.bookmark is None
        found = window(
            key.field.name if key and key.field else None,
            bookmark=self.past.bookmark,
            start_date=settings.start_date,
            lookback=settings.lookback,
            now=self._tap.started_at,
            full=bool(self.reason_for_full_sync) or first_to_activate,
        )
        if since is None:
            return found
        # Rows changed during this run would be lost to the loader by ACTIVATE_VERSION, were they not read.
        return replace(found, start=since, end=None if self._emits_versions else self._tap.started_at)

    @property
    def _tells_deletes(self) -> bool:
        wanted = self._tap.settings.detect_hard_deletes and self._stream.tells_deletes
        return wanted and not self._slice and are_logged(self._sobject)

    @property
    def deletes_since(self) -> datetime | None:
        """From when on the log of deletes matters; None if it does not, or there is none."""
        if not self._tells_deletes:
            return None
        if self.past.deletes_since:
            return self.past.deletes_since
        unfinished = self.past.unfinished
        told_until = self.past.bookmark or (unfinished.until if unfinished else None)
        if told_until is None:
            return None
        return min(told_until, self._tap.started_at) - self._tap.settings.lookback

    def without(self, each: Pass, gone: Iterable[Column], position: Position | None) -> Pass:
        """What is left of a pass when some of its columns have vanished."""
        return self._maker.without(each, gone, position)

    # Versions

    @property
    def _emits_versions(self) -> bool:
        """Whether a full sync ends in ACTIVATE_VERSION: only one that reads every row may."""
        return (
            self._tap.settings.emit_activate_version_messages
            and self._slice is None
            and self._tap.settings.start_date is None
            and self._stream.ABORT_AT_RECORD_COUNT is None
        )

    @property
    def version(self) -> int | None:
        """The table version that RECORDs carry; None for none."""
        return self.past.version if self._emits_versions else None

    @property
    def version_to_activate(self) -> int | None:
        """The version of a full sync that is complete, if no message has said so yet."""
        is_complete = self.past.is_written or self._syncs_fully
        return self.version if is_complete and not self.past.is_activated else None

    @property
    def _syncs_fully(self) -> bool:
        """Whether this run reads all rows, or the rest of them."""
        return any(each.what == WHOLE for each in self.passes)

    # What the state says then

    def begin(self, each: Pass) -> None:
        """Begin a pass; one slice of several leaves the state alone."""
        if each.what == SLICE:
            return
        if each.what == WHOLE and each.position is None and self._emits_versions:
            self.past.set_version(max(int(self._tap.started_at.timestamp()), (self.past.version or 0) + 1))
        elif not (self._syncs_fully or self.past.is_activated or self.past.is_written):
            self.past.abandon_version()
        read = each.query.window
        until = self._until(each)
        if self._key is not None and self.past.bookmark is None and self._tells_deletes:
            # Should this run be killed, a loader may have rows that are removed for good before the next.
            self.past.owe_deletes(until - self._tap.settings.lookback)
        self.past.begin(Unfinished(each.what, each.fingerprint, read.start, read.end, until))

    def end(self, each: Pass, *, deletes_are_told: bool) -> None:
        """Write down that a pass is complete."""
        if each.what == SLICE or self._stream.ABORT_AT_RECORD_COUNT is not None:
            return
        fields, settings = self._reasons.with_columns(each.query.fields), self._tap.settings
        if each.what == BACKFILL:
            stale = self._reasons.stale_formulas
            refreshed = stale and set(stale) <= set(each.query.fields)
            self.past.cover(fields, full_sync_at=self._tap.started_at if refreshed else None)
        elif self._key is not None:
            is_whole, until = each.what == WHOLE, self._until(each)
            missing = () if is_whole or settings.backfill_new_fields else self.past.not_covered(fields)
            self.past.move(
                until,
                [field for field in fields if field not in missing],
                full_sync_at=(until if is_whole else self.past.full_sync_at)
                if settings.refresh_formula_fields
                else None,
                deletes_since=None if deletes_are_told else self.deletes_since,
            )
        if each.what == WHOLE and self._emits_versions:
            self.past.written()
        if self._reasons.always_full and each.what == WHOLE:
            self.past.complete(self._tap.started_at)

    def _until(self, each: Pass) -> datetime:
        """The bookmark of a pass: held back by what Salesforce says is not committed yet."""
        started_at = self._tap.started_at
        covered = self._tap.deletions.get(self._sobject.name, Deletions()).covered_until
        return each.until or min(started_at, covered or started_at)


def deletes_to_ask(streams: Iterable[CollectionStream]) -> dict[str, datetime | None]:
    """Of which objects the log of deletes is read, and from when on its deletes matter, if they do."""
    return {
        stream.definition.sobject.name: stream.agenda.deletes_since
        for stream in streams
        if stream.definition.sobject.replicateable and stream.agenda.passes
    }
