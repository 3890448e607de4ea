"""Writes through sObject collections: 200 records each, five collections in one call.

Sources: REST API Developer Guide, "Using Composite Resources" (a composite counts as one call, and takes five
collections), "sObject Collections", "Assignment Rule Header", "Duplicate Rule Header".
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from salesforce_seg import composite
from salesforce_seg.answers import refusal
from salesforce_seg.errors import RecordRejected, Remedy, SalesforceError, ServerUnavailable, remedy_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from salesforce_seg.composite import RowResult, SubRequest, SubResponse
    from salesforce_seg.session import Session
    from target_salesforce_seg.writes import Write

_OPERATIONS = ("create", "update", "delete")
MOST_OBJECTS = 10
"""Objects in one collection."""

_PASSING = {Remedy.RETRY, Remedy.RETRY_ROW, Remedy.RELOGIN}
_STOP = {Remedy.FATAL, Remedy.STOP_QUOTA}
_TOO_MUCH_OR_SPOILED = {400, 413}
"""Statuses of a whole call that one record, or too many of them, may have caused."""


_REFERENCE = "@{"
"""What composite takes for a reference to another member's answer, in any text; it has no escape."""


@dataclass(frozen=True, slots=True)
class Written:
    """The write took effect."""

    record_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The write was refused for good; with ``look_again`` the record may be another one now."""

    error: RecordRejected
    look_again: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """Whether the write took effect is not known."""

    error: ServerUnavailable


Result = Written | Refused | Lost


class CompositeWriter:
    """Writes to one org.

    Args:
        session: the connection.
        auto_assign: whether assignment rules run on records that are created. They never run on updates,
            where they would give records to other owners again and again.
        allow_duplicates: whether records are saved that duplicate rules only warn about.
    """

    def __init__(self, session: Session, *, auto_assign: bool, allow_duplicates: bool) -> None:
        self._session = session
        duplicates = {"Sforce-Duplicate-Rule-Header": "allowSave=true"} if allow_duplicates else {}
        never = {"Sforce-Auto-Assign": "FALSE"}
        self._headers = {
            "create": {"Sforce-Auto-Assign": "TRUE" if auto_assign else "FALSE"} | duplicates,
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
        most = composite.MOST_RECORDS
        chunks = deque(_chunks(writes, most))
        tries = 0
        while chunks:
            again: list[Write] = []
            while chunks:
                now = _next_call(chunks)
                for chunk, response in zip(now, self._send(now, results), strict=True):
                    if response is not None:
                        self._take(chunk, response, results, chunks, again)
            if again and tries < self._session.settings.max_retries:
                tries += 1
                backoff = self._session.backoff
                backoff.sleep(backoff.wait_before(tries + 1, 1.0, None))
                chunks.extend(_chunks(again, max(1, most >> tries)))

    def _send(self, chunks: Sequence[Chunk], results: dict[Write, Result]) -> list[SubResponse | None]:
        """Send some chunks in one call; None for a chunk whose answer was lost."""
        requests = [self._request(chunk) for chunk in chunks]
        try:
            if chunks[0].alone:
                return [composite.send_alone(self._session, requests[0])]
            return [*composite.send(self._session, requests)]
        except ServerUnavailable as error:
            if not error.outcome_unknown:
                raise
            results |= {write: Lost(error) for chunk in chunks for write in chunk.writes}
            return [None for _ in chunks]
        except SalesforceError as error:
            if error.status not in _TOO_MUCH_OR_SPOILED or remedy_for(error.status, error.code) in _STOP:
                raise
            if len(chunks) > 1:
                return [response for chunk in chunks for response in self._send([chunk], results)]
            entry = {"errorCode": error.code, "message": error.message, "fields": list(error.fields)}
            return [composite.SubResponse(error.status, [entry])]

    def _request(self, chunk: Chunk) -> SubRequest:
        headers = self._headers[chunk.operation]
        if chunk.operation == "delete":
            ids = [write.record_id for write in chunk.writes]
            return composite.delete(self._session, ids, headers=headers)
        make = composite.create if chunk.operation == "create" else composite.update
        return make(self._session, [_record(write) for write in chunk.writes], headers=headers)

    def _take(
        self,
        chunk: Chunk,
        response: SubResponse,
        results: dict[Write, Result],
        chunks: deque[Chunk],
        again: list[Write],
    ) -> None:
        """Note the results of a chunk; put aside what is to be sent again, in parts or after a wait."""
        if response.ok:
            rows = composite.row_results(response, len(chunk.writes))
            results |= {write: _of_row(write, row) for write, row in zip(chunk.writes, rows, strict=True)}
            again += [w for w, row in zip(chunk.writes, rows, strict=True) if _failed_for_now(row)]
            for row in rows:
                if not row.success and row.remedy in _STOP:
                    raise refusal(f"writing {chunk.writes[0].sobject.name} records", 0, row.errors)
            return
        error = response.error(f"writing {chunk.writes[0].sobject.name} records")
        if response.remedy in _STOP:
            raise error
        if response.remedy in _PASSING and chunk.operation == "create":
            lost = Lost(ServerUnavailable(error.message, outcome_unknown=True, code=error.code))
            results |= dict.fromkeys(chunk.writes, lost)
        elif response.remedy in _PASSING:
            results |= dict.fromkeys(chunk.writes, Refused(_rejected(error)))
            again += chunk.writes
        elif len(chunk.writes) > 1:
            chunks.extend(chunk.halves())
        else:
            results[chunk.writes[0]] = Refused(_rejected(error))


@dataclass(frozen=True, slots=True)
class Chunk:
    """Writes for one collection.

    Attributes:
        operation: create, update or delete, the same for all.
        writes: by object, because Salesforce cuts a collection wherever the object changes.
        alone: whether it must not travel inside a composite.
    """

    operation: str
    writes: list[Write]
    alone: bool = False

    def halves(self) -> tuple[Chunk, Chunk]:
        """The chunk in two."""
        middle = len(self.writes) // 2
        first, second = self.writes[:middle], self.writes[middle:]
        return Chunk(self.operation, first, self.alone), Chunk(self.operation, second, self.alone)


def _chunks(writes: Iterable[Write], most: int) -> Iterator[Chunk]:
    """Chunks of so many writes at most."""

    def kind(write: Write) -> tuple[bool, int]:
        return _looks_like_a_reference(write), _OPERATIONS.index(write.operation)

    ordered = sorted(writes, key=lambda write: (kind(write), write.sobject.name))
    for (alone, operation), alike in groupby(ordered, key=kind):
        chunk: list[Write] = []
        objects: set[str] = set()
        for write in alike:
            objects.add(write.sobject.name)
            if len(chunk) == most or len(objects) > MOST_OBJECTS:
                yield Chunk(_OPERATIONS[operation], chunk, alone)
                chunk, objects = [], {write.sobject.name}
            chunk.append(write)
        yield Chunk(_OPERATIONS[operation], chunk, alone)


def _next_call(chunks: deque[Chunk]) -> list[Chunk]:
    """Take the chunks that travel in the next call."""
    now = [chunks.popleft()]
    while (
        chunks and len(now) < composite.MOST_QUERIES_AND_COLLECTIONS and not (now[0].alone or chunks[0].alone)
    ):
        now.append(chunks.popleft())
    return now


def _looks_like_a_reference(write: Write) -> bool:
    return any(isinstance(value, str) and _REFERENCE in value for value in write.record.values())


def _of_row(write: Write, row: RowResult) -> Result:
    if row.success:
        return Written(row.id or write.record_id)
    first = row.errors[0]
    rejected = RecordRejected(first.message, code=first.code, fields=first.fields, errors=row.errors)
    return Refused(rejected, look_again=row.remedy is Remedy.REROUTE)


def _failed_for_now(row: RowResult) -> bool:
    return not row.success and row.remedy in _PASSING


def _record(write: Write) -> dict[str, Any]:
    attributes: dict[str, Any] = {"attributes": {"type": write.sobject.name}}
    return attributes | ({"id": write.record_id} if write.record_id else {}) | write.record


def _rejected(error: SalesforceError) -> RecordRejected:
    return RecordRejected(error.message, code=error.code, fields=error.fields, errors=error.errors)
