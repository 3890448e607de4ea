"""What can go wrong, as one tree of exceptions ordered by what the caller should do.

::

    SalesforceError                 exit code 1
    ├── ConfigurationError          2   the user must change a setting, or an administrator a permission
    ├── QuotaExhausted              3   stop cleanly, keep the state, go on tomorrow
    └── RunFailed                   1   this run cannot go on
        └── ServerUnavailable           retries are used up; a later run may do better
    ├── ObjectUnavailable           1   skip this object, go on with the others
    ├── QueryRefused                1   ask differently
    │   ├── InvalidQueryLocator         start the query again
    │   ├── QueryTimeout                ask for less
    │   └── QueryTooLong                ask with fewer fields or values, or in a request body
    └── RecordRejected              1   this record cannot be written as it is

Which answer of Salesforce becomes which of them is data: :mod:`salesforce_seg.error_table`.
"""

# ruff: noqa: N818  (the names say what to do; half of them are no errors of anybody's)
from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


class Remedy(Enum):
    """What to do about an error answer."""

    RETRY = "send the same request again after a wait"
    RETRY_ROW = "send just these rows again after a wait"
    RELOGIN = "log in again and send the same request again"
    STOP_QUOTA = "end the run cleanly and keep its state"
    FATAL = "end the run: nothing will work until a person changes something"
    SKIP_OBJECT = "leave this object out and go on"
    CHANGE_QUERY = "ask differently"
    REROUTE = "look the record up again, or write to another one"
    REJECT_RECORD = "this record cannot be written as it is"
    SPLIT = "one row spoils the whole request: send its parts"


@dataclass(frozen=True, slots=True)
class ApiError:
    """One entry of a Salesforce error answer, whole-request or of one row.

    ``code`` is Salesforce's ``errorCode`` (``statusCode`` in a row of a collection, ``error`` at the token
    endpoint); ``details`` is the entry as it came, for the few codes that carry more (DUPLICATES_DETECTED).
    """

    code: str
    message: str
    fields: tuple[str, ...] = ()
    details: Any = None

    @classmethod
    def from_json(cls, entry: Any) -> ApiError:
        """Read an entry in any of the shapes Salesforce uses; other things become one without a code."""
        if not isinstance(entry, dict):
            return cls("", str(entry))
        code = entry.get("errorCode") or entry.get("statusCode") or entry.get("error") or ""
        message = entry.get("message") or entry.get("error_description") or ""
        fields = entry.get("fields") or ()
        return cls(
            str(code),
            str(message),
            tuple(map(str, fields)) if isinstance(fields, list | tuple) else (),
            entry,
        )

    @classmethod
    def list_from_json(cls, body: Any) -> tuple[ApiError, ...]:
        """Read a whole error body: an array of entries, or one object."""
        entries = body if isinstance(body, list) else [body]
        return tuple(cls.from_json(entry) for entry in entries)

    def as_json(self) -> dict[str, Any]:
        """The entry in the shape of a REST error answer."""
        if isinstance(self.details, dict):
            return self.details
        return {"errorCode": self.code, "message": self.message, "fields": list(self.fields)}

    def __str__(self) -> str:
        return ": ".join(part.strip() for part in (self.code, self.message) if part.strip())


class SalesforceError(Exception):
    """The base of all errors of this package; the message is meant for the user.

    Args:
        message: What happened, to which object or record, and what to do next.
        code: Salesforce's errorCode, if it gave one.
        status: The HTTP status, 0 if there was none.
        fields: API names of the fields that Salesforce blames.
        errors: All entries of the error answer.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        status: int = 0,
        fields: Iterable[str] = (),
        errors: Iterable[ApiError] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status
        self.fields = tuple(fields)
        self.errors = tuple(errors)


class ConfigurationError(SalesforceError):
    """A setting is wrong or missing, or the login was refused. The message names the setting."""

    exit_code = 2


class QuotaExhausted(SalesforceError):
    """The org's daily API requests are used up, or the part of them that this run may take."""

    exit_code = 3


class RunFailed(SalesforceError):
    """This run cannot go on."""


class ServerUnavailable(RunFailed):
    """Salesforce could not be reached or did not answer as it should, and all retries are used up.

    ``outcome_unknown`` is true when the request was a write that must not be repeated blindly and may have
    taken effect: look the records up before sending it again.
    """

    def __init__(self, message: str, *, outcome_unknown: bool = False, **details: Any) -> None:
        super().__init__(message, **details)
        self.outcome_unknown = outcome_unknown


class ObjectUnavailable(SalesforceError):
    """This org or this user does not have the object, or it cannot be asked for in this way."""


class QueryRefused(SalesforceError):
    """Salesforce refused a query; ``code`` says why."""


class InvalidQueryLocator(QueryRefused):
    """The cursor behind ``nextRecordsUrl`` is gone (they live two days): start the query again."""


class QueryTimeout(QueryRefused):
    """The query ran longer than Salesforce allows (120 seconds): ask for a smaller window."""


class QueryTooLong(QueryRefused):
    """The query is too long or too complicated, or its URL exceeds 16,384 bytes."""


class RecordRejected(SalesforceError):
    """A record cannot be written as it is; ``code`` and ``fields`` say why."""
