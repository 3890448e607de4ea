"""How far a run is, told on stderr: a live bar on a terminal, else a line every few seconds."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

if TYPE_CHECKING:
    import logging
    from types import TracebackType

    from typing_extensions import Self

LINE_EVERY = 5.0
"""Seconds between two lines where stderr is no terminal."""

REFRESH_EVERY = 1.0
"""Seconds between two looks of a bar that does not move."""


class Progress:
    """Tells how far one task after another is; use it as a context, so that the last bar is put away.

    Args:
        unit: What is counted: ``rows``, ``events``.
        logger: Takes the lines where stderr is no terminal.
    """

    def __init__(self, unit: str, logger: logging.Logger) -> None:
        self._unit = unit
        self._logger = logger
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._is_live = sys.stderr is not None and sys.stderr.isatty()
        self._bar: tqdm[Any] | None = None
        self._title = self._note = ""
        self._done, self._total = 0, None  # type: int, int | None
        self._began = self._told_at = time.monotonic()
        self._ending = ExitStack()

    def __enter__(self) -> Self:
        """Begin to tell."""
        if self._is_live:
            self._ending.enter_context(logging_redirect_tqdm())
        threading.Thread(target=self._tick, name="progress", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Tell no more."""
        self._over.set()
        with self._lock:
            self._put_bar_away()
        self._ending.close()

    def begin(self, title: str, total: int | None = None) -> None:
        """Begin the next task.

        Args:
            title: What it is called.
            total: How many units it has, if that is known.
        """
        with self._lock:
            self._put_bar_away()
            self._title, self._note, self._done, self._total = title, "", 0, total
            self._began = self._told_at = time.monotonic()
            if self._is_live:
                self._bar = tqdm(
                    desc=title,
                    total=total,
                    unit=f" {self._unit}",
                    unit_scale=True,
                    leave=False,
                    file=sys.stderr,
                )

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

    def _put_bar_away(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _tick(self) -> None:
        while not self._over.wait(REFRESH_EVERY):
            with self._lock:
                if self._over.is_set():
                    return
                if self._bar is not None:
                    self._bar.refresh()
                elif self._title and not self._is_live and time.monotonic() - self._told_at >= LINE_EVERY:
                    self._told_at = time.monotonic()
                    self._logger.info("%s", self._line())

    def _line(self) -> str:
        seconds = time.monotonic() - self._began
        rate = self._done / seconds
        end = f": {self._note}." if self._note else "."
        if not self._total:
            return f"{self._title}: {self._done:,} {self._unit} so far, {rate:,.0f} a second{end}"
        left = f", about {(self._total - self._done) / rate:,.0f} s left" if rate else ""
        return (
            f"{self._title}: {self._done:,} of {self._total:,} {self._unit}, {rate:,.0f} a second{left}{end}"
        )
