"""A local org in a process of its own, that answers for the stand-in what is no record."""

from __future__ import annotations

import http.client
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from people import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from typing_extensions import Self

_HOP_BY_HOP = {"connection", "content-length", "keep-alive", "transfer-encoding", "date"}
_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """What the org answered, as it was on the wire."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class LocalOrg:
    """Runs a local org that has the fields of the events.

    Args:
        folder: for its files.
    """

    def __init__(self, folder: Path) -> None:
        schema = folder / "schema.yaml"
        schema.write_text(SCHEMA)
        self._log = (folder / "org.log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "salesforce_local_org", "serve", "--port=0", f"--schema={schema}"],
            stdout=subprocess.PIPE,
            stderr=self._log,
        )

    def __enter__(self) -> Self:
        """Wait until it is ready.

        Raises:
            RuntimeError: It has not started.
        """
        assert self._process.stdout is not None
        word, _, self.url = self._process.stdout.readline().decode().strip().partition(" ")
        if word != "ready":
            raise RuntimeError("The local org did not start.")
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._log.close()

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Pass a request on, with the headers of its client; the org then takes itself for the one asked."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=_SECONDS)
        passed = {name: value for name, value in headers.items() if name.lower() not in _HOP_BY_HOP}
        try:
            connection.request(method, target, body, passed | {"Accept-Encoding": "identity"})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        kept = tuple(each for each in answer.getheaders() if each[0].lower() not in _HOP_BY_HOP)
        return Answer(answer.status, kept, content)
