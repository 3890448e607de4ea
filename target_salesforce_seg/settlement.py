"""One batch from its wishes to outcomes: look up, write, and again what must be tried again."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from salesforce_seg.errors import ConfigurationError, RecordRejected
from salesforce_seg.signals import shielded
from target_salesforce_seg.blame import blame
from target_salesforce_seg.catalog import FieldGone
from target_salesforce_seg.relationships import names_of_parents
from target_salesforce_seg.writers.results import Lost, Refused, Written, gave_up, rejected

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import ExitStack

    from salesforce_seg.retries import Backoff
    from target_salesforce_seg.catalog import Catalog
    from target_salesforce_seg.classify import Incoming
    from target_salesforce_seg.intents import Intent
    from target_salesforce_seg.resolver import Resolution, Resolver
    from target_salesforce_seg.settings import TargetSettings
    from target_salesforce_seg.wishes import Wishes
    from target_salesforce_seg.writers.results import Result, Writer
    from target_salesforce_seg.writes import Write

MOST_ROUNDS = 30
"""How many more rounds a batch takes to find out which events spoil the writes they share with others."""

MOST_DESCRIBES = 3
"""How often a batch asks again which fields there are, because one that was there is gone."""

ALONE_AFTER = 4
"""So many losses, and a write of a usual batch travels all alone (:data:`writers.chunks.LOSS_SHRINKS`)."""

FEW = 10
"""Records that may be at fault themselves when nothing else is left to write and they do not come through."""

_OUTCOME_UNKNOWN = RecordRejected(
    "Salesforce did not answer, so the record may have been created or not, and nothing in the event finds "
    "it. Look in Salesforce before you try the event again.",
    code="OUTCOME_UNKNOWN",
)


class Settlement:
    """Settles one batch.

    Args:
        settings: the target's settings.
        wishes: what the batch wants.
        catalog: the objects.
        resolver: looks records up.
        writer: writes, or pretends to.
        backoff: how often, and after what wait, a write whose answer was lost is looked up and tried again.
        until_booked: what is to hold until the batch is booked and its state is out: so long are creates that
            the next run could not look up kept from signals.
    """

    def __init__(
        self,
        settings: TargetSettings,
        wishes: Wishes,
        catalog: Catalog,
        *,
        resolver: Resolver,
        writer: Writer,
        backoff: Backoff,
        until_booked: ExitStack,
    ) -> None:
        self._settings = settings
        self._wishes = wishes
        self._catalog = catalog
        self._resolver = resolver
        self._writer = writer
        self._backoff = backoff
        self._until_booked = until_booked
        self._losses: dict[Intent, int] = defaultdict(int)
        self._rounds = 0
        self._described = 0
        self._lost_in_a_row = 0
        self._came_through = False
        self.outcomes = wishes.outcomes

    def settle(self, batch: Sequence[Incoming]) -> None:
        """Carry out what the records of a batch want; ``outcomes`` says what became of them.

        Raises:
            SalesforceError: the run cannot go on; ``outcomes`` has what is known so far.
        """
        self._carry_out(self._wishes.of(batch))

    # Rounds

    def _carry_out(self, intents: list[Intent]) -> None:
        """Resolve and write some intents, then what is to be tried again of them, then what waited."""
        while intents:
            resolution = self._resolved(intents)
            self._note_settled(resolution)
            for again in self._written(resolution.writes):
                self._rounds += 1
                self._carry_out(again)
            intents = resolution.later

    def _resolved(self, intents: list[Intent]) -> Resolution:
        try:
            return self._resolver.resolve(intents)
        except FieldGone as gone:
            if self._described >= MOST_DESCRIBES:
                raise ConfigurationError(
                    f"{gone.message} Give the user access to the field, or take it out of the settings.",
                    code=gone.code,
                ) from None
        self._describe_again()
        return self._resolved(intents)

    def _describe_again(self) -> None:
        self._described += 1
        self._catalog.forget()
        self._catalog.load(self._wishes.objects)

    def _written(self, writes: list[Write]) -> list[list[Intent]]:
        """Write; give back what is to be tried again, in parts that must follow each other."""
        if not writes:
            return []
        if self._losses:
            for write in writes:
                write.losses = max(self._losses.get(intent, 0) for intent in write.intents)
        if any(intent.match is None for write in writes for intent in write.intents):
            self._until_booked.enter_context(shielded())
        results: dict[Write, Result] = {}
        try:
            self._writer.write(writes, results)
        except BaseException:
            for write in writes:
                if isinstance(result := results.get(write), Written):
                    self._note_written(write, result)
            raise
        lost = [result for result in results.values() if isinstance(result, Lost)]
        self._check_alive(lost, writes)
        rounds: dict[int, list[Intent]] = defaultdict(list)
        if any(isinstance(result, Refused) and result.missing for result in results.values()):
            self._describe_again()
        for write in writes:
            for number, part in enumerate(self._conclude(write, results[write])):
                rounds[number] += part
        if lost and rounds:
            self._backoff.sleep(self._backoff.wait_before(max(self._losses.values()) + 1, 1.0, None))
        return [sorted(rounds[number], key=lambda intent: intent.position) for number in sorted(rounds)]

    def _check_alive(self, lost: Sequence[Lost], writes: Sequence[Write]) -> None:
        """Tell a few records that Salesforce chokes on from an org that takes no writes.

        Raises:
            SalesforceError: Nothing comes through any more.
        """
        self._came_through = self._came_through or len(lost) < len(writes)
        self._lost_in_a_row = self._lost_in_a_row + 1 if len(lost) == len(writes) else 0
        is_few = self._came_through and len(lost) <= FEW
        if self._lost_in_a_row > max(self._backoff.max_retries, 2) and not is_few:
            raise lost[0].error

    # Results

    def _conclude(self, write: Write, result: Result) -> list[list[Intent]]:
        """Note what a write came to.

        Returns:
            The intents to try again: in one part, or in several that must follow each other.
        """
        if isinstance(result, Written):
            self._note_written(write, result)
            return []
        if isinstance(result, Lost):
            return [self._to_look_up_again(write, result)]
        if result.missing and self._may_leave_out(write, result.missing):
            return [write.intents]
        if result.look_again and not any(map(_cannot_find_other, write.intents)):
            for intent in write.intents:
                intent.rerouted = True
            return [write.intents]
        return self._taken_apart(write, result.error)

    def _may_leave_out(self, write: Write, missing: str) -> bool:
        """Whether a field that is gone can be left out, as a field that was never there is."""
        now = self._catalog.of_event(write.sobject.name)
        return (
            self._settings.unknown_fields == "drop"
            and self._described < MOST_DESCRIBES
            and now.field(missing) is None
        )

    def _to_look_up_again(self, write: Write, result: Lost) -> list[Intent]:
        """The intents of a lost write that can be looked up; a blind create is rejected, never sent twice.

        What is lost again and again even on its own, while others come through, is given up.
        """
        again: list[Intent] = []
        most = self._backoff.max_retries
        for intent, door in _doors(write):
            intent.lost = intent.lost or door
            self._losses[intent] += 1
            if intent.match is None:
                self._reject(intent, _OUTCOME_UNKNOWN)
            elif self._losses[intent] > ALONE_AFTER + most:
                self._reject(intent, gave_up(rejected(result.error), self._losses[intent]).error)
            else:
                again.append(intent)
        return again

    def _taken_apart(self, write: Write, error: RecordRejected) -> list[list[Intent]]:
        """Reject the intents that spoil a write for several; the others are tried again without them.

        Returns:
            Parts to try again in this order; empty when nobody else is to blame.
        """
        suspects, parts = blame(write, error)
        if self._rounds >= MOST_ROUNDS:
            suspects, parts = write.intents, []
        for intent in suspects:
            self._reject(intent, error)
        return parts

    def _note_written(self, write: Write, result: Written) -> None:
        for intent, door in _doors(write, created=result.created):
            self.outcomes.done(intent, intent.lost or door, write.sobject.name)

    def _reject(self, intent: Intent, error: RecordRejected) -> None:
        self._wishes.reject(intent.position, intent, error)

    def _note_settled(self, resolution: Resolution) -> None:
        for intent, error in resolution.refused:
            self._reject(intent, error)
        for intent in resolution.unchanged:
            self.outcomes.done(intent, intent.lost or "unchanged", intent.object)


def _cannot_find_other(intent: Intent) -> bool:
    """Whether looking an intent's records up once more cannot lead to others, its own or its parents."""
    return intent.rerouted or (intent.match is None and not names_of_parents(intent.fields))


def _doors(write: Write, *, created: bool = True) -> Iterable[tuple[Intent, str]]:
    """What each intent of a write counts as, seen after the ones before it."""
    first = write.intents[0]
    for intent in write.intents:
        if intent is first and write.operation == "delete":
            yield intent, "deleted"
        elif intent is first and write.operation == "create" and created:
            yield intent, "created"
        else:
            yield intent, "updated" if intent in write.changing else "unchanged"
