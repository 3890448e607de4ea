"""Writes sorted into what one sObject collection takes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from salesforce_seg import composite

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Iterable, Iterator

    from target_salesforce_seg.writes import Write

MOST_OBJECTS = 10
"""Objects in one collection (REST API Developer Guide, "sObject Collections")."""

LOSS_SHRINKS = 4
"""Into so many calls go writes whose answer was lost, so that one record does not hold up the others."""

_OPERATIONS = ("create", "upsert", "update", "delete")
_REFERENCE = "@{"
"""What composite takes for a reference to another member's answer, in any text; it has no escape."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What the writes of one collection have in common.

    Attributes:
        alone: whether it must not travel inside a composite.
        operation: create, upsert, update or delete.
        upsert_by: for an upsert, the object and its key field.
    """

    alone: bool
    operation: str
    upsert_by: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Writes for one collection, by object: Salesforce cuts a collection wherever the object changes."""

    kind: Kind
    writes: list[Write]

    def halves(self) -> tuple[Chunk, Chunk]:
        """The chunk in two."""
        middle = len(self.writes) // 2
        return Chunk(self.kind, self.writes[:middle]), Chunk(self.kind, self.writes[middle:])


def chunks_of(writes: Iterable[Write], most: int) -> Iterator[Chunk]:
    """Chunks of so many writes at most; of fewer where the answer was lost before."""
    groups: dict[tuple[Kind, int], list[Write]] = defaultdict(list)
    for write in writes:
        groups[_kind(write), write.losses].append(write)
    for kind, losses in sorted(groups, key=_order):
        alike = sorted(groups[kind, losses], key=lambda write: write.sobject.name)
        size = min(most, -(-len(alike) // LOSS_SHRINKS)) if losses else most
        chunk: list[Write] = []
        objects: set[str] = set()
        for write in alike:
            objects.add(write.sobject.name)
            if len(chunk) == size or len(objects) > MOST_OBJECTS:
                yield Chunk(kind, chunk)
                chunk, objects = [], {write.sobject.name}
            chunk.append(write)
        yield Chunk(kind, chunk)


def _order(group: tuple[Kind, int]) -> tuple[bool, int, int, str, str]:
    kind, losses = group
    sobject, key = kind.upsert_by
    return kind.alone, losses, _OPERATIONS.index(kind.operation), key, sobject


def next_call(chunks: deque[Chunk], most: int) -> list[Chunk]:
    """Take the chunks that travel in the next call."""
    now = [chunks.popleft()]
    most = min(most, composite.MOST_QUERIES_AND_COLLECTIONS)
    while chunks and len(now) < most and not (now[0].kind.alone or chunks[0].kind.alone):
        now.append(chunks.popleft())
    return now


def _kind(write: Write) -> Kind:
    texts = [value for value in write.record.values() if isinstance(value, str)]
    alone = write.losses > 0 or _REFERENCE in "\n".join(texts)
    if write.operation == "create" and write.upsert_by:
        return Kind(alone, "upsert", (write.sobject.name, write.upsert_by))
    return Kind(alone, write.operation)
