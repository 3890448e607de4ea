"""What query and ingest jobs of Bulk API 2.0 have in common."""

from __future__ import annotations

import time
from itertools import chain, repeat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from salesforce_seg.session import Session

LONG_WAIT = 15.0
"""Seconds between the later looks at a job: each look costs an API call."""

LONGEST_HOURS = 6
"""Hours after which a job that is still under way is given up."""


class Bulk2Job:
    """A job, from its creation to its deletion.

    Args:
        session: The connection to the org.
        job_id: The job's Id.
        title: What messages call it.
        sleep: Waits so many seconds.
    """

    def __init__(
        self, session: Session, job_id: str, title: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._session = session
        self.id = job_id
        self._title = title
        self._sleep = sleep

    def _looks(self, waits: Iterable[float]) -> Iterator[None]:
        """When to look at the job: after each of these waits (seconds), then now and then, for hours."""
        waited = 0.0
        for seconds in chain(waits, repeat(LONG_WAIT)):
            self._sleep(seconds)
            waited += seconds
            yield
            if waited > LONGEST_HOURS * 3600:
                return
