"""What a field is: Salesforce type <-> JSON schema <-> REST value <-> Bulk CSV text, in one table.

Source: Object Reference, "Primitive Data Types" and "Field Types"; Bulk API 2.0 guide, "Valid Date Format in Records".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from salesforce_seg.describe import FieldDescribe, SObjectDescribe

Reader = "Callable[[Any], Any]"

ADDRESS_KEYS = (
    "street",
    "city",
    "state",
    "stateCode",
    "postalCode",
    "country",
    "countryCode",
    "latitude",
    "longitude",
    "geocodeAccuracy",
)
"""The keys of an address object, in REST's spelling."""


def json_schema(field: FieldDescribe, *, snake_case: bool = False) -> dict[str, Any]:
    """The JSON schema of a field's Singer values; nullable everywhere but Id.

    Args:
        field: The field.
        snake_case: Whether the keys of address objects are spelled ``postal_code`` instead of ``postalCode``.
    """
    raise NotImplementedError


def is_known(type_name: str) -> bool:
    """Whether the type table has this Salesforce type; values of other types are treated as text."""
    raise NotImplementedError


def rest_reader(type_name: str, *, snake_case: bool = False) -> Callable[[Any], Any] | None:
    """How a value in a REST answer becomes a Singer value.

    Args:
        type_name: The field's Salesforce type.
        snake_case: As for :func:`json_schema`.

    Returns:
        A function of one value, or None when values of this type are passed on as they are (the fast path).
    """
    raise NotImplementedError


def csv_reader(type_name: str) -> Callable[[str], Any]:
    """How a cell of a Bulk API 2.0 result becomes the very same Singer value; an empty cell is null.

    Compound fields (address, location) are not in Bulk results: see :func:`compound_parts`.
    """
    raise NotImplementedError


def compound_parts(sobject: SObjectDescribe, field: FieldDescribe) -> dict[str, FieldDescribe]:
    """The fields an address or location is made of.

    Returns:
        By key of the compound object (REST's spelling, those of ADDRESS_KEYS that the object has), its part's field.
    """
    raise NotImplementedError


def compound_value(
    type_name: str, parts: Mapping[str, Any], *, snake_case: bool = False
) -> dict[str, Any] | None:
    """An address or location from its parts' Singer values, as :func:`rest_reader` gives it; null if all are null."""
    raise NotImplementedError


def write_value(field: FieldDescribe, value: Any) -> Any:
    """A value of an event or a record as REST takes it for this field.

    ``"10000"`` becomes 10000 for an int field, ``"true"`` true for a boolean one, a date-time a date for a date field,
    a list ``a;b`` for a multi-select picklist. Text is not cut: see :func:`trim`. None stays None.

    Args:
        field: The field to write.
        value: A JSON value, or Decimal, date, datetime.

    Raises:
        ValueError: The value cannot be one of this type; the message says so to a reader, without the field's name.
    """
    raise NotImplementedError


def csv_text(value: Any) -> str:
    """A value of :func:`write_value` as a cell of a Bulk API 2.0 upload: null is ``#N/A`` (an empty cell is ignored)."""
    raise NotImplementedError


def trim(field: FieldDescribe, value: Any) -> Any:
    """A text cut to the field's length (in characters); anything else as it is.

    Keys, e-mails, ids and picklists are never cut.
    """
    raise NotImplementedError


def fits(field: FieldDescribe, value: Any) -> bool:
    """Whether a text is not longer than the field; true for anything else."""
    raise NotImplementedError


def same_value(field: FieldDescribe, stored: Any, wanted: Any) -> bool:
    """Whether writing would change nothing.

    Args:
        field: The field.
        stored: The value as REST shows it.
        wanted: The value as :func:`write_value` gives it.
    """
    raise NotImplementedError
