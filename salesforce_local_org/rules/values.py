"""A field's value on its way in: from JSON (or text) to what the store keeps.

First ``read``: is it a value of the field's JSON type at all? Then ``fit``: may the field have it? Forms and
ranges are those of "Primitive Data Types" and "Field Types" in the Object Reference; text is accepted for
numbers, booleans and date-times, as recorded orgs do.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from salesforce_local_org import ids
from salesforce_local_org.clock import format_stamp
from salesforce_local_org.rules import errors
from salesforce_local_org.rules.errors import MistypedValueError
from salesforce_local_org.schema import FIRST_YEAR, LAST_YEAR

if TYPE_CHECKING:
    from collections.abc import Callable

    from salesforce_local_org.schema import Field

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATETIME = re.compile(
    r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})(:\d{2})?(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})", re.IGNORECASE
)
_TIME = re.compile(r"(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3})\d*)?)?Z?")
_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*/=?^_+`{|}~-]+(\.[A-Za-z0-9!#$%&'*/=?^_+`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]"
)
_BOOLEANS = {"true": 1, "false": 0, "1": 1, "0": 0}
_LARGEST_INT, _LARGEST_LONG = 2**31 - 1, 2**63 - 1
_DEFAULT_PRECISION = 18
_COORDINATE = re.compile("(Latitude|Longitude)(?:__s)?")
_MOST_DEGREES = {"Latitude": 90, "Longitude": 180}
"""On either side of zero (Object Reference, "Compound Fields")."""


def read(field: Field, value: Any) -> Any:
    """A JSON value as the field's own type; empty text is None.

    Raises:
        MistypedValueError: It is of another type.
    """
    if value is None:
        return 0 if field.type == "boolean" else None
    if isinstance(value, str):
        value = value.replace("\0", "").strip()
        if not value:
            return 0 if field.type == "boolean" else None
    reader: Callable[[Field, Any], Any] = _READERS.get(field.type, _text)
    return reader(field, value)


def fit(field: Field, value: Any) -> Any:
    """A value that ``read`` gave, as the store keeps it.

    Raises:
        RecordError: The field cannot have it: too long, out of range, not in the picklist, no e-mail address.
    """
    if value is None:
        return None
    fitter = _FITTERS.get(field.type)
    return fitter(field, value) if fitter else _fit_text(field, value)


def _text(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise MistypedValueError(field, value)
    return value


def _boolean(field: Field, value: Any) -> int:
    if isinstance(value, bool):
        return int(value)
    found = _BOOLEANS.get(value.lower()) if isinstance(value, str) else None
    if found is None:
        raise MistypedValueError(field, value)
    return found


def _number(field: Field, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise MistypedValueError(field, value)
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise MistypedValueError(field, value)
    try:
        return Decimal(str(value))
    except InvalidOperation as error:
        raise MistypedValueError(field, value) from error


def _integer(field: Field, value: Any) -> Decimal:
    number = _number(field, value)
    if number != number.to_integral_value():
        raise MistypedValueError(field, value)
    return number


def _date(field: Field, value: Any) -> str:
    try:
        if not isinstance(value, str) or not _DATE.fullmatch(value):
            raise MistypedValueError(field, value)
        datetime.strptime(value, "%Y-%m-%d")
    except ValueError as error:
        raise MistypedValueError(field, value) from error
    return value


def _datetime(field: Field, value: Any) -> datetime:
    found = _DATETIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise MistypedValueError(field, value)
    moment, seconds, offset = found.groups()
    offset = "+0000" if offset in "Zz" else offset.replace(":", "")
    try:
        parsed = datetime.strptime(f"{moment}{seconds or ':00'}{offset}", "%Y-%m-%dT%H:%M:%S%z")
        return parsed.astimezone(timezone.utc)
    except (ValueError, OverflowError) as error:
        raise MistypedValueError(field, value) from error


def _time(field: Field, value: Any) -> str:
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise MistypedValueError(field, value)
    hour, minute, second, fraction = found.groups()
    moment = timedelta(hours=int(hour), minutes=int(minute), seconds=int(second or 0))
    if moment >= timedelta(days=1) or int(minute) > 59 or int(second or 0) > 59:
        raise MistypedValueError(field, value)
    return f"{hour}:{minute}:{second or '00'}.{(fraction or '').ljust(3, '0')}Z"


def _base64(field: Field, value: Any) -> str:
    text = _text(field, value)
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode()
    except (binascii.Error, ValueError) as error:
        raise MistypedValueError(field, value) from error


def _fit_text(field: Field, text: str) -> str:
    if field.length and _utf16_units(text) > field.length:
        raise errors.too_long(field, text)
    return text


def _utf16_units(text: str) -> int:
    """The length of a text as Apex and the database count it: an emoji is two (Apex, String.length)."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _fit_email(field: Field, text: str) -> str:
    _fit_text(field, text)
    if not _EMAIL.fullmatch(text):
        raise errors.invalid_email(field, text)
    return text


