"""Turning a lead into an account, a contact and an opportunity (SOAP API guide, "convertLead()")."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from salesforce_local_org import writes
from salesforce_local_org.rules import errors, references
from salesforce_local_org.rules.draft import Draft
from salesforce_local_org.rules.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from salesforce_local_org.org import Org
    from salesforce_local_org.schema import SObject

Row = dict[str, Any]

_ADDRESS_PARTS = ("Street", "City", "State", "PostalCode", "Country", "StateCode", "CountryCode")
_COMMON = {"Phone": "Phone", "Fax": "Fax"}

# The standard lead field mapping; fields of the lead -> fields of the record it becomes.
ACCOUNT_FIELDS = {
    "Company": "Name",
    "Website": "Website",
    "Industry": "Industry",
    "AnnualRevenue": "AnnualRevenue",
    "NumberOfEmployees": "NumberOfEmployees",
    "Rating": "Rating",
    "LeadSource": "AccountSource",
    **_COMMON,
    **{part: f"Billing{part}" for part in _ADDRESS_PARTS},
}
CONTACT_FIELDS = {
    "FirstName": "FirstName",
    "LastName": "LastName",
    "Salutation": "Salutation",
    "Title": "Title",
    "Email": "Email",
    "MobilePhone": "MobilePhone",
    "Description": "Description",
    "LeadSource": "LeadSource",
    **_COMMON,
    **{part: f"Mailing{part}" for part in _ADDRESS_PARTS},
}
OPPORTUNITY_FIELDS = {"Company": "Name", "LeadSource": "LeadSource"}

_FIRST_STAGE = "Prospecting"


@dataclass(frozen=True, slots=True)
class Conversion:
    """What ``convertLead`` is asked to do with one lead."""

    lead_id: str
    converted_status: str
    account_id: str | None = None
    contact_id: str | None = None
    owner_id: str | None = None
    opportunity_name: str | None = None
    creates_opportunity: bool = True
    overwrites_lead_source: bool = False


@dataclass(frozen=True, slots=True)
class Converted:
    """What a lead has become."""

    lead_id: str
    account_id: str | None = None
    contact_id: str | None = None
    opportunity_id: str | None = None


def convert(org: Org, wanted: Conversion, options: writes.Options) -> Converted:
    """Convert a lead. Records that it joins keep what they have, and get what they lack.

    Raises:
        RecordError: Why it cannot be; whoever calls rolls back.
    """
    lead = references.existing(org, _object(org, "Lead"), wanted.lead_id)
    if lead["IsConverted"]:
        raise errors.converted_lead()
    _check_status(org, wanted.converted_status)
    work = _Work(org, wanted, lead, _owner(org, wanted, lead, options), options)
    account_id = _account(work)
    contact_id = _contact(work, account_id)
    opportunity_id = _opportunity(work, account_id, contact_id) if wanted.creates_opportunity else None
    _move_what_hangs_on_it(org, lead["Id"], contact_id, opportunity_id or account_id)
    done = {
        "IsConverted": 1,
        "IsUnreadByOwner": 0,
        "Status": wanted.converted_status,
        "ConvertedDate": org.clock.now().date().isoformat(),
        "ConvertedAccountId": account_id,
        "ConvertedContactId": contact_id,
        "ConvertedOpportunityId": opportunity_id,
    }
    org.store.update("Lead", lead["Id"], done | {"LastModifiedById": options.user_id})
    return Converted(lead["Id"], account_id, contact_id, opportunity_id)


@dataclass(frozen=True, slots=True)
class _Work:
    """One conversion under way."""

    org: Org
    wanted: Conversion
    lead: Row
    owner: str
    options: writes.Options

    def create(self, name: str, fields: Mapping[str, str], values: Row) -> str:
        """Create a record from fields of the lead and other values."""
        sobject = _object(self.org, name)
        draft = Draft(sobject, _mapped(self.lead, fields, sobject) | values | {"OwnerId": self.owner})
        return writes.create(self.org, draft, self.options)

    def fill(self, name: str, record_id: str, fields: Mapping[str, str], values: Row) -> str:
        """Give a record what it lacks and the lead has."""
        sobject = _object(self.org, name)
        there = references.existing(self.org, sobject, record_id)
        found = _mapped(self.lead, fields, sobject) | values
        lacking = {field: value for field, value in found.items() if there.get(field) is None}
        return writes.update(self.org, Draft(sobject, lacking), there["Id"], self.options)


def _check_status(org: Org, status: str) -> None:
    found = org.store.find("LeadStatus", "MasterLabel", status) if status else []
    if not any(row["IsConverted"] for row in found):
        raise RecordError("INVALID_STATUS", f"invalid convertedStatus: {status}")


def _owner(org: Org, wanted: Conversion, lead: Row, options: writes.Options) -> str:
    """Who will own the new records: a user, never a queue."""
    if wanted.owner_id:
        return str(references.existing(org, _object(org, "User"), wanted.owner_id)["Id"])
    owner: str = lead["OwnerId"]
    return owner if org.schema.by_prefix(owner) is org.schema.object("User") else options.user_id


def _account(work: _Work) -> str:
    if work.wanted.account_id:
        return work.fill("Account", work.wanted.account_id, ACCOUNT_FIELDS, {})
    return work.create("Account", ACCOUNT_FIELDS, {})


def _contact(work: _Work, account_id: str) -> str:
    wanted = work.wanted
    if not wanted.contact_id:
        return work.create("Contact", CONTACT_FIELDS, {"AccountId": account_id})
    if not wanted.account_id:
        text = "accountId is required when contactId is specified"
        raise RecordError("REQUIRED_FIELD_MISSING", text, ["accountId"])
    there = references.existing(work.org, _object(work.org, "Contact"), wanted.contact_id)
    if there["AccountId"] not in {None, account_id}:
        text = "the contact belongs to another account"
        raise RecordError("INVALID_CROSS_REFERENCE_KEY", text, ["contactId"])
    if wanted.overwrites_lead_source:
        work.org.store.write(_object(work.org, "Contact"), there["Id"], {"LeadSource": None})
    return work.fill("Contact", there["Id"], CONTACT_FIELDS, {"AccountId": account_id})


def _opportunity(work: _Work, account_id: str, contact_id: str) -> str:
    values = {
        "AccountId": account_id,
        "StageName": _FIRST_STAGE,
        "CloseDate": _end_of_quarter(work.org.clock.now().date()).isoformat(),
    }
    if work.wanted.opportunity_name:
        values["Name"] = work.wanted.opportunity_name
    opportunity_id = work.create("Opportunity", OPPORTUNITY_FIELDS, values)
    role = {"OpportunityId": opportunity_id, "ContactId": contact_id, "IsPrimary": 1}
    work.org.store.insert("OpportunityContactRole", role)
    return opportunity_id


def _move_what_hangs_on_it(org: Org, lead_id: str, contact_id: str, what_id: str) -> None:
    """Activities go to the contact and the opportunity, campaign memberships and notes to the contact."""
    for activity in ("Task", "Event"):
        for row in org.store.find(activity, "WhoId", lead_id):
            org.store.update(activity, row["Id"], {"WhoId": contact_id, "WhatId": row["WhatId"] or what_id})
    for row in org.store.find("CampaignMember", "LeadId", lead_id):
        org.store.update("CampaignMember", row["Id"], {"ContactId": contact_id})
    for row in org.store.find("Note", "ParentId", lead_id):
        org.store.update("Note", row["Id"], {"ParentId": contact_id})


def _mapped(lead: Row, fields: Mapping[str, str], target: SObject) -> Row:
    """The lead's values under the target's field names; a text is cut to its new field's length."""
    values: Row = {}
    for source, name in fields.items():
        value, field = lead.get(source), target.field(name)
        if value is not None and field is not None:
            values[name] = value[: field.length] if isinstance(value, str) and field.length else value
    return values


def _end_of_quarter(day: date) -> date:
    month = (day.month - 1) // 3 * 3 + 4
    return date(day.year + month // 13, month % 12, 1) - timedelta(days=1)


def _object(org: Org, name: str) -> SObject:
    sobject = org.schema.object(name)
    assert sobject is not None, name
    return sobject
