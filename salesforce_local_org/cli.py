"""The command line: ``salesforce-local-org serve | start | stop | status``."""

from __future__ import annotations

import argparse
import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from salesforce_local_org import daemon
from salesforce_local_org.daemon import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8765
_LARGEST_PORT, _LARGEST_SCALE = 65_535, 10_000

_DESCRIPTION = "A Salesforce org on this machine: it answers at /services/... as Salesforce does."
_EPILOG = """\
Any user name, password, security token and client id is accepted. To see a login refused, begin the password
with "wrong", "no-security-token", "no-api" or "expired"; the client id or secret with "wrong"; the client id
with "no-run-as-user" (client credentials) or "not-approved" (JWT); the refresh token with "expired".

The org's own controls, JSON in and out, answer this machine only: POST /_local/reset, /_local/clock,
/_local/faults, /_local/limits, /_local/login; GET /_local/requests, /_local/errors. POST
/_local/transactions. More: docs/local-org.md.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no org is running (status, stop).
"""


def run(arguments: Sequence[str]) -> int:
    """Run one command.

    Args:
        arguments: The command line without the program's name.

    Returns:
        The exit code: 0 done, 1 failed, 2 wrong usage, 3 no org runs.
    """
    try:
        options = _parser().parse_args(arguments)
        return int(options.command(options))
    except CommandError as error:
        sys.stderr.write(f"salesforce-local-org: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130


def _serve(options: argparse.Namespace) -> int:
    _check(options)
    # What imports make stays: to look for garbage in it is a sixth of a start.
    gc.disable()
    # Only who serves needs the server: stop and status must answer at once.
    from salesforce_local_org.serving import serve  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    return serve(
        host=options.host,
        port=options.port,
        database=options.database,
        schema_file=options.schema,
        seed=options.seed,
        scale=options.scale,
        idle_timeout=options.idle_timeout,
    )


def _start(options: argparse.Namespace) -> int:
    _check(options)
    url = daemon.find(options.host, options.port) if options.port else None
    if url:
        sys.stderr.write("An org is already running there; it is left as it is.\n")
    else:
        url = daemon.start(_serve_arguments(options), options.log or daemon.default_log(options.port))
    sys.stdout.write(f"ready {url}\n")
    return 0


def _stop(options: argparse.Namespace) -> int:
    url = daemon.stop(options.host, options.port)
    if url is None:
        raise CommandError(f"no org is running at {options.host}:{options.port}", 3)
    sys.stdout.write(f"stopped {url}\n")
    return 0


def _status(options: argparse.Namespace) -> int:
    url = daemon.find(options.host, options.port)
    if url is None:
        raise CommandError(f"no org is running at {options.host}:{options.port}", 3)
    sys.stdout.write(f"running {url}\n")
    return 0


def _check(options: argparse.Namespace) -> None:
    if options.schema and not options.schema.is_file():
        raise CommandError(f"--schema: there is no file {options.schema}", 2)
    if options.database and not options.database.absolute().parent.is_dir():
        raise CommandError(f"--database: there is no directory {options.database.absolute().parent}", 2)


def _serve_arguments(options: argparse.Namespace) -> list[str]:
    arguments = [f"--host={options.host}", f"--port={options.port}", f"--seed={options.seed}"]
    arguments += [f"--scale={options.scale}", f"--idle-timeout={options.idle_timeout}"]
    for name in ("database", "schema"):
        if path := getattr(options, name):
            arguments.append(f"--{name}={path}")
    return ["serve", *arguments]


_COMMANDS: dict[str, tuple[Callable[[argparse.Namespace], int], str]] = {
    "serve": (_serve, "run an org in the foreground until SIGTERM or Ctrl-C"),
    "start": (_start, "run an org in the background; an org that is there already is left as it is"),
    "stop": (_stop, "end the org that runs there"),
    "status": (_status, "tell whether an org runs there: exit code 0 if so, 3 if not"),
}


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with a command line."""

    def error(self, message: str) -> NoReturn:
        """Refuse the command line."""
        raise CommandError(f"{message} ({self.prog} --help tells more)", 2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="salesforce-local-org",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="{serve,start,stop,status}")
    for name, (function, text) in _COMMANDS.items():
        command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        command.set_defaults(command=function)
        serves = name in {"serve", "start"}
        place = "to listen on" if serves else "it listens on"
        command.add_argument("--host", default=DEFAULT_HOST, help=f"address {place} (%(default)s)")
        command.add_argument(
            "--port",
            type=_number(0 if serves else 1, _LARGEST_PORT),
            default=DEFAULT_PORT,
            help=f"port {place} (%(default)s{'; 0 takes a free one' if serves else ''})",
        )
        if serves:
            _add_org_options(command)
        if name == "start":
            _add_log_option(command)
    return parser


def _add_log_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--log", type=Path, help="file for the org's messages (default: in ~/.local/state)")


def _add_org_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--database", type=Path, metavar="PATH", help="SQLite file to keep the org in (default: memory)"
    )
    command.add_argument(
        "--seed",
        choices=("demo", "none"),
        default="none",
        help="what a new org starts with: a demo company, or nothing but its users (none)",
    )
    command.add_argument(
        "--scale",
        type=_number(1, _LARGEST_SCALE),
        default=1,
        help="how many times over the demo company is made (1)",
    )
    command.add_argument(
        "--schema",
        type=Path,
        metavar="FILE",
        help="your org's own shape, YAML or JSON: objects, fields, features, rules",
    )
    command.add_argument(
        "--idle-timeout",
        type=_number(0, 10**7),
        default=0,
        metavar="SECONDS",
        help="end after so long without a request (0: never)",
    )


class _number:  # noqa: N801 - argparse shows this name in no message, and it reads as a function
    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, most

    def __call__(self, text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not self._least <= int(text) <= self._most:
            raise argparse.ArgumentTypeError(
                f"expected a number from {self._least} to {self._most}, not {text!r}"
            )
        return int(text)
