"""``/sobjects/X/updated`` and ``/deleted``: which records changed or went in a span of time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from salesforce_local_org import recycle_bin
from salesforce_local_org.api.http import ApiError, Request, Response, Router, json_response
from salesforce_local_org.api.records import find_object
from salesforce_local_org.clock import format_stamp
from salesforce_local_org.tables import quoted

if TYPE_CHECKING:
    from salesforce_local_org.schema import SObject

router = Router()

_LONGEST_UPDATED, _LONGEST_DELETED = timedelta(days=30), timedelta(days=recycle_bin.DAYS_IN_BIN)
_MOST_IDS = 600_000
_SHORTEST = timedelta(minutes=1)
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(:\d{2})?(?:\.\d+)?(Z|[+\- ]\d{2}:?\d{2})", re.IGNORECASE
)
_KEYS = ("SystemModstamp", "LastModifiedDate", "CreatedDate")


@router.route("GET", "/services/data/v{version}/sobjects/{sobject}/updated")
def updated(request: Request) -> Response:
    """The ids of records changed between ``start`` and ``end``, minutes, both included; 30 days at most."""
    sobject = _replicateable(request)
    start, end = _span(request, _LONGEST_UPDATED)
    key = next((name for name in _KEYS if sobject.field(name)), None)
    found: list[str] = []
    if key:
        alive = ' AND "IsDeleted" = 0' if sobject.soft_deletes else ""
        with request.org.store.lock:
            rows = request.org.store.connection.execute(
                f"SELECT Id FROM {quoted(sobject.name)}"  # noqa: S608
                f" WHERE {key} BETWEEN ? AND ?{alive} ORDER BY {key}, Id LIMIT ?",
                (format_stamp(start), format_stamp(end), _MOST_IDS + 1),
            ).fetchall()
        found = [record_id for (record_id,) in rows]
    _check_count(found)
    return json_response({"ids": found, "latestDateCovered": _wire(_latest_covered(request, end))})


@router.route("GET", "/services/data/v{version}/sobjects/{sobject}/deleted")
def deleted(request: Request) -> Response:
    """The records deleted between ``start`` and ``end``, minutes, both included; 15 days back at most."""
    sobject = _replicateable(request)
    start, end = _span(request, _LONGEST_DELETED)
    store = request.org.store
    earliest = (request.org.clock.now() - _LONGEST_DELETED).replace(second=0)
    if start < earliest:
        raise ApiError(400, "INVALID_REPLICATION_DATE", "startDate is before the earliest date available")
    with store.lock:
        rows = recycle_bin.deletions(store, sobject, format_stamp(start), format_stamp(end))
    _check_count(rows)
    return json_response(
        {
            "deletedRecords": [
                {"id": record_id, "deletedDate": stamp.replace("Z", "+0000")} for record_id, stamp in rows
            ],
            "earliestDateAvailable": _wire(earliest),
            "latestDateCovered": _wire(_latest_covered(request, end)),
        }
    )


def _replicateable(request: Request) -> SObject:
    sobject = find_object(request)
    if not sobject.replicateable:
        raise ApiError(
            400, "INVALID_TYPE_FOR_OPERATION", f"entity type {sobject.name} does not support replication"
        )
    return sobject


def _span(request: Request, longest: timedelta) -> tuple[datetime, datetime]:
    start, end = _minute(request, "start"), _minute(request, "end")
    if end - start <= _SHORTEST:
        raise ApiError(
            400, "INVALID_REPLICATION_DATE", "endDate must be more than one minute after startDate"
        )
    if end - start > longest:
        raise ApiError(
            400, "INVALID_REPLICATION_DATE", f"startDate and endDate are over {longest.days} days apart"
        )
    return start, end


def _minute(request: Request, name: str) -> datetime:
    """A date-time parameter; seconds are ignored, and a raw ``+`` that has become a space is taken back."""
    found = _MOMENT.fullmatch(request.query.get(name, ""))
    if found is None:
        raise ApiError(
            400, "INVALID_FIELD", f"{name}: a date and time is needed, such as 2026-01-31T00:00:00Z"
        )
    day, minute, _, offset = found.groups()
    offset = "+0000" if offset in "Zz" else offset.replace(" ", "+").replace(":", "")
    try:
        return datetime.strptime(f"{day}T{minute}{offset}", "%Y-%m-%dT%H:%M%z").astimezone(timezone.utc)
    except (ValueError, OverflowError) as error:
        raise ApiError(400, "INVALID_FIELD", f"{name}: not a date and time") from error


def _latest_covered(request: Request, end: datetime) -> datetime:
    """The next span's start: the end, or now where that is still to come, or where a transaction is open."""
    org = request.org
    return org.long_transactions.covered_until(min(end, org.clock.now())).replace(second=0)


def _check_count(rows: list[str] | list[tuple[str, str]]) -> None:
    if len(rows) > _MOST_IDS:
        raise ApiError(400, "EXCEEDED_ID_LIMIT", f"exceeded the limit of {_MOST_IDS} ids")


def _wire(moment: datetime) -> str:
    return format_stamp(moment).replace("Z", "+0000")
