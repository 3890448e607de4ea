"""The traits that are known, by name, and what takes their values; events are walked along them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesforce_seg.errors import RecordRejected
from target_salesforce_seg.mapping import takers
from target_salesforce_seg.paths import normalised

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from target_salesforce_seg.mapping.takers import Record, Rivals, Taker

_MOST_SPELLINGS = 20_000


class Node:
    """What becomes of one trait, and of the parts of it if it is an object or a list."""

    __slots__ = ("parts", "take", "text_field", "text_length")

    def __init__(self, taker: Taker | None = None) -> None:
        self.parts: Parts | None = None
        self.give_to(taker or takers.nothing())

    def give_to(self, taker: Taker) -> None:
        """Let something take the values."""
        self.take, self.text_field, self.text_length = taker


class Parts(dict[str, Node]):
    """Nodes by the spelling of their traits, found by the name without what does not count."""

    def __init__(self, learn: Callable[[str], Node]) -> None:
        super().__init__()
        self.known: dict[str, Node] = {}
        self._learn = learn

    @property
    def places(self) -> list[str]:
        """The entries of a list that something becomes of."""
        return [name for name in self.known if name.isdecimal()]

    def __missing__(self, spelling: str) -> Node:
        if len(self) >= _MOST_SPELLINGS:
            self.clear()
        node = self.known.get(normalised(spelling))
        self[spelling] = node = self._learn(spelling) if node is None else node
        return node


def walk(
    parts: Parts,
    traits: Mapping[str, Any],
    record: Record,
    rivals: Rivals,
    problems: list[RecordRejected],
) -> None:
    """Take the traits of an event into a record.

    Args:
        parts: what is known of them.
        traits: the traits, or the parts of one.
        record: what is filled.
        rivals: takes what is to be decided when all traits are seen.
        problems: takes what is wrong with values.
    """
    for spelling, value in traits.items():
        node = parts[spelling]
        if isinstance(value, str):
            text, field = value.strip(), node.text_field
            is_plain = (
                len(value) <= node.text_length and "\0" not in text
                if value.isascii()
                else 2 * len(value) <= node.text_length and value.isprintable()
            )
            if is_plain and text and field not in record and field not in rivals:
                record[field] = text
                continue
        inner = node.parts
        if inner is not None and isinstance(value, dict):
            walk(inner, value, record, rivals, problems)
        elif inner is not None and isinstance(value, list) and inner.places:
            entries = {name: value[int(name)] for name in inner.places if int(name) < len(value)}
            walk(inner, entries, record, rivals, problems)
        else:
            try:
                node.take(value, record, rivals)
            except RecordRejected as problem:
                problems.append(problem)
