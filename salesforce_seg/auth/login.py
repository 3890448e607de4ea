"""What a login is, and how a login request is seen through."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from salesforce_seg.answers import is_html, one_line
from salesforce_seg.auth.refusals import refusal_of
from salesforce_seg.errors import ApiError, ConfigurationError, ServerUnavailable
from salesforce_seg.exact_json import decode_json
from salesforce_seg.hosts import accepted_origin
from salesforce_seg.retries import TryFailed
from salesforce_seg.transport import NetworkFailure, Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests

    from salesforce_seg.retries import Backoff


@dataclass(frozen=True, slots=True, eq=False)
class Login:
    """A token and where it is valid; equal only to itself.

    Attributes:
        access_token: OAuth access token or SOAP session id.
        instance_url: Origin of the org, checked.
        renewable: Whether logging in again can give another token.
    """

    access_token: str = field(repr=False)
    instance_url: str
    renewable: bool = True


@dataclass(frozen=True, slots=True)
class LoginDoor:
    """Sends login requests: retries what is passing, turns refusals into errors that say what to do.

    Attributes:
        transport: Sends one request.
        backoff: Waits between tries.
        client_name: The plugin's name.
    """

    transport: Transport
    backoff: Backoff
    client_name: str

    def post(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        error_of: Callable[[requests.Response], ApiError | None],
    ) -> requests.Response:
        """Send a login request until it is answered.

        Args:
            url: The login endpoint.
            body: Request body.
            headers: Request headers.
            error_of: Reads an answer: the refusal it holds, or None for a success.

        Returns:
            A successful answer.

        Raises:
            ConfigurationError: The login was refused, or the host is not a Salesforce login host.
            ServerUnavailable: No answer, after all tries.
        """

        def attempt() -> requests.Response:
            try:
                response = self.transport.send("POST", url, headers=headers, body=body)
            except NetworkFailure as failure:
                error = _unreachable(url, failure)
                if not failure.passing:
                    raise error from None
                raise TryFailed(error, reached=failure.reached, tries=failure.tries) from None
            _must_be_a_login_host(url, response)
            told = error_of(response)
            if told is not None:
                raise _refused(told, response)
            return response

        return self.backoff.see_through(attempt)

    def token(self, login_url: str, form: Mapping[str, str]) -> dict[str, Any]:
        """Ask an OAuth token endpoint.

        Args:
            login_url: Origin of the login host.
            form: The grant's parameters.

        Returns:
            The JSON object of the answer; ``access_token`` and ``instance_url`` are text.

        Raises:
            ConfigurationError: As for :meth:`post`, or the answer is not a token answer.
        """
        url = f"{login_url}/services/oauth2/token"
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        answer = self.post(url, urlencode(form).encode(), headers, _token_error)
        body: dict[str, Any] = decode_json(answer.content)
        return body


def logged_in(token: str, instance_url: str, login_url: str) -> Login:
    """A login with its instance URL checked: a token goes to Salesforce's hosts and this machine only."""
    source = f"The login at {urlsplit(login_url).hostname} was answered, but the instance URL it returned"
    return Login(token, accepted_origin(instance_url, source))


def _token_error(response: requests.Response) -> ApiError | None:
    try:
        body = decode_json(response.content)
    except ValueError:
        return ApiError("", "the answer cannot be read")
    if response.status_code >= 400 or not isinstance(body, dict):
        return ApiError.list_from_json(body)[0] if body else ApiError("", "the answer is empty")
    if not all(isinstance(body.get(key), str) and body[key] for key in ("access_token", "instance_url")):
        return ApiError.from_json(body) if "error" in body else ApiError("", "the answer holds no token")
    return None


def _refused(told: ApiError, response: requests.Response) -> Exception:
    error, passing = refusal_of(told, response.status_code)
    if not passing:
        return error
    return TryFailed(error, reached=True, retry_after=response.headers.get("Retry-After"))


def _must_be_a_login_host(url: str, response: requests.Response) -> None:
    host = urlsplit(url).hostname
    if response.is_redirect or response.is_permanent_redirect:
        target = urlsplit(response.headers.get("Location", "")).hostname or "another page"
        raise ConfigurationError(
            f"The login host {host} redirects to {one_line(target)}. Credentials are not sent on: check "
            "login_url."
        )
    if response.status_code == 404 or (response.status_code < 500 and is_html(response)):
        raise ConfigurationError(
            f"{host} does not answer like a Salesforce login host (HTTP {response.status_code}): check "
            "login_url. It must be https://login.salesforce.com, https://test.salesforce.com or your My "
            "Domain, such as https://mydomain.my.salesforce.com."
        )


def _unreachable(url: str, failure: NetworkFailure) -> ServerUnavailable:
    origin = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"
    return ServerUnavailable(f"Cannot log in: {failure.reason}. Check login_url ({origin}) and the network.")
