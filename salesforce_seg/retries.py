"""Sending again: which tries are repeated, how often, and after how long a wait."""

from __future__ import annotations

import logging
import random
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from salesforce_seg.errors import ServerUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from salesforce_seg.errors import SalesforceError

T = TypeVar("T")

LONGEST_WAIT = 60.0
"""Seconds of one wait of our own choice."""

LONGEST_RETRY_AFTER = 300.0
"""Seconds that a server's Retry-After is obeyed."""

log = logging.getLogger(__name__)


class TryFailed(Exception):  # noqa: N818  it is replaced by its error before a caller sees it
    """One try failed in a way that may pass.

    Attributes:
        error: What to raise when there is no further try.
        reached: Whether the server may have acted on the request.
        tries: How often to try at most; 0 for no limit of its own.
        first_wait: Seconds of the first wait at most; each further one doubles.
        retry_after: The server's Retry-After header, if any.
    """

    def __init__(
        self,
        error: SalesforceError,
        *,
        reached: bool,
        tries: int = 0,
        first_wait: float = 1.0,
        retry_after: str | None = None,
    ) -> None:
        super().__init__(error.message)
        self.error = error
        self.reached = reached
        self.tries = tries
        self.first_wait = first_wait
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Backoff:
    """Repeats tries after exponential waits with full jitter.

    Attributes:
        max_retries: How often a request is sent again.
        sleep: Waits so many seconds.
        jitter: Gives a number from 0 to 1.
    """

    max_retries: int
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random

    def see_through(self, attempt: Callable[[], T], *, repeatable: bool = True) -> T:
        """Try until it succeeds, fails for good, or the tries are used up.

        Args:
            attempt: One try; raises TryFailed when the failure may pass.
            repeatable: Whether a request that may have been acted on may be sent again.

        Returns:
            What the successful try returned.

        Raises:
            SalesforceError: The error of the last try; a ServerUnavailable says in ``outcome_unknown``
                whether a request that is not repeatable may have taken effect.
        """
        tries = 0
        while True:
            tries += 1
            try:
                return attempt()
            except TryFailed as failed:
                most = min(self.max_retries + 1, failed.tries or self.max_retries + 1)
                if tries >= most or (failed.reached and not repeatable):
                    raise _given_up(failed, tries, repeatable=repeatable) from None
                seconds = self.wait_before(tries + 1, failed.first_wait, failed.retry_after)
                log.warning("%s Trying again in %.1f s.", failed.error.message, seconds)
                self.sleep(seconds)

    def wait_before(self, attempt: int, first_wait: float = 1.0, retry_after: str | None = None) -> float:
        """Seconds to wait before a try: at least what the server asks for, within reason."""
        seconds = self.jitter() * min(LONGEST_WAIT, first_wait * 2.0 ** (attempt - 2))
        return max(seconds, min(LONGEST_RETRY_AFTER, seconds_in(retry_after)))


def seconds_in(retry_after: str | None) -> float:
    """The seconds a Retry-After header asks for, in either of its forms; 0 when missing or unreadable."""
    if not retry_after:
        return 0.0
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())


def _given_up(failed: TryFailed, tries: int, *, repeatable: bool) -> SalesforceError:
    error = failed.error
    message = error.message + (f" Tried {tries} times." if tries > 1 else "")
    if not isinstance(error, ServerUnavailable):
        return type(error)(message, code=error.code, status=error.status, errors=error.errors)
    outcome_unknown = failed.reached and not repeatable
    if outcome_unknown:
        message += " Whether the write took effect is not known."
    return ServerUnavailable(
        message, outcome_unknown=outcome_unknown, code=error.code, status=error.status, errors=error.errors
    )
