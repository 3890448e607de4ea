"""How far a run is, told on stderr: live bars on a terminal, else a line every few seconds."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import logging
    from types import TracebackType

    from tqdm import tqdm
    from typing_extensions import Self

LINE_EVERY = 5.0
"""Seconds between two lines of a task where stderr is no terminal."""

REFRESH_EVERY = 1.0
"""Seconds between two looks of a bar that does not move."""


class Progress:
    """Tells how far tasks are, several at once; use it as a context, so that the last bars are put away.

    Args:
        unit: What is counted: ``rows``, ``events``.
        logger: Takes the lines where stderr is no terminal.
    """

    def __init__(self, unit: str, logger: logging.Logger) -> None:
        self._unit = unit
        self._logger = logger
        self._over = threading.Event()
        self._is_live = sys.stderr is not None and sys.stderr.isatty()
        self._tasks: list[Task] = []
        self._ending = ExitStack()

    def __enter__(self) -> Self:
        """Begin to tell."""
        if self._is_live:
            from tqdm.contrib.logging import logging_redirect_tqdm  # noqa: PLC0415  few starts are on a terminal

            self._ending.enter_context(logging_redirect_tqdm())
        threading.Thread(target=self._tick, name="progress", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Tell no more."""
        self._over.set()
        for task in self._tasks:
            task.close()
        self._ending.close()

    def begin(self, title: str) -> Task:
        """Begin a task that is called so."""
        task = Task(title, self._unit, is_live=self._is_live)
        self._tasks = [*(each for each in self._tasks if not each.is_over), task]
        return task

    def _tick(self) -> None:
        while not self._over.wait(REFRESH_EVERY):
            for task in self._tasks:
                task.refresh_bar()
                if not self._is_live and task.is_due:
                    self._logger.info("%s", task.line())


class Task:
    """Something under way, of which it is told how far it is.

    Args:
        title: What it is called.
        unit: What is counted.
        is_live: Whether it has a bar on the terminal.
    """

    def __init__(self, title: str, unit: str, *, is_live: bool) -> None:
        self._title = title
        self._unit = unit
        self._lock = threading.Lock()
        self._done, self._total = 0, None  # type: int, int | None
        self._note = ""
        self._began = self._told_at = time.monotonic()
        self._bar: tqdm[Any] | None = None
        self.is_over = False
        """Whether it is told of no more."""
        if is_live:
            from tqdm import tqdm  # noqa: PLC0415

            self._bar = tqdm(desc=title, unit=f" {unit}", unit_scale=True, leave=False, file=sys.stderr)

    def expect(self, left: int) -> None:
        """So many units are still to come, as far as that is known by now."""
        with self._lock:
            self._total = self._done + left
            if self._bar is not None:
                self._bar.total = self._total

    def advance(self, units: int, *, note: str = "") -> None:
        """So many units more are done.

        Args:
            units: How many.
            note: What became of them so far, for the end of the line.
        """
        with self._lock:
            self._done += units
            self._note = note
            if self._bar is not None:
                self._bar.set_postfix_str(note, refresh=False)
                self._bar.update(units)

    def close(self) -> None:
        """Tell no more of it."""
        with self._lock:
            self.is_over = True
            if self._bar is not None:
                self._bar.close()
                self._bar = None

    def refresh_bar(self) -> None:
        """Draw its bar anew, as time goes on."""
        with self._lock:
            if self._bar is not None:
                self._bar.refresh()

    @property
    def is_due(self) -> bool:
        """Whether a line is to be told again."""
        return not self.is_over and time.monotonic() - self._told_at >= LINE_EVERY

    def line(self) -> str:
        """How far it is, in one line."""
        with self._lock:
            self._told_at = time.monotonic()
            rate = self._done / (self._told_at - self._began)
            end = f": {self._note}." if self._note else "."
            if not self._total:
                return f"{self._title}: {self._done:,} {self._unit} so far, {rate:,.0f} a second{end}"
            left = f", about {(self._total - self._done) / rate:,.0f} s left" if rate else ""
            done = f"{self._title}: {self._done:,} of {self._total:,} {self._unit}"
            return f"{done}, {rate:,.0f} a second{left}{end}"
