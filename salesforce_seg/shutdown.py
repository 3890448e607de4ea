"""How both plugins end: on a signal, on an error, on a broken pipe. One message, the state, the right exit code.

A signal is turned into an exception, but never inside a :func:`shielded` section, so that no line on stdout is cut
and no batch is left between write and state.
"""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from singer_sdk.plugin_base import PluginBase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import click


class Interrupted(BaseException):
    """SIGTERM or SIGINT arrived; raised in the main thread, outside shielded sections.

    Attributes:
        exit_code: 128 + the signal's number: 143 for SIGTERM, 130 for SIGINT.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(signal_number).name}")
        self.exit_code = 128 + signal_number


@contextmanager
def shielded() -> Iterator[None]:
    """Keep signals out of a section: one that comes meanwhile is raised when the (outermost) section is left.

    Wrap every write to stdout in it, and whatever else must not be left half done. Cheap; any thread may enter it.
    """
    yield


def install_handlers() -> None:
    """Take SIGTERM and SIGINT (from singer-sdk's handlers, which write state inside the signal handler)."""


def on_early_end(callback: Callable[[], None]) -> None:
    """Register what must be done when the run ends early: by a signal, the quota guard or any other error.

    The tap registers the writing of its state here. Callbacks run once, shielded, in the order of registration; an
    error in one is reported and does not keep the others from running.
    """


class Plugin(PluginBase):
    """What both plugins do differently from singer-sdk: signals, and config errors as one message without secrets.

    Put it before ``Tap`` or ``Target`` in the bases.
    """


def run_cli(command: Callable[[], click.Command]) -> NoReturn:
    """Run a plugin's command line and end the process.

    Args:
        command: Gives the click command, such as ``lambda: TapSalesforceSeg.cli``.

    Every error becomes one message on stderr and an exit code (0 done, 1 failed, 2 wrong settings or usage, 3 stopped
    by the quota guard, 130 / 143 on SIGINT / SIGTERM), never a traceback (but for LOGLEVEL=DEBUG).
    """
    raise NotImplementedError


_: Any = (sys, threading)
