"""Records that were merged into others, which may have been merged in their turn: which one stays?

Source: Object Reference, ``MasterRecordId``: what a merge takes away is deleted, and names what it went into.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from target_salesforce_seg.intents import Match

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from target_salesforce_seg.lookup import Lookup, Question

_MOST_MERGES = 5
"""How often a record may have been merged into another that was merged in its turn."""


def survivors(
    lookup: Lookup,
    masters: Mapping[str, Mapping[str, None]],
    question: Callable[[str, tuple[Match, ...]], Question],
) -> dict[tuple[str, str], dict[str, Any]]:
    """Find the records at the end of merges.

    Args:
        lookup: asks the org: one call for each merge that follows another.
        masters: by object, the Ids of the records that others were merged into.
        question: makes what is asked of an object's records.

    Returns:
        By object and Id of the first master: the record that stays. Nothing for those that are deleted.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    at = {(name, each): each for name, ids in masters.items() for each in ids}
    merges = 0
    while at and merges < _MOST_MERGES:
        merges += 1
        asked: dict[str, dict[str, None]] = defaultdict(dict)
        for (name, _), each in at.items():
            asked[name][each] = None
        questions = [
            question(name, tuple(Match(("Id",), (each,), (each,)) for each in ids))
            for name, ids in asked.items()
        ]
        answers = dict(zip(asked, lookup.ask(questions), strict=True))
        following: dict[tuple[str, str], str] = {}
        for (name, first), each in at.items():
            if rows := answers[name].get((each,)):
                found[name, first] = rows[0]
            elif later := answers[name].masters.get((each,)):
                following[name, first] = next(iter(later))
        at = following
    return found
