"""What a run came to: the closing table, and the same for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesforce_seg.text_table import text_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from salesforce_seg.session import Session
    from tap_salesforce_seg.stream import CollectionStream

SHARED = "shared by all"
"""The line of API calls that were made for no stream alone: discovery, first pages, the log of deletes."""


def tally(
    session: Session, streams: Sequence[CollectionStream], failed: Mapping[str, str], seconds: float
) -> dict[str, Any]:
    """What a run came to.

    API calls that several streams share (the first pages of five, describes, the log of deletes of 25) count
    for none of them.

    Args:
        session: The connection to the org.
        streams: The streams that were to be read.
        failed: Those that failed, and why.
        seconds: How long the run took.

    Returns:
        JSON values: ``seconds``, ``api_calls``, ``api_requests`` (those of the org in 24 hours: ``used`` and
        ``allowed``), ``streams`` (by name: ``rows``, ``deletes``, ``api_calls``, ``seconds``, ``complete``)
        and ``failed`` (reasons by name).
    """
    charges = dict(session.charges)
    usage = session.usage
    return {
        "seconds": round(seconds, 3),
        "api_calls": session.api_calls,
        "api_requests": {"used": usage.used, "allowed": usage.allowed} if usage else None,
        "streams": {
            each.name: {
                "rows": each.rows,
                "deletes": each.deletes,
                "api_calls": charges.get(each.definition.sobject.name, 0),
                "seconds": round(each.seconds, 3),
                "complete": each.done,
            }
            for each in streams
        },
        "failed": dict(failed),
    }


def closing_table(tallied: Mapping[str, Any]) -> str:
    """A line a stream with rows, deletes, API calls and seconds, and their sums."""
    streams = tallied["streams"]
    lines = [
        (name, each["rows"], each["deletes"], each["api_calls"], each["seconds"], _state(name, tallied))
        for name, each in streams.items()
    ]
    shared = tallied["api_calls"] - sum(each["api_calls"] for each in streams.values())
    rows, deletes = (sum(each[what] for each in streams.values()) for what in ("rows", "deletes"))
    lines += [
        (SHARED, "", "", shared, "", ""),
        ("sum", rows, deletes, tallied["api_calls"], tallied["seconds"], ""),
    ]
    return text_table(("stream", "rows", "deletes", "calls", "seconds", ""), lines)


def _state(name: str, tallied: Mapping[str, Any]) -> str:
    if name in tallied["failed"]:
        return "failed"
    return "" if tallied["streams"][name]["complete"] else "not complete"
