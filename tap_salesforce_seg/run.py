"""A run over the selected streams, several at once: what fails, what goes on, what is said at the end."""

from __future__ import annotations

import logging
import time
from collections import deque
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING

from salesforce_seg.errors import (
    ConfigurationError,
    ObjectUnavailable,
    QuotaExhausted,
    RunFailed,
    SalesforceError,
    ServerUnavailable,
)
from salesforce_seg.limits import CHARGED_TO
from tap_salesforce_seg.line_writer import LoaderGone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tap_salesforce_seg.stream import CollectionStream

logger = logging.getLogger("tap-salesforce-seg")

MOST_SILENT_STREAMS = 2
"""After so many streams in a row to which Salesforce did not answer, the others are not tried."""


class Run:
    """Extracts streams, several at once: whichever has lines at hand is written.

    Args:
        failed: Streams that have failed already, in discovery, and why.
        at_once: How many streams are under way at most.
        wait: Waits until one of them has more at hand.
    """

    def __init__(self, failed: Mapping[str, str], at_once: int, wait: Callable[[], None]) -> None:
        self.failed = dict(failed)
        """Streams that failed, and why."""
        self._at_once = at_once
        self._wait = wait
        self._waiting: deque[CollectionStream] = deque()
        self._under_way: list[_UnderWay] = []
        self._silent = 0
        self._is_given_up = False

    def extract(self, streams: Sequence[CollectionStream]) -> None:
        """Read the streams. One that fails keeps its bookmark and does not keep the others from running.

        Raises:
            RunFailed: Streams failed; the message names them.
            ConfigurationError: The login was refused.
            QuotaExhausted: The quota guard stopped the run.
            LoaderGone: Nobody reads the output any more.
        """
        self._waiting.extend(streams)
        try:
            self._extract_all()
        finally:
            for each in self._under_way:
                each.end()
        if not self._is_given_up:
            for stream in streams:
                stream.agenda.past.end_run()
        if self.failed:
            order = [stream.name for stream in streams]
            names = sorted(self.failed, key=lambda name: order.index(name) if name in order else len(order))
            raise RunFailed(
                f"These streams failed: {', '.join(names)}. Their bookmarks stay where they were; "
                "the next run goes on from there."
            )

    def _extract_all(self) -> None:
        while self._begin_more():
            has_written = [self._write(each) for each in self._under_way]
            if not any(has_written):
                self._wait()

    def _begin_more(self) -> bool:
        """Begin as many streams as may be under way; whether any is."""
        self._under_way = [each for each in self._under_way if not each.is_over]
        while self._waiting and len(self._under_way) < self._at_once:
            if self._under_way and not self._waiting[0].agenda.is_announced:
                break  # what it reads is known when the other streams have been read
            self._under_way.append(_UnderWay(self._waiting.popleft()))
        return bool(self._under_way)

    def _write(self, each: _UnderWay) -> bool:
        """Write what a stream has at hand; whether there was anything, or it came to its end."""
        name = each.stream.name
        try:
            has_written = each.write()
        except (ConfigurationError, QuotaExhausted, LoaderGone):
            raise
        except ObjectUnavailable as error:
            logger.warning("%s is left out: %s", name, error)
        except SalesforceError as error:
            logger.error("%s failed: %s", name, error)  # noqa: TRY400  the message says it all
            self.failed[name] = str(error)
            if isinstance(error, ServerUnavailable):
                self._met_silence()
                return True
        else:
            if not each.is_over:
                return has_written
        self._silent = 0
        return True

    def _met_silence(self) -> None:
        self._silent += 1
        if self._silent >= MOST_SILENT_STREAMS and self._waiting:
            self._is_given_up = True
            last = self._under_way[-1].stream.name
            logger.error("Salesforce does not answer; the streams after %s are not tried.", last)
            self.failed[f"those after {last}"] = ""
            self._waiting.clear()


class _UnderWay:
    """A stream under way, in a context of its own, so that its calls are charged to it."""

    def __init__(self, stream: CollectionStream) -> None:
        self.stream = stream
        self.is_over = False
        self._began = time.monotonic()
        self._context = copy_context()
        self._context.run(CHARGED_TO.set, stream.definition.sobject.name)
        self._steps = stream.extract()

    def write(self) -> bool:
        """Write what is at hand; whether there was anything. Errors are those of the stream."""
        has_written = False
        try:
            for step in iter(partial(self._context.run, next, self._steps, _OVER), _OVER):
                if not step:
                    return has_written
                has_written = True
        except BaseException:
            self.end()
            raise
        self.end()
        return has_written

    def end(self) -> None:
        """Go no further."""
        if not self.is_over:
            self.is_over = True
            self._context.run(self._steps.close)
            self.stream.seconds = time.monotonic() - self._began


_OVER = object()
