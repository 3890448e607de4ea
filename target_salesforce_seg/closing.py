"""What a run says at its end: its counts, in the log, in a file for programs and on a page."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from salesforce_seg.summary import check_folder, publish
from salesforce_seg.text_table import text_table

if TYPE_CHECKING:
    import logging

    from salesforce_seg.session import Session
    from target_salesforce_seg.notices import Notices
    from target_salesforce_seg.outcomes import Counts
    from target_salesforce_seg.settings import TargetSettings


class Closing:
    """The closing words of one run, which begins now.

    Args:
        settings: ``summary_path``, ``report_path``, ``rejects_path``.
        session: the connection; counts the API calls.
        counts: of the run.
        notices: sum up what was said once.
        logger: where to log.
        name: of the plugin.
        is_dry: whether nothing is written, no file either.

    Raises:
        ConfigurationError: The folder of a file does not exist.
    """

    def __init__(
        self,
        settings: TargetSettings,
        session: Session,
        counts: Counts,
        notices: Notices,
        logger: logging.Logger,
        *,
        name: str,
        is_dry: bool,
    ) -> None:
        check_folder("summary_path", settings.summary_path)
        check_folder("report_path", settings.report_path)
        self._settings = settings
        self._session = session
        self._counts = counts
        self._notices = notices
        self._logger = logger
        self._name = name
        self._is_dry = is_dry
        self._began_at, self._began = datetime.now(timezone.utc), time.monotonic()
        self._is_said = False

    @property
    def where_rejects_are(self) -> str:
        """Where to look for the rejected events, for messages."""
        return "what the dry run prints" if self._is_dry else self._settings.rejects_path

    def say(self, not_settled: int) -> None:
        """Say what the run came to; the counts are the last line.

        A second call says the counts again: something else was said since the first.

        Args:
            not_settled: events that were taken in and come again.
        """
        if not self._is_said:
            self._is_said = True
            self._say_what_became(not_settled)
        dry = "Dry run, nothing was written: " if self._is_dry else ""
        self._logger.info("%s%s", dry, self._counts.line(self._session.api_calls))

    def _say_what_became(self, not_settled: int) -> None:
        self._notices.sum_up()
        for reason, events in self._counts.skipped_because.most_common():
            self._logger.info("Not for Salesforce: %d events, because %s.", events, reason)
        for code, events in self._counts.rejected_because.most_common():
            self._logger.warning("Rejected: %d with %s; see %s.", events, code, self.where_rejects_are)
        if not_settled:
            self._logger.warning(
                "%d events were taken in but are not settled: the state does not cover them, and they come "
                "again with the next run.",
                not_settled,
            )
        summary = self._summary(not_settled)
        if objects := summary["objects"]:
            heads = ("object", "created", "updated", "deleted", "unchanged")
            rows = [(name, *done.values()) for name, done in objects.items()]
            self._logger.info("What became of the records:\n%s", text_table(heads, rows))
        if not self._is_dry:
            publish(summary, self._settings.summary_path, self._settings.report_path, self._logger)

    def _summary(self, not_settled: int) -> dict[str, Any]:
        """What the run came to, for the setting ``summary_path``."""
        usage = self._session.usage
        return {
            "plugin": self._name,
            "started_at": self._began_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "seconds": round(time.monotonic() - self._began, 3),
            **self._counts.as_json(),
            "not_settled": not_settled,
            "api_calls": self._session.api_calls,
            "api_requests": {"used": usage.used, "allowed": usage.allowed} if usage else None,
        }
