"""What campaigns, products and opportunities come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesforce_local_org.derived.rule import Row, Rule, status_row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from salesforce_local_org.store import Store

_FORECAST_CATEGORIES = {
    "Omitted": "Omitted",
    "Pipeline": "Pipeline",
    "Best Case": "BestCase",
    "Commit": "Forecast",
    "Closed": "Closed",
}

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


def _opportunity(store: Store, row: Row, given: Mapping[str, Any]) -> Row:
    stage = status_row(store, "OpportunityStage", row["StageName"])
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


RULES = {
    "Opportunity": Rule(
        frozenset({"StageName", "Probability", "Amount", "CloseDate", "ForecastCategoryName"}),
        _opportunity,
        only_when_changed=frozenset({"StageName"}),
    ),
    "Campaign": Rule(frozenset(), _campaign),
    "CampaignMember": Rule(frozenset({"Status", "LeadId", "ContactId"}), _campaign_member),
    "PricebookEntry": Rule(frozenset({"Product2Id"}), _pricebook_entry),
    "OpportunityLineItem": Rule(frozenset({"Quantity", "UnitPrice", "TotalPrice"}), _line_item),
}
