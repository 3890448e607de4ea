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
    """What one stream will read, and the API calls this takes."""

    stream: str
    reader: str
    rows: int
    calls: int


def plan(session: Session, streams: Sequence[CollectionStream], api_type: str) -> list[PlannedStream]:
    """Count what each stream's window holds now, five counts an API call.

    Calls that several streams share count for the first of them: five incremental streams share that for
    their first pages, 25 that for the log of deletes.

    Args:
        session: The connection to the org.
        streams: The selected streams.
        api_type: The setting.

    Raises:
        SalesforceError: A count was refused.
    """
    layouts = [stream.layout() for stream in streams]
    queries = [stream.query(layout) for stream, layout in zip(streams, layouts, strict=True)]
    together = [stream.name for stream, query in zip(streams, queries, strict=True) if query.is_incremental]
    logged = [stream.name for stream in streams if stream.deletes_since]
    asking = set(together[::QUERIES_A_CALL])
    asking_log = set(logged[:: composite.MOST_SUBREQUESTS])
    planned = []
    for stream, layout, query, rows in zip(streams, layouts, queries, _counts(session, queries), strict=True):
        opening = int(not query.is_incremental or stream.name in asking)
        reader, calls = _way(query, layout, rows, opening, api_type)
        planned.append(PlannedStream(stream.name, reader, rows, calls + (stream.name in asking_log)))
    return planned


def _counts(session: Session, queries: Sequence[Query]) -> list[int]:
    members = [composite.query(session, query.count_soql, all_rows=True) for query in queries]
    answers = composite.send(session, members)
    for query, answer in zip(queries, answers, strict=True):
        if not answer.ok:
            raise answer.error(f"Counting {query.sobject}")
    return [int(answer.body["totalSize"]) for answer in answers]


def _way(query: Query, layout: RowLayout, rows: int, opening: int, api_type: str) -> tuple[str, int]:
    """The reader and its calls; ``opening`` is what the first page by REST costs."""
    if may_go_by_bulk(api_type, query, layout) and (api_type == BULK2 or rows >= BULK_FROM_ROWS):
        first_page = opening if api_type == AUTO else 0
        return BULK2, first_page + expected_calls(rows, len(layout.bulk_fields or ()))
    return REST, opening + max(1, -(-rows // PAGE_ROWS)) - 1 + rows * len(layout.binary_fields)


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
