"""What the records of a batch want done: classified, planned, and less what was done before."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from salesforce_seg.errors import RecordRejected
from target_salesforce_seg.classify import NotForSalesforce, PlainRecord, classify
from target_salesforce_seg.event_ids import EventIds
from target_salesforce_seg.intents import Intent, Refusal
from target_salesforce_seg.outcomes import BatchOutcomes, Rejection
from target_salesforce_seg.writers.create_journal import MADE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_salesforce_seg.catalog import Catalog
    from target_salesforce_seg.classify import Incoming, Wish
    from target_salesforce_seg.events import Event
    from target_salesforce_seg.plans import Planned, Plans
    from target_salesforce_seg.settings import TargetSettings
    from target_salesforce_seg.writers.create_journal import CreateJournal

_BROKEN_OFF = RecordRejected(
    "An earlier run was broken off while it created the record, so it may be there or not, and nothing in "
    "the event finds it. Look in Salesforce before you try the event again.",
    code="OUTCOME_UNKNOWN",
)

_NO_SUCH_WISH = RecordRejected(
    "The settings do not want this of the event any more, and what else they want of it was carried out "
    "before. To have all of it carried out again, let object and operation be null in this line.",
    code="NO_SUCH_WISH",
)


class Wishes:
    """Finds out what one batch wants.

    Args:
        settings: the target's settings.
        plans: turns events into intents.
        catalog: the objects.
        creates: knows what runs before did of creates that nothing finds again.

    Attributes:
        outcomes: of the batch; takes what needs nothing more to be done.
        objects: that the events name themselves.
    """

    def __init__(
        self, settings: TargetSettings, plans: Plans, catalog: Catalog, creates: CreateJournal
    ) -> None:
        self._settings = settings
        self._plans = plans
        self._catalog = catalog
        self._creates = creates
        self._event_ids = EventIds(settings, catalog)
        self._places: dict[Planned, int] = {}
        self.outcomes = BatchOutcomes()
        self.objects: list[str] = []

    def of(self, batch: Sequence[Incoming]) -> list[Intent]:
        """What is to be carried out, in the order of the events.

        Raises:
            SalesforceError: The run cannot go on: the org does not say what objects it has.
        """
        seen = [(place, self._classified(place, incoming)) for place, incoming in enumerate(batch)]
        classified = [(place, event) for place, event in seen if event is not None]
        if not classified:
            return []
        self.objects = [name for _, event in classified for name in self._plans.objects_named_by(event)]
        self._catalog.load(self.objects)
        return [
            intent
            for position, event in classified
            for intent in self._intents(position, batch[position], event)
        ]

    def reject(self, position: int, wish: Planned, error: RecordRejected) -> None:
        """A wish cannot be carried out."""
        place = self._places.get(wish, 0)
        self.outcomes.reject(Rejection(position, wish.object, wish.operation, error, place), wish)

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

    def _intents(self, position: int, incoming: Incoming, event: Event | PlainRecord) -> Iterator[Intent]:
        planned = self._event_ids.given(event, self._plans.of(position, event))
        if len(planned) > 1:
            self._number(planned)
        if incoming.only is not None:
            planned = self._wanted_again(planned, incoming.only)
            if not planned:
                place, name, operation = incoming.only.place, incoming.only.object, incoming.only.operation
                self.outcomes.reject(Rejection(position, name, operation, _NO_SUCH_WISH, place))
        for each in planned:
            if isinstance(each, Refusal):
                self.reject(position, each, each.error)
                continue
            self.outcomes.expect(each)
            if not self._is_of_earlier_run(each, incoming.stream, event):
                yield each

    def _number(self, planned: Sequence[Planned]) -> None:
        """Tell those wishes of one event apart that want the same done to the same object."""
        alike = Counter(map(_kind, planned))
        so_far: Counter[tuple[str, str]] = Counter()
        for each in planned:
            kind = _kind(each)
            if alike[kind] > 1:
                so_far[kind] += 1
                self._places[each] = so_far[kind]

    def _wanted_again(self, planned: Sequence[Planned], only: Wish) -> list[Planned]:
        """What is meant by a wish that failed before; nothing else, for that was carried out.

        The settings may have another operation in its place since; not a create, which may have been there.
        """
        of_object = [each for each in planned if each.object.lower() == only.object.lower()]
        alike = [each for each in of_object if each.operation == only.operation]
        if alike or only.place:
            return [each for each in alike if self._places.get(each, 0) == only.place]
        return [each for each in of_object if each.operation != "create"]

    def _is_of_earlier_run(self, intent: Intent, stream: str, event: Event | PlainRecord) -> bool:
        """Whether an intent is settled by what an earlier run did, which no state has covered."""
        if intent.operation != "create" or intent.match is not None:
            return False
        mark = self._creates.of_earlier_run(intent, stream, event, self._places.get(intent, 0))
        if mark == MADE:
            self.outcomes.done(intent, "unchanged", intent.object)
        elif mark:
            self.reject(intent.position, intent, _BROKEN_OFF)
        return bool(mark)


def _kind(wish: Planned) -> tuple[str, str]:
    return wish.object.lower(), wish.operation
