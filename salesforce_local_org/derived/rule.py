"""The form of the rules by which values follow from others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from salesforce_local_org.store import Store

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """Which fields an object's derived values hang on, and how they come about."""

    sources: frozenset[str]
    values: Callable[[Store, Row, Mapping[str, Any]], Row]
    """(store, the record as it will be, the values the writer gave) -> derived values."""
    only_when_changed: frozenset[str] = frozenset()
    """Sources that move nothing when they are written again as they were."""


def status_row(store: Store, table: str, label: str | None) -> Row | None:
    """What a status table (``CaseStatus``, ``OpportunityStage`` ...) says of a value, if it has it."""
    found = store.find(table, "ApiName", label) if label else []
    return found[0] if found else None
