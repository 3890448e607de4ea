"""HTTP without Salesforce in it: time-outs, no redirects, no cookies, no foreign credentials."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NameResolutionError, NewConnectionError

from salesforce_seg.hosts import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECTIONS = 32
"""Connections kept open to a host; more readers than this would open new ones each time."""

requests.models.CONTENT_CHUNK_SIZE = 1 << 18  # its own 10 kB cost more time than what is done with a page


class NetworkFailure(Exception):  # noqa: N818  it becomes a SalesforceError before anybody sees it
    """A request did not get a whole answer.

    Attributes:
        reason: What happened, for the user.
        reached: Whether the server may have got the request.
        passing: Whether trying again may help.
        tries: How often to try at most; 0 for no limit of its own.
    """

    def __init__(self, reason: str, *, reached: bool, passing: bool = True, tries: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.reached = reached
        self.passing = passing
        self.tries = tries


class Transport:
    """Sends requests over kept-open connections; may be used from several threads at once.

    Args:
        timeout: Seconds to wait for a connection and for each part of an answer.
        user_agent: The User-Agent header.
    """

    def __init__(self, timeout: float, user_agent: str) -> None:
        self._timeout = timeout
        self._http = requests.Session()
        # Nothing here needs cookies, and without them one session is safe in several threads.
        self._http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._http.headers["User-Agent"] = user_agent
        for scheme in ("https://", "http://"):
            self._http.mount(scheme, HTTPAdapter(pool_maxsize=CONNECTIONS))

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        stream: bool = False,
    ) -> requests.Response:
        """Send one request, once.

        Args:
            method: HTTP method.
            url: The whole URL.
            headers: Request headers.
            body: Request body.
            stream: Whether the body is left for the caller to read.

        Returns:
            The answer, whatever its status; redirects are not followed.

        Raises:
            NetworkFailure: There was no answer, or it broke off.
        """
        host = urlsplit(url).hostname or ""
        try:
            response = self._http.request(
                method,
                url,
                headers=dict(headers),
                data=body,
                stream=stream,
                timeout=self._timeout,
                allow_redirects=False,
                # An auth callable keeps requests from taking a password for this host out of ~/.netrc.
                auth=_as_it_is,
                # What goes to this machine must not go to a proxy.
                proxies={"no_proxy": "*"} if is_loopback(host) else None,
            )
            if stream and response.status_code >= 300:
                _ = response.content  # errors are read here, where a body that breaks off is known
        except requests.RequestException as error:
            # "from None": the exception holds the request, and so its token and body.
            raise network_failure(error, host, self._timeout) from None
        return response

    def close(self) -> None:
        """Close all connections."""
        self._http.close()


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


_FAILURES: tuple[tuple[type[Exception], str, bool], ...] = (
    (requests.exceptions.ProxyError, "the proxy on the way to {host} does not answer", False),
    (requests.exceptions.ConnectTimeout, "no connection to {host} within {timeout:g} s", False),
    (requests.exceptions.ReadTimeout, "{host} did not answer within {timeout:g} s", True),
    (requests.exceptions.ChunkedEncodingError, "the answer of {host} broke off", True),
    (requests.exceptions.ContentDecodingError, "the answer of {host} is damaged", True),
)
"""Exception, what happened, and whether the server may have got the request; the first that fits counts."""


def network_failure(error: Exception, host: str, timeout: float) -> NetworkFailure:
    """What an exception of requests means; also for bodies read by the caller (``stream``).

    Args:
        error: A requests exception.
        host: The host spoken to, for the message.
        timeout: Seconds, for the message.
    """
    if isinstance(error, requests.exceptions.SSLError):
        return _tls_failure(error, host)
    for exception, reason, reached in _FAILURES:
        if isinstance(error, exception):
            return NetworkFailure(reason.format(host=host, timeout=timeout), reached=reached)
    if isinstance(error, requests.exceptions.ConnectionError):
        return _connection_failure(error, host)
    return NetworkFailure(f"the request to {host} cannot be sent", reached=False, passing=False)


def _connection_failure(error: Exception, host: str) -> NetworkFailure:
    cause = getattr(error.args[0], "reason", error.args[0]) if error.args else None
    if isinstance(cause, NameResolutionError):
        reason = f"the host name {host} is not known"
        return NetworkFailure(reason, reached=False, tries=2)
    if isinstance(cause, NewConnectionError):
        return NetworkFailure(f"{host} refuses connections or cannot be reached", reached=False)
    if "timed out" in str(cause).lower():
        return NetworkFailure(f"{host} stopped answering", reached=True)
    return NetworkFailure(f"{host} closed the connection before it had answered", reached=True)


def _tls_failure(error: Exception, host: str) -> NetworkFailure:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        reason = (
            f"the certificate of {host} is not trusted (if a company proxy opens TLS, point "
            "REQUESTS_CA_BUNDLE at its certificate)"
        )
        return NetworkFailure(reason, reached=False, passing=False)
    return NetworkFailure(f"no secure (TLS) connection to {host}", reached=True, tries=2)