def _fit_picklist(field: Field, text: str) -> str:
    if field.restricted_picklist and field.picklist_values:
        if not any(each.value == text and each.active for each in field.picklist_values):
            raise errors.bad_picklist_value(field, text)
        return text
    return _fit_text(field, text)


def _fit_multipicklist(field: Field, text: str) -> str | None:
    chosen = list(dict.fromkeys(part.strip() for part in text.split(";") if part.strip()))
    known = [each.value for each in field.picklist_values if each.active]
    for part in chosen:
        if field.restricted_picklist and known and part not in known:
            raise errors.bad_picklist_value(field, part)
    in_order = [value for value in known if value in chosen]
    return ";".join(in_order + [part for part in chosen if part not in known]) or None


def _fit_number(field: Field, number: Decimal) -> float:
    whole_digits = (field.precision or _DEFAULT_PRECISION) - field.scale
    if number.adjusted() > _LARGEST_EXPONENT or abs(number) >= 10**whole_digits:
        raise errors.out_of_range(field, number)
    part = _COORDINATE.search(field.name) if field.compound_field_name else None
    if part and abs(number) > _MOST_DEGREES[part[1]]:
        raise errors.out_of_range(field, number)
    return float(round(number, field.scale))


def _fit_integer(field: Field, number: Decimal) -> int:
    largest = _LARGEST_LONG if field.type == "long" else _LARGEST_INT
    if number.adjusted() > _LARGEST_EXPONENT or abs(number) > largest:
        raise errors.out_of_range(field, number)
    if field.digits and abs(number) >= 10**field.digits:
        raise errors.out_of_range(field, number)
    return int(number)


def _fit_date(field: Field, text: str) -> str:
    if not FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
        raise errors.out_of_range(field, text)
    return text


def _fit_datetime(field: Field, moment: datetime) -> str:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise errors.out_of_range(field, moment.isoformat())
    return format_stamp(moment)


def _fit_id(field: Field, text: str) -> str:
    found = ids.normalise(text)
    if found is None:
        raise errors.wrong_id(field, text)
    return found


def _fit_as_read(_field: Field, value: Any) -> Any:
    return value


_LARGEST_EXPONENT = 30
_READERS: dict[str, Callable[[Field, Any], Any]] = {
    "boolean": _boolean,
    "int": _integer,
    "long": _integer,
    "double": _number,
    "currency": _number,
    "percent": _number,
    "date": _date,
    "datetime": _datetime,
    "time": _time,
    "base64": _base64,
}
_FITTERS: dict[str, Callable[[Field, Any], Any]] = {
    "boolean": _fit_as_read,
    "time": _fit_as_read,
    "base64": _fit_as_read,
    "email": _fit_email,
    "picklist": _fit_picklist,
    "multipicklist": _fit_multipicklist,
    "int": _fit_integer,
    "long": _fit_integer,
    "double": _fit_number,
    "currency": _fit_number,
    "percent": _fit_number,
    "date": _fit_date,
    "datetime": _fit_datetime,
    "reference": _fit_id,
    "id": _fit_id,
}
