"""Tasks and events: when they are, and whose."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from salesforce_local_org.clock import format_stamp
from salesforce_local_org.derived.rule import Row, Rule, status_row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from salesforce_local_org.store import Store


def _task(store: Store, row: Row, _given: Mapping[str, Any]) -> Row:
    status = status_row(store, "TaskStatus", row["Status"])
    closed = int(bool(status and status["IsClosed"]))
    return {
        "IsClosed": closed,
        "IsHighPriority": int(row["Priority"] == "High"),
        "CompletedDateTime": (row["CompletedDateTime"] or store.clock.stamp()) if closed else None,
        "AccountId": _activity_account(store, row),
    }


def _event(store: Store, row: Row, given: Mapping[str, Any]) -> Row:
    values: Row = {"AccountId": _activity_account(store, row)}
    start = given.get("StartDateTime") or given.get("ActivityDateTime") or row["StartDateTime"]
    if row["IsAllDayEvent"] and row["ActivityDate"]:
        start = f"{row['ActivityDate']}T00:00:00.000Z"
    if not start:
        return values
    begin = _moment(start)
    end = _later(begin, row["DurationInMinutes"] or 0)
    if given.get("EndDateTime") and given.get("DurationInMinutes") is None:
        end = max(begin, _moment(given["EndDateTime"]))
    return values | {
        "StartDateTime": start,
        "ActivityDateTime": start,
        "ActivityDate": start[:10],
        "EndDateTime": format_stamp(end),
        "EndDate": format_stamp(end)[:10],
        "DurationInMinutes": int((end - begin).total_seconds() // 60),
    }


def _later(begin: datetime, minutes: int) -> datetime:
    try:
        return begin + timedelta(minutes=minutes)
    except OverflowError:
        return begin


def _moment(stamp: str) -> datetime:
    return datetime.strptime(stamp[:19] + "+0000", "%Y-%m-%dT%H:%M:%S%z")


def _activity_account(store: Store, row: Row) -> str | None:
    for lookup in ("WhatId", "WhoId"):
        target = store.schema.by_prefix(row[lookup]) if row[lookup] else None
        if target is None:
            continue
        if target.name == "Account":
            return str(row[lookup])
        if target.name in {"Contact", "Opportunity", "Contract", "Case"}:
            found = store.get(target, row[lookup])
            if found and found["AccountId"]:
                return str(found["AccountId"])
    return None


RULES = {
    "Task": Rule(frozenset({"Status", "Priority", "WhatId", "WhoId"}), _task),
    "Event": Rule(
        frozenset(
            {
                "WhatId",
                "WhoId",
                "StartDateTime",
                "ActivityDateTime",
                "ActivityDate",
                "EndDateTime",
                "DurationInMinutes",
                "IsAllDayEvent",
            }
        ),
        _event,
    ),
}
