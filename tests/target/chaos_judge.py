"""Holds what the runs of a story were seen to do against what they may do."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

from chaos_oracle import Refused, Wish
from chaos_wishes import read
from chaos_worlds import CREATED, DELETED, KEPT, Batch, World, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chaos_org import Cells
    from chaos_story import Story

DONE = (CREATED, DELETED, KEPT)
PASSING = {"GAVE_UP", "JSON_PARSER_ERROR", "OUTCOME_UNKNOWN", "SERVER_UNAVAILABLE", "UNABLE_TO_LOCK_ROW"}
"""Codes of rejects that faults of the org cause, not the event."""

UNKNOWN = {"GAVE_UP", "OUTCOME_UNKNOWN"}
"""Rejects that may have been written all the same, if answers were lost."""

REFUSALS = {
    "REQUIRED_FIELD_MISSING",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    "INVALID_EMAIL_ADDRESS",
}
SIGNALLED = {143, 130}
FEW = 5
"""Wishes of a broken-off batch on one record of which any may have been carried out, not just the first."""
Calm = dict[int, list[str]]
"""The doors of each event's wishes in a story without mishaps."""


@dataclass
class Seen:
    """What can be seen of one run.

    Attributes:
        feed: numbers of its events, in order.
        only: of a replay: the wish that each line stands for.
        covered: how many events of the story its last state covers; None if it gave none.
        rejects: code by event, object, operation.
        unsteady: whether anything went wrong, so that a broken-off batch may be no prefix.
        faulty: whether the org did; a signal that waited for creates then may find the batch broken off.
        lossy: whether answers to writes were lost.
    """

    feed: Sequence[int]
    exit_code: int
    covered: int | None = None
    only: list[tuple[int, str, str]] | None = None
    counts: dict[str, int] = field(default_factory=dict)
    rejects: dict[tuple[int, str, str], str] = field(default_factory=dict)
    unsteady: bool = False
    faulty: bool = False
    lossy: bool = False


