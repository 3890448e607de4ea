"""What goes wrong in a run: faults of the org, and the moment at which the target is killed."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from typing_extensions import Self

BUSY = '[{"message":"Server too busy","errorCode":"SERVER_UNAVAILABLE"}]'
SPOILED = '[{"message":"Cannot deserialize instance of string","errorCode":"JSON_PARSER_ERROR"}]'
USED_UP = '[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]'
FAULTS: dict[str, tuple[tuple[str, ...], dict[str, Any], int]] = {
    "503": (("before", "after"), {"status": 503, "body": BUSY}, 3),
    "502": (("before", "after"), {"status": 502, "body": "<html>Bad gateway</html>"}, 2),
    "500": (
        ("before", "after"),
        {"status": 500, "body": '[{"message":"x","errorCode":"UNKNOWN_EXCEPTION"}]'},
        2,
    ),
    "429": (("before",), {"status": 429, "body": "[]"}, 2),
    "cut": (("before", "after"), {"close_after_bytes": 0}, 2),
    "half": (("after",), {"close_after_bytes": 300}, 2),
    "lock": (("before",), {"lock_rows": True}, 6),
    "session": (("before", "after"), {"expire_sessions": True}, 3),
    "400": (("before",), {"status": 400, "body": SPOILED}, 4),
    "slow": (("before", "after"), {"delay_seconds": 0.05}, 3),
    "silent": (("before", "after"), {"hang": True}, 1),
    "quota": (("before",), {"status": 403, "body": USED_UP}, 1),
}
"""Name: when it may strike, what happens, and how many requests in a row it may hit."""

LONGEST_SILENCE = 0.5
"""Seconds after which a request that the org does not answer has done what it does."""

JOB_FAULTS: dict[str, tuple[tuple[str, ...], dict[str, Any], int]] = {
    "failed job": (("before",), {"fail_job": "InternalServerError : something went wrong"}, 1),
    "aborted job": (("before",), {"abort_job": True}, 1),
    "late job": (("before",), {"delay_job_seconds": 0.2}, 1),
}
"""What happens only to Bulk API jobs."""

LOSSY = frozenset({"503", "502", "500", "cut", "half", "silent", *JOB_FAULTS})
FATAL = (frozenset(FAULTS) | frozenset(JOB_FAULTS)) - {"slow", "lock", "late job"}
"""After these a run may give up; it must then say so and end with 1, or 3 for the quota."""


@dataclass
class Mishap:
    """What goes wrong in one run.

    Attributes:
        faults: names of FAULTS.
        rules: the same for the org.
        kill: the signal; 0 for none.
        at: where it strikes: before or after the n-th request, after the n-th state, or after some seconds.
    """

    faults: list[str] = field(default_factory=list)
    rules: list[dict[str, Any]] = field(default_factory=list)
    kill: int = 0
    at: tuple[str, float] = ("", 0)

    def __str__(self) -> str:
        """In short; the seed tells the rest."""
        parts = [f"{name} x{rule['times']}" for name, rule in zip(self.faults, self.rules, strict=True)]
        if self.kill:
            parts.append(f"{signal.Signals(self.kill).name} {self.at[0]} {self.at[1]:.3g}")
        return ", ".join(parts) or "none"

    def __bool__(self) -> bool:
        return bool(self.faults or self.kill)


def draw(rng: Random, *, by_jobs: bool) -> Mishap:
    """A mishap, by chance.

    Args:
        rng: the chance.
        by_jobs: whether the target writes by Bulk API jobs.
    """
    mishap = Mishap()
    what = rng.choice(("faults", "kill", "both"))
    if what != "kill":
        for _ in range(rng.choice((1, 1, 2, 3))):
            name, rule = _fault(rng, by_jobs=by_jobs)
            mishap.faults.append(name)
            mishap.rules.append(rule)
    if what != "faults":
        mishap.kill = rng.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT))
        call = rng.randint(1, 12)
        states, seconds = rng.randint(1, 6), rng.random() * 0.15
        mishap.at = rng.choice(
            (("before call", call), ("after call", call), ("state", states), ("time", seconds))
        )
    return mishap


def _fault(rng: Random, *, by_jobs: bool) -> tuple[str, dict[str, Any]]:
    known = FAULTS | (JOB_FAULTS if by_jobs else {})
    name = rng.choice([name for name in known for _ in range(1 if name in {"silent", "quota"} else 4)])
    whens, action, most = known[name]
    times = rng.randint(1, most) if rng.random() < 0.9 else 12
    rule = {"when": rng.choice(whens), "skip": rng.randint(0, 8), "times": times, "action": action}
    if name in JOB_FAULTS or (by_jobs and rng.random() < 0.4):
        return name, rule | {"path": "/jobs/ingest"}
    return name, rule | ({} if rng.random() < 0.2 else {"method": "POST", "path": "/composite"})


class Tollgate:
    """Stands between the target and the org, counts the requests, and calls out at one of them."""

    def __init__(self, org_url: str) -> None:
        self._act: Callable[[], bool] = lambda: True
        self._at: tuple[str, float] = ("", 0)
        self._seen = self._busy = 0
        self._lock = threading.Lock()
        gate = self
        host = org_url.removeprefix("http://")

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_POST(self) -> None:
                gate._count(self, host)

            do_GET = do_PATCH = do_PUT = do_DELETE = do_POST  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                """A client that is killed leaves its connection; that is the point."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def arm(self, at: tuple[str, float], act: Callable[[], bool]) -> None:
        """Call ``act`` at that request of those to come; it tells whether the client lives on."""
        with self._lock:
            self._at, self._act, self._seen = at, act, 0

    def settle(self) -> None:
        """Wait until the org is done with all that came, also from clients that are dead."""
        until = time.monotonic() + LONGEST_SILENCE
        while self._busy and time.monotonic() < until:
            time.sleep(0.002)

    def _count(self, client: BaseHTTPRequestHandler, host: str) -> None:
        with self._lock:
            self._busy += 1
        try:
            self._hand_on(client, host)
        finally:
            with self._lock:
                self._busy -= 1

    def _hand_on(self, client: BaseHTTPRequestHandler, host: str) -> None:
        body = client.rfile.read(int(client.headers.get("Content-Length") or 0))
        with self._lock:
            self._seen += 1
            number = self._seen
        if self._at == ("before call", number) and not self._act():
            client.close_connection = True  # it never left
            return
        upstream = http.client.HTTPConnection(host, timeout=5)
        try:
            upstream.request(client.command, client.path, body, dict(client.headers.items()))
            answer = upstream.getresponse()
            content = answer.read()
        except (http.client.HTTPException, OSError):
            client.close_connection = True  # what the org cuts is cut
            if self._at == ("after call", number):
                self._act()
            return
        finally:
            upstream.close()
        if self._at == ("after call", number):
            self._act()
        client.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"transfer-encoding", "content-length", "connection", "date", "server"}:
                client.send_header(name, value)
        client.send_header("Content-Length", str(len(content)))
        client.end_headers()
        client.wfile.write(content)


def strike(pid: int, number: int) -> None:
    """Send a signal to a run that may have ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
