"""How a read of a stream is asked for: its query, what its rows become, and a mark to know it by."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tap_salesforce_seg.passes import BACKFILL, OUTPUT_SETTINGS, WINDOW, Pass, digest
from tap_salesforce_seg.query import Query

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from salesforce_seg.describe import FieldDescribe
    from tap_salesforce_seg.catalog import Column
    from tap_salesforce_seg.pages import Position
    from tap_salesforce_seg.replication import Window
    from tap_salesforce_seg.stream import CollectionStream


class PassMaker:
    """Makes the passes of one stream.

    Args:
        stream: The stream.
    """

    def __init__(self, stream: CollectionStream) -> None:
        self._stream = stream
        self._tap = stream.tap
        self._sobject = stream.definition.sobject

    def make(self, what: str, read: Window, columns: Sequence[Column]) -> Pass:
        """A pass.

        Args:
            what: Its kind.
            read: Which rows.
            columns: Which of the stream's columns.
        """
        clock, key = self._clock(read), self._sobject.field("Id")
        layout = self._stream.layout(columns, clock)
        query = Query(
            self._sobject.name,
            layout.fields,
            read,
            key_may_be_null=bool(clock and clock.nillable) and what != BACKFILL,
            in_id_order=bool(key and key.sortable and key.filterable),
            limit=self._stream.ABORT_AT_RECORD_COUNT,
            is_incremental=what == WINDOW,
        )
        return Pass(what, query, layout, self._fingerprint(query, columns))

    def without(self, each: Pass, gone: Iterable[Column], position: Position | None) -> Pass:
        """What is left of a pass when some of its columns have vanished.

        Args:
            each: The pass.
            gone: The columns.
            position: How far it has been read.
        """
        left = set(each.layout.names) - {column.name for column in gone}
        columns = [column for column in self._stream.selected_columns if column.name in left]
        layout = self._stream.layout(columns, self._clock(each.query.window))
        query = replace(each.query, fields=layout.fields)
        return replace(
            each,
            query=query,
            layout=layout,
            fingerprint=self._fingerprint(query, columns),
            position=position,
        )

    def _clock(self, read: Window) -> FieldDescribe | None:
        return self._sobject.field(read.key) if read.key else None

    def _fingerprint(self, query: Query, columns: Sequence[Column]) -> str:
        asked = [
            sorted(query.fields),
            [column.name for column in columns],
            {name: sorted(parts) for name, parts in self._stream.deselected_parts(columns).items()},
            query.window.key,
            self._tap.session.settings.api_version,
            *(self._tap.config.get(name) for name in OUTPUT_SETTINGS),
        ]
        return digest(asked)
