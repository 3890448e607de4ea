"""``names``: whom and what lookups to several objects lead to.

Name answers no query of its own (Object Reference, "Name"), but each lookup that may lead to several objects
gives Name's fields of the record at its end (SOQL and SOSL Reference, "Understanding Polymorphic Keys and
Relationships"): ``SELECT WhoId, Who.Name, Who.Type FROM Task``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesforce_seg import fields
from salesforce_seg.bulk2 import csv_cells
from salesforce_seg.exact_json import encode_json
from tap_salesforce_seg.blocks import Block
from tap_salesforce_seg.line_pieces import record_end, record_start
from tap_salesforce_seg.pages import RowsLost

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from tap_salesforce_seg.catalog import Column
    from tap_salesforce_seg.id_set import IdSet
    from tap_salesforce_seg.lookups import Lookup
    from tap_salesforce_seg.pages import Page
    from tap_salesforce_seg.replication import Window

_TYPE = "Type"
_BLOCK_ROWS = 500

Values = dict[str, Any]


class NamesLayout:
    """What a query asks of an object for ``names``, and how its rows become records.

    Args:
        stream: The stream's name.
        columns: Its selected columns.
        of: The object's lookups.
        met: Which names have been written.
    """

    binary_fields: tuple[str, ...] = ()

    def __init__(self, stream: str, columns: Sequence[Column], of: Collection[Lookup], met: IdSet) -> None:
        self.names = tuple(column.name for column in columns)
        self._stream = stream
        self._fields = {column.name: column.field for column in columns if column.field}
        self._lookups = of
        self._met = met
        wanted = dict.fromkeys([_TYPE, *(each.name for each in self._fields.values() if each.type != "id")])
        self._types = {each.name: each.type for each in self._fields.values()} | {_TYPE: "picklist"}
        self._wanted = tuple(wanted)
        paths = (path for each in of for path in (each.field, *map(each.path, self._wanted)))
        self.fields = ("Id", *paths)
        """What is selected, by REST and by Bulk API 2.0 alike."""
        self.bulk_fields = self.fields

    def blocks(
        self, page: Page, version: int | None = None, within: Window | None = None, in_order: Any = map
    ) -> Iterator[Block]:
        """The names that a page's rows lead to and that have not been written yet, as RECORD lines.

        A lookup whose record is gone, or hidden from this user, has no type: it gives no row.

        Args:
            page: The page.
            version: The version of the table, for loaders that act on ACTIVATE_VERSION.
            within: Not needed: a name that came too early is no less true.
            in_order: Not needed: what has been written already decides what follows.

        Raises:
            RowsLost: It has fewer or more rows than the reader was told.
        """
        rows, lines = 0, list[bytes]()
        head, tail = record_start(self._stream), record_end(version)
        found = self._from_csv(page.raw) if isinstance(page.raw, bytes) else self._from_rest(page.raw)
        for names in found:
            rows += 1
            for record_id, values in names:
                if self._met.put_in(record_id):
                    lines.append(b"%b%b%b\n" % (head, encode_json(self._record(record_id, values)), tail))
            if len(lines) >= _BLOCK_ROWS:
                yield Block(b"".join(lines), len(lines))
                lines = []
        yield Block(b"".join(lines), len(lines))
        if rows != page.rows:
            raise RowsLost(self._stream, rows, page.rows)

    def _record(self, record_id: str, values: Mapping[str, Any]) -> Values:
        return {
            column: record_id if field.type == "id" else values[field.name]
            for column, field in self._fields.items()
        }

    def _from_rest(self, records: Iterable[Mapping[str, Any]]) -> Iterator[list[tuple[str, Values]]]:
        read = {name: fields.rest_reader(self._types[name]) or _as_it_is for name in self._wanted}
        for row in records:
            ends = [(row[each.field], row[each.relationship]) for each in self._lookups]
            yield [
                (record_id, {name: None if end[name] is None else read[name](end[name]) for name in read})
                for record_id, end in ends
                if record_id and end and end[_TYPE]
            ]

    def _from_csv(self, page: bytes) -> Iterator[list[tuple[str, Values]]]:
        read = {name: fields.csv_reader(self._types[name]) for name in self._wanted}
        lines = csv_cells(page)
        header = next(lines, [])
        for cells in lines:
            row = dict(zip(header, cells, strict=True))
            yield [
                (row[each.field], {name: read[name](row[each.path(name)]) for name in read})
                for each in self._lookups
                if row[each.field] and row[each.path(_TYPE)]
            ]


def _as_it_is(value: Any) -> Any:
    return value
