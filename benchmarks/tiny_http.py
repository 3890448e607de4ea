"""As little of an HTTP server as replays need: kept-open connections, bodies of known length, no coding."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

JSON = (("Content-Type", "application/json;charset=UTF-8"),)
Piece = bytes | memoryview
_LARGEST_PIECE = 1 << 16
_LONGEST_HEAD = 1 << 17
_SEND_BUFFER = 1 << 20


@dataclass(frozen=True)
class Request:
    """A request.

    Attributes:
        method: Its method.
        target: Path and query string as they came.
        headers: By their names in lower case.
        body: The whole body.
    """

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Reply:
    """An answer whose body is sent piece by piece; ``pieces`` together have ``size`` bytes."""

    status: int
    headers: tuple[tuple[str, str], ...]
    size: int
    pieces: Iterable[Piece]

    @classmethod
    def of(cls, body: bytes, status: int = 200, headers: tuple[tuple[str, str], ...] = JSON) -> Reply:
        """An answer whose body is at hand."""
        return cls(status, headers, len(body), (body,))


class TinyServer:
    """Listens on loopback, a thread a connection.

    Args:
        answer: Answers a request.
        port: Where; 0 takes a free one.

    Attributes:
        url: Its address.
    """

    def __init__(self, answer: Callable[[Request], Reply], port: int = 0) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", port), backlog=64)
        self._host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = f"http://{self._host}"

    def serve(self) -> None:
        """Serve until the process ends."""
        while True:
            client, _ = self._listener.accept()
            threading.Thread(target=self._converse, args=(client,), daemon=True).start()

    def _converse(self, client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        with client, contextlib.suppress(ConnectionError):
            for request in _requests(client):
                # A client that came by a proxy believes to be elsewhere; a login must send it here.
                request.headers["host"] = self._host
                _send(client, self._answer(request))


def _requests(client: socket.socket) -> Iterator[Request]:
    """The requests of a connection, one after the other, until its end."""
    buffer = b""
    while True:
        head, found, rest = buffer.partition(b"\r\n\r\n")
        if not found:
            piece = client.recv(_LARGEST_PIECE)
            if not piece or len(buffer) > _LONGEST_HEAD:
                return
            buffer += piece
            continue
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        length = int(headers.get("content-length", 0))
        while len(rest) < length:
            rest += client.recv(_LARGEST_PIECE) or b"\0" * length
        yield Request(method, target, headers, rest[:length])
        buffer = rest[length:]


def _send(client: socket.socket, reply: Reply) -> None:
    lines = [f"HTTP/1.1 {reply.status} Recorded", f"Date: {formatdate(usegmt=True)}"]
    lines += [f"{name}: {value}" for name, value in reply.headers]
    if reply.status != 204:
        lines.append(f"Content-Length: {reply.size}")
    client.sendall("\r\n".join([*lines, "\r\n"]).encode("latin-1"), socket.MSG_MORE if reply.size else 0)
    for piece in reply.pieces:
        client.sendall(piece)
