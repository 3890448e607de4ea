"""Customers and prospects: accounts, their contacts, and who decides what."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from salesforce_local_org.demo.texts import HOSTILE_NAMES, HOSTILE_TEXTS, REMARKS
from salesforce_local_org.demo.words import (
    COMPANY_KINDS,
    COMPANY_STEMS,
    DEPARTMENTS,
    FIRST_NAMES,
    LAST_NAMES,
    PLACES,
    TITLES,
)

if TYPE_CHECKING:
    from salesforce_local_org.demo.company import Company, Row
    from salesforce_local_org.demo.words import Place

ACCOUNTS = 112
CONTACTS = 380
ACCOUNT_CONTACT_ROLES = 70

SALUTATIONS = ("Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", None, None, None)
SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other", None)
CONTACT_ROLES = (
    "Business User",
    "Decision Maker",
    "Economic Buyer",
    "Evaluator",
    "Executive Sponsor",
    "Influencer",
)
_TYPES = (
    "Prospect",
    "Customer - Direct",
    "Customer - Direct",
    "Customer - Channel",
    "Technology Partner",
    "Other",
    None,
)
_REGIONS = ("AMER", "EMEA", "APAC", "LATAM")
_REVENUES = (None, 250_000.0, 1_300_000.0, 4_800_000.0, 22_000_000.0, 75_000_000.0, 1_250_000_000.0)
_ODD_REVENUES = (0.0, 1.0, -12_500.0, 999_999_999_999_999.0)
_EMPLOYEES = (None, 7, 42, 130, 480, 2_300, 12_500)
_ODD_EMPLOYEES = (0, 1, 99_999_999)
_ODD = 0.08


def accounts(company: Company) -> None:
    """Accounts with parents, and the contacts who work there; some deleted, some merged away."""
    for _ in range(ACCOUNTS):
        _account(company)
    _groups_of_companies(company)
    for _ in range(CONTACTS):
        _contact(company)
    _reporting_lines(company)
    _account_contact_roles(company)
    _merged(company)


def address(place: Place, prefix: str, number: int) -> Row:
    """The parts of a Salesforce address field, by the field names of that prefix."""
    return {
        f"{prefix}Street": place.street.format(n=number),
        f"{prefix}City": place.city,
        f"{prefix}State": place.state,
        f"{prefix}PostalCode": place.postal_code,
        f"{prefix}Country": place.country,
    }


def location(company: Company, place: Place, prefix: str) -> Row:
    """Where that address is on the map, for the few addresses somebody geocoded."""
    return {
        f"{prefix}Latitude": round(place.latitude + company.dice.uniform(-0.1, 0.1), 15),
        f"{prefix}Longitude": round(place.longitude + company.dice.uniform(-0.1, 0.1), 15),
        f"{prefix}GeocodeAccuracy": company.pick(("Address", "Street", "Zip", "City")),
    }


def remark(company: Company, hostile: float = 0.08) -> str | None:
    """What somebody typed into a text box: mostly nothing, mostly harmless."""
    if company.chance(hostile):
        return company.pick(HOSTILE_TEXTS)
    return company.pick(REMARKS) if company.chance(0.4) else None


def ascii_name(name: str) -> str:
    """A name as e-mail addresses write it: lower case, without accents, blanks and apostrophes."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in plain if letter.isascii() and letter not in " '")


def person(company: Company) -> Row:
    """A name and the e-mail address that goes with it; the serial number makes it one of a kind."""
    first, last = company.pick(FIRST_NAMES), company.pick(LAST_NAMES)
    serial = company.serial("person")
    domain = "example.org" if serial % 5 == 0 else "example.com"
    mailbox = "".join(
        letter for letter in f"{first}.{last}".lower() if letter.isascii() and letter not in " '"
    )
    return {
        "Salutation": company.pick(SALUTATIONS),
        "FirstName": first,
        "LastName": last,
        "Email": f"{mailbox}.{serial}@{domain}",
    }


