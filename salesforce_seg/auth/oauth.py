"""The OAuth flows that need no state of their own: password, client credentials, JWT bearer."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from salesforce_seg import redact
from salesforce_seg.auth.login import Login, LoginDoor, logged_in
from salesforce_seg.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from salesforce_seg.settings import ConnectionSettings

ASSERTION_SECONDS = 180
"""Salesforce takes assertions that expire within three minutes (Salesforce Help, "OAuth 2.0 JWT Bearer
Flow")."""

SHARED_LOGIN_HOSTS = frozenset({"login.salesforce.com", "test.salesforce.com"})


def password(settings: ConnectionSettings, door: LoginDoor) -> Login:
    """Log in with user name, password and app (the OAuth user name-password flow)."""
    form = {
        "grant_type": "password",
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
        "username": settings.username,
        "password": settings.password + settings.security_token,
    }
    return _login(settings, door, form)


def client_credentials(settings: ConnectionSettings, door: LoginDoor) -> Login:
    """Log in as the app's run-as user.

    Raises:
        ConfigurationError: ``login_url`` is a shared login host, which does not know this flow; or refused.
    """
    if urlsplit(settings.login_url).hostname in SHARED_LOGIN_HOSTS:
        raise ConfigurationError(
            f"Client credentials do not work at {settings.login_url}: set login_url to your My Domain, "
            "such as https://mydomain.my.salesforce.com (sandbox: "
            "https://mydomain--sandbox.sandbox.my.salesforce.com)."
        )
    form = {
        "grant_type": "client_credentials",
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
    }
    return _login(settings, door, form)


def jwt_bearer(settings: ConnectionSettings, door: LoginDoor) -> Login:
    """Log in with an assertion signed by the app's private key.

    Raises:
        ConfigurationError: The key cannot be read or used; or refused.
    """
    import jwt  # noqa: PLC0415  with the cryptography it needs: a start that every other flow is spared

    claims = {
        "iss": settings.client_id,
        "sub": settings.username,
        "aud": audience(settings),
        "exp": int(time.time()) + ASSERTION_SECONDS,
    }
    try:
        assertion = jwt.encode(claims, _private_key(settings), algorithm="RS256")
    except (jwt.PyJWTError, ValueError, TypeError):
        raise ConfigurationError(
            "The private key cannot be used: private_key (or private_key_file) must be an unencrypted RSA "
            "key in PEM format, whose first line says BEGIN PRIVATE KEY or BEGIN RSA PRIVATE KEY."
        ) from None
    redact.register(assertion)
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
    return _login(settings, door, form)


def audience(settings: ConnectionSettings) -> str:
    """Whom an assertion is made out to: a shared login host, whatever host it is sent to."""
    host = urlsplit(settings.login_url).hostname or ""
    sandbox = settings.is_sandbox or host == "test.salesforce.com" or ".sandbox.my." in host
    return "https://test.salesforce.com" if sandbox else "https://login.salesforce.com"


def _private_key(settings: ConnectionSettings) -> str:
    if settings.private_key:
        # In environment variables and one-line JSON a key's line ends often come as backslash and n.
        return settings.private_key.replace("\\n", "\n")
    path = Path(settings.private_key_file).expanduser()
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"private_key_file {path} cannot be read: {error.strerror or error}."
        ) from None


def _login(settings: ConnectionSettings, door: LoginDoor, form: Mapping[str, str]) -> Login:
    answer = door.token(settings.login_url, form)
    redact.register(answer["access_token"])
    return logged_in(answer["access_token"], answer["instance_url"], settings.login_url)
