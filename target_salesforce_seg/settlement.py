"""One batch from records to outcomes: classify, plan, look up, write, and again what must be tried again."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from salesforce_seg.errors import RecordRejected
from salesforce_seg.shutdown import shielded
from target_salesforce_seg.classify import Incoming, NotForSalesforce, PlainRecord, classify
from target_salesforce_seg.intents import Intent, Refusal, in_waves
from target_salesforce_seg.outcomes import BatchOutcomes, Rejection
from target_salesforce_seg.writers.composite import Lost, Written

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import ExitStack

    from salesforce_seg.retries import Backoff
    from target_salesforce_seg.catalog import Catalog
    from target_salesforce_seg.events import Event
    from target_salesforce_seg.plans import Plans
    from target_salesforce_seg.resolver import Resolution, Resolver
    from target_salesforce_seg.settings import TargetSettings
    from target_salesforce_seg.writers.composite import CompositeWriter, Result
    from target_salesforce_seg.writes import Write

MOST_ROUNDS = 30
"""How many more rounds a batch takes to find out which events spoil the writes they share with others."""

_OUTCOME_UNKNOWN = RecordRejected(
    "Salesforce did not answer, so the record may have been created or not, and nothing in the event finds "
    "it. Look in Salesforce before you try the event again.",
    code="OUTCOME_UNKNOWN",
)


class Settlement:
    """Settles one batch.

    Args:
        settings: the target's settings.
        plans: turns events into intents.
        catalog: the objects.
        resolver: looks records up.
        writer: writes.
        backoff: how often, and after what wait, a write whose answer was lost is looked up and tried again.
        until_booked: what is to hold until the batch is booked and its state is out: so long are creates that
            the next run could not look up kept from signals, or they would be made twice.
    """

    def __init__(
        self,
        settings: TargetSettings,
        plans: Plans,
        catalog: Catalog,
        *,
        resolver: Resolver,
        writer: CompositeWriter,
        backoff: Backoff,
        until_booked: ExitStack,
    ) -> None:
        self._settings = settings
        self._plans = plans
        self._catalog = catalog
        self._resolver = resolver
        self._writer = writer
        self._backoff = backoff
        self._until_booked = until_booked
        self._losses: Counter[Intent] = Counter()
        self._rounds = 0
        self.outcomes = BatchOutcomes()

    def settle(self, batch: Sequence[Incoming]) -> None:
        """Carry out what the records of a batch want; ``outcomes`` says what became of them.

        Raises:
            SalesforceError: the run cannot go on; ``outcomes`` has what is known so far.
        """
        seen = [(place, self._classified(place, incoming)) for place, incoming in enumerate(batch)]
        classified = [(place, event) for place, event in seen if event is not None]
        if not classified:
            return
        self._catalog.load(
            sobject for _, event in classified for sobject in self._plans.objects_named_by(event)
        )
        intents = list(self._intents(batch, classified))
        for wave in in_waves(intents):
            self._carry_out(wave)

    def _classified(self, position: int, incoming: Incoming) -> Event | PlainRecord | None:
        try:
            event = classify(incoming, self._settings)
            if not isinstance(event, PlainRecord):
                self._plans.check_wanted(event)
        except NotForSalesforce as reason:
            self.outcomes.skip(position, str(reason))
        except RecordRejected as error:
            self.outcomes.reject(Rejection(position, "", "", error))
        else:
            return event
        return None

    def _intents(
        self, batch: Sequence[Incoming], classified: Sequence[tuple[int, Event | PlainRecord]]
    ) -> Iterable[Intent]:
        for position, event in classified:
            only = batch[position].only
            planned = self._plans.of(position, event)
            again = [each for each in planned if (each.object, each.operation) == only]
            for each in again or planned:
                if isinstance(each, Refusal):
                    self.outcomes.reject(Rejection(position, each.object, each.operation, each.error), each)
                else:
                    self.outcomes.expect(each)
                    yield each

    def _carry_out(self, intents: list[Intent]) -> None:
        """Resolve and write some intents of one wave, and then what is to be tried again of them."""
        resolution = self._resolver.resolve(intents)
        self._note_settled(resolution)
        if any(intent.match is None for write in resolution.writes for intent in write.intents):
            self._until_booked.enter_context(shielded())
        results: dict[Write, Result] = {}
        try:
            self._writer.write(resolution.writes, results)
        except BaseException:
            for write in resolution.writes:
                if isinstance(results.get(write), Written):
                    self._note_written(write)
            raise
        rounds: dict[int, list[Intent]] = defaultdict(list)
        for write in resolution.writes:
            for number, part in enumerate(self._conclude(write, results[write])):
                rounds[number] += part
        if any(isinstance(result, Lost) for result in results.values()) and rounds:
            self._backoff.sleep(self._backoff.wait_before(max(self._losses.values()) + 1, 1.0, None))
        for number in sorted(rounds):
            self._rounds += 1
            self._carry_out(rounds[number])

    def _conclude(self, write: Write, result: Result) -> list[list[Intent]]:
        """Note what a write came to.

        Returns:
            The intents to try again: in one part, or in several that must follow each other.
        """
        if isinstance(result, Written):
            self._note_written(write)
            return []
        if isinstance(result, Lost):
            return [self._to_look_up_again(write, result)]
        if result.look_again and not any(intent.rerouted or intent.match is None for intent in write.intents):
            for intent in write.intents:
                intent.rerouted = True
            return [write.intents]
        return self._taken_apart(write, result.error)

    def _to_look_up_again(self, write: Write, result: Lost) -> list[Intent]:
        """The intents of a lost write that can be looked up; a blind create is rejected, never sent twice."""
        for intent, door in _doors(write):
            intent.lost = intent.lost or door
            self._losses[intent] += 1
            if intent.match is None:
                self._reject(intent, _OUTCOME_UNKNOWN)
            elif self._losses[intent] > self._backoff.max_retries:
                raise result.error
        return [intent for intent in write.intents if intent.match is not None]

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

    def _note_written(self, write: Write) -> None:
        for intent, door in _doors(write):
            self.outcomes.done(intent, intent.lost or door)

    def _reject(self, intent: Intent, error: RecordRejected) -> None:
        self.outcomes.reject(Rejection(intent.position, intent.object, intent.operation, error), intent)

    def _note_settled(self, resolution: Resolution) -> None:
        for intent, error in resolution.refused:
            self._reject(intent, error)
        settled = [intent for write in resolution.unchanged for intent in write.intents]
        for intent in (*settled, *resolution.gone):
            self.outcomes.done(intent, intent.lost or "unchanged")


def blame(write: Write, error: RecordRejected) -> tuple[list[Intent], list[list[Intent]]]:
    """Say which events of a refused write are at fault.

    Salesforce names the fields it minds: whoever gave such a field its last value is at fault, and whoever
    gave it the same value; if no event did, all are. If it names no field, both halves are tried again.

    Returns:
        The intents to reject, and parts of the others to try again one after the other.
    """
    intents = write.intents
    if len(intents) == 1:
        return intents, []
    blamed = {name.lower() for name in error.fields}
    if not blamed:
        middle = len(intents) // 2
        return [], [intents[:middle], intents[middle:]]
    said = [
        {
            name: value
            for name, value in intent.fields_for(write.sobject.name).items()
            if name.lower() in blamed
        }
        for intent in intents
    ]
    last = next((values for values in reversed(said) if values), None)
    if last is None:
        return intents, []
    at_fault = [intent for intent, values in zip(intents, said, strict=True) if values == last]
    others = [intent for intent in intents if intent not in at_fault]
    return at_fault, [others] if others else []


def _doors(write: Write) -> Iterable[tuple[Intent, str]]:
    """What each intent of a write counts as, seen after the ones before it."""
    first = write.intents[0]
    for intent in write.intents:
        if intent is first and write.operation != "update":
            yield intent, "created" if write.operation == "create" else "deleted"
        else:
            yield intent, "updated" if intent in write.changing else "unchanged"
