"""Who is logged in: access tokens and refresh tokens of one org."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Session:
    """A login: the token a client carries, and whose it is."""

    token: str
    user_id: str
    client_id: str = ""
    issued_at: int = 0
    """Milliseconds since 1970."""
    password_expired: bool = False
    """Whether the user must set a new password before anything else is allowed."""


@dataclass(slots=True)
class LoginPolicy:
    """What an administrator can set about logging in."""

    rotate_refresh_tokens: bool = False
    soap_login: bool = True
    jwt_public_key: str | None = None
    """PEM. Without it the signature of a JWT assertion is not checked."""


class Sessions:
    """The tokens this org has issued; a token it did not issue is not accepted."""

    def __init__(self, org_id: str) -> None:
        self.policy = LoginPolicy()
        self._token_prefix = f"{org_id[:15]}!"
        self._lock = threading.Lock()
        self._by_token: dict[str, Session] = {}
        self._retired_refresh_tokens: set[str] = set()

    def open(
        self, user_id: str, client_id: str, issued_at: int, *, password_expired: bool = False
    ) -> Session:
        """Log a user in.

        Args:
            user_id: The user's 18-character id.
            client_id: The OAuth client (consumer key), empty for a SOAP login.
            issued_at: Milliseconds since 1970, by the org's clock.
            password_expired: Whether the user must set a new password before anything else is allowed.
        """
        token = self._token_prefix + secrets.token_urlsafe(66)
        session = Session(token, user_id, client_id, issued_at, password_expired)
        with self._lock:
            self._by_token[token] = session
        return session

    def find(self, token: str) -> Session | None:
        """The session a token stands for; None when the org did not issue it, or it has ended."""
        return self._by_token.get(token)

    def close(self, token: str) -> bool:
        """End a session, or retire a refresh token; whether an access token was known by that name."""
        with self._lock:
            known = self._by_token.pop(token, None) is not None
            if not known:
                self._retired_refresh_tokens.add(token)
        return known

    def expire_all(self) -> None:
        """End every session: the next call with any of the tokens is answered 401."""
        with self._lock:
            self._by_token.clear()

    def redeem(self, refresh_token: str) -> tuple[bool, str | None]:
        """Use a refresh token.

        Returns:
            Whether it is good, and the token that takes its place when the org rotates refresh tokens
            (Salesforce help, "Refresh Token Rotation": the old one is dead from then on).
        """
        with self._lock:
            if refresh_token in self._retired_refresh_tokens:
                return False, None
            if not self.policy.rotate_refresh_tokens:
                return True, None
            self._retired_refresh_tokens.add(refresh_token)
        return True, "5Aep" + secrets.token_urlsafe(60)
