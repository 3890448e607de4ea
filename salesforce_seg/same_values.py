"""Whether a record already holds what is to be written, by the rules Salesforce stores values by."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

from salesforce_seg.numbers import MOST_INTEGER_DIGITS
from salesforce_seg.read_values import datetime_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from salesforce_seg.describe import FieldDescribe


def same_value(field: FieldDescribe, stored: Any, wanted: Any) -> bool:
    """Whether writing would change nothing.

    Args:
        field: The field.
        stored: The value as REST shows it (numbers as Decimal, int or float).
        wanted: The value as :func:`salesforce_seg.fields.write_value` gives it.
    """
    if field.type == "boolean":
        return bool(stored) == bool(wanted)
    if _is_null(stored) or _is_null(wanted):
        return _is_null(stored) and _is_null(wanted)
    return _SAME.get(field.type, _same_text)(field, stored, wanted)


def _is_null(value: Any) -> bool:
    return value is None or value == ""


def _same_text(_: FieldDescribe, stored: Any, wanted: Any) -> bool:
    return bool(_lines(stored) == _lines(wanted))


def _lines(value: Any) -> Any:
    """Text areas come back with other line ends than they were sent with."""
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value


def _same_number(field: FieldDescribe, stored: Any, wanted: Any) -> bool:
    """Salesforce rounds to the field's scale (a half up or down), and keeps no more digits than a double."""
    first, second = Decimal(str(stored)), Decimal(str(wanted))
    if float(first) == float(second):
        return True
    if max(first.adjusted(), second.adjusted()) > MOST_INTEGER_DIGITS:
        return False
    unit = Decimal(1).scaleb(-field.scale)
    is_rounded = first == first.quantize(unit, context=Context(prec=100))
    return is_rounded and abs(first - second) <= unit / 2


def _same_moment(_: FieldDescribe, stored: Any, wanted: Any) -> bool:
    """Salesforce keeps date-times to the second."""
    return str(datetime_value(stored))[:19] == str(wanted)[:19]


def _same_id(_: FieldDescribe, stored: Any, wanted: Any) -> bool:
    """An Id of 15 characters is the start of the same Id of 18."""
    return str(stored)[:15] == str(wanted)[:15]


def _same_choices(_: FieldDescribe, stored: Any, wanted: Any) -> bool:
    return set(str(stored).split(";")) == set(str(wanted).split(";"))


_SAME: dict[str, Callable[[FieldDescribe, Any, Any], bool]] = {
    "int": _same_number,
    "long": _same_number,
    "double": _same_number,
    "currency": _same_number,
    "percent": _same_number,
    "datetime": _same_moment,
    "id": _same_id,
    "reference": _same_id,
    "multipicklist": _same_choices,
}
