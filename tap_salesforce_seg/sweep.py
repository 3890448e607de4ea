"""Deletes that nothing tells: all Ids are read, and known ones that are not there any more are told.

Of tags, shares, groups, dashboards and others an org keeps no log of deletes, and what has left the recycle
bin leaves no trace; of all objects the log reaches back 15 days only (``getDeleted``). See
:mod:`tap_salesforce_seg.known_ids` for what is kept between two runs.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from tap_salesforce_seg.deletes import Deletions, are_logged
from tap_salesforce_seg.id_set import IdSet
from tap_salesforce_seg.known_ids import KnownIds
from tap_salesforce_seg.query import Query
from tap_salesforce_seg.replication import Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_salesforce_seg.records import RowLayout
    from tap_salesforce_seg.stream import CollectionStream

RECORDS_AT_ONCE, NOTES_AT_ONCE = 1000, 5000

MANY = 0.5
"""The part of the known rows from which on a warning asks whether the user still sees them."""


class Sweep:
    """What the sweeps of one stream know and do in a run.

    Args:
        stream: The stream.
    """

    def __init__(self, stream: CollectionStream) -> None:
        self._stream = stream
        self._tap = stream.tap
        self._past = stream.agenda.past
        sobject = stream.definition.sobject
        self._sobject = sobject.name
        self._is_logged = are_logged(sobject)
        told = self._tap.deletions.get(self._sobject, Deletions())
        self._gap = told.gap
        folder = self._tap.known_ids_folder
        tells = sobject.queryable and stream.tells_deletes
        self._known: KnownIds | None = None
        if folder is not None and tells:
            self._known = KnownIds(folder / self._sobject, self._tap.started_at, self._past.swept_at)
        self._is_first = not self._known
        self._noted: list[str] = []

    def note(self, ids: Iterable[str]) -> None:
        """Note the Ids of rows that were written."""
        self._noted += ids
        if len(self._noted) >= NOTES_AT_ONCE:
            self.keep_notes()

    def keep_notes(self) -> None:
        """Put what was noted where the next run finds it; to be called before the state tells of the rows."""
        if self._known is not None:
            self._known.note(self._noted)
            self._noted = []

    @property
    def notes(self) -> bool:
        """Whether Ids are to be noted."""
        return self._known is not None

    @property
    def is_due(self) -> bool:
        """Whether this run is to look through all Ids: at an interval, or as the log of deletes has a gap."""
        if self._known is None or self._tap.settings.slice:
            return False
        if self._gap or self._past.swept_at is None:
            return True
        every = self._tap.settings.sweep_every
        since = self._tap.started_at - self._past.swept_at
        return every is not None and since >= every and not self._is_logged

    def tell_gap(self) -> None:
        """Say why the log of deletes may not tell all, and what is done about it."""
        if self._gap and self.is_due:
            self._stream.logger.info("%s: %s All Ids are looked through.", self._sobject, self._gap)
        elif self._gap and not self._tap.settings.slice:
            self._stream.logger.warning("%s: %s", self._sobject, self._gap)

    def looks_through(self, *, whole: bool) -> bool:
        """Whether Ids are read for it: a run that has just written every row (``whole``) knows them all."""
        return not (self._is_first and whole)

    def gone(self, told: Iterable[str], *, whole: bool) -> Iterator[list[str] | None]:
        """The Ids that were known and are not there any more, some at a time; then all is written down.

        None comes whenever the Ids are not read yet.

        Args:
            told: Ids of deletes that this run has told already.
            whole: Whether this run has just written every row of the object.

        Raises:
            SalesforceError: Not all Ids could be read: nothing is told, and nothing written down.
        """
        assert self._known is not None
        if self.looks_through(whole=whole):
            there = IdSet()
            for ids in self._tap.ahead.make(self._read()):
                if ids is None:
                    yield None
                else:
                    there.add(ids)
            gone = IdSet(each for each in there.missing(self._known))
            self._say(len(gone), len(there))
            yield from _batches(IdSet(told).missing(gone))
            self._known.replace(there)
        self._past.swept(self._tap.started_at)
        self._known.tidy()

    def reading(self) -> tuple[Query, RowLayout]:
        """What is asked for all Ids, and what the rows become."""
        layout = self._stream.layout([self._stream.definition.key])
        described = self._stream.definition.sobject.field("Id")
        ordered = bool(described and described.sortable and described.filterable)
        return Query(self._sobject, layout.fields, Window(None), in_id_order=ordered), layout

    def _read(self) -> Iterator[list[str]]:
        query, layout = self.reading()
        position = None
        for page in self._tap.reader.read(query, layout):
            yield [each for block in layout.blocks(page) for each in block.ids]
            position = page.position
        self._tap.reader.finish(position)

    def _say(self, gone: int, there: int) -> None:
        self._stream.logger.info(
            "%s: all Ids were looked through: %d records are there, %d known ones are not any more.",
            self._stream.name,
            there,
            gone,
        )
        if gone > MANY * (gone + there) and gone > 1:
            self._stream.logger.warning(
                "%s: most known records are told as deleted. If the user merely sees less than before, give "
                "back what is missing (View All Data) and sync the stream in full.",
                self._stream.name,
            )


def _batches(ids: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(ids)
    while some := list(islice(rest, RECORDS_AT_ONCE)):
        yield some
