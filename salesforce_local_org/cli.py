"""The command line: ``salesforce-local-org serve | start | stop | status``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from salesforce_local_org import daemon
from salesforce_local_org.daemon import CommandError

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8765
_LARGEST_PORT, _LARGEST_SCALE = 65_535, 10_000

_DESCRIPTION = "A Salesforce org on this machine: it answers at /services/... as Salesforce does."
_EPILOG = """\
Any user name, password, security token and client id is accepted. To see a login refused, begin the password
with "wrong", "no-security-token", "no-api" or "expired"; the client id or secret with "wrong"; the client id
with "no-run-as-user" (client credentials) or "not-approved" (JWT); the refresh token with "expired".

The org's own controls, JSON in and out, answer this machine only: POST /_local/reset, /_local/clock,
/_local/faults, /_local/limits, /_local/login; GET /_local/requests, /_local/errors. More: docs/local-org.md.

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
    # Only who serves needs the server: stop and status must answer at once.
    from salesforce_local_org.serving import serve  # noqa: PLC0415

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
    serve = commands.add_parser("serve", help="run in the foreground until SIGTERM")
    start = commands.add_parser("start", help="run in the background; does nothing if an org runs already")
    stop = commands.add_parser("stop", help="end an org that runs")
    status = commands.add_parser("status", help="tell whether an org runs: exit code 0 if so, 3 if not")
    for command, function in ((serve, _serve), (start, _start), (stop, _stop), (status, _status)):
        command.set_defaults(command=function)
        command.add_argument("--host", default=DEFAULT_HOST, help="address to listen on (%(default)s)")
        command.add_argument(
            "--port", type=_number(0, _LARGEST_PORT), default=DEFAULT_PORT, help="(%(default)s)"
        )
    for command in (serve, start):
        _add_org_options(command)
    start.add_argument("--log", type=Path, help="file for the org's messages (default: in ~/.local/state)")
    return parser


def _add_org_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--database", type=Path, metavar="PATH", help="SQLite file to keep the org in (default: memory)"
    )
    command.add_argument(
        "--seed", choices=("demo", "none"), default="none", help="what a new org starts with"
    )
    command.add_argument(
        "--scale", type=_number(1, _LARGEST_SCALE), default=1, help="times the demo company is made"
    )
    command.add_argument(
        "--schema", type=Path, metavar="FILE", help="YAML or JSON: more objects, fields, features"
    )
    command.add_argument(
        "--idle-timeout",
        type=_number(0, 10**7),
        default=0,
        metavar="SECONDS",
        help="end when unused so long (0: never)",
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
