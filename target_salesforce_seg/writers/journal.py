"""Which Bulk API jobs are under way, kept on the disk: a run that was killed leaves its jobs running.

The next run waits for them before it looks anything up, or it would not see what they are about to create.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from salesforce_seg.bulk2_ingest import IngestJob
from salesforce_seg.errors import ObjectUnavailable

if TYPE_CHECKING:
    import logging
    from pathlib import Path

    from salesforce_seg.session import Session


class JobJournal:
    """A file of job Ids, one a line, beside the rejects file; there is none while no job is under way.

    Args:
        path: of the file.
        logger: where to say what is waited for.
    """

    def __init__(self, path: Path, logger: logging.Logger) -> None:
        self._path = path
        self._logger = logger

    def note(self, job_id: str) -> None:
        """Note a job before Salesforce begins with it; it is on the disk when this returns.

        Raises:
            OSError: It cannot be written.
        """
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "a") as file:
            file.write(f"{job_id}\n")
            file.flush()
            os.fsync(descriptor)

    def forget(self, job_id: str) -> None:
        """A job is over. The file may hold jobs of other runs, to other orgs."""
        others = [each for each in self._job_ids() if each != job_id]
        if others:
            self._path.write_text("".join(f"{each}\n" for each in others))
        else:
            self._path.unlink(missing_ok=True)

    def finish(self, session: Session) -> None:
        """Wait for the jobs of a run that did not see them end.

        Raises:
            SalesforceError: They cannot be waited for.
        """
        for job_id in self._job_ids():
            self._logger.info("Waiting for the Bulk API job %s, which an earlier run has left.", job_id)
            job = IngestJob(session, job_id, "of an earlier run", sleep=session.backoff.sleep)
            try:
                job.wait_if_begun()
            except ObjectUnavailable:
                self._logger.info("The Bulk API job %s is no more.", job_id)
            self.forget(job_id)

    def _job_ids(self) -> list[str]:
        try:
            lines = self._path.read_text().split()
        except OSError:  # none was written, or none could be
            return []
        return list(dict.fromkeys(line for line in lines if line.isalnum()))
