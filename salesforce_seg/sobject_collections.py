"""Up to 200 records written in one sub-request, and what became of each.

Source: REST API Developer Guide, "sObject Collections".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from salesforce_seg.answers import of_another_shape
from salesforce_seg.composite import SubRequest
from salesforce_seg.error_table import ROW, remedy_for
from salesforce_seg.errors import ApiError, Remedy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from salesforce_seg.composite import SubResponse
    from salesforce_seg.session import Session

MOST_RECORDS = 200


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
        return remedy_for(ROW, first.code, first.message)


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
        raise of_another_shape(f"{rows} records were sent in a collection, and not each has an answer.")
    return [_row_result(entry) for entry in response.body]


def _row_result(entry: Any) -> RowResult:
    if not isinstance(entry, dict):
        raise of_another_shape("A record's answer in a collection is no object.")
    errors = ApiError.list_from_json(entry.get("errors") or [])
    return RowResult(entry.get("id") or "", bool(entry.get("success")), entry.get("created"), errors)
