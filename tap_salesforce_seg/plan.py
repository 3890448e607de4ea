"""What a run will read and cost, told before a single row is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from salesforce_seg import composite
from tap_salesforce_seg.readers.openings import QUERIES_A_CALL
from tap_salesforce_seg.readers.rest import PAGE_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from salesforce_seg.session import Session
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


def plan(session: Session, streams: Iterable[CollectionStream]) -> list[PlannedStream]:
    """Count what each stream's window holds now, five counts an API call.

    Args:
        session: The connection to the org.
        streams: The selected streams.

    Raises:
        SalesforceError: A count was refused.
    """
    queries = [(stream.name, stream.query(stream.layout())) for stream in streams]
    counts = composite.send(
        session, [composite.query(session, query.count_soql, all_rows=True) for _, query in queries]
    )
    planned = []
    shared = 0
    for (name, query), answer in zip(queries, counts, strict=True):
        if not answer.ok:
            raise answer.error(f"Counting {query.sobject}")
        rows = int(answer.body["totalSize"])
        pages = max(1, -(-rows // PAGE_ROWS))
        if query.is_incremental:
            first_page = int(shared % QUERIES_A_CALL == 0)
            shared += 1
        else:
            first_page = 1
        planned.append(PlannedStream(name, "rest", rows, first_page + pages - 1))
    return planned


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
