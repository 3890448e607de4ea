"""Which API writes what: composite for some records, Bulk API 2.0 jobs for many.

A composite writes 1,000 records a call and answers at once; a job costs some ten calls and seconds of
waiting, however many records it has. So a job costs less from some ten thousand records on.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import TYPE_CHECKING

from target_salesforce_seg.writers.bulk_results import NotByBulk
from target_salesforce_seg.writers.bulk_rows import Load, load_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_salesforce_seg.settings import TargetSettings
    from target_salesforce_seg.writers.bulk2 import BulkWriter
    from target_salesforce_seg.writers.composite import CompositeWriter
    from target_salesforce_seg.writers.results import Result
    from target_salesforce_seg.writes import Write

FEWEST_FOR_BULK = 10_000
"""Records of one object and operation in a batch, under ``api_type: auto``."""

log = logging.getLogger(__name__)


class Writers:
    """Writes to one org, by whatever API suits.

    Args:
        composite: for some records.
        bulk: for many.
        settings: ``api_type``; assignment and duplicate rules, which jobs cannot be told about.
    """

    def __init__(self, composite: CompositeWriter, bulk: BulkWriter, settings: TargetSettings) -> None:
        self._composite = composite
        self._bulk = bulk
        self._settings = settings
        self._fewest = {"bulk2": 1, "auto": FEWEST_FOR_BULK}.get(settings.api_type)
        self._not_by_bulk: set[Load] = set()

    def write(self, writes: Sequence[Write], results: dict[Write, Result]) -> None:
        """Write all; arguments and errors as :meth:`CompositeWriter.write`."""
        loads: dict[Load | None, list[Write]] = defaultdict(list)
        for write in writes:
            loads[self._load_of(write)].append(write)
        rest = loads.pop(None, [])
        for load, members in loads.items():
            if load is None or self._fewest is None or len(members) < self._fewest:
                rest += members
                continue
            try:
                self._bulk.write(load, members, results)
            except NotByBulk as reason:
                self._not_by_bulk.add(load)
                log.warning(
                    "Bulk API 2.0 does not take this %s of %s: it goes by REST. %s",
                    load.operation,
                    load.sobject,
                    reason,
                )
                rest += [write for write in members if write not in results]
        self._composite.write(rest, results)

    def _load_of(self, write: Write) -> Load | None:
        if self._fewest is None or write.losses:
            return None
        if write.operation == "create" and self._settings.auto_assign:
            return None
        if write.operation != "delete" and self._settings.allow_duplicates:
            return None
        load = load_of(write)
        return None if load in self._not_by_bulk else load
