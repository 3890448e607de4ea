"""From the value of a trait to what its field takes: typed and trimmed by the org's own describe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from salesforce_seg import fields
from salesforce_seg.errors import RecordRejected
from target_salesforce_seg.paths import is_blank

if TYPE_CHECKING:
    from collections.abc import Iterable

    from salesforce_seg.describe import FieldDescribe, SObjectDescribe
    from target_salesforce_seg.notices import Notices


class Assignment(NamedTuple):
    """A value for a field, before the field is known."""

    field: str
    value: Any
    origin: str
    """The trait, path or column it comes from, for messages."""


@dataclass(frozen=True, slots=True)
class ValueRules:
    """How values become what Salesforce takes.

    Attributes:
        trim_long_values: whether a text longer than its field is cut; else its event is rejected.
        reject_unknown_fields: whether a field that the org does not have rejects the event; else it is left
            out.
        notices: where to say what is left out or cut.
    """

    trim_long_values: bool
    reject_unknown_fields: bool
    notices: Notices

    def typed(self, sobject: SObjectDescribe, assignments: Iterable[Assignment]) -> dict[str, Any]:
        """The values of a record, by the API name of the field as the org spells it; None clears a field.

        An empty text is null to Salesforce.

        Raises:
            RecordRejected: ``INVALID_FIELD`` (under reject_unknown_fields), ``STRING_TOO_LONG``, or
                ``INVALID_TYPE_ON_FIELD_IN_RECORD``.
        """
        record: dict[str, Any] = {}
        for assignment in assignments:
            field = self._writable(sobject, assignment)
            if field is None or self._is_left_out(sobject, field, assignment):
                continue
            if not is_blank(assignment.value):
                record[field.name] = self._fitting(
                    sobject, field, self._converted(sobject, field, assignment)
                )
            elif field.nillable and field.type != "boolean":
                record[field.name] = None
        return record

    def key(self, sobject: SObjectDescribe, field: FieldDescribe, assignment: Assignment) -> Any:
        """A value to find a record by: never cut.

        Raises:
            RecordRejected: It is not of the field's type, or too long.
        """
        if isinstance(assignment.value, dict | list):
            raise _mistyped(sobject, field, assignment, "a list or an object cannot be a key")
        value = self._converted(sobject, field, assignment)
        if not fields.fits(field, value):
            raise _too_long(sobject, field)
        return value

    def _writable(self, sobject: SObjectDescribe, assignment: Assignment) -> FieldDescribe | None:
        field = sobject.field(assignment.field)
        if field is not None and (field.createable or field.updateable):
            return field
        name = assignment.field if field is None else field.name
        problem = (
            f"{sobject.name} has no field {name} that this user can see"
            if field is None
            else f"{sobject.name}.{name} is read-only"
        )
        if self.reject_unknown_fields:
            raise RecordRejected(f"{problem} ({assignment.origin}).", code="INVALID_FIELD", fields=[name])
        self.notices.say(f"{problem}: `{assignment.origin}` is left out of every record.")
        return None

    def _is_left_out(self, sobject: SObjectDescribe, field: FieldDescribe, assignment: Assignment) -> bool:
        nested = isinstance(assignment.value, dict) or (
            isinstance(assignment.value, list) and field.type != "multipicklist"
        )
        if nested:
            self.wrong_shape(sobject.name, assignment.origin)
        return nested

    def wrong_shape(self, sobject: str, origin: str) -> None:
        """Say that a trait is left out because it is a list or an object, or should be one."""
        self.notices.say(f"`{origin}` has a shape that no field of {sobject} takes: it is left out.")

    def _converted(self, sobject: SObjectDescribe, field: FieldDescribe, assignment: Assignment) -> Any:
        try:
            return fields.write_value(field, assignment.value)
        except ValueError as error:
            raise _mistyped(sobject, field, assignment, str(error)) from None

    def _fitting(self, sobject: SObjectDescribe, field: FieldDescribe, value: Any) -> Any:
        if fields.fits(field, value):
            return value
        cut = fields.trim(field, value) if self.trim_long_values else value
        if not fields.fits(field, cut):
            raise _too_long(sobject, field)
        self.notices.say(
            f"{sobject.name}.{field.name} takes {field.length} characters: longer values are cut."
        )
        return cut


def _mistyped(
    sobject: SObjectDescribe, field: FieldDescribe, assignment: Assignment, why: str
) -> RecordRejected:
    return RecordRejected(
        f"{sobject.name}.{field.name} is of type {field.type}, and `{assignment.origin}` does not fit: {why}",
        code="INVALID_TYPE_ON_FIELD_IN_RECORD",
        fields=[field.name],
    )


def _too_long(sobject: SObjectDescribe, field: FieldDescribe) -> RecordRejected:
    return RecordRejected(
        f"{sobject.name}.{field.name} takes {field.length} characters, and the value has more.",
        code="STRING_TOO_LONG",
        fields=[field.name],
    )
