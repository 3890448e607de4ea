"""The form of the error table's rows: which answers a row is about, and what to do with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re

    from salesforce_seg.errors import Remedy, SalesforceError

_ANY = range(600)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table: when it applies, and what to do then.

    Attributes:
        remedy: What to do.
        error: The exception that a whole request ends in.
        codes: Salesforce's errorCodes, compared without case and underscores; empty for any.
        statuses: HTTP statuses, with 0 for an error of one row.
        message: Regular expression searched in the message, ignoring case; empty for any.
        advice: What the user should do, one sentence or two.
        unprocessed: Whether Salesforce surely did nothing, so that even a create may be sent again.
        tries: How often the request is sent at most, whatever ``max_retries`` says; 0 for no such limit.
        first_wait: Seconds of the first wait at most; each further one doubles.
    """

    remedy: Remedy
    error: type[SalesforceError]
    codes: frozenset[str] = frozenset()
    statuses: range | frozenset[int] = _ANY
    message: re.Pattern[str] | None = None
    advice: str = ""
    unprocessed: bool = False
    tries: int = 0
    first_wait: float = 1.0

    def matches(self, status: int, code: str, message: str) -> bool:
        """Whether this row applies; ``code`` is normalised."""
        return (
            status in self.statuses
            and (not self.codes or code in self.codes)
            and (self.message is None or self.message.search(message) is not None)
        )


def normalised(code: str) -> str:
    """An errorCode in the one spelling the table compares: Bulk API writes ``InvalidEntity``."""
    return code.replace("_", "").upper()
