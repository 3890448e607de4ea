"""What the user should know but that stops nothing: said once when it first happens, counted at the end."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from salesforce_seg.answers import one_line

if TYPE_CHECKING:
    import logging

MOST_REPORTS = 100
"""Lines about records that were only read."""


MOST = 1000
"""Different things to say: names come from outside, and a log is no place for millions of them."""

_MORE = f"More than {MOST} different notices: further ones are counted here."


class Notices:
    """Says each thing once, and how often it happened when the run ends.

    Args:
        logger: where to say it.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._times: Counter[str] = Counter()
        self._reports = 0

    def say(self, message: str) -> None:
        """Say something once, however often it happens; the message holds no value of an event.

        Names of traits come from outside, so it is made one line.
        """
        if message not in self._times:
            message = one_line(message) if len(self._times) < MOST else _MORE
            if message not in self._times:
                self._logger.warning("%s", message)
        self._times[message] += 1

    def report(self, line: str) -> None:
        """Say what was asked for, the first times; how often in all is said at the end."""
        self._reports += 1
        if self._reports <= MOST_REPORTS:
            self._logger.info("%s", one_line(line))

    def sum_up(self) -> None:
        """Say how often what was said once did happen."""
        for message, times in self._times.items():
            if times > 1:
                self._logger.info("%d times: %s", times, message)
        if self._reports > MOST_REPORTS:
            self._logger.info("%d records were read; the first %d are shown.", self._reports, MOST_REPORTS)
