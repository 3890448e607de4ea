"""What the documents say an event must come to: its door, or its wishes with typed fields.

A plain reading of docs/events.md, one event at a time. It shares no code with the target.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT, EMAIL, NUMBER, WHOLE, FLAG, DAY, MOMENT = "text", "email", "number", "whole", "flag", "day", "moment"
ADDRESS = {"Street": 255, "City": 40, "State": 80, "PostalCode": 20, "Country": 80}


def _address(prefix: str = "") -> dict[str, tuple[str, int]]:
    return {prefix + part: (TEXT, length) for part, length in ADDRESS.items()}


_PERSON = {
    "FirstName": (TEXT, 40),
    "LastName": (TEXT, 80),
    "Email": (EMAIL, 80),
    "Title": (TEXT, 128),
    "Phone": (TEXT, 40),
    "Description": (TEXT, 32000),
    "LeadSource": (TEXT, 0),
    "testProp__c": (TEXT, 20),
    "Fax": (TEXT, 40),
}
FIELDS: dict[str, dict[str, tuple[str, int]]] = {
    "Lead": _PERSON
    | {"Company": (TEXT, 255), "Website": (TEXT, 255), "Rating": (TEXT, 0), "NumberOfEmployees": (WHOLE, 8)}
    | {"score__c": (NUMBER, 4), "flag__c": (FLAG, 0), "tier__c": (TEXT, 0), "born__c": (DAY, 0)}
    | {"seen__c": (MOMENT, 0), "brand__c": (TEXT, 20)}
    | _address(),
    "Contact": _PERSON | {"UserId__c": (TEXT, 40)} | _address("Mailing"),
    "Account": {"AccountNumber": (TEXT, 40), "Name": (TEXT, 255), "Phone": (TEXT, 40)}
    | {
        "Fax": (TEXT, 40),
        "Website": (TEXT, 255),
        "Description": (TEXT, 32000),
        "NumberOfEmployees": (WHOLE, 8),
    }
    | {"Industry": (TEXT, 0), "plan__c": (TEXT, 20)}
    | _address("Billing")
    | _address("Shipping"),
    "Ticket__c": {"Key__c": (TEXT, 30), "Title__c": (TEXT, 20), "Points__c": (NUMBER, 4)}
    | {"Urgent__c": (FLAG, 0), "State__c": (TEXT, 0)},
    "Case": {"Subject": (TEXT, 255), "Description": (TEXT, 32000), "EventId__c": (TEXT, 100)},
}
"""Fields the test writes and compares: kind, and length or digits before the point (0: no limit here)."""

NEVER_NULL = {("Lead", "LastName"), ("Lead", "Company"), ("Contact", "LastName"), ("Account", "Name")}
PLACES: dict[str, dict[str, tuple[str, ...]]] = {
    "Lead": {
        "Email": ("email",),
        "Title": ("title", "position", "jobTitle"),
        "Phone": ("phone", "phoneNumber"),
        "Website": ("website",),
        "Description": ("description", "background"),
        "LeadSource": ("leadSource",),
        "Rating": ("rating",),
        "NumberOfEmployees": ("company.employee_count", "numberOfEmployees"),
    },
    "Contact": {
        "Email": ("email",),
        "Title": ("title", "position", "jobTitle"),
        "Phone": ("phone", "phoneNumber"),
        "Description": ("description", "background"),
        "LeadSource": ("leadSource",),
    },
    "Account": {
        "Name": ("name",),
        "Phone": ("phone",),
        "Website": ("website",),
        "Description": ("description",),
        "NumberOfEmployees": ("employees",),
        "Industry": ("industry",),
    },
}
_CUSTOM = ("testProp", "score", "flag", "tier", "born", "seen", "unknownThing", "brand", "nick")
LEFT_OVER = {
    "Lead": _CUSTOM,
    "Contact": (*_CUSTOM, "website", "rating", "numberOfEmployees"),
    "Account": ("plan", "unknownThing", "nick"),
}
"""Traits of the stories that have no standard field of the object: they go to their ``__c`` field."""
GONE = object()
"""A value that is not there, which is not an explicit null."""


class Refused(Exception):  # noqa: N818  it is a door, not an error
    """The event, or one of its wishes, is a reject; the argument is its code, or several that may be told."""


@dataclass
class Wish:
    """One thing one event wants done to one record."""

    event: int
    sobject: str
    operation: str
    way: tuple[str, ...] = ()
    key: tuple[Any, ...] = ()
    key_values: tuple[Any, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)
    as_contact: dict[str, Any] | Refused | None = None
    placeholders: tuple[str, ...] = ()
    refused: str = ""

    @property
    def name(self) -> tuple[int, str, str]:
        """What a line of the rejects file tells of it."""
        return self.event, self.sobject, self.operation


def plain(name: str) -> str:
    return re.sub(r"[ _\t\n]", "", name).lower()


def get(container: Any, path: str) -> Any:
    """The value at a path; case, spaces and underscores of names do not count, but the exact name wins."""
    head, _, rest = path.partition(".")
    if not isinstance(container, dict):
        return GONE
    found = container.get(head, GONE)
    if found is GONE:
        found = next((v for k, v in container.items() if plain(k) == plain(head)), GONE)
    return get(found, rest) if rest and found is not GONE else found


def blank(value: Any) -> bool:
    return value is GONE or value is None or (isinstance(value, str) and not value.strip())


def as_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        whole = re.sub("[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]", "�", value)
        return whole.replace("\0", "").strip()  # the org shows no NUL
    if isinstance(value, float) and value == int(value):
        value = int(value)
    return str(value)


def as_number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Refused("INVALID_TYPE_ON_FIELD_IN_RECORD")
    try:
        found = float(value)
    except ValueError:
        raise Refused("INVALID_TYPE_ON_FIELD_IN_RECORD") from None
    if not math.isfinite(found):
        raise Refused("INVALID_TYPE_ON_FIELD_IN_RECORD")
    return found


def as_flag(value: Any) -> bool:
    known = {True: True, False: False, "true": True, "1": True, "false": False, "0": False}
    found = known.get(value.strip().lower() if isinstance(value, str) else value)
    if found is None:
        raise Refused("INVALID_TYPE_ON_FIELD_IN_RECORD")
    return found


def as_day(value: Any) -> str:
    try:
        found = date.fromisoformat(str(value).strip()[:10])
    except ValueError:
        raise Refused("INVALID_TYPE_ON_FIELD_IN_RECORD") from None
    if not 1700 <= found.year <= 4000:
        raise Refused("NUMBER_OUTSIDE_VALID_RANGE")
    return found.isoformat()


def as_moment(value: Any) -> str:
    try:
        found = datetime.fromisoformat(str(value).strip().replace("Z", "+00:00"))
    except ValueError:
        raise Refused("INVALID_TYPE_ON_FIELD_IN_RECORD") from None
    return found.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


def units(text: str) -> int:
    """Characters as Salesforce counts them: an emoji is two."""
    return len(text.encode("utf-16-le")) // 2


def cut(text: str, length: int) -> str:
    while units(text) > length:
        text = text[:-1]
    return text.rstrip()


READ: dict[str, Callable[[Any], Any]] = {
    NUMBER: as_number,
    WHOLE: as_number,
    FLAG: as_flag,
    DAY: as_day,
    MOMENT: as_moment,
}


def typed(config: dict[str, Any], sobject: str, values: dict[str, Any]) -> dict[str, Any]:
    """Values as their fields take them; None clears.

    Raises:
        Refused: A value is not of its field's type, or the settings refuse what does not fit.
    """
    record: dict[str, Any] = {}
    codes: dict[str, None] = {}
    for name, value in values.items():
        try:
            fitting = _fitting(config, sobject, name, value)
        except Refused as refused:
            codes[refused.args[0]] = None
            continue
        if fitting is not GONE:
            record[name] = fitting
    if codes:
        raise Refused("|".join(codes))
    return record


def _fitting(config: dict[str, Any], sobject: str, name: str, value: Any) -> Any:
    """A value as its field takes it; GONE for one that is left out."""
    kind, size = FIELDS[sobject].get(name, ("", 0))
    if not kind and value is not GONE and config.get("unknown_fields") == "reject":
        raise Refused("INVALID_FIELD")
    if not kind or value is GONE or isinstance(value, (list, dict)):
        return GONE
    if blank(value):
        return GONE if kind == FLAG or (sobject, name) in NEVER_NULL else None
    if kind in READ:
        found = READ[kind](value)
        if kind == WHOLE and found != int(found):
            raise Refused("INVALID_TYPE_ON_FIELD_IN_RECORD")
        if kind in {NUMBER, WHOLE} and abs(found) >= 10**size:
            raise Refused("NUMBER_OUTSIDE_VALID_RANGE")
        return round(found, 2) if kind == NUMBER else found
    text = as_text(value)
    if kind == TEXT and size and units(text) > size:
        if config.get("trim_long_values") is False:
            raise Refused("STRING_TOO_LONG")
        return cut(text, size)
    return text


def refused_fields(sobject: str, record: dict[str, Any], *, creates: bool) -> list[str]:
    """The fields for which the org refuses a record."""
    bad = [name for name in ("tier__c", "State__c") if record.get(name) not in (None, "Gold", "Silver")]
    if creates:
        bad += [name for owner, name in NEVER_NULL if owner == sobject and not record.get(name)]
    if not org_takes_email(record.get("Email")):
        bad.append("Email")
    return bad


_WORD = r"[A-Za-z0-9!#$%&'*/=?^_+`{|}~-]+"


def org_takes_email(address: Any) -> bool:
    pattern = rf"{_WORD}(\.{_WORD})*@([A-Za-z0-9-]+\.)+[A-Za-z]{{2,}}"
    return address is None or re.fullmatch(pattern, address) is not None


# Traits to fields


def text_or_gone(value: Any) -> Any:
    if value is GONE or value is None:
        return value
    return value.strip() or GONE if isinstance(value, str) else GONE


def first(traits: Any, places: tuple[str, ...]) -> Any:
    """The first value that says something; one that fits no field does not keep a null from clearing."""
    found = [get(traits, place) for place in places]
    said = next((each for each in found if not blank(each) and not isinstance(each, dict)), GONE)
    if said is GONE or isinstance(said, list):
        return None if None in found else GONE
    return said


def mapped(config: dict[str, Any], sobject: str, traits: dict[str, Any], *, row: bool) -> dict[str, Any]:
    """The typed fields that traits make of an object."""
    values: dict[str, Any] = {}
    if sobject != "Account":
        words = " ".join(name.split()) if isinstance(name := get(traits, "name"), str) else ""
        given, _, rest = words.partition(" ")
        for name_of, trait, part in (("FirstName", "firstName", given), ("LastName", "lastName", rest)):
            own = text_or_gone(get(traits, trait))
            values[name_of] = part if part and (own is GONE or own is None) else own
    if sobject == "Lead":
        company = get(traits, "company")
        values["Company"] = text_or_gone(get(company, "name") if isinstance(company, dict) else company)
    for name, places in PLACES[sobject].items():
        values[name] = first(traits, places)
    for prefix in address_prefixes(config, sobject):
        for part in ADDRESS:
            names = ("postalCode", "zip") if part == "PostalCode" else (part.lower(),)
            values[prefix + part] = first(traits, tuple(p for n in names for p in (f"address.{n}", n)))
    named = config.get("trait_fields", {})
    named = named | named.get("group" if sobject == "Account" else "identify", {})
    for trait in LEFT_OVER[sobject]:
        spellings = {trait.lower(), f"{trait}__c".lower()}
        target = named.get(trait, f"{trait}__c")
        if target is not None:
            values[target] = next(
                (
                    v
                    for k, v in traits.items()
                    if k.lower() in spellings or (row and plain(k) == plain(trait))
                ),
                GONE,
            )
    return typed(config, sobject, values)


def address_prefixes(config: dict[str, Any], sobject: str) -> list[str]:
    if sobject == "Account":
        billing, shipping = "send_address_as_billing", "send_address_as_shipping"
        return ["Billing"] * config.get(billing, True) + ["Shipping"] * config.get(shipping, False)
    return ["" if sobject == "Lead" else "Mailing"]
