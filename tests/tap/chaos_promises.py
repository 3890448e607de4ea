"""What a chaos run must have kept to, and what has been counted."""

from __future__ import annotations

import json
import signal
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chaos_loader import BrokenPromiseError

if TYPE_CHECKING:
    from chaos_faults import Trouble
    from chaos_zygote import Ended

KILLED = -signal.SIGKILL
POLITE = {signal.SIGTERM: 143, signal.SIGINT: 130}
STRUCK = "struck by"
_ID, _CLOCK = ("id", "Id"), ("system_modstamp", "SystemModstamp")


@dataclass(slots=True)
class Figures:
    """What came to pass."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    exits: Counter[int] = field(default_factory=Counter)

    def line(self) -> str:
        """How far it is."""
        kills = sum(number for name, number in self.counts.items() if name.startswith(STRUCK))
        return (
            f"{self.counts['seeds']} seeds, {self.counts['runs']} runs, {kills} kills, "
            f"{self.faults.total()} faults, {self.counts['tables compared']:,} tables compared"
        )

    def lines(self) -> list[str]:
        """The figures, to be read."""
        return [
            *(f"{name:<42}{number:>9,}" for name, number in sorted(self.counts.items())),
            *(f"fault: {name:<35}{number:>9,}" for name, number in sorted(self.faults.items())),
            *(f"exit code {code:<32}{number:>9,}" for code, number in sorted(self.exits.items())),
        ]


def is_under_way(state: dict[str, Any]) -> bool:
    """Whether a run stopped in the middle of a stream."""
    return any(each.get("unfinished") for each in state.get("bookmarks", {}).values())


def check_end(ended: Ended, trouble: Trouble, *, struck_at_will: bool) -> None:
    """Hold a run to the exit codes that its troubles allow, and to a word on each failure."""
    code, right = ended.exit_code, set(trouble.may_end)
    if struck_at_will:
        right |= {KILLED, *POLITE.values()}
        if not ended.stdout and not ended.stderr:  # before it had a word to say
            right |= {-number for number in POLITE}
    if code not in right:
        raise BrokenPromiseError(f"exit code {code} instead of {sorted(right)}: {ended.stderr}")
    if "Traceback" in ended.stderr or "unforeseen" in ended.stderr:
        raise BrokenPromiseError(f"a traceback, or an error that was not foreseen: {ended.stderr}")
    if code > 0 and not ended.stderr.strip():
        raise BrokenPromiseError(f"exit code {code}, but no word of an error: {ended.stderr}")


def check_once(rows: list[dict[str, Any]]) -> None:
    """Hold a run to it that no row came twice with the same stamp, nor any line twice."""
    seen: set[str] = set()
    for message in rows:
        stream, record = message["stream"], message["record"]
        row = [stream, *(record[name] for name in (*_ID, *_CLOCK) if name in record)]
        stamped = any(name in record for name in _CLOCK)
        line = json.dumps(row if stamped else [stream, record], sort_keys=True)
        if line in seen:
            raise BrokenPromiseError(f"the run emitted a row twice: {json.dumps(record)[:300]}")
        seen.add(line)
