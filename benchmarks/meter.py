"""Seconds of a process, and lines of a table of them."""

from __future__ import annotations

import time
from pathlib import Path


class Meter:
    """Wall-clock seconds, and CPU seconds of a process, since it was made."""

    def __init__(self, process_id: int) -> None:
        self._stat = Path(f"/proc/{process_id}/stat")
        self._started, self._cpu = time.perf_counter(), self._cpu_seconds()

    def _cpu_seconds(self) -> float:
        user, system = self._stat.read_text().rpartition(") ")[2].split()[11:13]
        return (int(user) + int(system)) / 100

    def read(self) -> tuple[float, float]:
        """Wall-clock and CPU seconds; never 0."""
        return time.perf_counter() - self._started, max(self._cpu_seconds() - self._cpu, 0.01)


def line(what: str, wall: float, cpu: float | None, rate: str, beside: str = "") -> None:
    """Print a line of the table.

    Args:
        what: What was done.
        wall: Wall-clock seconds.
        cpu: CPU seconds, if they were measured.
        rate: The figure.
        beside: The figure, as a part of the yardstick's.
    """
    shown = f"{cpu:8.2f}" if cpu is not None else " " * 8
    print(f"{what:42} {wall:8.2f} {shown} {rate:>24}  {beside}", flush=True)
