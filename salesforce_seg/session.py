"""The only door to the network: time-outs, retries, one re-login, the API-call count and the quota guard."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from salesforce_seg.limits import QuotaGuard, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    import requests

    from salesforce_seg.settings import ConnectionSettings


class Session:
    """A logged-in connection to one org; may be used from several threads at once. Close it, or use ``with``.

    Args:
        settings: The connection settings.
        client_name: The plugin's name, sent as ``Sforce-Call-Options: client=...`` and in User-Agent.
        sleep: Waits so many seconds between tries.
        jitter: Gives a number from 0 to 1 to spread the waits.

    Raises:
        ConfigurationError: The credentials make no complete login flow, or more than one.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        *,
        client_name: str = "salesforce-seg",
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.settings = settings
        self.client_name = client_name
        self._sleep = sleep
        self._jitter = jitter
        self._quota = QuotaGuard(settings.quota_percent_total, settings.quota_percent_per_run)

    @property
    def api_calls(self) -> int:
        """How many of the org's daily API requests this session has used."""
        return self._quota.calls

    @property
    def usage(self) -> Usage | None:
        """How many of the org's daily API requests are used by all; None before the first answer."""
        return self._quota.usage

    def resource(self, path: str) -> str:
        """The path of a REST resource: ``resource("query")`` is ``/services/data/v64.0/query``."""
        return f"/services/data/v{self.settings.api_version}/{path.lstrip('/')}"

    def login(self) -> None:
        """Log in now instead of with the first call, so that a refused login is known early.

        Raises:
            ConfigurationError: The login was refused; the message says what to do.
        """
        raise NotImplementedError

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = True,
        stream: bool = False,
    ) -> requests.Response:
        """Make one call, and see it through.

        Args:
            method: HTTP method.
            path: Absolute (``/services/data/...``, a ``nextRecordsUrl``) or below ``/services/data/vXX.X/`` (``query``).
            params: Query string parameters.
            json: A JSON value for the body; Decimal, date and datetime are allowed in it.
            data: The body as bytes or text, instead of ``json``.
            headers: More headers.
            repeatable: Whether sending it twice does the same as once. If not, it is sent again only when the first
                try surely did nothing.
            stream: Whether the caller reads the body itself (and closes the response).

        Returns:
            The answer, status below 400. Its body has been read unless ``stream``.

        Raises:
            QuotaExhausted: The guard or Salesforce says that the daily API requests are used up.
            ServerUnavailable: All tries failed; ``outcome_unknown`` says whether a write may have taken effect.
            SalesforceError: Salesforce refused; the class says what to do, ``code``, ``status`` and ``errors`` why.
        """
        raise NotImplementedError

    def call_json(self, method: str, path: str, **options: Any) -> Any:
        """Make one call and decode its JSON answer; options as for :meth:`call`.

        Returns:
            The JSON value, numbers with a point or exponent as Decimal; None for an empty body.

        Raises:
            ServerUnavailable: The answer is not JSON (a maintenance page, a body cut short), even after all tries.
        """
        raise NotImplementedError

    def server_time(self) -> datetime:
        """The org's clock now (aware, UTC, to the second), from the Date header of a call that costs nothing."""
        raise NotImplementedError

    def close(self) -> None:
        """Close all connections."""

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
