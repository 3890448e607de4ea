"""People who may become customers: leads of every status, and those who were converted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from salesforce_local_org.demo.accounts import SOURCES, address, location, person, remark
from salesforce_local_org.demo.company import HISTORY
from salesforce_local_org.demo.words import COMPANY_KINDS, COMPANY_STEMS, PLACES, TITLES

if TYPE_CHECKING:
    from salesforce_local_org.demo.company import Company, Row

LEADS = 230
CONVERTED = 50

_STATUSES = ("Open - Not Contacted", "Open - Not Contacted", "Working - Contacted", "Closed - Not Converted")


def leads(company: Company) -> None:
    """Leads, converted leads, deleted leads, and leads merged into others."""
    for number in range(LEADS):
        _lead(company, deleted=number % 30 == 29)
    _merged(company)
    with_email = [row for row in company.living("Contact") if row["Email"] and row["AccountId"]]
    for contact in company.dice.sample(with_email, CONVERTED):
        converted(company, contact)


def _lead(company: Company, *, deleted: bool) -> Row:
    place, industry = company.pick(PLACES), company.pick(tuple(COMPANY_KINDS))
    queued = company.chance(0.15)
    row = company.add(
        "Lead",
        company.life(deleted=deleted),
        **person(company),
        Title=company.pick(TITLES) if company.chance(0.7) else None,
        Company=f"{company.pick(COMPANY_STEMS)} {company.pick(COMPANY_KINDS[industry])}",
        OwnerId=company.queues[0] if queued else company.pick(company.sellers),
        CreatedById=company.org.user_id,
        Status=company.pick(_STATUSES),
        Industry=industry if company.chance(0.6) else None,
        **address(place, "", company.dice.randint(1, 400)),
        Phone=company.phone(place.area_code) if company.chance(0.7) else None,
        Website="https://www.example.com" if company.chance(0.3) else None,
        LeadSource=company.pick(SOURCES),
        Rating=company.pick(("Hot", "Warm", "Cold", None)),
        AnnualRevenue=company.pick((None, 90_000.0, 3_500_000.0)),
        NumberOfEmployees=company.pick((None, 5, 80, 1_200)),
        IsUnreadByOwner=company.chance(0.3),
        Description=remark(company),
        Score__c=round(company.dice.uniform(0, 100), 1) if company.chance(0.7) else None,
        testProp__c=company.pick(("foo", "bar", "NA", "null", None)),
        Plan__c=company.pick(("Free", "Team", "Enterprise", None)),
        Subscribed__c=company.chance(0.4),
    )
    if company.chance(0.1):
        row |= location(company, place, "")
    if company.chance(0.05):
        row |= {"Email": None, "Phone": None}
    return row


def _merged(company: Company) -> None:
    for winner in company.living("Lead")[20:24]:
        company.add(
            "Lead",
            company.life(winner["CreatedDate"], deleted=True),
            **{name: winner[name] for name in ("LastName", "Company", "Email", "Status")},
            MasterRecordId=winner["Id"],
        )


def converted(company: Company, contact: Row) -> Row:
    """The lead a contact once was, converted to that contact, its account and one of its deals."""
    (account,) = (row for row in company.living("Account") if row["Id"] == contact["AccountId"])
    deal = next((row for row in company.living("Opportunity") if row["AccountId"] == account["Id"]), None)
    moment = contact["CreatedDate"]
    born = max(moment - timedelta(days=company.dice.randint(1, 60)), company.now - HISTORY)
    return company.add(
        "Lead",
        company.span(born, moment),
        **{
            name: contact[name] for name in ("Salutation", "FirstName", "LastName", "Email", "Title", "Phone")
        },
        Company=account["Name"],
        OwnerId=contact["OwnerId"],
        Status="Closed - Converted",
        LeadSource=contact["LeadSource"],
        IsConverted=True,
        ConvertedDate=moment.date(),
        ConvertedAccountId=account["Id"],
        ConvertedContactId=contact["Id"],
        ConvertedOpportunityId=deal["Id"] if deal and company.chance(0.7) else None,
        Score__c=round(company.dice.uniform(50, 100), 1),
        Plan__c=company.pick(("Team", "Enterprise")),
        Subscribed__c=True,
    )
