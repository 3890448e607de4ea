"""How a driver tells what worked."""

from __future__ import annotations

PREFIX = "did: "


def did(what: str) -> None:
    """Tell that something worked."""
    print(PREFIX + what, flush=True)
