"""What can become of a write, whoever writes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from salesforce_seg.errors import RecordRejected, Remedy
from target_salesforce_seg.catalog import missing_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from salesforce_seg.errors import ApiError, SalesforceError
    from target_salesforce_seg.writes import Write

PASSING = frozenset({Remedy.RETRY, Remedy.RETRY_ROW, Remedy.RELOGIN})
STOP = frozenset({Remedy.FATAL, Remedy.STOP_QUOTA})

_ADVICE = {
    "DUPLICATES_DETECTED": "A duplicate rule of the org knows such a record: look for it in Salesforce, or "
    "set allow_duplicates if the rule only warns.",
}
"""By code, what Salesforce's own message leaves open."""


@dataclass(frozen=True, slots=True)
class Written:
    """The write took effect; ``created`` is false for a create that found its record there."""

    created: bool = True


@dataclass(frozen=True, slots=True)
class Refused:
    """The write was refused for good.

    Attributes:
        error: why.
        look_again: whether the record may be another one now.
        missing: the field that the object does not have, or no longer.
    """

    error: RecordRejected
    look_again: bool = False
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Lost:
    """Whether the write took effect is not known."""

    error: SalesforceError


Result = Written | Refused | Lost


class Writer(Protocol):
    """Writes, or pretends to."""

    def write(self, writes: Sequence[Write], results: dict[Write, Result]) -> None:
        """Write all.

        Args:
            writes: to be written.
            results: takes what becomes of each.

        Raises:
            SalesforceError: the run cannot go on.
        """


def rejected(error: SalesforceError) -> RecordRejected:
    """An error as that of one record."""
    return RecordRejected(error.message, code=error.code, fields=error.fields, errors=error.errors)


def refused(error: SalesforceError) -> Refused:
    """A refusal of a whole request as that of its one record."""
    return Refused(rejected(error), missing=missing_column(error))


def of_row(errors: Sequence[ApiError], remedy: Remedy) -> Refused:
    """The refusal of one row: all that Salesforce minds, and what to do where it does not say so."""
    code = errors[0].code
    told = dict.fromkeys(each.message for each in errors)
    fields = dict.fromkeys(name for each in errors for name in each.fields)
    reason = " ".join([*told, *([_ADVICE[code]] if code in _ADVICE else [])])
    error = RecordRejected(reason, code=code, fields=[*fields], errors=errors)
    return Refused(error, look_again=remedy is Remedy.REROUTE, missing=missing_column(error))


def gave_up(error: RecordRejected, tries: int) -> Refused:
    """What failed again and again, and might be written another time."""
    told = f"{error.code}: {error.message}" if error.code else error.message
    return Refused(
        RecordRejected(
            f"Gave up after {tries} tries: {told} Replay the event later.",
            code="GAVE_UP",
            fields=error.fields,
            errors=error.errors,
        )
    )
