"""What the status of cases, contracts and solutions says, and when contracts end."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from salesforce_local_org.derived.rule import Row, Rule, status_row
from salesforce_local_org.schema import FIRST_YEAR, LAST_YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from salesforce_local_org.store import Store

_CASE_CONTACT_FIELDS = {"Phone": "Phone", "Mobile": "MobilePhone", "Email": "Email", "Fax": "Fax"}


def _case(store: Store, row: Row, given: Mapping[str, Any]) -> Row:
    status = status_row(store, "CaseStatus", row["Status"])
    closed = int(bool(status and status["IsClosed"]))
    values: Row = {
        "IsClosed": closed,
        "ClosedDate": (row["ClosedDate"] or store.clock.stamp()) if closed else None,
    }
    if "ContactId" in given:
        contact = store.get("Contact", row["ContactId"]) if row["ContactId"] else None
        contact = contact or {}
        values |= {f"Contact{name}": contact.get(field) for name, field in _CASE_CONTACT_FIELDS.items()}
        values["AccountId"] = row["AccountId"] or contact.get("AccountId")
    return values


def _contract(store: Store, row: Row, _given: Mapping[str, Any]) -> Row:
    status = status_row(store, "ContractStatus", row["Status"])
    values: Row = {"StatusCode": status["StatusCode"] if status else "Draft"}
    if row["StartDate"] and row["ContractTerm"]:
        values["EndDate"] = _months_later(date.fromisoformat(row["StartDate"]), row["ContractTerm"])
    return values


def _months_later(start: date, months: int) -> str | None:
    """The last day of a span of whole months; None beyond what a date can be."""
    month = start.month - 1 + months
    year, month = start.year + month // 12, month % 12 + 1
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    day = min(start.day, monthrange(year, month)[1])
    return (date(year, month, day) - timedelta(days=1)).isoformat()


def _solution(store: Store, row: Row, _given: Mapping[str, Any]) -> Row:
    status = status_row(store, "SolutionStatus", row["Status"])
    return {"IsReviewed": status["IsReviewed"] if status else 0, "TimesUsed": row["TimesUsed"] or 0}


RULES = {
    "Case": Rule(frozenset({"Status", "ContactId"}), _case),
    "Contract": Rule(frozenset({"Status", "StartDate", "ContractTerm"}), _contract),
    "Solution": Rule(frozenset({"Status"}), _solution),
}
