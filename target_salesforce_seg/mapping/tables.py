"""Which trait becomes which standard field. The first trait of a line that says something wins.

Sources: Segment's "Salesforce Destination" page (both example payloads), the trait accessors of Segment's
facade library, and for the other fields RudderStack's Salesforce mapping. Trait names are compared without
case, spaces and underscores, as both of Segment's spellings (camel case and snake case) are allowed by its
spec.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from target_salesforce_seg.paths import normalised

if TYPE_CHECKING:
    from collections.abc import Mapping

_ADDRESS_PARTS = {
    "Street": ("street",),
    "City": ("city",),
    "State": ("state",),
    "PostalCode": ("postalCode", "zip"),
    "Country": ("country",),
    "StateCode": ("stateCode",),
    "CountryCode": ("countryCode",),
    "Latitude": ("latitude",),
    "Longitude": ("longitude",),
}


def address_fields(prefix: str = "") -> dict[str, tuple[str, ...]]:
    """The address fields with a prefix (``Billing``), and the traits of each: the object first, then flat."""
    return {
        prefix + part: tuple(place for name in names for place in (f"address.{name}", name))
        for part, names in _ADDRESS_PARTS.items()
    }


@dataclass(frozen=True)
class TraitTable:
    """How the traits of an event become the fields of one object.

    Attributes:
        fields: Field and the traits it is read from.
        same_named: fields that take the trait of their own name, unless the org has a custom field of that
            name.
        is_person: whether FirstName and LastName come from ``name`` too.
        takes_company: whether Company comes from a ``company`` text or object.
        placeholders: fields that Salesforce requires, and that become ``n/a``.
        reserved: traits that Segment's spec reserves and that have no standard field here: sent to their
            ``__c`` field if the org has one, else not missed.
        unsent: traits, and parts of objects, that are never sent and not missed.
    """

    fields: Mapping[str, tuple[str, ...]]
    same_named: tuple[str, ...] = ()
    is_person: bool = False
    takes_company: bool = False
    placeholders: tuple[str, ...] = ()
    reserved: tuple[str, ...] = ()
    unsent: tuple[str, ...] = ()

    @cached_property
    def reserved_names(self) -> frozenset[str]:
        """The reserved traits, normalised."""
        return frozenset(map(normalised, self.reserved))

    @cached_property
    def by_own_name(self) -> dict[str, str]:
        """The same-named fields by the normalised name of their trait."""
        return {normalised(field): field for field in self.same_named}


_USER_TRAITS = ("age", "avatar", "birthday", "createdAt", "gender", "id", "username")
_COMPANY_PARTS = ("company.id", "company.plan")
_ADDRESS_TRAITS = ("address", *(name for names in _ADDRESS_PARTS.values() for name in names))
_GROUP_TRAITS = ("avatar", "createdAt", "email", "id", "plan")

PLACEHOLDER = "n/a"
"""What Segment and RudderStack write into a required field that the event does not have."""

LEAD = TraitTable(
    fields={
        "Email": ("email",),
        "Title": ("title", "position", "jobTitle"),
        "Phone": ("phone", "phoneNumber", "phones.0"),
        "Rating": ("rating",),
        "Website": ("website", "websites.0"),
        "Description": ("description", "background"),
        "LeadSource": ("leadSource",),
        "Status": ("status",),
        "Industry": ("company.industry",),
        "NumberOfEmployees": ("company.employee_count",),
        "AnnualRevenue": ("company.annualRevenue",),
    }
    | address_fields(),
    same_named=(
        "Salutation",
        "MiddleName",
        "Suffix",
        "MobilePhone",
        "Fax",
        "Industry",
        "NumberOfEmployees",
        "AnnualRevenue",
        "HasOptedOutOfEmail",
        "HasOptedOutOfFax",
        "DoNotCall",
        "OwnerId",
        "RecordTypeId",
        "IndividualId",
        "CompanyDunsNumber",
        "CurrencyIsoCode",
        "Jigsaw",
        "GeocodeAccuracy",
        "IsUnreadByOwner",
    ),
    is_person=True,
    takes_company=True,
    placeholders=("LastName", "Company"),
    reserved=_USER_TRAITS,
    unsent=_COMPANY_PARTS,
)

CONTACT = TraitTable(
    fields={
        "Email": ("email",),
        "Title": ("title", "position", "jobTitle"),
        "Phone": ("phone", "phoneNumber", "phones.0"),
        "Description": ("description", "background"),
        "LeadSource": ("leadSource",),
        "Birthdate": ("birthday", "birthdate"),
    }
    | address_fields("Mailing"),
    same_named=(
        "Salutation",
        "MiddleName",
        "Suffix",
        "AccountId",
        "AssistantName",
        "AssistantPhone",
        "CleanStatus",
        "CurrencyIsoCode",
        "Department",
        "DoNotCall",
        "EmailBouncedDate",
        "EmailBouncedReason",
        "Fax",
        "HasOptedOutOfEmail",
        "HasOptedOutOfFax",
        "HomePhone",
        "IndividualId",
        "Jigsaw",
        "MobilePhone",
        "OtherPhone",
        "OwnerId",
        "RecordTypeId",
        "ReportsToId",
    ),
    is_person=True,
    placeholders=("LastName",),
    reserved=_USER_TRAITS,
    unsent=("company",),
)

ACCOUNT_FIELDS = {
    "Name": ("name",),
    "NumberOfEmployees": ("employees", "employeeCount"),
    "Phone": ("phone",),
    "Website": ("website",),
    "Description": ("description",),
    "Industry": ("industry",),
}

ACCOUNT_SAME_NAMED = (
    "AccountSource",
    "AnnualRevenue",
    "CurrencyIsoCode",
    "DunsNumber",
    "Fax",
    "NaicsCode",
    "NaicsDesc",
    "NumberOfEmployees",
    "OwnerId",
    "Ownership",
    "ParentId",
    "Rating",
    "RecordTypeId",
    "Sic",
    "SicDesc",
    "Site",
    "TickerSymbol",
    "Tradestyle",
    "Type",
    "YearStarted",
)


def account_table(*, billing: bool, shipping: bool) -> TraitTable:
    """The table for group events; the address goes to the billing or shipping address, both or neither."""
    addresses = (
        address_fields(prefix) for prefix, wanted in (("Billing", billing), ("Shipping", shipping)) if wanted
    )
    fields = dict(ACCOUNT_FIELDS)
    for address in addresses:
        fields |= address
    return TraitTable(
        fields,
        same_named=ACCOUNT_SAME_NAMED,
        reserved=_GROUP_TRAITS,
        unsent=() if billing or shipping else _ADDRESS_TRAITS,
    )
