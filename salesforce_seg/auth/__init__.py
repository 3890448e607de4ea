"""Login: a strategy per flow, one login at a time."""

from __future__ import annotations

import logging
import threading
from functools import partial
from typing import TYPE_CHECKING

from salesforce_seg import redact
from salesforce_seg.auth import choice, oauth, soap
from salesforce_seg.auth.login import Login, LoginDoor
from salesforce_seg.auth.refresh_token import RefreshTokenFlow
from salesforce_seg.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from salesforce_seg.settings import ConnectionSettings

__all__ = ["Authenticator", "Login", "LoginDoor"]

log = logging.getLogger(__name__)


class Authenticator:
    """Keeps the current login and makes new ones, one at a time whatever the number of threads.

    Args:
        settings: The connection settings.
        door: Sends login requests.

    Raises:
        ConfigurationError: The credentials make no complete login flow, or more than one.
    """

    def __init__(self, settings: ConnectionSettings, door: LoginDoor) -> None:
        self.flow = choice.choose_flow(settings)
        redact.register(
            settings.password,
            settings.security_token,
            settings.password + settings.security_token,
            settings.client_secret,
            settings.refresh_token,
            settings.access_token,
            settings.private_key,
        )
        if settings.instance_url and self.flow != choice.ACCESS_TOKEN:
            log.warning("instance_url is used with access_token only; here the login tells the org's URL.")
        self._door = door
        self._strategy = _strategy(self.flow, settings)
        self._lock = threading.Lock()
        self._login: Login | None = None

    def current(self) -> Login:
        """The current login; the first call logs in.

        Raises:
            ConfigurationError: The login was refused.
            ServerUnavailable: The login host does not answer.
        """
        with self._lock:
            if self._login is None:
                self._login = self._strategy(self._door)
                log.info("Logged in at %s.", self._login.instance_url)
            return self._login

    def renew(self, stale: Login) -> Login:
        """Another login after Salesforce has refused one.

        Args:
            stale: The login that was refused. If another thread has replaced it meanwhile, that is given.

        Raises:
            ConfigurationError: There is no other login to be had: the token was given as it is; or refused.
        """
        with self._lock:
            if self._login is not None and self._login is not stale:
                return self._login
            if not stale.renewable:
                raise ConfigurationError(
                    "Salesforce does not accept the access_token. It has expired, was revoked, or belongs to "
                    f"another org than {stale.instance_url}. Get a new one and set access_token, or set the "
                    "credentials of a login flow, which can renew it.",
                    status=401,
                )
            log.info("The session has expired; logging in again.")
            self._login = self._strategy(self._door)
            return self._login


def _strategy(flow: str, settings: ConnectionSettings) -> Callable[[LoginDoor], Login]:
    if flow == choice.ACCESS_TOKEN:
        login = Login(settings.access_token, settings.instance_url, renewable=False)
        return lambda _: login
    if flow == choice.REFRESH_TOKEN:
        return RefreshTokenFlow(settings).login
    flows = {
        choice.SOAP: soap.login,
        choice.OAUTH_PASSWORD: oauth.password,
        choice.CLIENT_CREDENTIALS: oauth.client_credentials,
        choice.JWT_BEARER: oauth.jwt_bearer,
    }
    return partial(flows[flow], settings)