@dataclass
class Judge:
    """Follows the runs of a story; ``problems`` says what no world explains."""

    story: Story
    cells: Cells
    initial: dict[str, World]
    problems: list[str] = field(default_factory=list)
    wishes: dict[int, list[Wish]] = field(default_factory=dict)
    unreadable: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, (stream, record) in enumerate(self.story.messages):
            self.wishes[number] = self._read(number, stream, record)

    def _read(self, number: int, stream: str, record: Any) -> list[Wish]:
        try:
            wishes = read(self.story.config, stream, record)
        except Refused as refused:
            self.unreadable[number] = refused.args[0]
            return []
        for wish in wishes:
            if wish.operation == "update" and wish.way == ("Id",):
                wish.key = (self.story.merged.get(wish.key[0], wish.key[0]),)
        return wishes

    def judge(self, runs: Sequence[Seen], final: dict[str, World]) -> list[str]:
        """Everything that is wrong; nothing if all is right."""
        for position, run in enumerate(runs):
            self._doors(run)
            may_not_know = run.lossy or any(earlier.exit_code for earlier in runs[:position])
            if not may_not_know and "OUTCOME_UNKNOWN" in run.rejects.values():
                self.problems.append(f"run {position}: an unknown outcome where no answer was lost")
        calm: Calm | None = defaultdict(list) if len(runs) == 1 and not runs[0].unsteady else None
        by_cell: dict[str, list[Wish]] = {}
        for wish in (wish for wishes in self.wishes.values() for wish in wishes):
            by_cell.setdefault("" if wish.refused else self.cells.of_wish(wish), []).append(wish)
        for cell in {**by_cell, **self.initial, **final}:
            self._cell(cell, by_cell.get(cell, []), runs, final.get(cell, ()), calm)
        if calm is not None and not self.problems:
            self._exact(runs[0], calm)
        return self.problems

    def _doors(self, run: Seen) -> None:
        """The doors of a run add up; those of one that ended well are all its events."""
        counts = run.counts
        if not counts:
            return
        doors = ("written", "unchanged", "skipped", "rejected")
        if counts["events"] != sum(counts[door] for door in doors):
            self.problems.append(f"the doors do not add up: {counts}")
        if counts["written"] != counts["created"] + counts["updated"] + counts["deleted"]:
            self.problems.append(f"the written do not add up: {counts}")
        if counts["events"] > len(run.feed):
            self.problems.append(f"more events than came: {counts}, {len(run.feed)} came")
        if run.exit_code:
            return
        expected = {
            "events": len(run.feed),
            "skipped": sum(not self.wishes[n] and n not in self.unreadable for n in run.feed),
            "rejected": len({event for event, _, _ in run.rejects})
            if run.only is None
            else counts["rejected"],
        }
        if any(counts[door] != number for door, number in expected.items()):
            self.problems.append(f"doors {counts}, expected {expected}")
        for number in run.feed:
            code = run.rejects.get((number, "", ""))
            if code != self.unreadable.get(number):
                self.problems.append(f"event {number}: {code}, expected {self.unreadable.get(number)}")

    def _cell(
        self, cell: str, wishes: list[Wish], runs: Sequence[Seen], final: World, calm: Calm | None
    ) -> None:
        worlds = {self.initial.get(cell, ())}
        for position, run in enumerate(runs):
            for batch, is_sure in _batches(run, self.story):
                mine = _in_order(batch, wishes, run)
                sent = [wish for wish in mine if run.rejects.get(wish.name) not in PASSING]
                unknown = [wish for wish in mine if run.lossy and run.rejects.get(wish.name) in UNKNOWN]
                if is_sure:
                    worlds |= self._reachable(worlds, unknown)
                    worlds, told = self._followed(worlds, sent, run, calm)
                    if not worlds:
                        self.problems.append(f"{cell}: run {position}: no world has these doors:\n{told}")
                        return
                elif is_sure is not None or not all(
                    wish.operation == "create" and not wish.way for wish in mine
                ):
                    worlds |= self._reachable(worlds, mine)
        if visible(final) not in [visible(world) for world in worlds]:
            may = "\n  or ".join(repr(visible(world)) for world in list(worlds)[:4])
            self.problems.append(f"{cell}: is {visible(final)!r}\n  may {may}")

    def _followed(
        self, worlds: set[World], wishes: list[Wish], run: Seen, calm: Calm | None
    ) -> tuple[set[World], str]:
        """The worlds after a batch that was settled; those whose rejects were not the ones seen are none."""
        kept, told = set(), ""
        seen = [run.rejects.get(wish.name, "") for wish in wishes]
        for world, parts in product(worlds, self._parted(wishes, run)):
            now, doors = world, []
            for part in parts:
                batch = Batch(now, part, self.story.config)
                now, doors = batch.worlds[-1], [*doors, *batch.doors]
            wrong = [
                f"  {wish.name}: {door}, seen {code or 'no reject'}\n"
                for wish, door, code in zip(wishes, doors, seen, strict=True)
                if not _same_door(door, code)
            ]
            told += "".join(wrong)
            if wrong:
                continue
            kept.add(now)
            if calm is not None and parts[0] is wishes:
                for wish, door in zip(wishes, doors, strict=True):
                    calm[wish.event].append(door)
        return kept, told

    def _parted(self, wishes: list[Wish], run: Seen) -> list[list[list[Wish]]]:
        """The wishes of a batch as they may be written: together, or where something may come between, apart.

        What comes between is a wish that finds its record in another way (the later ones wait until it is
        done), or a fault (what fails together is tried again in parts). Only a refused value shows whether a
        later one stood in for it.
        """
        whole = [[wishes]]
        if not (self.story.mixed or run.faulty) or len(wishes) < 2:
            return whole
        cuts = [[wishes[:place], wishes[place:]] for place in range(1, len(wishes))]
        return [*whole, *cuts, [[wish] for wish in wishes]]

    def _reachable(self, worlds: set[World], wishes: list[Wish]) -> set[World]:
        """The worlds in the middle and at the end of a batch that may have been broken off anywhere."""
        parts: list[Sequence[Wish]] = [wishes]
        if len(wishes) <= FEW:
            parts = [part for number in range(1, len(wishes) + 1) for part in combinations(wishes, number)]
        return {
            reached
            for world in worlds
            for part in parts
            for reached in Batch(world, part, self.story.config).worlds
        }

    def _exact(self, run: Seen, calm: Calm) -> None:
        """Without mishaps, what was created and deleted is known to the number."""
        expected: Counter[str] = Counter()
        for doors in calm.values():
            if all(door in DONE for door in doors):
                expected[next(door for door in DONE if door in doors)] += 1
        if run.counts and any(run.counts[door] != expected[door] for door in (CREATED, DELETED)):
            self.problems.append(f"doors {run.counts}, expected {dict(expected)}")


def _same_door(door: str, seen: str) -> bool:
    if door in DONE:
        return not seen
    return seen in REFUSALS if door.startswith("refused") else seen in door.split("|")


def _in_order(batch: Sequence[int], wishes: list[Wish], run: Seen) -> list[Wish]:
    if run.only is None:
        chosen = set(batch)
        return [wish for wish in wishes if wish.event in chosen]
    names = [run.only[place] for place in batch]
    return [wish for name in names for wish in wishes if wish.name == name]


def _batches(run: Seen, story: Story) -> Iterable[tuple[Sequence[int], bool | None]]:
    """The batches that a run may have begun, in order.

    Yields:
        Each, and whether it surely was settled; None for one that surely was not booked.
    """
    size = story.config["batch_size"]
    replayed = [range(place, place + 1) for place in range(len(run.feed))]
    fed = [line for line in story.lines() if line.start >= run.feed[0]] if run.only is None else replayed
    batches: list[list[int]] = [[]]
    for line in fed:
        if len(batches[-1]) >= size:
            batches.append([])
        batches[-1] += line
    if run.exit_code == 0:
        yield from ((batch, True) for batch in batches)
        return
    marks = [mark for mark in story.marks if mark > run.feed[0]]
    covered = run.covered or 0
    for batch in batches:
        if covered and batch[0] < covered:  # a state goes out only after all before it is settled
            yield batch, True
            continue
        begins = max((mark for mark in marks if mark <= batch[-1]), default=0)
        if len(batch) >= size and begins > covered:  # it would have been out with the batch
            yield batch, None if run.exit_code in SIGNALLED and not run.faulty else False
            return
        yield batch, False
        if any(covered < mark <= batch[-1] + 1 for mark in marks):
            return
