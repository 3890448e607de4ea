"""A run over the selected streams: what fails, what goes on, what is said at the end."""

from __future__ import annotations

import logging
import time
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
    from collections.abc import Mapping, Sequence

    from salesforce_seg.progress import Progress
    from tap_salesforce_seg.stream import CollectionStream

logger = logging.getLogger("tap-salesforce-seg")

MOST_SILENT_STREAMS = 2
"""After so many streams in a row to which Salesforce did not answer, the others are not tried."""


class Run:
    """Extracts stream after stream.

    Args:
        failed: Streams that have failed already, in discovery, and why.
        progress: Tells how far the run is.
    """

    def __init__(self, failed: Mapping[str, str], progress: Progress) -> None:
        self.failed = dict(failed)
        """Streams that failed, and why."""
        self._progress = progress
        self._silent = 0

    def extract(self, streams: Sequence[CollectionStream]) -> None:
        """Read the streams. One that fails keeps its bookmark and does not keep the others from running.

        Raises:
            RunFailed: Streams failed; the message names them.
            ConfigurationError: The login was refused.
            QuotaExhausted: The quota guard stopped the run.
            LoaderGone: Nobody reads the output any more.
        """
        for stream in streams:
            self._extract(stream)
            if self._silent == MOST_SILENT_STREAMS:
                logger.error("Salesforce does not answer; the streams after %s are not tried.", stream.name)
                self.failed["those after " + stream.name] = ""
                break
        else:
            for stream in streams:
                stream.agenda.past.end_run()
        if self.failed:
            raise RunFailed(
                f"These streams failed: {', '.join(self.failed)}. Their bookmarks stay where they were; "
                "the next run goes on from there."
            )

    def _extract(self, stream: CollectionStream) -> None:
        began = time.monotonic()
        CHARGED_TO.set(stream.definition.sobject.name)
        self._progress.begin(stream.name)
        try:
            stream.extract()
        except (ConfigurationError, QuotaExhausted, LoaderGone):
            raise
        except ObjectUnavailable as error:
            logger.warning("%s is left out: %s", stream.name, error)
        except SalesforceError as error:
            logger.error("%s failed: %s", stream.name, error)  # noqa: TRY400  the message says it all
            self.failed[stream.name] = str(error)
            if isinstance(error, ServerUnavailable):
                self._silent += 1
                return
        finally:
            stream.seconds = time.monotonic() - began
        self._silent = 0
