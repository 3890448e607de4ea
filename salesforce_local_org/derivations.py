"""What follows from what in a record, object by object (Object Reference, the fields' descriptions)."""

from __future__ import annotations

import base64
import binascii
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from salesforce_local_org.catalog import TAGGED_OBJECTS
from salesforce_local_org.clock import format_stamp
from salesforce_local_org.schema import FIRST_YEAR, LAST_YEAR

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from salesforce_local_org.store import Store

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """Which fields an object's derived values hang on, and how they come about."""

    sources: frozenset[str]
    values: Callable[[Store, Row, Mapping[str, Any]], Row]
    """(store, the record as it will be, the values the writer gave) -> derived values."""
    only_when_changed: frozenset[str] = frozenset()
    """Sources that move nothing when they are written again as they were."""


def person_name(row: Mapping[str, Any]) -> str | None:
    """A person's full name: first, middle and last name and suffix; the salutation is not part of it."""
    parts = (row.get(part) for part in ("FirstName", "MiddleName", "LastName", "Suffix"))
    return " ".join(part for part in parts if part) or None


def _person(_store: Store, row: Row, _given: Mapping[str, Any]) -> Row:
    return {"Name": person_name(row), "PhotoUrl": f"/services/images/photo/{row['Id']}"}


def _account(store: Store, row: Row, given: Mapping[str, Any]) -> Row:
    photo = {"PhotoUrl": f"/services/images/photo/{row['Id']}"}
    return _person(store, row, given) if row.get("IsPersonAccount") else photo


def _user(_store: Store, row: Row, _given: Mapping[str, Any]) -> Row:
    return {"Name": person_name(row), "UserType": row["UserType"] or "Standard"}


def _status(store: Store, table: str, label: str | None) -> Row | None:
    found = store.find(table, "ApiName", label) if label else []
    return found[0] if found else None


def _opportunity(store: Store, row: Row, given: Mapping[str, Any]) -> Row:
    stage = _status(store, "OpportunityStage", row["StageName"])
    values: Row = {}
    if stage and "StageName" in given:
        values = {
            "IsClosed": stage["IsClosed"],
            "IsWon": stage["IsWon"],
            "Probability": stage["DefaultProbability"],
            "ForecastCategoryName": stage["ForecastCategoryName"],
            "ForecastCategory": stage["ForecastCategory"],
        }
    category = given.get("ForecastCategoryName")
    if category:
        values["ForecastCategory"] = _FORECAST_CATEGORIES.get(category, row["ForecastCategory"])
    probability = given.get("Probability", values.get("Probability", row["Probability"]))
    if row["Amount"] is not None and probability is not None:
        values["ExpectedRevenue"] = round(row["Amount"] * probability / 100, 2)
    else:
        values["ExpectedRevenue"] = None
    if row["CloseDate"]:
        year, month = int(row["CloseDate"][:4]), int(row["CloseDate"][5:7])
        quarter = (month + 2) // 3
        values |= {"FiscalYear": year, "FiscalQuarter": quarter, "Fiscal": f"{year} {quarter}"}
    return values


def _case(store: Store, row: Row, given: Mapping[str, Any]) -> Row:
    status = _status(store, "CaseStatus", row["Status"])
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


def _task(store: Store, row: Row, _given: Mapping[str, Any]) -> Row:
    status = _status(store, "TaskStatus", row["Status"])
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


def _contract(store: Store, row: Row, _given: Mapping[str, Any]) -> Row:
    status = _status(store, "ContractStatus", row["Status"])
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
    status = _status(store, "SolutionStatus", row["Status"])
    return {"IsReviewed": status["IsReviewed"] if status else 0, "TimesUsed": row["TimesUsed"] or 0}


def _campaign(_store: Store, row: Row, _given: Mapping[str, Any]) -> Row:
    return {field: row[field] or 0 for field in _CAMPAIGN_TOTALS}


def _campaign_member(store: Store, row: Row, _given: Mapping[str, Any]) -> Row:
    kind = "Contact" if row["ContactId"] else "Lead"
    person = store.get(kind, row[f"{kind}Id"]) if row[f"{kind}Id"] else None
    responded = int(row["Status"] == "Responded")
    values: Row = {
        "HasResponded": responded,
        "FirstRespondedDate": (row["FirstRespondedDate"] or store.clock.stamp()[:10]) if responded else None,
    }
    if person is None:
        return values
    address = "Mailing" if kind == "Contact" else ""
    values |= {field: person.get(field) for field in _MEMBER_PERSON_FIELDS}
    values |= {field: person.get(address + field) for field in _MEMBER_ADDRESS_FIELDS}
    company = person.get("Company")
    if kind == "Contact" and person["AccountId"]:
        company = (store.get("Account", person["AccountId"]) or {}).get("Name")
    return values | {
        "Type": kind,
        "LeadOrContactId": person["Id"],
        "LeadOrContactOwnerId": person["OwnerId"],
        "CompanyOrAccount": company,
    }


