"""What a run will read and cost, told before a single row is read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from salesforce_seg import composite
from salesforce_seg.errors import ObjectUnavailable
from salesforce_seg.text_table import text_table
from tap_salesforce_seg.agenda import deletes_to_ask
from tap_salesforce_seg.readers.bulk2 import CREATE, expected_calls
from tap_salesforce_seg.readers.choice import AUTO, BULK2, BULK_FROM_ROWS, REST, may_go_by_bulk
from tap_salesforce_seg.readers.openings import QUERIES_A_CALL
from tap_salesforce_seg.readers.rest import PAGE_ROWS, remaining

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from salesforce_seg.session import Session
    from tap_salesforce_seg.pages import Position
    from tap_salesforce_seg.passes import Pass
    from tap_salesforce_seg.query import Query
    from tap_salesforce_seg.stream import CollectionStream


@dataclass(frozen=True, slots=True)
class PlannedStream:
    """What one stream will read, and the API calls this takes."""

    stream: str
    reader: str
    rows: int
    calls: int

    def and_then(self, reader: str, rows: int, calls: int) -> PlannedStream:
        """This and one more pass; the reader of most rows is named."""
        most = reader if rows >= self.rows else self.reader
        return PlannedStream(self.stream, most, self.rows + rows, self.calls + calls)


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
    passes = [(stream, part) for stream in streams for each in stream.agenda.passes for part in _parts(each)]
    counts = _counts(session, [each.query for _, each in passes])
    by_object = {stream.definition.sobject.name: stream for stream in streams}
    read = [
        (stream, each, rows)
        for (stream, each), rows in zip(passes, counts, strict=True)
        if rows or not stream.agenda.follows_from(each, by_object)
    ]
    openings = {id(query) for query in _openings(read)}
    found = {stream.name: PlannedStream(stream.name, REST, 0, 0) for stream in streams}
    for stream, each, counted in read:
        opening = int(not each.query.is_incremental or id(each.query) in openings)
        rows = _rows_of_job(session, each.position) if _is_begun_job(each) else None
        found[stream.name] = found[stream.name].and_then(
            *_way(each, counted if rows is None else rows, opening, api_type)
        )
    for sobject in list(deletes_to_ask(streams))[:: composite.MOST_SUBREQUESTS]:
        name = next(stream.name for stream in streams if stream.definition.sobject.name == sobject)
        found[name] = replace(found[name], calls=found[name].calls + 1)
    return list(found.values())


def _openings(read: Iterable[tuple[CollectionStream, Pass, int]]) -> list[Query]:
    """Of incremental queries the first of each five that share an API call."""
    together = [
        (stream.agenda.is_announced, each.query) for stream, each, _ in read if each.query.is_incremental
    ]
    at_once, later = (
        [query for is_announced, query in together if is_announced is when] for when in (True, False)
    )
    return at_once[::QUERIES_A_CALL] + later[::QUERIES_A_CALL]


def _parts(each: Pass) -> list[Pass]:
    """What REST still has to ask of a pass; any other pass as it is."""
    if each.position is None or each.position["reader"] != REST:
        return [each]
    return [replace(each, query=query) for query in remaining(each.query, each.position)]


def _is_begun_job(each: Pass) -> bool:
    return each.position is not None and each.position["reader"] == BULK2


def _rows_of_job(session: Session, position: Position | None) -> int | None:
    """The rows of a job that an interrupted run has begun; None if they are not known."""
    try:
        info = session.call_json("GET", f"jobs/query/{(position or {})['job']}")
    except ObjectUnavailable:
        return None
    return int(info["numberRecordsProcessed"]) if info["state"] == "JobComplete" else None


def _counts(session: Session, queries: Sequence[Query]) -> list[int]:
    members = [composite.query(session, query.count_soql, all_rows=True) for query in queries]
    answers = composite.send(session, members)
    for query, answer in zip(queries, answers, strict=True):
        if not answer.ok:
            raise answer.error(f"Counting {query.sobject}")
    return [int(answer.body["totalSize"]) for answer in answers]


def _way(each: Pass, rows: int, opening: int, api_type: str) -> tuple[str, int, int]:
    """The reader, its rows and its calls; ``opening`` is what the first page by REST costs."""
    fields = len(each.layout.bulk_fields or ())
    if each.position and _is_begun_job(each):
        left = max(0, rows - each.position["rows"])
        return BULK2, left, expected_calls(left, fields) - CREATE
    may = not each.position and may_go_by_bulk(api_type, each.query, each.layout)
    if may and (api_type == BULK2 or rows >= BULK_FROM_ROWS):
        first_page = opening if api_type == AUTO else 0
        return BULK2, rows, first_page + expected_calls(rows, fields)
    pages = max(1, -(-rows // PAGE_ROWS))
    return REST, rows, opening + pages - 1 + rows * len(each.layout.binary_fields)


def table(planned: Iterable[PlannedStream]) -> str:
    """The plan as a table: a line a stream, and the sum."""
    chosen = list(planned)
    lines = [(each.stream, each.reader, each.rows, each.calls) for each in chosen]
    total = ("sum", "", sum(each.rows for each in chosen), sum(each.calls for each in chosen))
    return text_table(("stream", "reader", "rows", "calls"), [*lines, total])
