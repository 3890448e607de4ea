"""Writes through sObject collections: 200 records each, five collections in one call.

Sources: REST API Developer Guide, "Using Composite Resources" (a composite counts as one call, and takes five
collections), "sObject Collections", "Assignment Rule Header", "Duplicate Rule Header".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from salesforce_seg import composite
from salesforce_seg.answers import refusal
from salesforce_seg.errors import RecordRejected, Remedy, SalesforceError, ServerUnavailable, remedy_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from salesforce_seg.composite import RowResult, SubRequest, SubResponse
    from salesforce_seg.session import Session
    from target_salesforce_seg.writes import Write

_OPERATIONS = ("create", "update", "delete")
_PASSING = {Remedy.RETRY, Remedy.RETRY_ROW, Remedy.RELOGIN}
_STOP = {Remedy.FATAL, Remedy.STOP_QUOTA}
_TOO_MUCH_OR_SPOILED = {400, 413}
"""Statuses of a whole call that one record, or too many of them, may have caused."""


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
        auto_assign: whether assignment rules run on records that are created. Salesforce would run them on
            updates
            too, which gives records away again; they never do here.
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

    def write(self, writes: Iterable[Write]) -> dict[Write, Result]:
        """Write all.

        Returns:
            What became of each.

        Raises:
            SalesforceError: the run cannot go on; which writes took effect is not known.
        """
        results: dict[Write, Result] = {}
        chunks = list(_chunks(writes, composite.MOST_RECORDS))
        tries = 0
        while chunks:
            again: list[Write] = []
            while chunks:
                now = chunks[: composite.MOST_QUERIES_AND_COLLECTIONS]
                del chunks[: len(now)]
                for chunk, response in zip(now, self._send(now, results), strict=True):
                    if response is not None:
                        self._take(chunk, response, results, chunks, again)
            if again and tries < self._session.settings.max_retries:
                tries += 1
                backoff = self._session.backoff
                backoff.sleep(backoff.wait_before(tries + 1, 1.0, None))
                for write in again:
                    results.pop(write, None)
                chunks = list(_chunks(again, max(1, composite.MOST_RECORDS >> tries)))
        return results

    def _send(self, chunks: Sequence[list[Write]], results: dict[Write, Result]) -> list[SubResponse | None]:
        """Send some chunks in one call; None for a chunk whose answer was lost."""
        try:
            return [*composite.send(self._session, [self._request(chunk) for chunk in chunks])]
        except ServerUnavailable as error:
            if not error.outcome_unknown:
                raise
            results |= {write: Lost(error) for chunk in chunks for write in chunk}
            return [None for _ in chunks]
        except SalesforceError as error:
            if error.status not in _TOO_MUCH_OR_SPOILED or remedy_for(error.status, error.code) in _STOP:
                raise
            if len(chunks) > 1:
                return [response for chunk in chunks for response in self._send([chunk], results)]
            entry = {"errorCode": error.code, "message": error.message, "fields": list(error.fields)}
            return [composite.SubResponse(error.status, [entry])]

    def _request(self, chunk: Sequence[Write]) -> SubRequest:
        operation = chunk[0].operation
        headers = self._headers[operation]
        if operation == "delete":
            return composite.delete(self._session, [write.record_id for write in chunk], headers=headers)
        records = [_record(write) for write in chunk]
        make = composite.create if operation == "create" else composite.update
        return make(self._session, records, headers=headers)

    def _take(
        self,
        chunk: list[Write],
        response: SubResponse,
        results: dict[Write, Result],
        chunks: list[list[Write]],
        again: list[Write],
    ) -> None:
        """Note the results of a chunk; put aside what is to be sent again, in parts or after a wait."""
        if response.ok:
            for write, row in zip(chunk, composite.row_results(response, len(chunk)), strict=True):
                results[write] = self._result(write, row)
                if not row.success and row.remedy in _PASSING:
                    again.append(write)
            return
        error = response.error(f"writing {chunk[0].sobject.name} records")
        if response.remedy in _STOP:
            raise error
        if response.remedy in _PASSING:
            unavailable = ServerUnavailable(error.message, outcome_unknown=True, code=error.code)
            lost = chunk[0].operation == "create"
            results |= {write: Lost(unavailable) if lost else Refused(_rejected(error)) for write in chunk}
            again += [] if lost else chunk
        elif len(chunk) > 1:
            middle = len(chunk) // 2
            chunks += [chunk[:middle], chunk[middle:]]
        else:
            results[chunk[0]] = Refused(_rejected(error))

    def _result(self, write: Write, row: RowResult) -> Result:
        if row.success:
            return Written(row.id or write.record_id)
        first = row.errors[0]
        rejected = RecordRejected(first.message, code=first.code, fields=first.fields, errors=row.errors)
        if row.remedy in _STOP:
            raise refusal(f"writing a {write.sobject.name} record", 0, row.errors)
        return Refused(rejected, look_again=row.remedy is Remedy.REROUTE)


def _chunks(writes: Iterable[Write], size: int) -> Iterable[list[Write]]:
    """Chunks of one operation each, by object: Salesforce cuts a collection wherever the object changes."""
    ordered = sorted(writes, key=lambda write: (_OPERATIONS.index(write.operation), write.sobject.name))
    for operation in _OPERATIONS:
        alike = [write for write in ordered if write.operation == operation]
        for start in range(0, len(alike), size):
            yield alike[start : start + size]


def _record(write: Write) -> dict[str, Any]:
    attributes: dict[str, Any] = {"attributes": {"type": write.sobject.name}}
    return attributes | ({"id": write.record_id} if write.record_id else {}) | write.record


def _rejected(error: SalesforceError) -> RecordRejected:
    return RecordRejected(error.message, code=error.code, fields=error.fields, errors=error.errors)
