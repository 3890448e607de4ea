"""Which records were removed for good: the org's log of deletes (``getDeleted``), 25 objects an API call.

A soft-deleted row needs none of this: ``queryAll`` still shows it, with IsDeleted. Source: REST API Developer
Guide, "sObject Get Deleted": minutes only, 15 days back at most, replicateable objects only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from salesforce_seg import composite, soql
from salesforce_seg.composite import SubRequest
from salesforce_seg.errors import Remedy
from salesforce_seg.read_values import datetime_value
from tap_salesforce_seg.replication import format_moment, parse_moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from salesforce_seg.composite import SubResponse
    from salesforce_seg.describe import SObjectDescribe
    from salesforce_seg.session import Session

DELETION_COLUMNS = frozenset({"is_deleted", "IsDeleted", "_sdc_deleted_at"})
"""What a record that was removed for good still tells, beside its Id."""

LOG_REACHES_BACK = timedelta(days=15)
SHORTEST_SPAN = timedelta(minutes=2)
_MINUTE = timedelta(minutes=1)

IDS_A_QUERY = 2000


@dataclass(slots=True)
class Deletions:
    """What the log says of one object.

    Attributes:
        deleted_at: When each record was deleted (``...sssZ``), by Id.
        covered_until: Where the oldest transaction began that is not committed yet (``latestDateCovered``, to
            the minute): rows stamped later may still appear. None if there is none.
        gap: Why deletes may be missing from it, as a sentence; the empty string if they are not.
    """

    deleted_at: dict[str, str] = field(default_factory=dict)
    covered_until: datetime | None = None
    gap: str = ""


def can_be_deleted(sobject: SObjectDescribe) -> bool:
    """Whether an object's records can be deleted through the API."""
    return sobject.deletable or sobject.field("IsDeleted") is not None


def are_logged(sobject: SObjectDescribe) -> bool:
    """Whether the org logs an object's deletes.

    A history object's log holds the deletes of all history objects, so it tells nothing of one of them.
    """
    return sobject.replicateable and can_be_deleted(sobject) and not sobject.name.endswith("History")


def read_log(session: Session, since: Mapping[str, datetime | None], now: datetime) -> dict[str, Deletions]:
    """Ask for the deletes of several objects, and up to when nothing is to be committed any more.

    Args:
        session: The connection to the org.
        since: By object, from when on deletes matter; None if they do not.
        now: The server's time when the run began: until then.

    Returns:
        The answers by object.

    Raises:
        ServerUnavailable: Salesforce does not answer.
    """
    end = now.replace(second=0, microsecond=0)
    starts = {sobject: _start(start, end) for sobject, start in since.items()}
    questions = [_question(session, each, start, end) for each, start in starts.items()]
    found = {}
    for (sobject, start), answer in zip(since.items(), composite.send(session, questions), strict=True):
        final, gap = answer, _gap_before(start, starts[sobject])
        if _may_pass(answer):
            final = composite.send_alone(session, _question(session, sobject, starts[sobject], end))
        if not final.ok and start is not None:
            gap = f"{final.error('Reading the log of deletes')} Records removed for good may be missed."
            final = composite.send_alone(session, _question(session, sobject, end - SHORTEST_SPAN, end))
        found[sobject] = (
            _deletions(final, end, gap, wanted=start is not None) if final.ok else Deletions(gap=gap)
        )
    return found


def _may_pass(answer: SubResponse) -> bool:
    return not answer.ok and answer.remedy is Remedy.RETRY


def _start(start: datetime | None, end: datetime) -> datetime:
    if start is None:
        return end - SHORTEST_SPAN
    reach = end - LOG_REACHES_BACK + _MINUTE
    return min(max(start.replace(second=0, microsecond=0), reach), end - SHORTEST_SPAN)


def _gap_before(wanted: datetime | None, asked: datetime) -> str:
    if wanted is None or asked <= wanted:
        return ""
    return (
        "the last sync is older than the org's log of deletes: records removed for good between "
        f"{format_moment(wanted)} and {format_moment(asked)} are not seen by it."
    )


def _question(session: Session, sobject: str, start: datetime, end: datetime) -> SubRequest:
    span = urlencode({"start": format_moment(start), "end": format_moment(end)})
    return SubRequest("GET", f"{session.resource(f'sobjects/{sobject}/deleted')}?{span}", repeatable=True)


def _deletions(answer: SubResponse, end: datetime, gap: str, *, wanted: bool) -> Deletions:
    records = answer.body.get("deletedRecords") or [] if wanted else []
    covered = parse_moment(answer.body["latestDateCovered"])
    return Deletions(
        {each["id"]: str(datetime_value(each["deletedDate"])) for each in records},
        covered if covered < end else None,
        gap,
    )


def still_there(session: Session, sobject: str, ids: Iterable[str]) -> set[str]:
    """Those of the ids that a query still finds, be it in the recycle bin; ten thousand ids an API call.

    Raises:
        SalesforceError: The query was refused.
    """
    queries = [
        composite.query(session, soql.select(["Id"], sobject, where=where), all_rows=True)
        for _, where in soql.isin_batches("Id", ids, most=IDS_A_QUERY)
    ]
    found: set[str] = set()
    for answer in composite.send(session, queries):
        if not answer.ok:
            raise answer.error(f"Looking for deleted records of {sobject}")
        found |= {row["Id"] for row in answer.body["records"]}
    return found
