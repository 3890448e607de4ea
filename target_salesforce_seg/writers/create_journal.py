"""Creates that nothing finds again, kept on the disk until the state is out that covers their events.

A run that is killed leaves records behind that the next one cannot look up: it would make them once more. So
what is being created, and what is made, lies beside the rejects. It holds no customers' data, only digests.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter, defaultdict
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from target_salesforce_seg.event_ids import message_id
from target_salesforce_seg.writers.results import Lost, Written

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from target_salesforce_seg.classify import PlainRecord
    from target_salesforce_seg.events import Event
    from target_salesforce_seg.intents import Intent
    from target_salesforce_seg.writers.results import Result
    from target_salesforce_seg.writes import Write

SENT, MADE, REFUSED = "sent", "made", "refused"
"""What a line says of a create; the last line counts."""

_EARLIER = -1
"""Stands for the number of an event of an earlier run."""

MANY = 1_000_000
"""Creates without a state: 100 MB of lines, and more in the memory of the run that reads them."""

_LINE = re.compile(rf"([0-9a-f]+) (-?\d+) ({SENT}|{MADE}|{REFUSED}) ([0-9a-f]+)", re.ASCII)


class _Line(NamedTuple):
    """One thing that became of one create.

    Attributes:
        origin: digest of the org: several loaders may share a folder.
        number: of the event among all that the run took in.
        mark: SENT, MADE or REFUSED.
        name: digest of the event and the object.
    """

    origin: str
    number: int
    mark: str
    name: str

    def __str__(self) -> str:
        return f"{self.origin} {self.number} {self.mark} {self.name}\n"


class CreateJournal:
    """The file beside the rejects file; there is none while no such create is uncovered.

    Args:
        rejects: the rejects file.
        origin: gives what the events of this run belong to: the org.
        logger: where to say that the file cannot be written; the run goes on without.
        dry: whether the file is only read.
    """

    def __init__(
        self, rejects: Path, origin: Callable[[], str], logger: logging.Logger, *, dry: bool = False
    ) -> None:
        self._path = rejects.with_name(f"{rejects.name}.creates")
        self._give_origin = origin
        self._logger = logger
        self._is_off = dry or (rejects.exists() and not rejects.is_file())  # such as /dev/null
        self._first = 0
        self._noted: dict[Intent, tuple[int, str]] = {}
        self._again: list[_Line] = []
        self._oldest: int | None = None
        self._uncovered = 0

    def begin_batch(self, first: int) -> None:
        """A batch begins.

        Args:
            first: the number of its first event among all that the run takes in.
        """
        self._first = first
        self._noted.clear()

    def of_earlier_run(self, intent: Intent, stream: str, event: Event | PlainRecord, place: int) -> str:
        """What an earlier run did of a create that no state has covered since.

        Args:
            intent: the create.
            stream: of its event.
            event: that wants it.
            place: which of the creates of this object it is, where the event wants several; else 0.

        Returns:
            MADE, or SENT if nobody knows whether it is made; empty if it is to be made.
        """
        name = _digest(16, stream, intent.object, message_id(event) or _content(event.record), str(place))
        number = self._first + intent.position
        for mark in (MADE, SENT):
            if self._earlier[mark][name] > 0:
                self._earlier[mark][name] -= 1
                self._again.append(_Line(self._origin, number, mark, name))
                self._note_oldest(number)
                return mark
        self._noted[intent] = (number, name)
        return ""

    def begin(self, writes: Iterable[Write]) -> None:
        """Some writes are about to be sent; the creates among them are on the disk when this returns."""
        before = self._uncovered
        self._uncovered += self._add([(write, SENT) for write in writes], to_disk=True)
        if before < MANY <= self._uncovered:
            self._logger.warning(
                "%d records were created since the tap sent its last state. Nothing finds them again, so "
                "each is noted in %s, which grows until a state comes or the run ends well: some 100 MB a "
                "million. Let the tap send states, or set event_id_field.",
                self._uncovered,
                self._path,
            )

    def end(self, writes: Iterable[Write], results: Mapping[Write, Result]) -> None:
        """The answer to some writes is there; what was lost stays as it is."""
        told = [(write, results.get(write)) for write in writes]
        self._add(
            [
                (write, MADE if isinstance(result, Written) else REFUSED)
                for write, result in told
                if not isinstance(result, Lost)
            ]
        )

    def forget(self, covered: int) -> None:
        """A state is out that covers so many events of this run."""
        if self._oldest is None or self._oldest >= covered:
            return
        again = Counter((line.mark, line.name) for line in self._again if line.number < covered)
        kept = []
        for line in self._lines():
            if line.origin == self._origin and line.number == _EARLIER and again[line.mark, line.name]:
                again[line.mark, line.name] -= 1
            elif line.origin != self._origin or line.number == _EARLIER or line.number >= covered:
                kept.append(line)
        self._rewrite(kept)
        self._uncovered = 0
        self._again = [line for line in self._again if line.number >= covered]
        numbers = [line.number for line in (*kept, *self._again) if line.origin == self._origin]
        self._oldest = min((number for number in numbers if number != _EARLIER), default=None)

    def finish(self) -> None:
        """The run has ended well: nothing of it is to come again."""
        if "_earlier" in self.__dict__:
            self._rewrite([line for line in self._lines() if line.origin != self._origin])

    @cached_property
    def _origin(self) -> str:
        return _digest(4, self._give_origin())

    @cached_property
    def _earlier(self) -> Mapping[str, Counter[str]]:
        """How often each create was sent or made by runs before; the file is brought to this."""
        counts: Mapping[str, Counter[str]] = defaultdict(Counter)
        others = []
        for line in self._lines():
            if line.origin != self._origin:
                others.append(line)
                continue
            counts[line.mark][line.name] += 1
            if line.mark != SENT and line.number != _EARLIER:
                counts[SENT][line.name] -= 1
        own = [
            _Line(self._origin, _EARLIER, mark, name)
            for mark in (MADE, SENT)
            for name in counts[mark].elements()
        ]
        if own:
            self._rewrite(others + own)
        return counts

    def _note_oldest(self, number: int) -> None:
        self._oldest = number if self._oldest is None else min(self._oldest, number)

    # The file

    def _add(self, told: Iterable[tuple[Write, str]], *, to_disk: bool = False) -> int:
        """Add lines; how many."""
        if not self._noted or self._is_off:
            return 0
        noted = [
            (self._noted[write.intents[0]], mark) for write, mark in told if write.intents[0] in self._noted
        ]
        if not noted:
            return 0
        self._note_oldest(min(number for (number, _), _ in noted))
        text = "".join(str(_Line(self._origin, number, mark, name)) for (number, name), mark in noted)
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "a") as file:
                file.write(text)
                file.flush()
                if to_disk:
                    os.fsync(descriptor)
        except OSError as error:
            self._give_up(error)
        return len(noted)

    def _lines(self) -> list[_Line]:
        try:
            text = self._path.read_text()
        except (OSError, ValueError):  # none was written, or none could be
            return []
        found = map(_LINE.fullmatch, text.splitlines())  # of half a line nothing is known
        return [_Line(line[1], int(line[2]), line[3], line[4]) for line in found if line]

    def _rewrite(self, lines: list[_Line]) -> None:
        if self._is_off:
            return
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}.tmp")
        try:
            if not lines:
                self._path.unlink(missing_ok=True)
                return
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write("".join(map(str, lines)))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self._is_off = True
        self._logger.warning(
            "%s cannot be written (%s): if this run is killed, the next one may make records twice that "
            "nothing finds again.",
            self._path,
            error.strerror,
        )


def _digest(size: int, *parts: str) -> str:
    return blake2b("\0".join(parts).encode(errors="surrogatepass"), digest_size=size).hexdigest()


def _content(record: Mapping[str, Any]) -> str:
    """A record as text, but for what a tap adds anew each time."""
    own = {name: value for name, value in record.items() if not name.startswith("_sdc_")}
    return json.dumps(own, sort_keys=True, default=str)