def _account_name(company: Company, industry: str, serial: int) -> str:
    if serial % 6 == 3 and serial // 6 < len(HOSTILE_NAMES):
        return HOSTILE_NAMES[serial // 6]
    stem = COMPANY_STEMS[serial % len(COMPANY_STEMS)]
    return f"{stem} {company.pick(COMPANY_KINDS[industry])}"


def _account(company: Company) -> Row:
    serial = company.serial("account")
    place, industry = company.pick(PLACES), company.pick(tuple(COMPANY_KINDS))
    life = company.life(deleted=serial % 40 == 0)
    row = company.add(
        "Account",
        life,
        Name=_account_name(company, industry, serial),
        AccountNumber=f"LF-{10_000 + serial}" if serial % 9 else None,
        Type=company.pick(_TYPES),
        Industry=industry if company.chance(0.9) else None,
        **address(place, "Billing", company.dice.randint(1, 400)),
        Phone=company.phone(place.area_code),
        Fax=company.phone(place.area_code) if company.chance(0.3) else None,
        Website=f"https://www.example.org/{serial}" if company.chance(0.7) else None,
        AnnualRevenue=company.pick(_ODD_REVENUES if company.chance(_ODD) else _REVENUES),
        NumberOfEmployees=company.pick(_ODD_EMPLOYEES if company.chance(_ODD) else _EMPLOYEES),
        Ownership=company.pick(("Public", "Private", "Subsidiary", "Other", None)),
        Rating=company.pick(("Hot", "Warm", "Cold", None)),
        AccountSource=company.pick(SOURCES),
        TickerSymbol=f"LK{serial}" if company.chance(0.1) else None,
        Sic=f"{company.dice.randint(0, 9999):04d}" if company.chance(0.4) else None,
        Site="HQ" if company.chance(0.2) else None,
        Description=remark(company, 0.25),
        Tier__c=company.pick(("Gold", "Silver", "Bronze", None)),
        Health__c=round(company.dice.uniform(0, 100), 2) if company.chance(0.8) else None,
        Region__c=";".join(sorted({place.region, company.pick(_REGIONS)})) if company.chance(0.8) else None,
        Contract_Renewal__c=company.day(-100, 300) if company.chance(0.4) else None,
    )
    if company.chance(0.35):
        row |= address(company.pick(PLACES), "Shipping", company.dice.randint(1, 400))
    if company.chance(0.25):
        row |= location(company, place, "Billing")
    return row


def _groups_of_companies(company: Company) -> None:
    living = company.living("Account")
    for child, parent in zip(living[40:60], living[:10] * 2, strict=True):
        child["ParentId"] = parent["Id"]


def _contact(company: Company) -> Row:
    account = company.pick(company.living("Account")) if company.chance(0.95) else None
    serial, place = company.serial("contact"), company.pick(PLACES)
    values = person(company)
    if serial % 50 == 1:
        values |= {"Email": None, "FirstName": None, "Salutation": None}
    row = company.add(
        "Contact",
        company.life(account["CreatedDate"] if account else None, deleted=serial % 45 == 0),
        **values,
        AccountId=account["Id"] if account else None,
        OwnerId=account["OwnerId"] if account and company.chance(0.8) else company.pick(company.sellers),
        Title=company.pick(TITLES),
        Department=company.pick(DEPARTMENTS) if company.chance(0.6) else None,
        Phone=company.phone(place.area_code),
        MobilePhone=company.phone("917") if company.chance(0.5) else None,
        **address(place, "Mailing", company.dice.randint(1, 400)),
        Birthdate=company.day(-25_000, -8_000) if company.chance(0.2) else None,
        LeadSource=company.pick(SOURCES),
        HasOptedOutOfEmail=company.chance(0.1),
        DoNotCall=company.chance(0.05),
        Description=remark(company),
        UserId__c=f"user-{serial:06d}" if company.chance(0.6) else None,
        Best_Time_To_Call__c=f"{company.dice.randint(7, 18):02d}:30:00.000Z" if company.chance(0.2) else None,
    )
    if serial % 60 == 2:
        bounced = company.moment(row["CreatedDate"], company.now)
        row |= {
            "EmailBouncedDate": bounced,
            "EmailBouncedReason": "550 5.1.1 no such user",
            "IsEmailBounced": True,
        }
    return row


def _reporting_lines(company: Company) -> None:
    boss: dict[object, object] = {}
    for contact in company.living("Contact"):
        account = contact["AccountId"]
        if account in boss and company.chance(0.5):
            contact["ReportsToId"] = boss[account]
        elif account:
            boss.setdefault(account, contact["Id"])


def _account_contact_roles(company: Company) -> None:
    employed = [contact for contact in company.living("Contact") if contact["AccountId"]]
    led: set[object] = set()
    for number, contact in enumerate(company.dice.sample(employed, ACCOUNT_CONTACT_ROLES)):
        company.add(
            "AccountContactRole",
            company.life(contact["CreatedDate"], deleted=number % 30 == 29),
            AccountId=contact["AccountId"],
            ContactId=contact["Id"],
            Role=company.pick(CONTACT_ROLES),
            IsPrimary=contact["AccountId"] not in led,
        )
        led.add(contact["AccountId"])


def _merged(company: Company) -> None:
    """Two accounts and three contacts that were merged into others: deleted, pointing at the winner."""
    for sobject, losers in (("Account", 2), ("Contact", 3)):
        for winner in company.living(sobject)[10 : 10 + losers]:
            company.add(
                sobject,
                company.life(winner["CreatedDate"], deleted=True),
                **{
                    name: winner[name]
                    for name in ("Name", "LastName", "Phone", "AccountId")
                    if name in winner
                },
                MasterRecordId=winner["Id"],
            )
