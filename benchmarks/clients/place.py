"""What every client finds when it runs: a fresh demo company, a way to it, a folder of its own."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from measured import FailedError, output_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from local_org_client import OrgClient
    from tls_proxy import TlsProxy

SECONDS_FOR_A_COMMAND = 180


@dataclass
class Place:
    """Where one client runs.

    Attributes:
        org: The org it talks to.
        proxy: The way for clients that know only https.
        programs: The folder of its programs.
        folder: An empty folder for its files.
        did: What has worked so far.
    """

    org: OrgClient
    proxy: TlsProxy
    programs: Path
    folder: Path
    did: list[str] = field(default_factory=list)

    def run(self, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
        """Run a program of the client to its good end; what it wrote on stdout.

        Raises:
            FailedError: It ended otherwise, or took too long.
        """
        program = str(self.programs / arguments[0])
        paths = {"PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}", "HOME": str(self.folder)}
        variables = self.proxy.environment() | paths | dict(environment or {})
        return output_of([program, *arguments[1:]], self.folder, variables, SECONDS_FOR_A_COMMAND)

    def ids(self, sobject: str, *, all_rows: bool = False) -> list[str]:
        """The ids of all records of an object, as the org itself tells them."""
        return sorted(row["Id"] for row in self.org.query(f"SELECT Id FROM {sobject}", all_rows=all_rows))


def expect(what: str, got: object, wanted: object) -> None:
    """Hold an answer against what is right.

    Raises:
        FailedError: They differ.
    """
    if got != wanted:
        raise FailedError(f"{what}: got {str(got)[:500]}, not {str(wanted)[:500]}")
