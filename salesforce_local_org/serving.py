"""Running one org in the foreground: its socket, its messages, its end."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import socket
import sqlite3
import sys
from typing import TYPE_CHECKING

from salesforce_local_org.api import app
from salesforce_local_org.daemon import CommandError
from salesforce_local_org.org import Org
from salesforce_local_org.protocol import Server
from salesforce_local_org.server import Door

if TYPE_CHECKING:
    from pathlib import Path


def serve(
    *,
    host: str,
    port: int,
    database: Path | None,
    schema_file: Path | None,
    seed: str,
    scale: int,
    idle_timeout: float,
) -> int:
    """Serve an org until SIGTERM, SIGINT, ``stop`` or the idle time-out.

    Prints ``ready http://HOST:PORT`` on stdout when it accepts connections.

    Raises:
        CommandError: The address cannot be had, or the org cannot be made.
    """
    listener = _bind(host, port)
    _log_to_stderr()
    try:
        org = Org(database, schema_file, seed, scale)
    except ValueError as error:
        raise CommandError(f"--schema {schema_file}: {error}", 2) from error
    except (sqlite3.Error, OSError) as error:
        raise CommandError(f"--database {database}: {error}", 1) from error
    url = _url(listener)
    _greet(host)
    app.routes()  # Imports every resource, so that the first request need not.
    server = Server(Door(org), idle_timeout, lambda: _say_ready(url))
    org.url, org.shut_down = _reachable(url), server.end
    asyncio.run(server.serve([listener]))
    org.close()
    return 0


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise CommandError(f"--host: {host!r} is no address of this machine", 2) from error
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        # A second org must not start on the same port before this one listens.
        listener.listen(1024)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise CommandError(
                f"port {port} on {host} is in use; choose another with --port, or 0 for a free one", 1
            ) from error
        raise CommandError(f"cannot listen on {host} port {port}: {error.strerror}", 1) from error
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _reachable(url: str) -> str:
    return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


def _greet(host: str) -> None:
    sys.stderr.write("Any user name, password and client id is accepted by this org.\n")
    if not _is_loopback(host):
        sys.stderr.write(
            f"It listens on {host}: whoever reaches that address can read and change everything in it.\n"
        )
    sys.stderr.flush()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _say_ready(url: str) -> None:
    sys.stdout.write(f"ready {url}\n")
    sys.stdout.flush()


def _log_to_stderr() -> None:
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s"
    )
    uvicorn_log = logging.getLogger("uvicorn.error")
    uvicorn_log.setLevel(logging.ERROR)
    uvicorn_log.addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """Connections that are cut on purpose, and requests that end with the server, are not."""
    if record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError):
        return False
    return not record.getMessage().startswith(("ASGI callable returned without", "Cancel "))
