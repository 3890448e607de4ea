"""SIGTERM and SIGINT as one exception, raised only where nothing is left half done."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


class Interrupted(BaseException):
    """SIGTERM or SIGINT arrived; raised in the main thread, outside shielded sections.

    Attributes:
        exit_code: 128 + the signal's number: 143 for SIGTERM, 130 for SIGINT.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"Stopped by {signal.Signals(signal_number).name}.")
        self.exit_code = 128 + signal_number


class _Signals:
    """Which signal waits to be raised, and how many shielded sections the main thread is in."""

    def __init__(self) -> None:
        self.depth = 0
        self.waiting = 0
        self.ignored = False

    def arrive(self, signal_number: int, _: FrameType | None) -> None:
        if self.ignored or self.waiting:
            return
        if self.depth:
            self.waiting = signal_number
            return
        raise Interrupted(signal_number)

    def raise_waiting(self) -> None:
        if self.waiting and not self.depth and not self.ignored:
            signal_number, self.waiting = self.waiting, 0
            raise Interrupted(signal_number)


_signals = _Signals()


class _Elsewhere:
    """How many shielded sections other threads are in."""

    def __init__(self) -> None:
        self._sections = 0
        self._changed = threading.Condition()

    def __enter__(self) -> None:
        with self._changed:
            self._sections += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._sections -= 1
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._sections, seconds)


_elsewhere = _Elsewhere()


def install_handlers() -> None:
    """Take SIGTERM and SIGINT from singer-sdk, whose handlers write state at any point and exit 0."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _signals.arrive)


def ignore_signals() -> None:
    """From here on the process ends anyway."""
    _signals.ignored = True


@contextmanager
def shielded() -> Iterator[None]:
    """Keep signals out of a section: one that comes meanwhile is raised when the outermost section is left.

    Wrap every write to stdout in it, and whatever else must not be left half done. Cheap. Signals only
    ever reach the main thread; a section of another thread is waited for before the process ends.
    """
    if threading.current_thread() is not threading.main_thread():
        with _elsewhere:
            yield
        return
    _signals.depth += 1
    try:
        yield
    finally:
        _signals.depth -= 1
        _signals.raise_waiting()


def wait_for_other_threads(seconds: float) -> None:
    """Wait until no other thread is in a shielded section, but not for ever."""
    _elsewhere.wait(seconds)


def stop_requested() -> bool:
    """Whether a signal waits for the shielded section to end: long sections may end early."""
    return bool(_signals.waiting)
