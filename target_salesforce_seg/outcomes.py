"""The four doors an event leaves by, counted: written, unchanged, not for Salesforce, rejected."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from target_salesforce_seg.intents import Intent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from salesforce_seg.errors import RecordRejected
    from target_salesforce_seg.intents import Refusal

_WRITTEN = ("created", "updated", "deleted")


@dataclass(frozen=True, slots=True)
class Rejection:
    """One wish of one event that could not be carried out; ``place`` as in :class:`Wish`."""

    position: int
    object: str
    operation: str
    error: RecordRejected
    place: int = 0


@dataclass(slots=True)
class Counts:
    """What became of the events of a run. The doors add up to ``events``."""

    doors: Counter[str] = field(default_factory=Counter)
    skipped_because: Counter[str] = field(default_factory=Counter)
    rejected_because: Counter[str] = field(default_factory=Counter)
    of_objects: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """What was done to the records of each object; an event that wants several things counts for each."""

    @property
    def told(self) -> str:
        """The doors in short, for the progress of a run."""
        doors = self.doors
        return (
            f"{sum(doors[door] for door in _WRITTEN):,} written, {doors['unchanged']:,} unchanged, "
            f"{doors['skipped']:,} not for Salesforce, {doors['rejected']:,} rejected"
        )

    def line(self, api_calls: int) -> str:
        """The last log line of a run."""
        doors = self.doors
        written = sum(doors[door] for door in _WRITTEN)
        return (
            f"{doors.total()} events: {written} written ({doors['created']} created, "
            f"{doors['updated']} updated, {doors['deleted']} deleted), {doors['unchanged']} unchanged, "
            f"{doors['skipped']} not for Salesforce, {doors['rejected']} rejected; {api_calls} API calls"
        )

    def as_json(self) -> dict[str, Any]:
        """The same for programs (the setting ``summary_path``)."""
        doors = self.doors
        return {
            "events": doors.total(),
            "written": sum(doors[door] for door in _WRITTEN),
            **{door: doors[door] for door in _WRITTEN},
            "unchanged": doors["unchanged"],
            "not_for_salesforce": doors["skipped"],
            "rejected": doors["rejected"],
            "not_for_salesforce_because": dict(self.skipped_because.most_common()),
            "rejected_because": dict(self.rejected_because.most_common()),
            "objects": {
                name: {door: done[door] for door in (*_WRITTEN, "unchanged")}
                for name, done in sorted(self.of_objects.items())
            },
        }


class BatchOutcomes:
    """What becomes of the events of one batch; an event that wants several things done is still one event."""

    def __init__(self) -> None:
        self._skipped: dict[int, str] = {}
        self._open: set[Intent] = set()
        self._done: dict[int, list[tuple[str, str]]] = defaultdict(list)
        self._rejections: dict[Intent | Refusal | int, Rejection] = {}

    def skip(self, position: int, reason: str) -> None:
        """The event is not for Salesforce."""
        self._skipped[position] = reason

    def expect(self, intent: Intent) -> None:
        """The event wants this done."""
        self._open.add(intent)

    def reject(self, rejection: Rejection, wish: Intent | Refusal | None = None) -> None:
        """A wish of the event could not be carried out; without a wish, the event could not be read."""
        self._rejections.setdefault(wish or rejection.position, rejection)
        if isinstance(wish, Intent):
            self._open.discard(wish)

    def done(self, intent: Intent, door: str, sobject: str) -> None:
        """A wish of the event is fulfilled: a record is created, updated, deleted or unchanged."""
        self._done[intent.position].append((sobject, door))
        self._open.discard(intent)

    @property
    def rejections(self) -> list[Rejection]:
        """All rejections, in the order of their events."""
        return sorted(self._rejections.values(), key=lambda rejection: rejection.position)

    @property
    def skipped(self) -> Mapping[int, str]:
        """The events that are not for Salesforce, and why, by position."""
        return self._skipped

    @property
    def unchanged(self) -> list[tuple[int, str]]:
        """The wishes that change nothing: the position of their event, and the object."""
        return [
            (position, sobject)
            for position, wishes in self._done.items()
            for sobject, door in wishes
            if door == "unchanged"
        ]

    def count(self, counts: Counts, positions: Iterable[int]) -> None:
        """Add a settled batch to the counts of the run."""
        refused = {rejection.position for rejection in self._rejections.values()}
        counts.rejected_because.update(
            rejection.error.code or "UNKNOWN" for rejection in self._rejections.values()
        )
        self._count_objects(counts, self._done)
        for position in positions:
            if position in refused:
                counts.doors["rejected"] += 1
            elif position in self._skipped:
                counts.doors["skipped"] += 1
                counts.skipped_because[self._skipped[position]] += 1
            else:
                counts.doors[self._door(position)] += 1

    def count_finished(self, counts: Counts) -> int:
        """Add what was written of a batch that broke off; the rest of its events will come again.

        Returns:
            How many events these are.
        """
        unfinished = {rejection.position for rejection in self._rejections.values()}
        unfinished |= {intent.position for intent in self._open}
        finished = [position for position in self._done if position not in unfinished]
        self._count_objects(counts, finished)
        for position in finished:
            counts.doors[self._door(position)] += 1
        return len(finished)

    def _count_objects(self, counts: Counts, positions: Iterable[int]) -> None:
        for position in positions:
            for sobject, door in self._done[position]:
                counts.of_objects[sobject][door] += 1

    def _door(self, position: int) -> str:
        done = {door for _, door in self._done[position]}
        return next((door for door in _WRITTEN if door in done), "unchanged")
