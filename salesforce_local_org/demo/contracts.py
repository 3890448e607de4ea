"""What customers signed and what they owe: contracts and the custom object Invoice__c."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from salesforce_local_org.demo.accounts import address, remark
from salesforce_local_org.demo.words import PLACES

if TYPE_CHECKING:
    from salesforce_local_org.demo.company import Company, Row

CONTRACTS = 50
INVOICES = 150

_STATUSES = ("Draft", "In Approval Process", "Activated", "Activated", "Activated")


def contracts(company: Company) -> None:
    """Contracts of customers who won us, and their invoices."""
    for number in range(CONTRACTS):
        _contract(company, deleted=number % 25 == 24)
    for number in range(INVOICES):
        _invoice(company, deleted=number % 40 == 39)


def _contract(company: Company, *, deleted: bool) -> Row:
    account = company.pick(company.living("Account"))
    life = company.life(account["CreatedDate"], deleted=deleted)
    status = company.pick(_STATUSES)
    start, months = life.created.date() + timedelta(days=14), company.pick((6, 12, 12, 24, 36))
    signatories = [row["Id"] for row in company.living("Contact") if row["AccountId"] == account["Id"]]
    activated = status == "Activated"
    return company.add(
        "Contract",
        life,
        AccountId=account["Id"],
        OwnerId=account["OwnerId"],
        Status=status,
        StartDate=start,
        ContractTerm=months,
        OwnerExpirationNotice=company.pick(("15", "30", "60", None)),
        **address(company.pick(PLACES), "Billing", company.dice.randint(1, 400)),
        CompanySignedId=account["OwnerId"] if activated else None,
        CompanySignedDate=start if activated else None,
        CustomerSignedId=company.pick(signatories) if activated and signatories else None,
        CustomerSignedDate=start if activated else None,
        CustomerSignedTitle="Director" if activated else None,
        ActivatedById=account["OwnerId"] if activated else None,
        ActivatedDate=life.modified if activated else None,
        SpecialTerms=remark(company, 0.3),
    )


def _invoice(company: Company, *, deleted: bool) -> Row:
    account, place = company.pick(company.living("Account")), company.pick(PLACES)
    life = company.life(account["CreatedDate"], deleted=deleted)
    due = life.created.date() + timedelta(days=30)
    status = company.pick(("Paid", "Paid", "Paid", "Sent", "Draft", "Written Off"))
    paid = life.created + timedelta(days=company.dice.randint(1, 30))
    if paid > life.modified:
        status, paid = ("Sent" if status == "Paid" else status), life.modified
    placed = company.chance(0.5)
    return company.add(
        "Invoice__c",
        life,
        Account__c=account["Id"],
        Amount__c=company.pick((0.01, -49.9, 1_000_000.0)) if company.chance(0.05) else _amount(company),
        DueDate__c=due if status != "Draft" else None,
        PaidAt__c=paid if status == "Paid" else None,
        Status__c=status,
        Location__Latitude__s=place.latitude if placed else None,
        Location__Longitude__s=place.longitude if placed else None,
        Memo__c=remark(company),
    )


def _amount(company: Company) -> float:
    return round(company.dice.uniform(20, 25_000), 2)
