"""What is wrong with a value: reasons for rejecting its event, which name its field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesforce_seg.errors import RecordRejected
from salesforce_seg.write_values import OutOfRange

if TYPE_CHECKING:
    from salesforce_seg.describe import FieldDescribe, SObjectDescribe


def together(problems: list[RecordRejected]) -> RecordRejected:
    """One reason for all that is wrong with a record; the code is that of the first."""
    if len(problems) == 1:
        return problems[0]
    names = dict.fromkeys(name for problem in problems for name in problem.fields)
    reasons = dict.fromkeys(problem.message for problem in problems)
    return RecordRejected(" ".join(reasons), code=problems[0].code, fields=list(names))


def unreadable(
    sobject: SObjectDescribe, field: FieldDescribe, origin: str, error: ValueError
) -> RecordRejected:
    """A value that the field's type refuses.

    Args:
        sobject: the object.
        field: that the value is for.
        origin: the trait, path or column it comes from.
        error: what is wrong with it.
    """
    if not isinstance(error, OutOfRange):
        return mistyped(sobject, field, origin, str(error))
    told = f"`{origin}` does not fit into {sobject.name}.{field.name}: {error}"
    return RecordRejected(told, code="NUMBER_OUTSIDE_VALID_RANGE", fields=[field.name])


def mistyped(sobject: SObjectDescribe, field: FieldDescribe, origin: str, why: str) -> RecordRejected:
    """A value that is of another type than its field."""
    return RecordRejected(
        f"{sobject.name}.{field.name} is of type {field.type}, and `{origin}` does not fit: {why}",
        code="INVALID_TYPE_ON_FIELD_IN_RECORD",
        fields=[field.name],
    )


def too_long(sobject: SObjectDescribe, field: FieldDescribe) -> RecordRejected:
    """A text that is longer than its field."""
    return RecordRejected(
        f"{sobject.name}.{field.name} takes {field.length} characters, and the value has more.",
        code="STRING_TOO_LONG",
        fields=[field.name],
    )
