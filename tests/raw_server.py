"""A server that misbehaves as told: what neither Salesforce nor the local org ever does on purpose."""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Received:
    """A request as it came over the wire."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def answer(status: int = 200, body: Any = b"", headers: dict[str, str] | None = None) -> bytes:
    """A whole HTTP answer; JSON unless the body is bytes."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"Content-Type": "application/json;charset=UTF-8", "Content-Length": str(len(content))}
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{k}: {v}" for k, v in (given | (headers or {})).items())]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + content


@dataclass
class FallSilent:
    """Send the beginning of an answer, then nothing more."""

    after: bytes


@dataclass
class RawServer:
    """Takes one request a connection and sends the next entry of its script (the last one for ever).

    An entry is what to send before closing the connection, None to keep silent, or a function of the request
    that gives either.
    """

    script: list[Any] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            request = self._read(connection)
            if request is None:
                return
            with self._lock:
                self.received.append(request)
                step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
            reply = step(request) if callable(step) else step
            if isinstance(reply, FallSilent):
                connection.sendall(reply.after)
            elif reply is not None:
                connection.sendall(reply)
                connection.shutdown(socket.SHUT_RDWR)
                connection.close()
        except OSError:
            connection.close()

    @staticmethod
    def _read(connection: socket.socket) -> Received | None:
        data = b""
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            if not more:
                connection.close()
                return None
            data += more
            if data.startswith(b"\x16"):
                return Received("TLS handshake", "", {}, data)
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)
        }
        while len(body) < int(headers.get("content-length", "0")):
            body += connection.recv(65536)
        method, path, _ = first.split(" ", 2)
        return Received(method, path, headers, body)

    def close(self) -> None:
        """Stop listening, and cut all connections."""
        if self._listener.fileno() < 0:
            return
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for connection in self._open:
            connection.close()
