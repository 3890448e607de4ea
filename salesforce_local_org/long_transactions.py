"""Transactions that take long: their rows appear late, with the SystemModstamp of when they were written.

This is how rows get lost in the field: a reader has gone past a stamp, and then a row with that stamp becomes
visible. ``getUpdated`` and ``getDeleted`` tell of it: their ``latestDateCovered`` is not later than the start
of a transaction that is still open (SOAP API guide, "GetUpdatedResult").
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class LongTransaction:
    """One open transaction: when it began, and what it will have written when it ends."""

    id: int
    started: datetime
    requests: list[dict[str, Any]]
    """Each with ``method``, ``path`` and, if it has one, a JSON ``body``."""


class LongTransactions:
    """The open transactions of one org."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last_id = 0
        self._open: dict[int, LongTransaction] = {}

    def begin(self, started: datetime, requests: list[dict[str, Any]]) -> LongTransaction:
        """Open a transaction."""
        with self._lock:
            self._last_id += 1
            transaction = LongTransaction(self._last_id, started, requests)
            self._open[transaction.id] = transaction
        return transaction

    def end(self, transaction_id: int) -> LongTransaction | None:
        """Take an open transaction out; None when there is none of that number."""
        with self._lock:
            return self._open.pop(transaction_id, None)

    def listing(self) -> list[LongTransaction]:
        """The open ones, oldest first."""
        with self._lock:
            return sorted(self._open.values(), key=lambda each: each.started)

    def covered_until(self, moment: datetime) -> datetime:
        """A moment, or the start of the oldest open transaction when that is earlier."""
        return min([moment, *(each.started for each in self.listing())])
