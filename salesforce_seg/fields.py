"""What a field is: Salesforce type <-> JSON schema <-> REST value <-> Bulk CSV text, in one table.

Source: Object Reference, "Primitive Data Types" and "Field Types".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from salesforce_seg import read_values as read
from salesforce_seg import write_values as write
from salesforce_seg.numbers import MOST_INTEGER_DIGITS, number_text
from salesforce_seg.read_values import ADDRESS_KEYS, COMPOUND_KEYS, LOCATION_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from salesforce_seg.describe import FieldDescribe, SObjectDescribe

__all__ = [
    "ADDRESS_KEYS",
    "LOCATION_KEYS",
    "compound_parts",
    "compound_value",
    "csv_reader",
    "csv_text",
    "fits",
    "is_known",
    "is_text",
    "json_schema",
    "rest_reader",
    "trim",
    "write_value",
    "writer",
]


@dataclass(frozen=True, slots=True)
class FieldType:
    """One row of the type table.

    Attributes:
        schema: JSON schema type and format of the Singer value.
        from_rest: REST value -> Singer value; None when they are the same.
        from_csv: Bulk CSV cell -> Singer value.
        to_rest: JSON value of an event or record -> REST value to write.
        is_cut: Whether text that is too long for the field may be cut.
    """

    schema: Mapping[str, str]
    from_rest: Callable[[Any], Any] | None
    from_csv: Callable[[str], Any]
    to_rest: Callable[[Any], Any]
    is_cut: bool = False


_STRING = {"type": "string"}
_TEXT = FieldType(_STRING, None, read.cell_text, write.text, is_cut=True)
_WORD = FieldType(_STRING, None, read.cell_text, write.text)
_KEY = FieldType(_STRING, None, read.cell_text, write.record_id)
_ANY = FieldType(_STRING, read.text_value, read.cell_text, write.text)
_INTEGER = FieldType({"type": "integer"}, read.number_value, read.number_value, write.integer)
_NUMBER = FieldType({"type": "number"}, read.number_value, read.number_value, write.number)
_OBJECT = FieldType({"type": "object"}, None, read.cell_text, write.nothing)

TYPES: dict[str, FieldType] = {
    "id": _KEY,
    "reference": _KEY,
    "string": _TEXT,
    "textarea": _TEXT,
    "phone": _TEXT,
    "url": _TEXT,
    "encryptedstring": _TEXT,
    "email": _WORD,
    "picklist": _WORD,
    "combobox": _WORD,
    "datacategorygroupreference": _WORD,
    "masterrecord": _WORD,
    "base64": _WORD,
    "multipicklist": FieldType(_STRING, None, read.cell_text, write.several),
    "boolean": FieldType({"type": "boolean"}, None, read.boolean_value, write.boolean),
    "int": _INTEGER,
    "long": _INTEGER,
    "double": _NUMBER,
    "currency": _NUMBER,
    "percent": _NUMBER,
    "date": FieldType({"type": "string", "format": "date"}, None, read.cell_text, write.calendar_date),
    "datetime": FieldType(
        {"type": "string", "format": "date-time"}, read.datetime_value, read.datetime_value, write.moment
    ),
    "time": FieldType(_STRING, read.time_value, read.time_value, write.time_of_day),
    "address": _OBJECT,
    "location": _OBJECT,
    "anyType": _ANY,
    "complexvalue": _ANY,
    "json": _ANY,
}
"""All types a describe shows; whatever else comes is treated as text."""

_PART = re.compile(
    r"(Street|City|StateCode|State|PostalCode|CountryCode|Country|Latitude|Longitude|GeocodeAccuracy)(?:__s)?"
)


def is_known(type_name: str) -> bool:
    """Whether the type table has this Salesforce type; values of other types are treated as text."""
    return type_name in TYPES


def json_schema(field: FieldDescribe, *, snake_case: bool = False) -> dict[str, Any]:
    """The JSON schema of a field's Singer values; nullable everywhere but Id.

    ``nillable`` is not heeded: it does not hold in practice.

    Args:
        field: The field.
        snake_case: Whether the keys of address objects are spelled ``postal_code`` instead of ``postalCode``.
    """
    schema: dict[str, Any] = dict(_type(field.type).schema)
    if field.type != "id":
        schema["type"] = [schema["type"], "null"]
    if field.type in COMPOUND_KEYS:
        schema["properties"] = {
            read.snake_case(key) if snake_case else key: {
                "type": ["number" if key in LOCATION_KEYS else "string", "null"]
            }
            for key in COMPOUND_KEYS[field.type]
        }
    return schema


def rest_reader(type_name: str, *, snake_case: bool = False) -> Callable[[Any], Any] | None:
    """How a value in a REST answer becomes a Singer value.

    Args:
        type_name: The field's Salesforce type.
        snake_case: As for :func:`json_schema`.

    Returns:
        A function of one value, or None when values of this type are passed on as they are (the fast
        path). Numbers keep all digits only if the answer was decoded as Session.call_json does.
    """
    if type_name in COMPOUND_KEYS:
        return read.compound_reader(type_name, snake=snake_case)
    return _type(type_name).from_rest


def csv_reader(type_name: str) -> Callable[[str], Any]:
    """How a cell of a Bulk API 2.0 result becomes the very same Singer value; an empty cell is null.

    Compound fields (address, location) are not in Bulk results: see :func:`compound_parts`.
    """
    return _type(type_name).from_csv


def compound_parts(sobject: SObjectDescribe, field: FieldDescribe) -> dict[str, FieldDescribe]:
    """The fields an address or location is made of.

    Returns:
        The parts' fields by their keys in the compound object, in REST's spelling.
    """
    parts: dict[str, FieldDescribe] = {}
    for each in sobject.fields:
        match = re.search(_PART.pattern + "$", each.name) if each.compound_field_name == field.name else None
        if match is not None:
            parts[match[1][0].lower() + match[1][1:]] = each
    return parts


def compound_value(
    type_name: str, parts: Mapping[str, Any], *, snake_case: bool = False
) -> dict[str, Any] | None:
    """An address or location from its parts, as :func:`rest_reader` gives it; null if all are null.

    Args:
        type_name: ``address`` or ``location``.
        parts: The parts' Singer values under the keys of :func:`compound_parts`.
        snake_case: As for :func:`json_schema`.
    """
    return read.compound_reader(type_name, snake=snake_case)(parts)


def write_value(field: FieldDescribe, value: Any) -> Any:
    """A value of an event or a record as REST takes it for this field: :func:`writer`, for one value.

    None stays None.
    """
    return None if value is None else writer(field)(value)


def writer(field: FieldDescribe) -> Callable[[Any], Any]:
    """How values of events and records become what REST takes for a field.

    ``"10000"`` becomes 10000 for an int field, ``"true"`` true for a boolean one, a date-time a date for a
    date field, a list ``a;b`` for a multi-select picklist. Text loses outer white space, which Salesforce
    does not store, but is not cut: see :func:`trim`.

    Args:
        field: The field to write.

    Returns:
        A function of a JSON value (not null), or Decimal, date, datetime, time. It raises ValueError when the
        value cannot be one of this type (OutOfRange when it is too large for the field); the message says so
        to a reader, without the field's name.
    """
    to_rest = _type(field.type).to_rest
    limit = _number_limit(field)
    if limit is None:
        return to_rest

    def within_range(value: Any) -> Any:
        if type(value) is int and -limit < value < limit:
            return value
        number = to_rest(value)
        if not -limit < number < limit:
            raise write.OutOfRange(f"{str(value)[:80]} is too large for it")
        return number

    return within_range


def is_text(field: FieldDescribe) -> bool:
    """Whether text without null characters is written as it is, less its outer white space."""
    return _type(field.type).to_rest is write.text


def _number_limit(field: FieldDescribe) -> int | None:
    """The smallest number that is too large for a field; None for other types."""
    if field.type == "int":
        return min(int(10**field.digits) if field.digits else 2**31, 2**31)
    if field.type == "long":
        return int(10 ** (field.digits or MOST_INTEGER_DIGITS))
    if field.type in {"double", "currency", "percent"}:
        return int(10 ** ((field.precision or MOST_INTEGER_DIGITS) - field.scale))
    return None


def csv_text(value: Any) -> str:
    """A value of :func:`write_value` as a cell of a Bulk API 2.0 upload.

    Null is ``#N/A``: Salesforce ignores an empty cell (Bulk API 2.0 guide, "Valid CSV Record Rows").
    """
    if value is None:
        return "#N/A"
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else number_text(value)


def trim(field: FieldDescribe, value: Any) -> Any:
    """A text cut to the field's length; anything else as it is.

    Keys (e-mails, ids, unique and external-id fields) and picklists are never cut, nor a character of two
    UTF-16 units in its middle.
    """
    if fits(field, value) or field.is_key or not _type(field.type).is_cut:
        return value
    units = value.encode("utf-16-le", "surrogatepass")[: 2 * field.length]
    return units.decode("utf-16-le", "ignore").rstrip()


def fits(field: FieldDescribe, value: Any) -> bool:
    """Whether a text is not longer than the field (length 0 means no limit); true for anything else.

    Lengths are UTF-16 units: an emoji takes two, as everywhere in Salesforce.
    """
    if not isinstance(value, str) or not field.length:
        return True
    if value.isascii():
        return len(value) <= field.length
    return len(value.encode("utf-16-le", "surrogatepass")) <= 2 * field.length


def _type(name: str) -> FieldType:
    return TYPES.get(name, _ANY)
