"""What a run will read and cost, told before a single row is read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from salesforce_seg import composite, soql
from salesforce_seg.errors import ObjectUnavailable, QueryRefused, QueryTimeout, QueryTooLong
from salesforce_seg.text_table import text_table
from tap_salesforce_seg import expected_calls
from tap_salesforce_seg.deletes import IDS_A_QUERY, Deletions
from tap_salesforce_seg.passes import WHOLE, Pass
from tap_salesforce_seg.readers.choice import BULK2, REST
from tap_salesforce_seg.readers.openings import QUERIES_A_CALL
from tap_salesforce_seg.readers.rest import fits_url, remaining
from tap_salesforce_seg.sweep import Sweep
from tap_salesforce_seg.tally import SHARED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from salesforce_seg.composite import SubResponse
    from salesforce_seg.session import Session
    from tap_salesforce_seg.query import Query
    from tap_salesforce_seg.stream import CollectionStream

NOTHING, REFUSAL = "none", 1
"""The reader of what Salesforce does not let be read, and the API calls it takes to hear so."""

COMPLETE = "JobComplete"
IS_UNDER_WAY = frozenset({"UploadComplete", "InProgress", COMPLETE})
"""States of a job that a run goes on with."""


@dataclass(slots=True)
class PlannedStream:
    """What one stream will read, and the API calls this takes.

    Attributes:
        stream: Its name.
        reader: What reads most of its rows.
        rows: How many it will write; of ``names``, how many are looked through.
        calls: Its own; those that it shares with others are not among them.
    """

    stream: str
    reader: str = REST
    rows: int = 0
    calls: int = 0

    def add(self, reader: str, rows: int, calls: int) -> None:
        """Count one more read."""
        self.reader = reader if rows >= self.rows else self.reader
        self.rows += rows
        self.calls += calls


@dataclass(frozen=True, slots=True)
class _Read:
    """A part of a pass, or a sweep of Ids, and the number of rows that Salesforce has for it now."""

    stream: CollectionStream
    each: Pass
    is_sweep: bool = False
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """The streams in order, and the API calls that they share."""

    streams: list[PlannedStream]
    shared_calls: int

    def table(self) -> str:
        """A line a stream, what is shared by all, and the sum."""
        lines = [(each.stream, each.reader, each.rows, each.calls) for each in self.streams]
        rows, calls = (sum(line[at] for line in lines) for at in (2, 3))  # type: ignore[misc]
        shared = (SHARED, "", "", self.shared_calls)
        total = ("sum", "", rows, calls + self.shared_calls)
        return text_table(("stream", "reader", "rows", "calls"), [*lines, shared, total])


class Planner:
    """Counts what each stream's window holds now, five counts an API call.

    Args:
        session: The connection to the org. It has asked what a run asks before it reads (describes, the log
            of deletes), so what this has cost a run will cost too.
        streams: The selected streams.
        api_type: The setting.
    """

    def __init__(self, session: Session, streams: Sequence[CollectionStream], api_type: str) -> None:
        self._session = session
        self._streams = streams
        self._api_type = api_type
        self._planned = {stream.name: PlannedStream(stream.name) for stream in streams}

    def plan(self) -> Plan:
        """What a run would read.

        Raises:
            SalesforceError: A count was refused.
        """
        shared = self._session.api_calls
        by_object = {stream.definition.sobject.name: stream for stream in self._streams}
        reads = self._counted(list(self._reads()))
        for stream in self._streams:
            self._add_deletes(stream, [read.each for read in reads if read.stream is stream])
        news = {stream for stream in self._streams if self._planned[stream.name].rows}
        news |= {read.stream for read in reads if read.rows and not read.is_sweep}
        reads = [
            read
            for read in reads
            if read.rows
            or not read.stream.agenda.follows_from(read.each, by_object)
            or by_object[read.each.query.sobject] in news
        ]
        openings = _openings(reads) if self._api_type != BULK2 else []
        together = {id(read) for batch in openings for read in batch}
        for read in reads:
            self._add(read, first_page=int(id(read) not in together))
        return Plan(list(self._planned.values()), shared + len(openings))

    def _reads(self) -> Iterator[_Read]:
        for stream in self._streams:
            passes = stream.agenda.passes
            for each in passes:
                yield from (_Read(stream, part) for part in _parts(each))
            sweep = Sweep(stream)
            if passes and sweep.is_due and sweep.looks_through(whole=passes[-1].reads_all):
                yield _Read(stream, Pass(WHOLE, *sweep.reading(), ""), is_sweep=True)

    def _counted(self, reads: Sequence[_Read]) -> list[_Read]:
        members = [
            composite.query(self._session, read.each.query.count_soql, all_rows=True) for read in reads
        ]
        answers = composite.send(self._session, members)
        counted = (self._with_rows(read, answer) for read, answer in zip(reads, answers, strict=True))
        return [each for each in counted if each is not None]

    def _with_rows(self, read: _Read, answer: SubResponse) -> _Read | None:
        """A read with its number of rows; None if Salesforce does not let its object be read."""
        if answer.ok:
            return replace(read, rows=int(answer.body["totalSize"]))
        sobject, error = read.each.query.sobject, answer.error(f"Counting {read.each.query.sobject}")
        if isinstance(error, QueryTimeout):
            rows = self._all_records(sobject)
            read.stream.logger.warning(
                "%s: counting its rows takes Salesforce too long; planned are all of %s, %d.",
                read.stream.name,
                sobject,
                rows,
            )
            return replace(read, rows=rows)
        if not isinstance(error, ObjectUnavailable | QueryRefused):
            raise error
        read.stream.logger.warning("%s is planned without %s: %s", read.stream.name, sobject, error)
        self._planned[read.stream.name].add(NOTHING, 0, REFUSAL)
        return None

    def _all_records(self, sobject: str) -> int:
        """How many records an object has, about (REST API Developer Guide, "Record Count")."""
        counts = self._session.call_json("GET", "limits/recordCount", params={"sObjects": sobject})[
            "sObjects"
        ]
        return sum(int(each["count"]) for each in counts)

    def _add(self, read: _Read, *, first_page: int) -> None:
        planned, each, looks = self._planned[read.stream.name], read.each, 0
        if _is_begun_job(each):
            job = self._job(each)
            if job["state"] in IS_UNDER_WAY:
                rows = int(job["numberRecordsProcessed"] or 0) or read.rows
                planned.add(
                    BULK2, *expected_calls.of_begun_job(each, rows, is_complete=job["state"] == COMPLETE)
                )
                return
            each, looks = replace(each, position=None), 1
        definition = read.stream.definition
        (sobject,) = (
            one for one in (definition.sobject, *definition.sources) if one.name == each.query.sobject
        )
        too_long_after = self._too_long_after(each.query) if first_page else None
        reader, calls = expected_calls.of_read(
            each,
            read.rows,
            sobject,
            api_type=self._api_type,
            first_page=first_page,
            too_long_after=too_long_after,
        )
        planned.add(reader, 0 if read.is_sweep else read.rows, looks + calls)

    def _too_long_after(self, query: Query) -> int | None:
        """How many calls a run needs to find out that REST has no room for a query; None if it has."""
        if len(query.soql) > soql.LONGEST_QUERY:
            return 0
        if self._api_type == BULK2 or fits_url(query.soql):
            return None
        asked = composite.query(self._session, replace(query, limit=0).soql, all_rows=True)
        try:
            composite.send(self._session, [asked])
        except (ObjectUnavailable, QueryTooLong):
            return 1
        return None

    def _job(self, each: Pass) -> Mapping[str, Any]:
        """The job that an interrupted run has begun, as Salesforce shows it."""
        try:
            return dict(self._session.call_json("GET", f"jobs/query/{(each.position or {})['job']}"))
        except ObjectUnavailable:
            return {"state": "gone"}

    def _add_deletes(self, stream: CollectionStream, passes: Sequence[Pass]) -> None:
        """What the log of deletes names, and no window shows."""
        told = stream.tap.deletions.get(stream.definition.sobject.name, Deletions()).deleted_at
        if not told or not passes:
            return
        there = self._still_there(passes[-1], told)
        left = [
            each
            for each in told
            if each not in there or not any(_shows(one, each, there[each]) for one in passes)
        ]
        in_bin = sum(each in there for each in left)
        planned = self._planned[stream.name]
        planned.rows += len(left) if stream.tells_deletes else in_bin
        planned.calls += expected_calls.of_deletes(len(left), in_bin)

    def _still_there(self, each: Pass, ids: Iterable[str]) -> dict[str, str | None]:
        """Those of the Ids that a query finds, with their stamps."""
        key = each.query.window.key
        queries = [
            composite.query(
                self._session,
                soql.select(["Id", *([key] if key else [])], each.query.sobject, where=where),
                all_rows=True,
            )
            for _, where in soql.isin_batches("Id", ids, most=IDS_A_QUERY)
        ]
        found: dict[str, str | None] = {}
        for answer in composite.send(self._session, queries):
            if not answer.ok:
                raise answer.error(f"Looking for deleted records of {each.query.sobject}")
            found |= {row["Id"]: row[key] if key else None for row in answer.body["records"]}
        return found


def _shows(each: Pass, record_id: str, stamp: str | None) -> bool:
    """Whether a pass will come upon a record; a job of an earlier run tells nothing of its deletion."""
    if _is_begun_job(each) or record_id <= each.query.after:
        return False
    window = each.query.window
    return not window.bounded or (each.query.key_may_be_null if stamp is None else window.holds(stamp))


def _openings(reads: Iterable[_Read]) -> list[list[_Read]]:
    """Incremental reads that share API calls for their first pages, five a call."""
    together = [read for read in reads if read.each.query.opens_with_others]
    batches = []
    for is_announced in (True, False):
        some = [read for read in together if read.stream.agenda.is_announced is is_announced]
        batches += [some[at : at + QUERIES_A_CALL] for at in range(0, len(some), QUERIES_A_CALL)]
    return [batch for batch in batches if len(batch) > 1]


def _parts(each: Pass) -> list[Pass]:
    """What REST still has to ask of a pass; any other pass as it is."""
    if each.position is None or each.position["reader"] != REST:
        return [each]
    return [replace(each, query=query) for query in remaining(each.query, each.position)]


def _is_begun_job(each: Pass) -> bool:
    return each.position is not None and each.position["reader"] == BULK2
