"""One run: records in, batch by batch; what each batch came to is on the disk before its state goes out."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from salesforce_seg.describer import Describer
from salesforce_seg.errors import RunFailed
from salesforce_seg.progress import Progress, Task
from salesforce_seg.session import Session
from salesforce_seg.settings import ConnectionSettings
from salesforce_seg.signals import shielded
from target_salesforce_seg.batching import BatchSize
from target_salesforce_seg.calls import Calls
from target_salesforce_seg.catalog import Catalog
from target_salesforce_seg.classify import Incoming, events_in
from target_salesforce_seg.closing import Closing
from target_salesforce_seg.lookup import Lookup
from target_salesforce_seg.notices import Notices
from target_salesforce_seg.outcomes import BatchOutcomes, Counts
from target_salesforce_seg.plans import Plans
from target_salesforce_seg.rejects import RejectsFile, Replay
from target_salesforce_seg.resolver import Resolver
from target_salesforce_seg.settings import TargetSettings
from target_salesforce_seg.settlement import Settlement
from target_salesforce_seg.setup_check import SetupCheck
from target_salesforce_seg.wishes import Wishes
from target_salesforce_seg.writers.bulk2 import BulkWriter
from target_salesforce_seg.writers.composite import CompositeWriter
from target_salesforce_seg.writers.create_journal import CreateJournal
from target_salesforce_seg.writers.journal import JobJournal
from target_salesforce_seg.writers.pace import Pace
from target_salesforce_seg.writers.routes import Writers

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping

    from target_salesforce_seg.dry_run import DryRun
    from target_salesforce_seg.setup_items import Finding


SLOW_PART = 6
"""An answer is slow when it takes this part of the time-out: 10 of 60 seconds."""


class SettledBatch(NamedTuple):
    """Records, and what became of them."""

    batch: list[Incoming]
    outcomes: BatchOutcomes


class Run:
    """Takes records, settles them in batches, counts.

    Args:
        config: the plugin's config.
        client_name: how Salesforce knows the client.
        logger: where to log.
        dry_run: takes what would be written, if nothing is to be.
        replays: whether a rejects file is read, whose events do not come again with the tap's.

    Raises:
        ConfigurationError: a setting is wrong or missing.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        client_name: str,
        logger: logging.Logger,
        dry_run: DryRun | None = None,
        replays: bool = False,
    ) -> None:
        self.settings = TargetSettings.from_config(config)
        self.counts = Counts()
        self._dry_run = dry_run
        self._logger = logger
        self._session = Session(ConnectionSettings.from_config(config), client_name=client_name)
        self._rejects = RejectsFile(Path(self.settings.rejects_path))
        self._rejects.check()
        self._notices = Notices(logger)
        self._closing = Closing(
            self.settings,
            self._session,
            self.counts,
            self._notices,
            logger,
            name=client_name,
            is_dry=dry_run is not None,
        )
        self._size = BatchSize(self.settings)
        self._batch: list[Incoming] = []
        self._taken = self._booked = self._read_state_after = 0
        self._creates = CreateJournal(
            Path(self.settings.rejects_path),
            lambda: f"{self._session.instance_url} {replays}",
            logger,
            dry=dry_run is not None,
        )
        self._broken_off = 0
        self._telling = ExitStack()

    @cached_property
    def _progress(self) -> Task:
        """Tells how far the run is, from its first batch on."""
        return self._telling.enter_context(Progress("events", self._logger)).begin("Settled")

    @cached_property
    def _catalog(self) -> Catalog:
        return Catalog(Describer(self._session), self.settings)

    @cached_property
    def _plans(self) -> Plans:
        return Plans(self.settings, self._catalog, self._notices)

    @cached_property
    def _journal(self) -> JobJournal:
        rejects = Path(self.settings.rejects_path)
        return JobJournal(rejects.with_name(f"{rejects.name}.jobs"), self._logger)

    @cached_property
    def _calls(self) -> Calls:
        """The connection, once nothing of an earlier run is under way any more."""
        if self._dry_run is None:
            self._journal.finish(self._session)
        return Calls(self._session)

    @cached_property
    def _writers(self) -> Writers:
        settings = self.settings
        composite = CompositeWriter(
            self._calls,
            Pace(slow=self._session.settings.request_timeout / SLOW_PART),
            self._creates,
            auto_assign=settings.auto_assign,
            allow_duplicates=settings.allow_duplicates,
        )
        return Writers(composite, BulkWriter(self._session, self._journal), settings)

    def check_setup(self) -> list[Finding]:
        """Look whether the org has what the settings name; errors as for :meth:`SetupCheck.findings`."""
        return list(SetupCheck(self._session, self.settings).findings())

    def replay_of(self, path: Path) -> Replay:
        """The events of a rejects file; errors as for :class:`Replay`."""
        rejects = self._rejects if self._dry_run is None else None
        return Replay(path, rejects, self._logger)

    def take(self, incoming: Incoming) -> None:
        """Add a record to the batch, or all events of a record that holds several."""
        before = len(self._batch)
        self._batch += events_in(incoming, self.settings)
        self._taken += len(self._batch) - before

    @property
    def is_full(self) -> bool:
        """Whether the batch is to be settled before more is taken."""
        return len(self._batch) >= self._size.now

    @property
    def is_settled(self) -> bool:
        """Whether everything that was taken is settled and booked, so that a state may go out."""
        return self._taken == self._booked

    def note_state(self) -> None:
        """A state was read; it covers what was taken until now."""
        self._read_state_after = self._taken

    def state_is_out(self) -> None:
        """The state that was read last is out: what it covers does not come again."""
        self._creates.forget(self._read_state_after)

    def finish(self) -> None:
        """The run ends well: nothing of it comes again, state or not."""
        self._creates.finish()

    def settle(self, until_booked: ExitStack) -> SettledBatch:
        """Carry out what the batch wants.

        Args:
            until_booked: what is to hold until the batch is booked and its state is out.

        Returns:
            What it came to, for :meth:`book`.

        Raises:
            SalesforceError: The run cannot go on. Nothing of the batch is rejected, and its events come again
                with the next run.
        """
        batch, self._batch = self._batch, []
        self._broken_off = len(batch)
        self._creates.begin_batch(self._booked)
        settlement = self._settlement(until_booked)
        try:
            if batch:
                self._progress.advance(0, note=self.counts.told)
            settlement.settle(batch)
        except BaseException:
            self._telling.close()
            self._broken_off -= settlement.outcomes.count_finished(self.counts)
            raise
        self._size.settled(batch)
        return SettledBatch(batch, settlement.outcomes)

    def book(self, settled: SettledBatch) -> None:
        """Put the rejections of a settled batch on the disk and count its events; its state may follow.

        Raises:
            RunFailed: The rejects file cannot be written.
        """
        try:
            if self._dry_run is None:
                self._rejects.append(settled.batch, settled.outcomes.rejections)
            else:
                self._dry_run.report(settled.batch, settled.outcomes)
        except RunFailed:
            self._telling.close()
            self._broken_off -= settled.outcomes.count_finished(self.counts)
            raise
        self._broken_off = 0
        self._booked += len(settled.batch)
        settled.outcomes.count(self.counts, range(len(settled.batch)))
        if settled.batch:
            self._progress.advance(len(settled.batch), note=self.counts.told)

    def sum_up(self) -> None:
        """Say what the run came to, whatever signal comes."""
        with shielded():
            self._telling.close()
            self._closing.say(self._broken_off + len(self._batch))

    @property
    def where_rejects_are(self) -> str:
        """Where to look for the rejected events, for messages."""
        return self._closing.where_rejects_are

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _settlement(self, until_booked: ExitStack) -> Settlement:
        dry = self._dry_run
        lookup = Lookup(self._calls) if dry is None else dry.lookup(self._calls)
        resolver = Resolver(lookup, self._catalog, self._notices, self.settings)
        return Settlement(
            self.settings,
            Wishes(self.settings, self._plans, self._catalog, self._creates),
            self._catalog,
            resolver=resolver,
            writer=self._writers if dry is None else dry,
            backoff=self._session.backoff,
            until_booked=until_booked,
        )
