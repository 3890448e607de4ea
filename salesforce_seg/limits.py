"""The org's daily API requests: what ``Sforce-Limit-Info`` says of them, and the guard that stops in time."""

from __future__ import annotations

import re
import threading
from collections import Counter
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from salesforce_seg.errors import QuotaExhausted

if TYPE_CHECKING:
    from collections.abc import Mapping

_API_USAGE = re.compile(r"(?:^|[;,\s])api-usage\s*=\s*(\d+)\s*/\s*(\d+)")


@dataclass(frozen=True, slots=True)
class Usage:
    """How many of the org's daily API requests are used: by all users, and how many there are."""

    used: int
    allowed: int


def parse_limit_info(header: str | None) -> Usage | None:
    """Read a ``Sforce-Limit-Info`` header.

    Salesforce has added segments over the years (``api-usage=25/5000; per-app-api-usage=17/250(appName=x)``,
    ``api-usage=10018/100000; api-bursts=1/750``); only ``api-usage`` is about the daily limit.

    Returns:
        The usage, or None when the header is missing or has no readable ``api-usage``.
    """
    match = _API_USAGE.search(header or "")
    if match is None or int(match[2]) == 0:
        return None
    return Usage(int(match[1]), int(match[2]))


CHARGED_TO: ContextVar[str] = ContextVar("charged_to", default="")
"""What the calls of this context are made for, such as an object; empty for what all share."""


class QuotaGuard:
    """Counts API calls and stops the run before the org's daily API requests are used up. Thread-safe.

    The header goes down as well as up on a real org (replies come from several servers), so the guard
    believes the highest number it has seen plus the calls it has made since.

    Args:
        percent_total: ``quota_percent_total``: share of the daily limit that all users together may use.
        percent_per_run: ``quota_percent_per_run``: share of the daily limit that this run may use.
    """

    def __init__(self, percent_total: int = 80, percent_per_run: int = 25) -> None:
        self._percent_total = percent_total
        self._percent_per_run = percent_per_run
        self._lock = threading.Lock()
        self._calls = 0
        self._charges: Counter[str] = Counter()
        self._used = 0
        self._allowed = 0

    @property
    def calls(self) -> int:
        """API calls made so far by this run."""
        return self._calls

    @property
    def charges(self) -> Mapping[str, int]:
        """The calls made so far, by what ``CHARGED_TO`` said of them."""
        with self._lock:
            return dict(self._charges)

    @property
    def usage(self) -> Usage | None:
        """The highest usage known, this run's own calls since included; None before the first answer."""
        with self._lock:
            return Usage(self._used, self._allowed) if self._allowed else None

    def admit(self) -> None:
        """Count the call that is about to be made.

        Raises:
            QuotaExhausted: One of the two shares is used up; the call must not be made.
        """
        with self._lock:
            if self._allowed:
                self._check()
            self._calls += 1
            self._charges[CHARGED_TO.get()] += 1
            self._used += 1

    def observe(self, header: str | None) -> None:
        """Learn from the ``Sforce-Limit-Info`` header of an answer."""
        usage = parse_limit_info(header)
        if usage is None:
            return
        with self._lock:
            self._used = max(self._used, usage.used) if self._allowed else max(self._calls, usage.used)
            self._allowed = usage.allowed

    def _check(self) -> None:
        used, calls, allowed = self._used, self._calls, self._allowed
        if used >= allowed * self._percent_total / 100:
            raise QuotaExhausted(
                f"Stopped by quota_percent_total: {used:,} of the org's {allowed:,} daily API requests "
                f"are used, by all users together; the setting allows {self._percent_total} %. The state "
                "is kept: run again when the 24-hour count has gone down, or raise quota_percent_total."
            )
        if calls >= allowed * self._percent_per_run / 100:
            raise QuotaExhausted(
                f"Stopped by quota_percent_per_run: this run has made {calls:,} API calls; the setting "
                f"allows one run {self._percent_per_run} % of the org's {allowed:,} daily API requests. "
                "The state is kept: run again to go on from there, or raise quota_percent_per_run."
            )
