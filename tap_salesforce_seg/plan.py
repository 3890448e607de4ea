"""What a run will read and cost, told before a single row is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from salesforce_seg import composite
from tap_salesforce_seg.readers.bulk2 import expected_calls
from tap_salesforce_seg.readers.choice import AUTO, BULK2, BULK_FROM_ROWS, REST, may_go_by_bulk
from tap_salesforce_seg.readers.openings import QUERIES_A_CALL
from tap_salesforce_seg.readers.rest import PAGE_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from salesforce_seg.session import Session
    from tap_salesforce_seg.query import Query
    from tap_salesforce_seg.records import RowLayout
    from tap_salesforce_seg.stream import CollectionStream


@dataclass(frozen=True, slots=True)
class PlannedStream:
    """What one stream will read, and the API calls this takes.

    Up to five incremental streams share the call for their first pages: it counts for the first of them.
    """

    stream: str
    reader: str
    rows: int
    calls: int


def plan(session: Session, streams: Sequence[CollectionStream], api_type: str) -> list[PlannedStream]:
    """Count what each stream's window holds now, five counts an API call.

    Args:
        session: The connection to the org.
        streams: The selected streams.
        api_type: The setting.

    Raises:
        SalesforceError: A count was refused.
    """
    layouts = {stream.name: stream.layout() for stream in streams}
    queries = {stream.name: stream.query(layouts[stream.name]) for stream in streams}
    counting = [composite.query(session, each.count_soql, all_rows=True) for each in queries.values()]
    planned = []
    shared = 0
    for (name, query), answer in zip(queries.items(), composite.send(session, counting), strict=True):
        if not answer.ok:
            raise answer.error(f"Counting {query.sobject}")
        opening = int(not query.is_incremental or shared % QUERIES_A_CALL == 0)
        shared += query.is_incremental
        rows = int(answer.body["totalSize"])
        planned.append(_planned(name, query, layouts[name], rows=rows, opening=opening, api_type=api_type))
    return planned


def _planned(
    name: str, query: Query, layout: RowLayout, *, rows: int, opening: int, api_type: str
) -> PlannedStream:
    """One line of the plan; ``opening`` is what the first page by REST costs."""
    bulk_fields = layout.bulk_fields or ()
    if may_go_by_bulk(api_type, query, layout) and (api_type == BULK2 or rows >= BULK_FROM_ROWS):
        calls = expected_calls(rows, len(bulk_fields)) + (opening if api_type == AUTO else 0)
        return PlannedStream(name, BULK2, rows, calls)
    return PlannedStream(name, REST, rows, opening + max(1, -(-rows // PAGE_ROWS)) - 1)


def table(planned: Iterable[PlannedStream]) -> str:
    """The plan as a table: a line a stream, and the sum."""
    planned = list(planned)
    lines = [("stream", "reader", "rows", "calls")]
    lines += [(each.stream, each.reader, f"{each.rows}", f"{each.calls}") for each in planned]
    lines.append(
        ("sum", "", f"{sum(each.rows for each in planned)}", f"{sum(each.calls for each in planned)}")
    )
    widths = [max(len(line[index]) for line in lines) for index in range(4)]
    return "\n".join(
        f"{stream:<{widths[0]}}  {reader:<{widths[1]}}  {rows:>{widths[2]}}  {calls:>{widths[3]}}"
        for stream, reader, rows, calls in lines
    )
