"""The web server itself: uvicorn, with what an org on this machine needs besides."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from types import FrameType

    from salesforce_local_org.server import Door

TRANSPORT = "salesforce_local_org.transport"
"""Where in a request's ``scope["extensions"]`` its connection is, for those that must be cut."""

_SECONDS_KEPT_ALIVE = 75
_SECONDS_TO_FINISH = 1
_MALFORMED = (
    b'[{"message":"The request is not HTTP that this server understands","errorCode":"MALFORMED_REQUEST"}]'
)
_MALFORMED_HEAD = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json;charset=UTF-8\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n"
)


class HeaderName(bytes):
    """A header's name that leaves as it is spelled; uvicorn writes those of an application in lower case.

    Salesforce writes ``Content-Type``, and clients work with that which would not with ``content-type``.
    """

    __slots__ = ()

    def lower(self) -> HeaderName:
        """Itself: it is equal to its lower-case form as it stands."""
        return self

    def __eq__(self, other: object) -> bool:
        return bytes.lower(self) == other

    def __hash__(self) -> int:
        return hash(bytes.lower(self))


class Protocol(HttpToolsProtocol):
    """HTTP/1.1 whose connections can be cut, and whose refusals are Salesforce-shaped too."""

    def on_message_begin(self) -> None:
        """Note the connection in the request's scope."""
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: {"transport": self.transport}}

    def send_400_response(self, msg: str) -> None:
        """Refuse bytes that are not HTTP; uvicorn's own words for it are not Salesforce's."""
        del msg
        self.transport.write(_MALFORMED_HEAD % len(_MALFORMED) + _MALFORMED)
        self.transport.close()


class Server(uvicorn.Server):
    """Serves one org until a signal comes or, with an idle time-out, nobody does.

    Args:
        door: The application.
        idle_timeout: Seconds without a request after which the server ends; 0 for never.
        on_ready: Called once when connections are accepted.
    """

    def __init__(self, door: Door, idle_timeout: float, on_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                door,
                http=Protocol,
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                timeout_keep_alive=_SECONDS_KEPT_ALIVE,
                timeout_graceful_shutdown=_SECONDS_TO_FINISH,
            )
        )
        self._door = door
        self._idle_timeout = idle_timeout
        self._on_ready = on_ready
        self._last_served, self._last_served_at = -1, time.monotonic()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        self._on_ready()

    async def on_tick(self, counter: int) -> bool:
        """Whether to end now."""
        if self._door.served != self._last_served or not self._door.idle:
            self._last_served, self._last_served_at = self._door.served, time.monotonic()
        elif 0 < self._idle_timeout < time.monotonic() - self._last_served_at:
            return True
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End on SIGTERM and SIGINT; both are the ordinary way to end, so the exit code is 0."""
        before = {each: signal.signal(each, self._on_signal) for each in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def end(self) -> None:
        """End soon: requests under way have a second to finish."""
        self.should_exit = True

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.end()
