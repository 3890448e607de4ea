"""Runs independent clients of Salesforce against a local org, each as a process of its own.

    python benchmarks/clients/run.py [CLIENT ...] [--cache FOLDER]

Installs each at its own version into its own environment below ``.cache/clients`` (once), gives it a fresh
demo company, and prints a table: client, version, what it ran, result. Ends with 1 if any failed.
Traffic goes to loopback and, for the installing, to the package registries.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path += [str(Path(__file__).parents[2] / "tests"), str(Path(__file__).parents[1])]

import salesforce_cli
import taps
from drivers.report import PREFIX
from environments import node_environment, python_environment
from local_org_client import LocalOrgProcess, OrgClient
from measured import FailedError
from place import Place, expect
from tls_proxy import TlsProxy

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache" / "clients"


def driver(name: str) -> Callable[[Place], None]:
    """Runs one of the drivers by the Python of the client's environment."""

    def run(place: Place) -> None:
        written = place.run(["python", str(HERE / "drivers" / name)], {"AIRFLOW_HOME": str(place.folder)})
        lines = written.splitlines()
        place.did += [line.removeprefix(PREFIX) for line in lines if line.startswith(PREFIX)]

    return run


@dataclass(frozen=True)
class Client:
    """A client: its package at one version, who installs it, who runs it."""

    name: str
    package: str
    version: str
    install: Callable[[Path, str], Path]
    run: Callable[[Place], None]

    @property
    def requirement(self) -> str:
        """The package at its version, as its installer wants it."""
        return f"{self.package}{'@' if self.install is node_environment else '=='}{self.version}"


CLIENTS = (
    Client("sf", "@salesforce/cli", "2.150.6", node_environment, salesforce_cli.run),
    Client("aiosalesforce", "aiosalesforce", "0.6.2", python_environment, driver("with_aiosalesforce.py")),
    Client(
        "salesforce-bulk", "salesforce-bulk", "2.2.0", python_environment, driver("with_salesforce_bulk.py")
    ),
    Client(
        "airflow",
        "apache-airflow-providers-salesforce",
        "5.15.1",
        python_environment,
        driver("with_airflow.py"),
    ),
    Client("tap-salesforce", "tap-salesforce", "2.8.1", python_environment, taps.singer),
    Client("airbyte", "airbyte-source-salesforce", "2.10.3", python_environment, taps.airbyte),
)


@dataclass(frozen=True)
class Outcome:
    """How it went for one client."""

    client: Client
    did: list[str]
    failure: str
    seconds: float


def main() -> int:
    """Run the clients asked for, or all; the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clients", nargs="*", metavar="CLIENT", help=", ".join(each.name for each in CLIENTS))
    parser.add_argument("--cache", type=Path, default=CACHE)
    options = parser.parse_args()
    unknown = set(options.clients) - {each.name for each in CLIENTS}
    if unknown:
        parser.error(f"there is no client {', '.join(sorted(unknown))}")
    wanted = [each for each in CLIENTS if not options.clients or each.name in options.clients]
    server = LocalOrgProcess()
    try:
        outcomes = [_outcome(each, server.url, options.cache.resolve()) for each in wanted]
    finally:
        server.stop()
    print(_table(outcomes))
    for outcome in outcomes:
        if outcome.failure:
            print(f"\n{outcome.client.name}: {outcome.failure}", file=sys.stderr)
    return int(any(outcome.failure for outcome in outcomes))


def _outcome(client: Client, org_url: str, cache: Path) -> Outcome:
    did: list[str] = []
    failure, started = "", time.perf_counter()
    try:
        programs = client.install(cache / client.name, client.requirement)
        started = time.perf_counter()
        with (
            tempfile.TemporaryDirectory() as folder,
            tempfile.TemporaryDirectory() as secrets,
            closing(TlsProxy(org_url, Path(secrets))) as proxy,
            closing(OrgClient(org_url)) as org,
        ):
            org.reset("demo")
            client.run(Place(org, proxy, programs, Path(folder), did))
            expect("defects of the local org", org.local("GET", "errors")["errors"], [])
    except FailedError as error:
        failure = str(error)
    except Exception as error:  # noqa: BLE001 - whatever one client stumbles over, the others are still run
        failure = repr(error)
    return Outcome(client, did, failure, time.perf_counter() - started)


def _table(outcomes: list[Outcome]) -> str:
    lines = ["| client | version | what it ran | result |", "|---|---|---|---|"]
    for outcome in outcomes:
        client = outcome.client
        result = "FAILED" if outcome.failure else "passed"
        lines.append(
            f"| {client.package} | {client.version} | {'; '.join(outcome.did) or '-'} |"
            f" {result} in {outcome.seconds:.0f} s |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
