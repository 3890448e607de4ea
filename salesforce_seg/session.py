"""The only door to the network: time-outs, retries, one re-login, the API-call count and the quota guard."""

from __future__ import annotations

import logging
import random
import time
from datetime import timezone
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from salesforce_seg.answers import decisive, errors_in, is_html, one_line, refusal
from salesforce_seg.api_request import VERSION_LIST, api_request
from salesforce_seg.auth import Authenticator, LoginDoor
from salesforce_seg.errors import (
    ConfigurationError,
    Remedy,
    RunFailed,
    ServerUnavailable,
)
from salesforce_seg.exact_json import decode_json
from salesforce_seg.hosts import origin_of
from salesforce_seg.limits import QuotaGuard, Usage
from salesforce_seg.retries import Backoff, TryFailed
from salesforce_seg.transport import NetworkFailure, Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    import requests
    from typing_extensions import Self, Unpack

    from salesforce_seg.api_request import ApiRequest, CallOptions
    from salesforce_seg.auth import Login
    from salesforce_seg.settings import ConnectionSettings

NO_CONTENT = 204

log = logging.getLogger(__name__)


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
        self.backoff = Backoff(settings.max_retries, sleep, jitter)
        self._transport = Transport(settings.request_timeout, f"{client_name}/{_version()}")
        self._authenticator = Authenticator(settings, LoginDoor(self._transport, self.backoff, client_name))
        self._quota = QuotaGuard(settings.quota_percent_total, settings.quota_percent_per_run)
        self._warned = False

    @property
    def api_calls(self) -> int:
        """How many of the org's daily API requests this session has used."""
        return self._quota.calls

    @property
    def charges(self) -> Mapping[str, int]:
        """The API calls by what they were made for (``limits.CHARGED_TO``)."""
        return self._quota.charges

    @property
    def usage(self) -> Usage | None:
        """How many of the org's daily API requests are used by all; None before the first answer."""
        return self._quota.usage

    @property
    def instance_url(self) -> str:
        """The origin of the org; logs in if need be."""
        return self._authenticator.current().instance_url

    def resource(self, path: str) -> str:
        """The path of a REST resource: ``resource("query")`` is ``/services/data/v64.0/query``."""
        return f"/services/data/v{self.settings.api_version}/{path.lstrip('/')}"

    def login(self) -> None:
        """Log in now instead of with the first call, so that a refused login is known early.

        Raises:
            ConfigurationError: The login was refused; the message says what to do.
            ServerUnavailable: The login host does not answer.
        """
        self._authenticator.current()

    def call(
        self, method: str, path: str, *, stream: bool = False, **options: Unpack[CallOptions]
    ) -> requests.Response:
        """Make one call, and see it through.

        Args:
            method: HTTP method.
            path: Absolute (``/services/data/...``, a ``nextRecordsUrl``), or a resource below
                ``/services/data/vXX.X/`` (``query``).
            stream: Whether the caller reads the body itself, and closes the response. It may be HTML then.
            **options: See CallOptions.

        Returns:
            The answer, status below 400. Its body has been read unless ``stream``, and is never HTML.

        Raises:
            QuotaExhausted: The guard or Salesforce says that the daily API requests are used up.
            ServerUnavailable: All tries failed; ``outcome_unknown``: whether a write may have taken effect.
            SalesforceError: Salesforce refused; the class says what to do, ``code``, ``status`` and
                ``errors`` why.
        """
        request = self._request(method, path, stream, options)
        return self.backoff.see_through(lambda: self._answer(request), repeatable=request.repeatable)

    def call_json(
        self,
        method: str,
        path: str,
        *,
        decode: Callable[[bytes], Any] = decode_json,
        **options: Unpack[CallOptions],
    ) -> Any:
        """Make one call and decode its JSON answer; other arguments and errors as for :meth:`call`.

        Args:
            method: HTTP method.
            path: As for :meth:`call`.
            decode: Decodes the body; raises ValueError if it cannot.
            **options: See CallOptions.

        Returns:
            The JSON value, numbers with a point or exponent as Decimal; None for 204 No Content.

        Raises:
            ServerUnavailable: The answer is not JSON (a maintenance page, a body cut short, nothing at all),
                even after all tries.
        """
        request = self._request(method, path, False, options)
        return self.backoff.see_through(
            lambda: _decoded(request, self._answer(request), decode), repeatable=request.repeatable
        )

    def server_time(self) -> datetime:
        """The org's clock now, from the Date header of a call that costs nothing.

        Returns:
            An aware datetime in UTC, to the second.

        Raises:
            RunFailed: The answer has no readable Date header.
        """
        header = self.call("GET", VERSION_LIST).headers.get("Date", "")
        try:
            moment = parsedate_to_datetime(header)
        except ValueError:
            raise RunFailed(
                f"Salesforce's answer has no readable Date header ({one_line(header)!r}), so the time "
                "span to read is not known. Is a proxy changing the answers?"
            ) from None
        return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _request(self, method: str, path: str, stream: bool, options: CallOptions) -> ApiRequest:
        where = path if path.startswith("/") else self.resource(path)
        return api_request(method, where, self.client_name, options, stream=stream)

    def _answer(self, request: ApiRequest) -> requests.Response:
        login = self._authenticator.current()
        response = self._send(request, login)
        if _session_expired(response):
            response.close()
            login = self._authenticator.renew(login)
            response = self._send(request, login)
            if _session_expired(response):
                told = one_line("; ".join(map(str, errors_in(response))))
                raise ConfigurationError(
                    f"{request.title}: Salesforce does not accept the session it has just given "
                    f"({told}). The user needs API Enabled, and the session settings must not lock "
                    "sessions to another IP address or domain.",
                    status=response.status_code,
                )
        self._heed_warning(response)
        return self._accepted(request, response)

    def _send(self, request: ApiRequest, login: Login) -> requests.Response:
        if request.costs_a_call:
            self._quota.admit()
        try:
            response = self._transport.send(
                request.method,
                login.instance_url + request.path,
                headers={**request.headers, "Authorization": f"Bearer {login.access_token}"},
                body=request.body,
                stream=request.stream,
            )
        except NetworkFailure as failure:
            error = ServerUnavailable(f"{request.title}: {failure.reason}.")
            if not failure.passing:
                raise error from None
            raise TryFailed(error, reached=failure.reached, tries=failure.tries) from None
        self._quota.observe(response.headers.get("Sforce-Limit-Info"))
        return response

    def _accepted(self, request: ApiRequest, response: requests.Response) -> requests.Response:
        if response.is_redirect or response.is_permanent_redirect:
            raise _redirected(request, response)
        if response.status_code < 400:
            if not request.stream and is_html(response):
                raise _not_an_api_answer(request, "a web page came instead of an API answer")
            return response
        errors = errors_in(response)
        error = refusal(request.title, response.status_code, errors)
        _, rule = decisive(response.status_code, errors)
        response.close()
        if rule.remedy is Remedy.RETRY and isinstance(error, ServerUnavailable):
            raise TryFailed(
                error,
                reached=not rule.unprocessed,
                tries=rule.tries,
                first_wait=rule.first_wait,
                retry_after=response.headers.get("Retry-After"),
            )
        raise error

    def _heed_warning(self, response: requests.Response) -> None:
        warning = response.headers.get("Warning", "")
        if warning.startswith("299") and not self._warned:
            self._warned = True
            log.warning(
                "Salesforce warns about API version %s: %s", self.settings.api_version, one_line(warning)
            )


def _decoded(request: ApiRequest, response: requests.Response, decode: Callable[[bytes], Any]) -> Any:
    if response.status_code == NO_CONTENT:
        return None
    try:
        return decode(response.content)
    except ValueError:
        raise _not_an_api_answer(request, "the answer cannot be read as JSON") from None


def _session_expired(response: requests.Response) -> bool:
    if response.status_code not in {400, 401, 403}:
        return False
    errors = errors_in(response)
    return decisive(response.status_code, errors)[1].remedy is Remedy.RELOGIN


def _not_an_api_answer(request: ApiRequest, what: str) -> TryFailed:
    return TryFailed(
        ServerUnavailable(f"{request.title}: {what}. Salesforce may be under maintenance."), reached=True
    )


def _redirected(request: ApiRequest, response: requests.Response) -> RunFailed:
    target = origin_of(response.headers.get("Location", "")) or "another page"
    return RunFailed(
        f"{request.title}: the org redirects to {one_line(target)}. The session is not sent there. If "
        "the org has moved or its My Domain has changed, set login_url (or instance_url) to the new one.",
        status=response.status_code,
    )


def _version() -> str:
    try:
        return version("salesforce-seg")
    except PackageNotFoundError:
        return "0"
