"""How both plugins end, whatever happens: one message, the state, the right exit code."""

from __future__ import annotations

import logging
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

import click
from singer_sdk.exceptions import ConfigValidationError, InvalidInputLine, SingerSDKError

from salesforce_seg.errors import RunFailed, SalesforceError
from salesforce_seg.redact import guard_logs, redact
from salesforce_seg.signals import (
    Interrupted,
    ignore_signals,
    install_handlers,
    shielded,
    wait_for_other_threads,
)

if TYPE_CHECKING:
    from collections.abc import Callable

FAILED, WRONG_USAGE = 1, 2

LAST_WAIT = 10.0
"""Seconds that a login which another thread is in the middle of may still take at the end of a process."""

log = logging.getLogger(__name__)

_at_early_end: list[Callable[[], None]] = []


def on_early_end(callback: Callable[[], None]) -> None:
    """Register what must be done when the run ends early: by a signal, the quota guard or any other error.

    The tap registers the writing of its state here. Callbacks run once, undisturbed by signals, in the
    order of registration; an error in one is logged and does not keep the others from running.
    """
    _at_early_end.append(callback)


def run_cli(command: Callable[[], click.Command]) -> NoReturn:
    """Run a plugin's command line and end the process.

    Every error becomes one message on stderr and an exit code (0 done, 1 failed, 2 wrong settings or
    usage, 3 stopped by the quota guard, 130 / 143 on SIGINT / SIGTERM), never a traceback, but for
    LOGLEVEL=DEBUG.

    Args:
        command: Gives the click command, such as ``lambda: TapSalesforceSeg.cli``.
    """
    _open_standard_streams()
    guard_logs()
    logging.raiseExceptions = False  # a record that cannot be formatted would be shown with its arguments
    install_handlers()
    try:
        code = _run(command)
    except Interrupted as stopped:  # it came while an error was being told
        code = stopped.exit_code
    _leave(code)


def _open_standard_streams() -> None:
    """Fill closed descriptors, so that no socket becomes standard out or standard error.

    ``sys.stdin`` and ``sys.stdout`` stay None: what needs them says that they are closed.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115  it stays open to the end


def _run(command: Callable[[], click.Command]) -> int:
    try:
        if sys.stdout is None:
            raise RunFailed("Standard output is closed, and messages go there: give it a pipe or a file.")  # noqa: TRY301
        plugin = command()
        for handler in logging.getLogger().handlers:
            handler.addFilter(_is_news)
        # Not main(), which takes a broken pipe for a wish to leave in silence.
        with plugin.make_context(plugin.name, sys.argv[1:]) as context:
            plugin.invoke(context)
        with shielded():
            sys.stdout.flush()
    except Interrupted as stopped:
        _end_early(str(stopped))
        return stopped.exit_code
    except click.exceptions.Exit as left:
        return left.exit_code
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else int(left.code is not None)
    except Exception as error:
        log.debug("The run failed.", exc_info=True)
        message, code = _told(error)
        _end_early(message)
        return code
    return 0


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a log record says more than the message that will follow it."""
    return not str(record.msg).startswith("An unhandled error occurred while syncing")


def _end_early(message: str) -> None:
    """Say what happened, then do what was registered for an early end; signals are too late from here on."""
    ignore_signals()
    log.error("%s", redact(message))
    while _at_early_end:
        _call(_at_early_end.pop(0), message)


def _call(callback: Callable[[], None], told: str) -> None:
    try:
        with suppress(BrokenPipeError):  # nobody reads what it would say, and that has been told
            callback()
    except Exception as error:  # noqa: BLE001  the other callbacks must still run
        if (message := _told(error)[0]) != told:
            log.error("%s", redact(message))  # noqa: TRY400


def _click_error(error: click.ClickException) -> str:
    return f"{error.format_message().rstrip('.')}. Try --help."


def _cannot_open(error: OSError) -> str:
    if not error.filename:
        return str(error)
    return f"Cannot open {error.filename}: {error.strerror or 'no such file'}."


def _invalid_config(error: ConfigValidationError) -> str:
    return "The config is not valid: " + "; ".join(error.errors)


_MESSAGES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Callable[[Any], str], int], ...] = (
    (click.ClickException, _click_error, WRONG_USAGE),
    (click.Abort, lambda _: "Stopped by SIGINT.", 128 + signal.SIGINT),
    (
        BrokenPipeError,
        lambda _: "The program that reads this one's output has ended, so this one ends too.",
        FAILED,
    ),
    (ConfigValidationError, _invalid_config, WRONG_USAGE),
    (
        InvalidInputLine,
        lambda _: "A line on stdin is not a Singer message (one JSON object a line, with a type).",
        FAILED,
    ),
    ((FileNotFoundError, PermissionError, IsADirectoryError), _cannot_open, WRONG_USAGE),
    (OSError, lambda error: f"Reading or writing failed: {error.strerror or error}.", FAILED),
    (SingerSDKError, lambda error: str(error) or type(error).__name__, FAILED),
)
"""Error, what to tell the user, exit code; the first that fits counts."""


def _told(error: Exception) -> tuple[str, int]:
    """What to tell the user of an error, and the exit code it means."""
    if isinstance(error, SalesforceError):
        return error.message, error.exit_code
    for kind, message, code in _MESSAGES:
        if isinstance(error, kind):
            return message(error), code
    return f"Something unforeseen went wrong ({type(error).__name__}: {error}). Please report it.", FAILED


def _leave(code: int) -> NoReturn:
    """End the process: whole lines out, then no waiting for threads that still speak to a server."""
    ignore_signals()
    with suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
    logging.shutdown()
    with suppress(OSError, ValueError):
        sys.stderr.flush()
    wait_for_other_threads(LAST_WAIT)
    os._exit(code)
