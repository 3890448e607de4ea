"""Which login flow the settings mean: exactly one, or a clear error."""

# ruff: noqa: S105  (names of settings and advice, not secrets)
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from salesforce_seg.errors import ConfigurationError

if TYPE_CHECKING:
    from salesforce_seg.settings import ConnectionSettings

ACCESS_TOKEN = "access_token"
REFRESH_TOKEN = "refresh_token"
JWT_BEARER = "jwt_bearer"
CLIENT_CREDENTIALS = "client_credentials"
OAUTH_PASSWORD = "oauth_password"
SOAP = "soap"


@dataclass(frozen=True, slots=True)
class Flow:
    """What a flow is called, which settings ask for it, and which it needs besides.

    ``marks`` and ``needs`` hold alternatives in one entry: ``private_key|private_key_file``.
    """

    key: str
    title: str
    marks: tuple[str, ...]
    needs: tuple[str, ...]


FLOWS = (
    Flow(ACCESS_TOKEN, "a ready access token", ("access_token",), ("access_token", "instance_url")),
    Flow(
        REFRESH_TOKEN,
        "OAuth refresh token",
        ("refresh_token", "refresh_token_file"),
        ("client_id", "refresh_token|refresh_token_file"),
    ),
    Flow(
        JWT_BEARER,
        "OAuth JWT bearer",
        ("private_key", "private_key_file"),
        ("client_id", "username", "private_key|private_key_file"),
    ),
    Flow(
        OAUTH_PASSWORD,
        "OAuth user name and password",
        ("password+client_id", "password+client_secret"),
        ("client_id", "client_secret", "username", "password"),
    ),
    Flow(SOAP, "user name and password (SOAP)", ("password", "security_token"), ("username", "password")),
    Flow(
        CLIENT_CREDENTIALS,
        "OAuth client credentials",
        ("client_secret",),
        ("client_id", "client_secret"),
    ),
)

_INCLUDES = {
    OAUTH_PASSWORD: frozenset({SOAP, CLIENT_CREDENTIALS}),
    REFRESH_TOKEN: frozenset({CLIENT_CREDENTIALS}),
}
"""Flows whose settings contain those of another flow, which is then not meant."""

_HINT = "Set the settings of exactly one flow: " + "; ".join(
    f"{', '.join(flow.needs)} for {flow.title}".replace("|", " or ") for flow in reversed(FLOWS)
)


def choose_flow(settings: ConnectionSettings) -> str:
    """The login flow that the settings mean.

    Args:
        settings: The connection settings.

    Returns:
        The key of one of FLOWS.

    Raises:
        ConfigurationError: No flow is complete, or there are settings of two; the message names them.
    """
    asked = [flow for flow in FLOWS if any(_given(settings, mark) for mark in flow.marks)]
    covered = {key for flow in asked for key in _INCLUDES.get(flow.key, frozenset())}
    meant = [flow for flow in asked if flow.key not in covered]
    if len(meant) > 1:
        raise ConfigurationError(
            "The credentials ask for more than one way to log in: "
            + " and ".join(f"{flow.title} ({', '.join(_marks_given(settings, flow))})" for flow in meant)
            + ". Remove the settings of all but one."
        )
    if not meant:
        raise ConfigurationError(_nothing_complete(settings))
    flow = meant[0]
    missing = [need.replace("|", " or ") for need in flow.needs if not _any_given(settings, need)]
    if missing:
        raise ConfigurationError(
            f"The credentials are not complete: {flow.title} also needs {' and '.join(missing)}."
        )
    if flow.key == CLIENT_CREDENTIALS and settings.username:
        raise ConfigurationError(
            "username is set beside client_id and client_secret, but neither password nor private_key is. "
            "Add the one you log in with, or remove username to log in with client credentials."
        )
    return flow.key


def _nothing_complete(settings: ConnectionSettings) -> str:
    given = [name for name in ("username", "client_id", "instance_url") if getattr(settings, name)]
    if not given:
        return f"No credentials are set. {_HINT}."
    return f"The credentials are not complete: {' and '.join(given)} alone cannot log in. {_HINT}."


def _given(settings: ConnectionSettings, mark: str) -> bool:
    return all(getattr(settings, name) for name in mark.split("+"))


def _any_given(settings: ConnectionSettings, need: str) -> bool:
    return any(getattr(settings, name) for name in need.split("|"))


def _marks_given(settings: ConnectionSettings, flow: Flow) -> list[str]:
    names = [name for mark in flow.marks for name in mark.split("+")]
    return [name for name in dict.fromkeys(names) if getattr(settings, name)]
