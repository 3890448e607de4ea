"""Several requests in one API call: composite, and sObject collections of up to 200 records.

Source: REST API Developer Guide, "Composite Resources"; what each costs: "Composite" counts as one call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from salesforce_seg.errors import ApiError, Remedy, SalesforceError, remedy_for

if TYPE_CHECKING:
    from collections.abc import Iterable

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
        return self.status < 300

    @property
    def errors(self) -> tuple[ApiError, ...]:
        """The entries of the error body; empty when it succeeded."""
        return () if self.ok else ApiError.list_from_json(self.body)

    @property
    def remedy(self) -> Remedy:
        """What to do about a failure."""
        first = next(iter(self.errors), ApiError("", ""))
        return remedy_for(self.status, first.code, first.message)

    def error(self, what: str) -> SalesforceError:
        """The failure as an exception; ``what`` names what was asked for, for the message."""
        raise NotImplementedError


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
    raise NotImplementedError


def create(session: Session, records: Sequence[Mapping[str, Any]], **options: Any) -> SubRequest:
    """Create up to 200 records; each holds ``attributes: {"type": ...}``.

    ``options``: ``all_or_none`` (False), ``headers``, ``reference_id``. Not repeatable.
    """
    raise NotImplementedError


def update(session: Session, records: Sequence[Mapping[str, Any]], **options: Any) -> SubRequest:
    """Update up to 200 records; each holds ``attributes`` and ``id``. Options as for :func:`create`. Repeatable."""
    raise NotImplementedError


def upsert(
    session: Session, sobject: str, key_field: str, records: Sequence[Mapping[str, Any]], **options: Any
) -> SubRequest:
    """Create or update up to 200 records of one object by a key field. Options as for :func:`create`. Repeatable."""
    raise NotImplementedError


def delete(session: Session, ids: Sequence[str], **options: Any) -> SubRequest:
    """Delete up to 200 records by Id. Options as for :func:`create`. Repeatable."""
    raise NotImplementedError


def send(
    session: Session, subrequests: Iterable[SubRequest], *, all_or_none: bool = False, collate: bool = False
) -> list[SubResponse]:
    """Send sub-requests in as few composite calls as the limits allow (25 members, 5 queries and collections a call).

    Args:
        session: The connection.
        subrequests: In order; members that refer to each other must fit into one call.
        all_or_none: Whether one failing member undoes its whole call.
        collate: Whether Salesforce may run members out of order to save time.

    Returns:
        One answer a sub-request, in order. A failing member does not raise.

    Raises:
        ServerUnavailable: No answer; ``outcome_unknown`` when a member was a create that may have taken effect.
        SalesforceError: A call as a whole was refused.
    """
    raise NotImplementedError


def send_alone(session: Session, subrequest: SubRequest) -> SubResponse:
    """Send one sub-request as a call of its own, without the composite around it (one API call).

    Returns:
        Its answer; a refusal that concerns just this request (400, 404 ...) does not raise.
    """
    raise NotImplementedError


def row_results(response: SubResponse, rows: int) -> list[RowResult]:
    """What became of each record of a collection.

    Args:
        response: The answer to :func:`create`, :func:`update`, :func:`upsert` or :func:`delete`.
        rows: How many records were sent.

    Returns:
        One result a record, in order. When the whole collection was refused every record carries that error.
    """
    raise NotImplementedError
