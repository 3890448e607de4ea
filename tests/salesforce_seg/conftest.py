"""Fixtures of the core's tests: sessions whose waits are recorded, and servers that misbehave as told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from raw_server import RawServer

from salesforce_seg.session import Session
from salesforce_seg.settings import ConnectionSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def raw() -> Iterator[Callable[..., RawServer]]:
    """Makes servers that answer as told."""
    servers: list[RawServer] = []

    def make(*script: Any) -> RawServer:
        servers.append(RawServer(list(script)))
        return servers[-1]

    yield make
    for server in servers:
        server.close()


@dataclass
class Connected:
    """A session, and the waits it would have made."""

    session: Session
    waits: list[float]


@pytest.fixture
def connect() -> Iterator[Callable[..., Connected]]:
    """Makes sessions that do not sleep: ``connect(login_url=..., username=...)``; ``timeout`` in seconds."""
    sessions: list[Session] = []

    def make(*, timeout: float = 60, client_name: str = "tap-salesforce-seg", **config: Any) -> Connected:
        waits: list[float] = []
        settings = replace(ConnectionSettings.from_config(config), request_timeout=timeout)
        session = Session(settings, client_name=client_name, sleep=waits.append, jitter=lambda: 1.0)
        sessions.append(session)
        return Connected(session, waits)

    yield make
    for session in sessions:
        session.close()


@pytest.fixture
def to(connect: Callable[..., Connected]) -> Callable[..., Connected]:
    """Makes sessions on a raw server with a ready access token: ``to(server, max_retries=0)``."""

    def make(server: RawServer, **config: Any) -> Connected:
        return connect(**({"access_token": "00Draw!token-of-the-test", "instance_url": server.url} | config))

    return make
