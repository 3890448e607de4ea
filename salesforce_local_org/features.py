"""Features of an org that add fields to objects; values and rules of theirs are in ``rules``.

The fields are a small form of our own, after the Object Reference; no describe of such an org was at hand.
"""

from __future__ import annotations

import base64
import functools
import json
from importlib import resources
from typing import TYPE_CHECKING, Any

from salesforce_local_org.schema import Field, PicklistValue

if TYPE_CHECKING:
    from salesforce_local_org.schema import Schema, SObject

CURRENCIES = ("USD", "EUR", "GBP", "JPY")
"""The active currencies of an org with several; the first is the corporate one."""

_UNPRICED = frozenset({"Organization", "Name", "Period", "Profile", "UserLogin", "UserRole", "Group"})
_PERSON_FIELDS = (
    ("LastName", "Last Name", "string", 80),
    ("FirstName", "First Name", "string", 40),
    ("Salutation", "Salutation", "picklist", 40),
    ("PersonEmail", "Email", "email", 80),
    ("PersonMobilePhone", "Mobile", "phone", 40),
    ("PersonHomePhone", "Home Phone", "phone", 40),
    ("PersonTitle", "Title", "string", 80),
    ("PersonDepartment", "Department", "string", 80),
    ("PersonBirthdate", "Birthdate", "date", 0),
)


def add_fields(schema: Schema) -> None:
    """Add the fields that the features of a schema bring, where they are not there yet."""
    for sobject in schema:
        for feature, fields in _ADDITIONS.items():
            if schema.has_feature(feature):
                sobject.fields += [each for each in fields(sobject) if sobject.field(each.name) is None]
    for sobject in schema:
        if schema.has_feature("state_country_picklists"):
            _fill_code_picklists(sobject)
        if schema.has_feature("multi_currency"):
            _fill_currency_picklists(sobject)


@functools.cache
def places() -> dict[str, Any]:
    """Countries by ISO code: ``[name, {state code: state name}]``."""
    text = resources.files(__package__).joinpath("catalog").joinpath("places.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def address_prefixes(sobject: SObject) -> list[str]:
    """What stands before ``Street`` and so on in each address of an object: ``Billing``, or nothing."""
    return [each.name.removesuffix("Address") for each in sobject.fields if each.type == "address"]


def _code_fields(sobject: SObject) -> list[Field]:
    fields = []
    for prefix in address_prefixes(sobject):
        part_of = sobject.field(f"{prefix}Country")
        if part_of is None:
            continue
        for what, label in (("State", "State/Province Code"), ("Country", "Country Code")):
            each = _field(f"{prefix}{what}Code", f"{prefix} {label}".strip(), "picklist", 10)
            each.createable, each.updateable = part_of.createable, part_of.updateable
            each.compound_field_name = f"{prefix}Address"
            each.restricted_picklist = True
            fields.append(each)
    return fields


def _fill_code_picklists(sobject: SObject) -> None:
    for prefix in address_prefixes(sobject):
        state, country = sobject.field(f"{prefix}StateCode"), sobject.field(f"{prefix}CountryCode")
        if state is None or country is None:
            continue
        known = places()
        country.picklist_values = [PicklistValue(code, name) for code, (name, _) in known.items()]
        state.picklist_values = [
            PicklistValue(code, name, valid_for=_bit(place))
            for place, (_, inside) in enumerate(known.values())
            for code, name in inside.items()
        ]
        state.dependent_picklist, state.controller_name = True, country.name


def _bit(place: int) -> str:
    """The ``validFor`` of an entry that goes with one controlling value (Object Reference, picklists)."""
    bits = bytearray(place // 8 + 1)
    bits[-1] = 0x80 >> place % 8
    return base64.b64encode(bits).decode()


def _currency_fields(sobject: SObject) -> list[Field]:
    if sobject.name in _UNPRICED or not sobject.updateable:
        return []
    each = _field("CurrencyIsoCode", "Currency ISO Code", "picklist", 3)
    each.restricted_picklist = each.defaulted_on_create = True
    return [each]


def _fill_currency_picklists(sobject: SObject) -> None:
    for name in ("CurrencyIsoCode", "DefaultCurrencyIsoCode"):
        field = sobject.field(name)
        if field:
            field.picklist_values = [
                PicklistValue(code, code, default=code == CURRENCIES[0]) for code in CURRENCIES
            ]


def _person_account_fields(sobject: SObject) -> list[Field]:
    is_person = _field("IsPersonAccount", "Is Person Account", "boolean", 0)
    is_person.createable = is_person.updateable = False
    if sobject.name == "Contact":
        return [is_person]
    if sobject.name != "Account":
        return []
    fields = [_field(*facts) for facts in _PERSON_FIELDS]
    for each in fields[:3]:
        each.compound_field_name = "Name"
    contact = _field("PersonContactId", "Contact ID", "reference", 18)
    contact.reference_to, contact.relationship_name = ["Contact"], "PersonContact"
    contact.createable = contact.updateable = False
    return [*fields, is_person, contact]


def _field(name: str, label: str, kind: str, length: int) -> Field:
    return Field(
        name,
        label,
        kind,
        length=length,
        nillable=kind != "boolean",
        createable=True,
        updateable=True,
        filterable=True,
        sortable=True,
        groupable=True,
        aggregatable=kind != "boolean",
        defaulted_on_create=kind == "boolean",
    )


_ADDITIONS = {
    "state_country_picklists": _code_fields,
    "multi_currency": _currency_fields,
    "person_accounts": _person_account_fields,
}
