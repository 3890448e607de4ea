"""Servers in processes of their own: any that says ``ready URL``, and the local org, which can be asked."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from measured import FailedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from typing_extensions import Self

_HOP_BY_HOP = {"connection", "content-length", "keep-alive", "transfer-encoding", "date"}
_SECONDS = 300


class Server:
    """A server that is started and, once it says so on stdout, is ready.

    Args:
        command: Starts it.
        log: The file that its stderr goes to; this process's stderr if there is none.

    Attributes:
        url: Its address.

    Raises:
        FailedError: It did not start.
    """

    def __init__(self, command: Sequence[str], log: Path | None = None) -> None:
        stderr = log.open("wb") if log else None
        try:
            self._process = subprocess.Popen(list(command), stdout=subprocess.PIPE, stderr=stderr)
        finally:
            if stderr:
                stderr.close()
        assert self._process.stdout is not None
        word, _, self.url = self._process.stdout.readline().decode().strip().partition(" ")
        if word != "ready":
            self.close()
            raise FailedError(f"{' '.join(command)} did not start. {log.read_text() if log else ''}")

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def __enter__(self) -> Self:
        """Nothing more to do: it is ready."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.close()


@dataclass(frozen=True)
class Answer:
    """What the org answered, as it was on the wire."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class LocalOrg(Server):
    """A local org.

    Args:
        folder: For its log.
        schema: The file that describes its own fields.
        database: The file with its records; none, and it keeps them in memory.
    """

    def __init__(self, folder: Path, schema: Path, database: Path | None = None) -> None:
        command = [sys.executable, "-m", "salesforce_local_org", "serve", "--port=0", f"--schema={schema}"]
        command += [f"--database={database}"] if database else []
        super().__init__(command, folder / "org.log")
        self._token = ""

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

    def call(self, method: str, target: str, body: Any = None) -> Answer:
        """Ask as a client of one's own that is logged in; ``body`` goes as JSON."""
        if not self._token:
            form = b"grant_type=client_credentials&client_id=benchmark&client_secret=benchmark"
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = self.ask("POST", "/services/oauth2/token", kind, form)
            self._token = json.loads(answer.body)["access_token"]
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        return self.ask(method, target, headers, json.dumps(body).encode() if body else b"")
