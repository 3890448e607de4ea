"""Why a record is refused: Salesforce's codes and texts. Each door of the API shapes them its own way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from salesforce_local_org.schema import Field, SObject


class RecordError(Exception):
    """One record cannot be written.

    Attributes:
        code: Salesforce's status code, such as ``REQUIRED_FIELD_MISSING``.
        message: Salesforce's text; it names a field by its label.
        fields: API names of the fields at fault.
        details: More keys of the error object, such as a duplicate rule's result.
    """

    def __init__(
        self, code: str, message: str, fields: list[str] | None = None, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = fields or []
        self.details = details or {}


class RequestError(RecordError):
    """The record cannot even be read: a REST call refuses the whole request for it, with 400.

    Bulk jobs have no such thing; there it fails its row like any other.
    """


class MistypedValueError(RequestError):
    """A JSON value that is not of its field's type; doors with another text take ``field`` and ``value``."""

    def __init__(self, field: Field, value: object) -> None:
        kind = _JSON_TYPES.get(field.type, "string")
        token = _json_token(value)
        hint = (
            ""
            if token.startswith("START")
            else " or request may be missing a required field at [line:1, column:1]"
        )
        super().__init__("JSON_PARSER_ERROR", f"Cannot deserialize instance of {kind} from {token}{hint}")
        self.field = field
        self.value = value


def without_json(error: RecordError) -> RecordError:
    """An error as doors tell it that take text: in CSV and XML nothing is wrong with any JSON."""
    if not isinstance(error, MistypedValueError):
        return error
    name, label = error.field.name, error.field.label
    return RecordError(
        "INVALID_TYPE_ON_FIELD_IN_RECORD", f"{label}: value not of required type: {error.value}", [name]
    )


_JSON_TYPES = {
    "boolean": "boolean",
    "int": "int",
    "long": "long",
    "double": "double",
    "currency": "currency",
    "percent": "percent",
    "date": "date",
    "datetime": "datetime",
    "time": "time",
    "base64": "base64Binary",
    "reference": "reference",
    "id": "id",
}


def _json_token(value: object) -> str:
    """A JSON value as Salesforce's parser calls it."""
    if isinstance(value, dict):
        return "START_OBJECT value {"
    if isinstance(value, list):
        return "START_ARRAY value ["
    if isinstance(value, bool):
        return f"VALUE_{str(value).upper()} value {str(value).lower()}"
    if isinstance(value, int):
        return f"VALUE_NUMBER_INT value {value}"
    if isinstance(value, float):
        return f"VALUE_NUMBER_FLOAT value {value}"
    return f"VALUE_STRING value {value}"


def unknown_field(sobject: SObject, name: str) -> RequestError:
    """The object has no such field, or nobody may see it."""
    return RequestError("INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}")


def read_only(names: list[str]) -> RecordError:
    """Fields that this operation may not write."""
    return RecordError(
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        f"Unable to create/update fields: {', '.join(names)}. Please check the security settings of this"
        " field and verify that it is read/write for your profile or permission set.",
        names,
    )


def required_missing(names: list[str]) -> RecordError:
    """Fields without a value that must have one."""
    return RecordError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(names)}]", names)


def too_long(field: Field, text: str) -> RecordError:
    """A text that is longer than its field."""
    return RecordError(
        "STRING_TOO_LONG",
        f"{field.label}: data value too large: {text} (max length={field.length})",
        [field.name],
    )


def invalid_email(field: Field, text: str) -> RecordError:
    """A text that is no e-mail address."""
    return RecordError("INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {text}", [field.name])


def bad_picklist_value(field: Field, text: str) -> RecordError:
    """A value that a restricted picklist does not have."""
    return RecordError(
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        f"{field.label}: bad value for restricted picklist field: {text}",
        [field.name],
    )


def out_of_range(field: Field, value: object) -> RecordError:
    """A number with too many digits, or a date before 1700 or after 4000."""
    kind = "date" if field.type in {"date", "datetime"} else "numeric"
    return RecordError(
        "NUMBER_OUTSIDE_VALID_RANGE",
        f"{field.label}: value outside of valid range on {kind} field: {value}",
        [field.name],
    )


def wrong_id(field: Field, text: str) -> RecordError:
    """A text that is no record id, or the id of another kind of record."""
    return RecordError("MALFORMED_ID", f"{field.label}: id value of incorrect type: {text}", [field.name])


def no_such_foreign_key(sobject: SObject, key: str, value: object) -> RecordError:
    """A parent named by an external id that no record has."""
    return RecordError(
        "INVALID_FIELD",
        f"Foreign key external ID: {value} not found for field {key} in entity {sobject.name}",
    )


def no_key_field(sobject: SObject, name: str) -> RecordError:
    """A parent named by a field that is no key."""
    return RecordError(
        "INVALID_FIELD",
        f"Field name provided, {name} does not match an External ID, Salesforce Id, or indexed field"
        f" for {sobject.name}",
    )


def several_matches(key: str, record_ids: list[str]) -> RecordError:
    """A key that several records share."""
    return RecordError(
        "DUPLICATE_EXTERNAL_ID",
        f"{key}: more than one record found for external id field: [{', '.join(record_ids)}]",
        [key],
    )


def key_given_twice(key: str, value: object) -> RecordError:
    """A key that several rows of one request share: all of them fail."""
    return RecordError("DUPLICATE_VALUE", f"Duplicate external id specified: {value}", [key])


def duplicate_value(field: Field, other_id: str) -> RecordError:
    """A value of a unique field that another record has."""
    return RecordError(
        "DUPLICATE_VALUE",
        f"duplicate value found: {field.name} duplicates value on record with id: {other_id[:15]}",
    )


def deleted() -> RecordError:
    """A record that is in the recycle bin, or was."""
    return RecordError("ENTITY_IS_DELETED", "entity is deleted")


def locked(record_id: str) -> RecordError:
    """A record that somebody else is writing."""
    return RecordError(
        "UNABLE_TO_LOCK_ROW", f"unable to obtain exclusive access to this record or 1 records: {record_id}"
    )


def no_such_record() -> RecordError:
    """An id of the right kind that no record has."""
    return RecordError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")


def converted_lead() -> RecordError:
    """A lead that has become a contact and cannot be changed any more."""
    return RecordError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")


def inactive_owner(user_id: str) -> RecordError:
    """A user that is not active and is to own a record."""
    return RecordError(
        "INACTIVE_OWNER_OR_USER",
        f"operation performed with inactive user [{user_id}] as owner of the record",
        ["OwnerId"],
    )


def id_in_create() -> RecordError:
    """A new record that brings its own id."""
    return RecordError("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ["Id"])


def not_allowed(sobject: SObject, done: str) -> RecordError:
    """An object whose records cannot be ``inserted``, ``updated`` or ``deleted`` through the API."""
    code = "INSUFFICIENT_ACCESS_OR_READONLY" if done == "deleted" else "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    return RecordError(code, f"entity type cannot be {done}: {sobject.label}")