def _pricebook_entry(store: Store, row: Row, _given: Mapping[str, Any]) -> Row:
    product = store.get("Product2", row["Product2Id"]) if row["Product2Id"] else None
    return {"Name": product["Name"], "ProductCode": product["ProductCode"]} if product else {}


def _line_item(store: Store, row: Row, given: Mapping[str, Any]) -> Row:
    entry = store.get("PricebookEntry", row["PricebookEntryId"]) if row["PricebookEntryId"] else None
    values: Row = {}
    if entry:
        values = {field: entry[field] for field in ("Product2Id", "ProductCode")}
        opportunity = store.get("Opportunity", row["OpportunityId"]) if row["OpportunityId"] else None
        values["Name"] = f"{opportunity['Name'] if opportunity else ''} {entry['Name'] or ''}".strip()
        values["ListPrice"] = entry["UnitPrice"]
    quantity, price = row["Quantity"], given.get("UnitPrice", row["UnitPrice"])
    if quantity and given.get("TotalPrice") is not None and given.get("UnitPrice") is None:
        values["UnitPrice"] = round(given["TotalPrice"] / quantity, 2)
    elif quantity is not None and price is not None:
        values["TotalPrice"] = round(quantity * price, 2)
    return values


def _document(_store: Store, row: Row, _given: Mapping[str, Any]) -> Row:
    try:
        body = base64.b64decode(row["Body"] or "")
    except binascii.Error:
        body = b""
    return {"BodyLength": len(body)}


def _group(store: Store, _row: Row, _given: Mapping[str, Any]) -> Row:
    with store.lock:
        row = store.connection.execute("SELECT Id FROM Organization LIMIT 1").fetchone()
    return {"OwnerId": row[0] if row else store.user_id}


def _tag(store: Store, row: Row, given: Mapping[str, Any]) -> Row:
    """A tag belongs to the definition of its name and kind, which comes with the first such tag."""
    if given.get("TagDefinitionId"):
        return {}
    same_name = store.find("TagDefinition", "Name", row["Name"])
    found = next((each["Id"] for each in same_name if each["Type"] == row["Type"]), None)
    return {
        "TagDefinitionId": found or store.insert("TagDefinition", {"Name": row["Name"], "Type": row["Type"]})
    }


def _moment(stamp: str) -> datetime:
    return datetime.strptime(stamp[:19] + "+0000", "%Y-%m-%dT%H:%M:%S%z")


_FORECAST_CATEGORIES = {
    "Omitted": "Omitted",
    "Pipeline": "Pipeline",
    "Best Case": "BestCase",
    "Commit": "Forecast",
    "Closed": "Closed",
}
_CASE_CONTACT_FIELDS = {"Phone": "Phone", "Mobile": "MobilePhone", "Email": "Email", "Fax": "Fax"}
_CAMPAIGN_TOTALS = (
    "NumberOfLeads",
    "NumberOfConvertedLeads",
    "NumberOfContacts",
    "NumberOfResponses",
    "NumberOfOpportunities",
    "NumberOfWonOpportunities",
    "AmountAllOpportunities",
    "AmountWonOpportunities",
)
_MEMBER_PERSON_FIELDS = (
    "Salutation",
    "Name",
    "FirstName",
    "LastName",
    "Title",
    "Email",
    "Phone",
    "Fax",
    "MobilePhone",
    "Description",
    "LeadSource",
)
_MEMBER_ADDRESS_FIELDS = ("Street", "City", "State", "PostalCode", "Country")
_NAME_PARTS = frozenset({"FirstName", "MiddleName", "LastName", "Suffix"})

RULES = {
    "Lead": Rule(_NAME_PARTS, _person),
    "Contact": Rule(_NAME_PARTS, _person),
    "Account": Rule(_NAME_PARTS, _account),
    "User": Rule(_NAME_PARTS, _user),
    "Opportunity": Rule(
        frozenset({"StageName", "Probability", "Amount", "CloseDate", "ForecastCategoryName"}),
        _opportunity,
        only_when_changed=frozenset({"StageName"}),
    ),
    "Case": Rule(frozenset({"Status", "ContactId"}), _case),
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
    "Contract": Rule(frozenset({"Status", "StartDate", "ContractTerm"}), _contract),
    "Solution": Rule(frozenset({"Status"}), _solution),
    "Campaign": Rule(frozenset(), _campaign),
    "CampaignMember": Rule(frozenset({"Status", "LeadId", "ContactId"}), _campaign_member),
    "PricebookEntry": Rule(frozenset({"Product2Id"}), _pricebook_entry),
    "OpportunityLineItem": Rule(frozenset({"Quantity", "UnitPrice", "TotalPrice"}), _line_item),
    "Document": Rule(frozenset({"Body"}), _document),
    "Group": Rule(frozenset(), _group),
}
RULES |= {f"{tagged}Tag": Rule(frozenset(), _tag) for tagged in TAGGED_OBJECTS}
