"""How many records travel in one call: as many as this org can take in good time.

A composite takes five collections of 200 records. Salesforce lets a user have few requests of more than 20
seconds at a time ("API Request Limits and Allocations", long-running requests), so calls that take long, and
answers that tell of too much work at once, make the next ones smaller; quick answers make them wider again.
"""

from __future__ import annotations

import logging

from salesforce_seg.composite import MOST_QUERIES_AND_COLLECTIONS
from salesforce_seg.sobject_collections import MOST_RECORDS

FEWEST_RECORDS = 25
QUICK_ANSWERS = 3
"""So many quick answers in a row make the calls wider."""

log = logging.getLogger(__name__)


class Pace:
    """What was learned of one org, kept for the run.

    Args:
        slow: seconds of an answer that is too slow; one in half the time is quick.
    """

    def __init__(self, slow: float) -> None:
        self._slow = slow
        self._quick = 0
        self.collections = MOST_QUERIES_AND_COLLECTIONS
        self.records = MOST_RECORDS

    def answered(self, seconds: float) -> None:
        """Learn from the time that an answer took."""
        if seconds >= self._slow:
            self.narrow(f"the last call took {seconds:.0f} s")
            return
        self._quick = self._quick + 1 if seconds <= self._slow / 2 else 0
        if self._quick >= QUICK_ANSWERS:
            self._quick = 0
            self._widen()

    def narrow(self, reason: str) -> None:
        """Send less at a time."""
        self._quick = 0
        before = self.collections * self.records
        if self.collections > 1:
            self.collections //= 2
        else:
            self.records = max(FEWEST_RECORDS, self.records // 2)
        if self.collections * self.records < before:
            log.info(
                "Writing up to %d records a call from now on: %s.", self.collections * self.records, reason
            )

    def _widen(self) -> None:
        if self.records < MOST_RECORDS:
            self.records = min(MOST_RECORDS, self.records * 2)
        elif self.collections < MOST_QUERIES_AND_COLLECTIONS:
            self.collections += 1
        else:
            return
        log.info(
            "Writing up to %d records a call again: Salesforce answers quickly.",
            self.collections * self.records,
        )
