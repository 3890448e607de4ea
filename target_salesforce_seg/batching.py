"""How many events make a batch: the setting's number, or more as it shows that the load is large."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_salesforce_seg.classify import Incoming
    from target_salesforce_seg.settings import TargetSettings

USUAL = 1_000
LARGE = 20_000
FULL_BATCHES = 10
"""After so many full batches without a pause the load is large."""

MOST_CHARACTERS = 200_000_000
"""Of the events of one batch, roughly: what the memory holds."""

_SAMPLES = 20


class BatchSize:
    """The size of the batches of one run.

    Args:
        settings: ``batch_size`` and ``api_type``: only Bulk API jobs gain by large batches.
    """

    def __init__(self, settings: TargetSettings) -> None:
        self._grows = settings.batch_size is None and settings.api_type != "rest"
        self._full = FULL_BATCHES if settings.api_type == "bulk2" else 0
        self.now = settings.batch_size or USUAL
        self._first = self.now

    def settled(self, batch: Sequence[Incoming]) -> None:
        """Learn from a batch that is settled."""
        if not self._grows:
            return
        self._full = self._full + 1 if len(batch) >= self.now else 0
        if self._full >= FULL_BATCHES:
            self.now = max(self._first, min(LARGE, MOST_CHARACTERS // _length(batch)))


def _length(batch: Sequence[Incoming]) -> int:
    """Characters of an event of a batch, on the average of some."""
    samples = batch[:: max(1, len(batch) // _SAMPLES)]
    return max(1, sum(len(repr(each.record)) for each in samples) // max(1, len(samples)))
