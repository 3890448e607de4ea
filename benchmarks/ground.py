"""What a measured tap or target finds where it runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from measured import output_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CREDENTIALS = {
    "client_id": "3MVG9-a-client-id-for-tests",
    "client_secret": "a-client-secret-for-tests",
    "refresh_token": "a-refresh-token-for-tests",
}
"""Long words: Airbyte's source blanks out in its log, and so in its answers, whatever holds a secret."""

SECONDS_TO_PREPARE = 300


@dataclass(frozen=True)
class Ground:
    """Where one program runs.

    Attributes:
        server_url: The server that it is measured against.
        environment: Environment variables that lead it there.
        folder: An empty folder for its files.
        cache: Below it are the peers' environments.
    """

    server_url: str
    environment: dict[str, str]
    folder: Path
    cache: Path

    def write(self, name: str, content: Any) -> str:
        """Write a JSON file; its name."""
        (self.folder / name).write_text(json.dumps(content))
        return name

    def run(self, command: Sequence[str]) -> str:
        """What a program that prepares a run says on stdout.

        Raises:
            FailedError: It did not end well.
        """
        return output_of(command, self.folder, self.environment, SECONDS_TO_PREPARE)
