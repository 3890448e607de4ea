"""Several requests in one API call.

Source: REST API Developer Guide, "Composite": a composite counts as one call, and holds 25 sub-requests, of
which 5 may be queries or collections.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
)
from salesforce_seg.exact_json import decode_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from salesforce_seg.session import Session

MOST_SUBREQUESTS = 25
MOST_QUERIES_AND_COLLECTIONS = 5


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
        came = f"{len(members)} came" if isinstance(members, list) else "something else came"
        raise answers.of_another_shape(f"POST composite: {expected} answers were due, and {came}.")
    return [_sub_response(member) for member in members]


def _sub_response(member: Any) -> SubResponse:
    status = member.get("httpStatusCode") if isinstance(member, dict) else None
    if not isinstance(status, int):
        raise answers.of_another_shape("POST composite: an answer has no status.")
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
    body = decode_json(response.content) if response.content else None
    return SubResponse(response.status_code, body, dict(response.headers), subrequest.reference_id)
