"""Several requests in one API call: composite, and sObject collections of up to 200 records.

Source: REST API Developer Guide, "Composite Resources": a composite counts as one call, holds 25
sub-requests of which 5 may be queries or collections; a collection holds 200 records.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from salesforce_seg import answers
from salesforce_seg.errors import (
    ApiError,
    ConfigurationError,
    QuotaExhausted,
    Remedy,
    RunFailed,
    SalesforceError,
    ServerUnavailable,
    remedy_for,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from salesforce_seg.session import Session

MOST_SUBREQUESTS = 25
MOST_QUERIES_AND_COLLECTIONS = 5
MOST_RECORDS = 200


@dataclass(frozen=True, slots=True)
class SubRequest:
    """One request inside a composite.

    Attributes:
        method: HTTP method.
        url: Path with query string, relative to the instance (``/services/data/v64.0/...``).
        body: JSON value, or None.
        headers: Headers of this sub-request alone (``Sforce-Auto-Assign`` ...).
        repeatable: Whether sending it twice does the same as once: reads, updates and deletes by Id, upserts.
        reference_id: How later members refer to it (``@{reference.id}``); made up when empty.
        counts_as_collection: Whether it is one of the 5 queries and collections a composite may hold.
    """

    method: str
    url: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = False
    reference_id: str = ""
    counts_as_collection: bool = False


@dataclass(frozen=True, slots=True)
class SubResponse:
    """The answer to one sub-request."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    reference_id: str = ""

    @property
    def ok(self) -> bool:
        """Whether the sub-request as a whole succeeded (rows of a collection may still have failed)."""
        return 200 <= self.status < 300

    @property
    def errors(self) -> tuple[ApiError, ...]:
        """The entries of the error body; empty when it succeeded."""
        return () if self.ok else ApiError.list_from_json(self.body)

    @property
    def remedy(self) -> Remedy:
        """What to do about a failure."""
        return answers.decisive(self.status, self.errors)[1].remedy

    def error(self, what: str) -> SalesforceError:
        """The failure as an exception.

        Args:
            what: What was asked for, to begin the message with.
        """
        return answers.refusal(what, self.status, self.errors)


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one record of a collection, in the order they were sent.

    Attributes:
        id: 18-character Id; empty when the row failed.
        success: Whether it was written.
        created: True when created, False when updated, None where Salesforce does not say (update, delete).
        errors: Why not; the first entry is the one to act on.
    """

    id: str
    success: bool
    created: bool | None = None
    errors: tuple[ApiError, ...] = ()

    @property
    def remedy(self) -> Remedy:
        """What to do about a failed row."""
        first = next(iter(self.errors), ApiError("", ""))
        return remedy_for(0, first.code, first.message)


def query(session: Session, soql: str, *, all_rows: bool = False, reference_id: str = "") -> SubRequest:
    """A query as a sub-request: a long SOQL travels in the request body, beyond the limit on URLs.

    Args:
        session: Knows the API version.
        soql: The query, not encoded.
        all_rows: Whether deleted and archived rows are wanted too (queryAll).
        reference_id: See SubRequest.
    """
    resource = session.resource("queryAll" if all_rows else "query")
    return SubRequest(
        "GET",
        f"{resource}?{urlencode({'q': soql}, quote_via=quote)}",
        repeatable=True,
        reference_id=reference_id,
        counts_as_collection=True,
    )


def create(
    session: Session,
    records: Sequence[Mapping[str, Any]],
    *,
    all_or_none: bool = False,
    headers: Mapping[str, str] | None = None,
) -> SubRequest:
    """Create up to 200 records. Not repeatable.

    Args:
        session: Knows the API version.
        records: Each with ``attributes: {"type": ...}`` and its fields.
        all_or_none: Whether one failing record undoes all.
        headers: Headers of this sub-request alone.
    """
    return _collection("POST", session.resource("composite/sobjects"), records, all_or_none, headers)


def update(
    session: Session,
    records: Sequence[Mapping[str, Any]],
    *,
    all_or_none: bool = False,
    headers: Mapping[str, str] | None = None,
) -> SubRequest:
    """Update up to 200 records, each with ``attributes`` and ``id``; else as :func:`create`. Repeatable."""
    request = _collection("PATCH", session.resource("composite/sobjects"), records, all_or_none, headers)
    return replace(request, repeatable=True)


def upsert(
    session: Session,
    sobject: str,
    key_field: str,
    records: Sequence[Mapping[str, Any]],
    *,
    all_or_none: bool = False,
    headers: Mapping[str, str] | None = None,
) -> SubRequest:
    """Create or update up to 200 records of one object by a key field (API 46.0 and up). Repeatable.

    Args:
        session: Knows the API version.
        sobject: The object's API name.
        key_field: An external-id or idLookup field.
        records: Each with ``attributes`` and the key field; arguments otherwise as for :func:`create`.
        all_or_none: As for :func:`create`.
        headers: As for :func:`create`.
    """
    resource = session.resource(f"composite/sobjects/{quote(sobject)}/{quote(key_field)}")
    return replace(_collection("PATCH", resource, records, all_or_none, headers), repeatable=True)


def delete(
    session: Session,
    ids: Sequence[str],
    *,
    all_or_none: bool = False,
    headers: Mapping[str, str] | None = None,
) -> SubRequest:
    """Delete up to 200 records by Id; else as :func:`create`. Repeatable: ENTITY_IS_DELETED is success."""
    _check_size(len(ids))
    parameters = urlencode({"ids": ",".join(ids), "allOrNone": str(all_or_none).lower()}, safe=",")
    return SubRequest(
        "DELETE",
        f"{session.resource('composite/sobjects')}?{parameters}",
        headers=headers or {},
        repeatable=True,
        counts_as_collection=True,
    )


def _collection(
    method: str,
    url: str,
    records: Sequence[Mapping[str, Any]],
    all_or_none: bool,
    headers: Mapping[str, str] | None,
) -> SubRequest:
    _check_size(len(records))
    body = {"allOrNone": all_or_none, "records": list(records)}
    return SubRequest(method, url, body, headers or {}, counts_as_collection=True)


def _check_size(records: int) -> None:
    if not 0 < records <= MOST_RECORDS:
        raise ValueError(f"a collection holds 1 to {MOST_RECORDS} records, not {records}")


def send(
    session: Session, subrequests: Iterable[SubRequest], *, all_or_none: bool = False, collate: bool = False
) -> list[SubResponse]:
    """Send sub-requests in as few composite calls as the limits allow.

    When a later call fails the answers of the earlier ones are lost: writers send what :func:`batches`
    gives, one call at a time.

    Args:
        session: The connection.
        subrequests: In order; members that refer to each other must fit into one call.
        all_or_none: Whether one failing member undoes its whole call.
        collate: Whether Salesforce may run members out of order to save time.

    Returns:
        One answer a sub-request, in order. A failing member does not raise.

    Raises:
        ServerUnavailable: No answer; ``outcome_unknown`` when a member that is not repeatable may have
            taken effect.
        SalesforceError: A call as a whole was refused.
    """
    responses: list[SubResponse] = []
    for batch in batches(subrequests):
        body = {
            "allOrNone": all_or_none,
            "collateSubrequests": collate,
            "compositeRequest": [_member(position, each) for position, each in enumerate(batch)],
        }
        answer = session.call_json(
            "POST", "composite", json=body, repeatable=all(each.repeatable for each in batch)
        )
        responses.extend(_members(answer, len(batch)))
    return responses


def batches(subrequests: Iterable[SubRequest]) -> Iterator[list[SubRequest]]:
    """Split sub-requests, in order, into composites that keep the limits of 25 members and 5 collections."""
    batch: list[SubRequest] = []
    collections = 0
    for each in subrequests:
        full = len(batch) == MOST_SUBREQUESTS
        if full or (each.counts_as_collection and collections == MOST_QUERIES_AND_COLLECTIONS):
            yield batch
            batch, collections = [], 0
        batch.append(each)
        collections += each.counts_as_collection
    if batch:
        yield batch


def _member(position: int, request: SubRequest) -> dict[str, Any]:
    member: dict[str, Any] = {
        "method": request.method,
        "url": request.url,
        "referenceId": request.reference_id or f"member{position}",
    }
    if request.body is not None:
        member["body"] = request.body
    if request.headers:
        member["httpHeaders"] = dict(request.headers)
    return member


def _members(answer: Any, expected: int) -> list[SubResponse]:
    members = answer.get("compositeResponse") if isinstance(answer, dict) else None
    if not isinstance(members, list) or len(members) != expected:
        raise RunFailed(
            f"POST composite: {expected} answers were due, and Salesforce sent "
            f"{len(members) if isinstance(members, list) else 'something else'}."
        )
    return [_sub_response(member) for member in members]


def _sub_response(member: Any) -> SubResponse:
    status = member.get("httpStatusCode") if isinstance(member, dict) else None
    if not isinstance(status, int):
        raise RunFailed("POST composite: an answer has no status. Is a proxy changing the answers?")
    return SubResponse(
        status, member.get("body"), member.get("httpHeaders") or {}, member.get("referenceId", "")
    )


def send_alone(session: Session, subrequest: SubRequest) -> SubResponse:
    """Send one sub-request as a call of its own, without the composite around it (one API call).

    Args:
        session: The connection.
        subrequest: What to send.

    Returns:
        Its answer; a refusal that concerns just this request (400, 404, 503 after all tries) does not raise.

    Raises:
        ConfigurationError: The login or API access was refused.
        QuotaExhausted: The daily API requests are used up.
        ServerUnavailable: As for :func:`send`.
    """
    try:
        response = session.call(
            subrequest.method,
            subrequest.url,
            json=subrequest.body,
            headers=subrequest.headers,
            repeatable=subrequest.repeatable,
        )
    except ServerUnavailable as error:
        if not error.status or error.outcome_unknown:
            raise
        return SubResponse(error.status, [each.as_json() for each in error.errors])
    except (ConfigurationError, QuotaExhausted, RunFailed):
        raise
    except SalesforceError as error:
        return SubResponse(error.status, [each.as_json() for each in error.errors])
    body = answers.decode_json(response.content) if response.content else None
    return SubResponse(response.status_code, body, dict(response.headers), subrequest.reference_id)


def row_results(response: SubResponse, rows: int) -> list[RowResult]:
    """What became of each record of a collection.

    Args:
        response: The answer to :func:`create`, :func:`update`, :func:`upsert` or :func:`delete`.
        rows: How many records were sent.

    Returns:
        One result a record, in order. When the whole collection was refused every record carries that error.

    Raises:
        RunFailed: Salesforce answered for another number of records.
    """
    if not response.ok:
        return [RowResult("", success=False, errors=response.errors)] * rows
    if not isinstance(response.body, list) or len(response.body) != rows:
        raise RunFailed(f"{rows} records were sent in a collection, and Salesforce did not answer for each.")
    return [_row_result(entry) for entry in response.body]


def _row_result(entry: Any) -> RowResult:
    if not isinstance(entry, dict):
        raise RunFailed("A record's answer in a collection is no object. Is a proxy changing the answers?")
    errors = ApiError.list_from_json(entry.get("errors") or [])
    return RowResult(entry.get("id") or "", bool(entry.get("success")), entry.get("created"), errors)
