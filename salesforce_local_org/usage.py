"""What came, and what it cost: the request log and the count of API calls."""

from __future__ import annotations

import threading
import traceback
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from salesforce_local_org.limits import API_REQUESTS, APP_REQUESTS, Limits

if TYPE_CHECKING:
    from collections.abc import Mapping

KEPT_REQUESTS, KEPT_ERRORS = 100_000, 100


@dataclass(slots=True)
class LoggedRequest:
    """One request as ``/_local/requests`` tells it."""

    method: str
    path: str
    query: str
    client: str
    status: int | None = None
    """None while the request is under way, or when its connection was cut."""
    api_calls: int = 0

    def as_json(self) -> dict[str, Any]:
        """The keys promised in the documentation."""
        return {
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "status": self.status,
            "api_calls": self.api_calls,
            "client": self.client,
        }


class Usage:
    """Counts API calls against the org's daily limit and remembers the requests."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self.requests: deque[LoggedRequest] = deque(maxlen=KEPT_REQUESTS)
        self.api_calls = 0
        self.unexpected_errors: deque[str] = deque(maxlen=KEPT_ERRORS)

    def arrived(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> LoggedRequest:
        """Log a request that starts; its status and cost are filled in when it is answered."""
        entry = LoggedRequest(method, path, query, client_name(headers))
        self.requests.append(entry)
        return entry

    def charge(self, entry: LoggedRequest, api_calls: int) -> None:
        """Count what a request costs."""
        with self._lock:
            entry.api_calls += api_calls
            self.api_calls += api_calls
        for limit in (API_REQUESTS, APP_REQUESTS):
            self._limits.use(limit, api_calls)

    @property
    def used_up(self) -> bool:
        """Whether no API request is left of the last 24 hours' allowance."""
        return self._limits.remaining(API_REQUESTS) <= 0

    def limit_info(self) -> str:
        """The value of ``Sforce-Limit-Info``: ``api-usage=18/15000``, and the app's share if it has one."""
        org = f"api-usage={self._used_of(API_REQUESTS)}"
        if not self._limits.maximum(APP_REQUESTS):
            return org
        return f"{org}; per-app-api-usage={self._used_of(APP_REQUESTS)}(appName=local-app)"

    def _used_of(self, limit: str) -> str:
        return f"{int(self._limits.used(limit))}/{self._limits.maximum(limit)}"

    def forget(self) -> None:
        """Empty the log. What is used of the daily limit stays used."""
        with self._lock:
            self.requests.clear()
            self.api_calls = 0
            self.unexpected_errors.clear()

    def unexpected(self, error: Exception) -> None:
        """Remember a defect of the local org itself, for ``/_local/errors``."""
        self.unexpected_errors.append("".join(traceback.format_exception(error)))


def client_name(headers: Mapping[str, str]) -> str:
    """Who calls: ``client=`` of ``Sforce-Call-Options``, else the user agent. Header names in lower case."""
    for option in headers.get("sforce-call-options", "").split(","):
        name, _, value = option.strip().partition("=")
        if name.lower() == "client" and value:
            return value
    return headers.get("user-agent", "")
