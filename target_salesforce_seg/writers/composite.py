"""Writes through sObject collections: 200 records each, five collections in one call.

Sources: REST API Developer Guide, "Using Composite Resources" (a composite counts as one call, and takes five
collections), "sObject Collections", "Assignment Rule Header", "Duplicate Rule Header".
"""

from __future__ import annotations

import logging
import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from salesforce_seg import composite, sobject_collections
from salesforce_seg.answers import refusal
from salesforce_seg.error_table import remedy_for
from salesforce_seg.errors import RunFailed, SalesforceError, ServerUnavailable
from target_salesforce_seg.calls import NOT_HERE
from target_salesforce_seg.relationships import nested
from target_salesforce_seg.writers.bulk_rows import parent
from target_salesforce_seg.writers.chunks import Chunk, chunks_of, next_call
from target_salesforce_seg.writers.results import (
    PASSING,
    STOP,
    Lost,
    Refused,
    Result,
    Written,
    gave_up,
    of_row,
    refused,
    rejected,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from salesforce_seg.composite import SubRequest, SubResponse
    from salesforce_seg.sobject_collections import RowResult
    from target_salesforce_seg.calls import Calls
    from target_salesforce_seg.writers.create_journal import CreateJournal
    from target_salesforce_seg.writers.pace import Pace
    from target_salesforce_seg.writes import Write

MOST_LOST_CALLS = 5
"""When so many calls in a row are lost, the others are not even tried."""

_TOO_MUCH_OR_SPOILED = {400, 413}
"""Statuses of a whole call that one record, or too many of them, may have caused."""

_NOT_AN_ANSWER = range(400, 500)
"""Statuses that say nothing about a write unless Salesforce's own errorCode comes with them."""

log = logging.getLogger(__name__)


class CompositeWriter:
    """Writes to one org.

    Args:
        calls: the connection.
        pace: how much travels in one call.
        auto_assign: whether assignment rules run on records that are created. They never run on updates,
            where they would give records to other owners again and again.
        allow_duplicates: whether records are saved that duplicate rules only warn about.
        creates: takes note of creates that nothing finds again.
    """

    def __init__(
        self, calls: Calls, pace: Pace, creates: CreateJournal, *, auto_assign: bool, allow_duplicates: bool
    ) -> None:
        self._creates = creates
        self._calls = calls
        self._session = calls.session
        self._pace = pace
        self._not_in_composite: set[str] = set()
        self._strain = ""
        duplicates = {"Sforce-Duplicate-Rule-Header": "allowSave=true"} if allow_duplicates else {}
        never = {"Sforce-Auto-Assign": "FALSE"}
        creating = {"Sforce-Auto-Assign": "TRUE" if auto_assign else "FALSE"} | duplicates
        self._headers = {
            "create": creating,
            "upsert": creating,
            "update": never | duplicates,
            "delete": {},
        }

    def write(self, writes: Iterable[Write], results: dict[Write, Result]) -> None:
        """Write all.

        Args:
            writes: to be written.
            results: takes what becomes of each; filled as far as it is known even when an error is raised.

        Raises:
            SalesforceError: the run cannot go on.
        """
        chunks = deque(chunks_of(writes, self._pace.records))
        tries = 0
        while chunks:
            again = self._send_all(chunks, results)
            if not again:
                return
            tries += 1
            if tries > self._session.settings.max_retries:
                _give_up(again, results, tries)
                return
            backoff = self._session.backoff
            backoff.sleep(backoff.wait_before(tries + 1, 1.0, None))
            chunks.extend(chunks_of(sorted(again, key=parent), max(1, self._pace.records >> tries)))

    # Sending

    def _send_all(self, chunks: deque[Chunk], results: dict[Write, Result]) -> list[Write]:
        """Send chunks until none is left, or one after the other is lost; give back what to send again."""
        again: list[Write] = []
        lost = 0
        while chunks:
            now = next_call(chunks, self._pace.collections)
            self._strain = ""
            self._creates.begin(write for chunk in now for write in chunk.writes)
            answers = self._send(now, results)
            stopped: list[SalesforceError] = []
            for chunk, response in zip(now, answers, strict=True):
                if response is not None:
                    stopped += self._take(chunk, response, results, chunks, again)
            if stopped:
                raise stopped[0]
            if self._strain:
                self._pace.narrow(self._strain)
            lost = 0 if any(answers) else lost + 1
            if lost >= MOST_LOST_CALLS and chunks:
                error = next(each for each in map(results.get, now[0].writes) if isinstance(each, Lost))
                results |= {write: error for chunk in chunks for write in chunk.writes}
                chunks.clear()
        return again

    def _send(self, chunks: Sequence[Chunk], results: dict[Write, Result]) -> list[SubResponse | None]:
        """Send some chunks in one call; None for a chunk whose answer was lost."""
        requests = [self._request(chunk) for chunk in chunks]
        apart = any(chunk.kind.alone or chunk.kind.operation in self._not_in_composite for chunk in chunks)
        started = time.monotonic()
        try:
            if apart:
                responses = [self._calls.alone(request) for request in requests]
            else:
                responses = self._calls.send(requests)
        except SalesforceError as error:
            if isinstance(error, ServerUnavailable) or (not error.code and error.status in _NOT_AN_ANSWER):
                self._strain = "an answer did not come"
                results |= {write: Lost(error) for chunk in chunks for write in chunk.writes}
                return [None for _ in chunks]
            if isinstance(error, RunFailed):
                raise
            if error.status not in _TOO_MUCH_OR_SPOILED or remedy_for(error.status, error.code) in STOP:
                if not (apart or self._calls.composite_refused):  # then it was one call, and is refused
                    self._creates.end((write for chunk in chunks for write in chunk.writes), {})
                raise
            if len(chunks) > 1:
                return [response for chunk in chunks for response in self._send([chunk], results)]
            entry = {"errorCode": error.code, "message": error.message, "fields": list(error.fields)}
            return [composite.SubResponse(error.status, [entry])]
        self._pace.answered(time.monotonic() - started)
        if apart or self._calls.composite_refused:
            return list(responses)
        return [self._outside_if_refused(*each) for each in zip(chunks, requests, responses, strict=True)]

    def _outside_if_refused(self, chunk: Chunk, request: SubRequest, response: SubResponse) -> SubResponse:
        """Try a collection outside the composite that would not have it; remember where that helps."""
        operation = chunk.kind.operation
        if response.status not in NOT_HERE:
            return response
        outside = self._calls.alone(request)
        if outside.ok and operation not in self._not_in_composite:
            self._not_in_composite.add(operation)
            log.warning(
                "Inside composite requests %ss are refused (HTTP %d): each collection of 200 records is an "
                "API call of its own.",
                operation,
                response.status,
            )
        return outside

    def _request(self, chunk: Chunk) -> SubRequest:
        headers = self._headers[chunk.kind.operation]
        if chunk.kind.operation == "delete":
            ids = [write.record_id for write in chunk.writes]
            return sobject_collections.delete(self._session, ids, headers=headers)
        records = [_record(write) for write in chunk.writes]
        if chunk.kind.operation == "upsert":
            upsert = sobject_collections.upsert(
                self._session, *chunk.kind.upsert_by, records, headers=headers
            )
            return replace(upsert, repeatable=False)  # sent twice, it would not tell that it has created
        make = sobject_collections.create if chunk.kind.operation == "create" else sobject_collections.update
        return make(self._session, records, headers=headers)

    # Answers

    def _take(
        self,
        chunk: Chunk,
        response: SubResponse,
        results: dict[Write, Result],
        chunks: deque[Chunk],
        again: list[Write],
    ) -> list[SalesforceError]:
        """Note the results of a chunk; put aside what is to be sent again, in parts or after a wait.

        Returns:
            What ends the run.
        """
        what = f"writing {chunk.writes[0].sobject.name} records"
        if response.ok:
            return self._take_rows(chunk, response, results, again, what)
        error = response.error(what)
        if response.remedy in PASSING and chunk.kind.operation == "create":
            self._strain = "Salesforce cannot take so much at the moment"
            results |= dict.fromkeys(chunk.writes, Lost(error))
            return []
        self._creates.end(chunk.writes, {})
        if response.remedy in STOP:
            return [error]
        if response.remedy in PASSING:
            self._strain = "Salesforce cannot take so much at the moment"
            results |= dict.fromkeys(chunk.writes, Refused(rejected(error)))
            again += chunk.writes
        elif missing := refused(error).missing:
            self._take_missing(chunk, missing, error, results, chunks)
        elif len(chunk.writes) > 1:
            chunks.extend(chunk.halves())
        else:
            results[chunk.writes[0]] = refused(error)
        return []

    def _take_rows(
        self,
        chunk: Chunk,
        response: SubResponse,
        results: dict[Write, Result],
        again: list[Write],
        what: str,
    ) -> list[SalesforceError]:
        stopped: list[SalesforceError] = []
        rows = sobject_collections.row_results(response, len(chunk.writes))
        for write, row in zip(chunk.writes, rows, strict=True):
            results[write] = _of_row(row)
            if not row.success and row.remedy in PASSING:
                again.append(write)
                self._strain = "records are locked, or take too much work at once"
            elif not row.success and row.remedy in STOP:
                stopped.append(refusal(what, 0, row.errors))
        self._creates.end(chunk.writes, results)
        return stopped

    def _take_missing(
        self,
        chunk: Chunk,
        missing: str,
        error: SalesforceError,
        results: dict[Write, Result],
        chunks: deque[Chunk],
    ) -> None:
        """Sort out the records that have a field which the object has not; the others go on."""
        having = {
            write for write in chunk.writes if missing.lower() in {name.lower() for name in write.record}
        }
        results |= dict.fromkeys(having or chunk.writes, refused(error))
        others = [write for write in chunk.writes if having and write not in having]
        if others:
            chunks.append(Chunk(chunk.kind, others))


def _of_row(row: RowResult) -> Result:
    if row.success:
        return Written(row.created is not False)
    return of_row(row.errors, row.remedy)


def _give_up(writes: Iterable[Write], results: dict[Write, Result], tries: int) -> None:
    for write in writes:
        result = results[write]
        if isinstance(result, Refused):
            results[write] = gave_up(result.error, tries)


def _record(write: Write) -> dict[str, Any]:
    attributes: dict[str, Any] = {"attributes": {"type": write.sobject.name}}
    own = {"id": write.record_id} if write.record_id else {}
    return attributes | own | nested(write.sobject, write.record)
