"""Any number of plain records of one object: what load tests read and write against.

Values follow the fields alone (type, length, picklist), every other optional one is left empty, and each
record has a name of its own. For a company that makes sense, see ``demo``.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

from salesforce_local_org.clock import format_stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from salesforce_local_org.org import Org
    from salesforce_local_org.schema import Field, SObject

Row = dict[str, Any]

_PATTERNS = 97
"""How many different fillings the records take turns in."""
_CHUNK = 50_000
_HISTORY = timedelta(days=730)
_QUIET = timedelta(minutes=40)
_STAMPS = ("CreatedDate", "LastModifiedDate", "SystemModstamp")
_WORDS = ("river", "Größe", "O'Shea", "comma, here", "水質", 'a "quoted" word', "NA", "=1+1", "back\\slash")


def seed_bulk(org: Org, sobject: str = "Account", rows: int = 1_000_000) -> None:
    """Write that many records of one object, their creation spread evenly over the last two years.

    Args:
        org: An org that has the records which required lookups of the object point at.
        sobject: The object's API name.
        rows: How many.

    Raises:
        ValueError: There is no such object, or a required lookup has nothing to point at.
    """
    described = org.schema.object(sobject)
    if described is None:
        raise ValueError(f"This org has no object {sobject}.")
    source = _rows(org, described, rows)
    while org.store.insert_many(described, islice(source, _CHUNK)):
        pass


def _rows(org: Org, sobject: SObject, count: int) -> Iterator[Row]:
    patterns = cycle([_pattern(org, sobject, number) for number in range(_PATTERNS)])
    stamps = [name for name in _STAMPS if sobject.field(name)]
    names = [field.name for field in sobject.stored_fields() if _tells_apart(field)]
    start = org.clock.now() - _QUIET - _HISTORY
    step = _HISTORY / max(count, 1)
    for number, pattern in enumerate(islice(patterns, count), 1):
        row = pattern | dict.fromkeys(stamps, format_stamp(start + step * number))
        for name in names:
            row[name] = f"{sobject.label} {number}"
        yield row


def _tells_apart(field: Field) -> bool:
    """Whether the field has to differ from record to record."""
    is_text = field.type == "string" and field.createable and not field.auto_number
    return is_text and (field.name in {"Name", "LastName"} or field.unique)


def _pattern(org: Org, sobject: SObject, number: int) -> Row:
    return {
        field.name: _VALUES[field.type](org, field, number)
        for place, field in enumerate(sobject.stored_fields())
        if field.createable and field.type in _VALUES and (_is_always_given(field) or (place + number) % 2)
    }


def _is_always_given(field: Field) -> bool:
    return field.required_on_create or field.name == "OwnerId"


def _text(_org: Org, field: Field, number: int) -> str:
    return f"{_WORDS[number % len(_WORDS)]} {field.label} {number}"[: field.length].strip()


def _choice(_org: Org, field: Field, number: int) -> str | None:
    values = [each.value for each in field.picklist_values if each.active]
    return values[number % len(values)] if values else None


def _number(_org: Org, field: Field, number: int) -> float:
    return round((number * 7919 % 800) / 9, field.scale)


def _lookup(org: Org, field: Field, _number: int) -> str | None:
    """The record a required lookup points at: the first there is. Optional lookups stay empty."""
    if field.name == "OwnerId":
        return org.user_id
    if not field.required_on_create:
        return None
    for name in field.reference_to:
        if org.schema.object(name):
            found = org.store.connection.execute(f'SELECT min(Id) FROM "{name}"').fetchone()[0]  # noqa: S608
            if found:
                return str(found)
    raise ValueError(f"{field.label} needs a record of {' or '.join(field.reference_to)} to point at.")


_VALUES: dict[str, Callable[[Org, Field, int], object]] = {
    "string": _text,
    "textarea": _text,
    "picklist": _choice,
    "combobox": _choice,
    "multipicklist": _choice,
    "reference": _lookup,
    "double": _number,
    "currency": _number,
    "percent": _number,
    "boolean": lambda _org, _field, number: number % 2,
    "int": lambda _org, _field, number: number,
    "date": lambda org, _field, number: (org.clock.now() - timedelta(days=number)).date().isoformat(),
    "datetime": lambda org, _field, number: format_stamp(org.clock.now() - timedelta(days=1 + number)),
    "email": lambda _org, _field, number: f"load{number}@example.com",
    "phone": lambda _org, _field, number: f"(206) 555-{100 + number:04d}",
    "url": lambda _org, _field, number: f"https://example.com/{number}",
}
