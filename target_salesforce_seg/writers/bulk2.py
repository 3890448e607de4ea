"""Writes through Bulk API 2.0 ingest jobs: many records in few API calls.

Source: Bulk API 2.0 and Bulk API Developer Guide, "Bulk API 2.0 Ingest". A job that is complete says nothing
of its rows: see :mod:`target_salesforce_seg.writers.bulk_results`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from salesforce_seg.bulk2_ingest import IngestJob
from salesforce_seg.errors import ConfigurationError, SalesforceError, ServerUnavailable
from target_salesforce_seg.writers.bulk_results import UNPROCESSED, NotByBulk, ResultReader
from target_salesforce_seg.writers.bulk_rows import Load, content_of, parent, parts
from target_salesforce_seg.writers.results import Lost, Refused, Result, gave_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from salesforce_seg.session import Session
    from target_salesforce_seg.writers.journal import JobJournal
    from target_salesforce_seg.writes import Write

LOCK_WAITS = (1.0, 2.0, 4.0, 8.0)
"""Seconds before rows that were locked are sent again: Salesforce itself does not try them again."""

log = logging.getLogger(__name__)


class BulkWriter:
    """Writes to one org.

    Args:
        session: the connection.
        journal: where jobs are noted while they are under way.
    """

    def __init__(self, session: Session, journal: JobJournal) -> None:
        self._session = session
        self._journal = journal

    def write(self, load: Load, writes: Sequence[Write], results: dict[Write, Result]) -> None:
        """Write all.

        Args:
            load: what they have in common.
            writes: to be written, each record once.
            results: takes what becomes of each; filled as far as it is known even when an error is raised.

        Raises:
            NotByBulk: the writes that have no result yet must go another way.
            SalesforceError: the run cannot go on.
        """
        pending = list(writes)
        for wait in (*LOCK_WAITS, None):
            again: list[Write] = []
            for columns, part in parts(pending):
                again += self._job(load, columns, part, results)
            if not again:
                return
            if wait is None:
                break
            self._session.backoff.sleep(wait)
            pending = sorted(again, key=parent)
            for write in pending:  # what an earlier job said of it counts no more
                results.pop(write, None)
        for write in again:
            result = results.get(write)
            error = result.error if isinstance(result, Refused) else UNPROCESSED
            results[write] = gave_up(error, 1 + len(LOCK_WAITS))

    def _job(
        self, load: Load, columns: Sequence[str], writes: Sequence[Write], results: dict[Write, Result]
    ) -> list[Write]:
        """Run one job; give back what is to be sent again."""
        job = self._begun(load, columns, writes)
        ended = job.wait()
        self._journal.forget(job.id)
        log.info(
            "Bulk API job %s: %s of %d %s records ended as %s, %d failed.",
            job.id,
            load.operation,
            len(writes),
            load.sobject,
            ended.state,
            ended.failed,
        )
        try:
            again = ResultReader(load, writes, results).read(job, ended)
        except ServerUnavailable as error:
            results |= {write: Lost(error) for write in writes if write not in results}
            again = []
        try:
            job.delete()
        except SalesforceError as error:
            log.info("The Bulk API job %s could not be deleted: %s", job.id, error.message)
        return again

    def _begun(self, load: Load, columns: Sequence[str], writes: Sequence[Write]) -> IngestJob:
        """A job that Salesforce has begun with.

        Raises:
            NotByBulk: Salesforce does not take it.
        """
        content = content_of(load, columns, writes)
        job: IngestJob | None = None
        try:
            job = IngestJob.create(
                self._session, load.sobject, load.operation, external_id_field=load.upsert_by
            )
            job = self._uploaded(job, load, content)
            self._journal.note(job.id)
            job.close()
        except (ConfigurationError, ServerUnavailable):
            raise
        except (SalesforceError, OSError) as error:
            if job is not None:
                job.discard()
            raise NotByBulk(str(error)) from None
        return job

    def _uploaded(self, job: IngestJob, load: Load, content: bytes) -> IngestJob:
        """The job with its rows; another one with them when it is not known whether the first has them."""
        for _ in range(self._session.settings.max_retries):
            if _takes(job, content):
                return job
            job.discard()
            job = IngestJob.create(
                self._session, load.sobject, load.operation, external_id_field=load.upsert_by
            )
        job.upload(content)
        return job


def _takes(job: IngestJob, content: bytes) -> bool:
    """Upload; whether the job surely has its rows then."""
    try:
        job.upload(content)
    except ServerUnavailable as error:
        if not error.outcome_unknown:
            raise
        return False
    return True
