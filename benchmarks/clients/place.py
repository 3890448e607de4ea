"""What every client finds when it runs: a fresh demo company, a way to it, a folder of its own."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from local_org_client import OrgClient
    from tls_proxy import TlsProxy

SECONDS_FOR_A_COMMAND = 180
CREDENTIALS = {
    "client_id": "3MVG9-a-client-id-for-tests",
    "client_secret": "a-client-secret-for-tests",
    "refresh_token": "a-refresh-token-for-tests",
}
"""Long words: Airbyte's source blanks out in its log, and so in its answers, whatever holds a secret."""


class ClientFailedError(Exception):
    """A client did not do what it should, or the org did not answer as Salesforce."""


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
            ClientFailedError: It ended otherwise, or took too long.
        """
        program = str(self.programs / arguments[0])
        paths = {"PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}", "HOME": str(self.folder)}
        try:
            done = subprocess.run(
                [program, *arguments[1:]],
                cwd=self.folder,
                env=os.environ | self.proxy.environment() | paths | (environment or {}),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=SECONDS_FOR_A_COMMAND,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ClientFailedError(f"{' '.join(arguments)} took too long") from None
        if done.returncode:
            said = (done.stdout + done.stderr).strip()[-2000:]
            raise ClientFailedError(f"{' '.join(arguments)} ended with {done.returncode}: {said}")
        return done.stdout

    def ids(self, sobject: str, *, all_rows: bool = False) -> list[str]:
        """The ids of all records of an object, as the org itself tells them."""
        return sorted(row["Id"] for row in self.org.query(f"SELECT Id FROM {sobject}", all_rows=all_rows))


def expect(what: str, got: object, wanted: object) -> None:
    """Hold an answer against what is right.

    Raises:
        ClientFailedError: They differ.
    """
    if got != wanted:
        raise ClientFailedError(f"{what}: got {str(got)[:500]}, not {str(wanted)[:500]}")
