"""A dry run: all is looked up and decided, nothing is written, and what would be is printed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from salesforce_seg.answers import one_line, printable
from target_salesforce_seg.foreseen import refusal
from target_salesforce_seg.pretended_org import PretendedLookup, PretendedOrg
from target_salesforce_seg.writers.results import Refused, Written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from target_salesforce_seg.calls import Calls
    from target_salesforce_seg.classify import Incoming
    from target_salesforce_seg.outcomes import BatchOutcomes
    from target_salesforce_seg.writers.results import Result
    from target_salesforce_seg.writes import Write

MOST_EVENTS_NAMED = 10
LONGEST_VALUE = 200
LONGEST_NAME = 60


class DryRun:
    """Stands where the writers and the rejects file stand in a real run.

    Args:
        say: takes lines for the user, customers' data in them.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._org = PretendedOrg()
        self._written: list[tuple[Write, str]] = []
        self._events_before = 0

    def lookup(self, calls: Calls) -> PretendedLookup:
        """A lookup that finds what would have been written so far."""
        return PretendedLookup(calls, self._org)

    def write(self, writes: Sequence[Write], results: dict[Write, Result]) -> None:
        """Pretend to write; what describe says that Salesforce would refuse is refused."""
        for write in writes:
            error = refusal(write)
            if error is not None:
                results[write] = Refused(error)
            else:
                self._written.append((write, self._org.write(write)))
                results[write] = Written()

    def report(self, batch: Sequence[Incoming], outcomes: BatchOutcomes) -> None:
        """Print what would become of the events of a batch, in their order."""
        entries = [*self._writes(batch), *self._others(batch, outcomes)]
        for _, lines in sorted(entries, key=lambda entry: entry[0]):
            self._say("\n".join(lines))
        self._written.clear()
        self._events_before += len(batch)

    def _writes(self, batch: Sequence[Incoming]) -> Iterator[tuple[int, list[str]]]:
        for write, record_id in self._written:
            positions = sorted({intent.position for intent in write.changing})
            title = self._title(batch, positions)
            yield (
                positions[0],
                [f"{title}: {write.operation} {write.sobject.name} {record_id}", *_fields(write)],
            )

    def _others(self, batch: Sequence[Incoming], outcomes: BatchOutcomes) -> Iterator[tuple[int, list[str]]]:
        for position, reason in outcomes.skipped.items():
            yield position, [f"{self._title(batch, [position])}: not for Salesforce: {reason}"]
        for position, sobject in outcomes.unchanged:
            yield position, [f"{self._title(batch, [position])}: {sobject} unchanged"]
        for each in outcomes.rejections:
            wish = f" ({each.operation} {each.object})" if each.object else ""
            error = each.error
            title = self._title(batch, [each.position])
            yield each.position, [f"{title}: rejected{wish}, {error.code}: {one_line(error.message)}"]

    def _title(self, batch: Sequence[Incoming], positions: Sequence[int]) -> str:
        numbers = [str(self._events_before + position + 1) for position in positions[:MOST_EVENTS_NAMED]]
        more = len(positions) - len(numbers)
        named = ", ".join(numbers) + (f" and {more} more" if more else "")
        kinds = dict.fromkeys(_kind(batch[position]) for position in positions[:MOST_EVENTS_NAMED])
        return f"event{'s' if len(positions) > 1 else ''} {named} ({', '.join(kinds)})"


def _fields(write: Write) -> Iterator[str]:
    if write.operation == "delete":
        return
    match = write.intents[0].match if write.operation == "create" else None
    keys = [name for name in match.fields if name in write.record] if match else []
    for name in dict.fromkeys([*keys, *write.record]):
        value = write.record[name]
        before = f"{_shown(write.stored.get(name))} -> " if write.operation == "update" else ""
        yield f"  {name}: {before}{_shown(value)}"


def _shown(value: Any) -> str:
    """A value as JSON; characters that a terminal would obey or hide are escaped."""
    text = printable(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def _kind(incoming: Incoming) -> str:
    """What an event is called in the report: its type and name, or the stream that it came by."""
    record = incoming.record if isinstance(incoming.record, dict) else {}
    event_type, name = record.get("type"), record.get("event")
    if not isinstance(event_type, str):
        return _shown(incoming.stream)[1:-1][:LONGEST_NAME] or "a line"
    kind = _shown(event_type)[1:-1][:LONGEST_NAME]
    return f"{kind} {_shown(name[:LONGEST_NAME])}" if isinstance(name, str) else kind
