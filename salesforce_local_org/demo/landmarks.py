"""Records that examples and tests call by name. They are there once, whatever the scale.

================================  =====================================================================
``ada.byron@example.com``          an open lead
``grace.hopper@example.com``       a lead somebody is working on
``milton.w@example.com``           a lead converted to a contact of the account ACME-001
``twice@example.com``              two leads: one converted, one open
``duplicate@example.com``          two open leads with the same e-mail
``gone@example.com``               a deleted lead
account number ``ACME-001``        one account
account number ``DUP-001``         two accounts
account ``Everything, Inc.``       every text field as long as it may be
================================  =====================================================================
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from salesforce_local_org.demo.accounts import address, location
from salesforce_local_org.demo.leads import converted
from salesforce_local_org.demo.words import PLACES

if TYPE_CHECKING:
    from salesforce_local_org.demo.company import Company, Life, Row

_LONG_SENTENCE = (
    "Every sensor drifts; the question is how fast, which way, and who notices. Größe, naïveté, 水. "
)

_LEADS = (
    ("Ada", "Byron", "ada.byron@example.com", "Analytical Engines Ltd", "Open - Not Contacted"),
    ("Grace", "Hopper", "grace.hopper@example.com", "Compiler Works", "Working - Contacted"),
    ("Dana", "Twice", "twice@example.com", "Second Try GmbH", "Open - Not Contacted"),
    ("Chris", "Double", "duplicate@example.com", "Double Entry AG", "Open - Not Contacted"),
    ("Christina", "Double", "duplicate@example.com", "Double Entry", "Working - Contacted"),
)
_ACCOUNTS = (
    ("Acme Demo Industries", "ACME-001"),
    ("Doppelgänger Partners", "DUP-001"),
    ("Doppelgaenger Partners", "DUP-001"),
)


def landmarks(company: Company) -> None:
    """Write the records named above."""
    places = iter(PLACES * 2)
    accounts = [
        company.add(
            "Account", _life(company), Name=name, AccountNumber=number, **address(next(places), "Billing", 1)
        )
        for name, number in _ACCOUNTS
    ]
    for first, last, email, employer, status in _LEADS:
        _lead(
            company,
            _life(company),
            FirstName=first,
            LastName=last,
            Email=email,
            Company=employer,
            Status=status,
        )
    gone = company.life(deleted=True)
    _lead(
        company,
        gone,
        LastName="Gone",
        Email="gone@example.com",
        Company="Nowhere",
        Status="Open - Not Contacted",
    )
    for first, last, email in (
        ("Milton", "W.", "milton.w@example.com"),
        ("Dana", "Twice", "twice@example.com"),
    ):
        contact = company.add(
            "Contact",
            _life(company),
            FirstName=first,
            LastName=last,
            Email=email,
            AccountId=accounts[0]["Id"],
            Phone=company.phone(),
            UserId__c=email.partition("@")[0],
            **dict.fromkeys(("Salutation", "Title", "LeadSource")),
        )
        converted(company, contact)
    _longest(company)


def _life(company: Company) -> Life:
    """Created at some time, changed some weeks ago: never news to an incremental reader."""
    changed = company.now - timedelta(days=30)
    return company.span(changed - timedelta(days=company.dice.randint(10, 500)), changed)


def _lead(company: Company, life: Life, **values: object) -> Row:
    return company.add("Lead", life, OwnerId=company.sellers[0], LeadSource="Web", **values)


def _longest(company: Company) -> None:
    """One account with text fields full to the last character and numbers as large and fine as they get."""
    life = _life(company)
    row = company.add(
        "Account",
        life,
        AnnualRevenue=999_999_999_999_999.0,
        NumberOfEmployees=99_999_999,
        Health__c=0.01,
        Website="https://example.com/" + "x" * 235,
    )
    sobject = company.org.schema.object("Account")
    assert sobject is not None
    for field in sobject.stored_fields():
        if field.createable and field.type in {"string", "textarea"} and field.name not in row:
            row[field.name] = _text_of(field.length)
    row |= {"Name": f"Everything, Inc. {_text_of(255)}"[:255], "AccountNumber": "EVERYTHING-" + "9" * 29}
    row |= location(company, PLACES[0], "Shipping") | {"ShippingLongitude": -0.000_000_000_000_001}


def _text_of(length: int) -> str:
    text = (_LONG_SENTENCE * (length // len(_LONG_SENTENCE) + 1))[:length]
    return text if text == text.strip() else text[:-1] + "."
