"""The refresh flow, and the file that keeps a rotated refresh token.

With rotation on, each refresh kills the old refresh token: the new one must be safe on disk before anything
else happens (Salesforce Help, "OAuth 2.0 Refresh Token Flow").
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from salesforce_seg import redact
from salesforce_seg.auth.login import Login, LoginDoor, logged_in
from salesforce_seg.errors import ConfigurationError
from salesforce_seg.signals import shielded

try:
    import fcntl
except ImportError:  # not on Windows, where two processes must not share the file
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator

    from salesforce_seg.settings import ConnectionSettings

_OTHERS = 0o077
"""Permissions of anybody but the owner."""

log = logging.getLogger(__name__)


class RefreshTokenFlow:
    """Logs in with a refresh token; remembers the newest one.

    Args:
        settings: ``client_id``, ``client_secret`` (if the app has one), ``refresh_token``,
            ``refresh_token_file``.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._token = settings.refresh_token
        self._file = RefreshTokenFile(settings.refresh_token_file) if settings.refresh_token_file else None

    def login(self, door: LoginDoor) -> Login:
        """Get an access token; save a rotated refresh token before it is used.

        Raises:
            ConfigurationError: The login was refused, or the file cannot be read or written.
            ServerUnavailable: No answer.
        """
        if self._file is None:
            return self._refresh(door)
        # A process that ended between Salesforce's answer and the file would have lost the only good token.
        with self._file.locked(), shielded():
            self._token = self._file.read() or self._token
            if not self._token:
                raise ConfigurationError(
                    f"refresh_token_file {self._file.path} does not exist yet: set refresh_token for the "
                    "first login."
                )
            return self._refresh(door)

    def _refresh(self, door: LoginDoor) -> Login:
        redact.register(self._token)
        form = {
            "grant_type": "refresh_token",
            "client_id": self._settings.client_id,
            "refresh_token": self._token,
        }
        if self._settings.client_secret:
            form["client_secret"] = self._settings.client_secret
        answer = door.token(self._settings.login_url, form)
        redact.register(answer["access_token"])
        rotated = answer.get("refresh_token")
        if isinstance(rotated, str) and rotated and rotated != self._token:
            redact.register(rotated)
            self._keep(rotated)
        return logged_in(answer["access_token"], answer["instance_url"], self._settings.login_url)

    def _keep(self, rotated: str) -> None:
        self._token = rotated
        if self._file is not None:
            self._file.write(rotated)
            return
        log.warning(
            "Salesforce replaced the refresh token (rotation is on), and there is no refresh_token_file "
            "to keep the new one: the next run will not be able to log in. Set refresh_token_file."
        )


class RefreshTokenFile:
    """One JSON object ``{"refresh_token": ...}``, readable by its owner only, replaced in one step.

    Args:
        path: The file.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path).expanduser()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from refreshing meanwhile: with rotation, the second refresh would fail.

        Raises:
            ConfigurationError: No file can be made beside it, so a rotated token could not be saved.
        """
        try:
            descriptor = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self._unusable("be written", error) from None
        try:
            if fcntl is not None:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def read(self) -> str:
        """The token; empty when there is no file yet.

        Raises:
            ConfigurationError: The file cannot be read, or does not hold a refresh token.
        """
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
            if self.path.stat().st_mode & _OTHERS:
                log.warning("Others can read %s, which holds a secret: chmod 600 it.", self.path)
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise self._unusable("be read", error) from None
        except ValueError:
            content = None
        token = content.get("refresh_token") if isinstance(content, dict) else None
        if not isinstance(token, str) or not token:
            raise ConfigurationError(
                f"refresh_token_file {self.path} does not hold a JSON object with refresh_token in it. Mend "
                "or delete it."
            )
        return token

    def write(self, token: str) -> None:
        """Replace the file.

        Raises:
            ConfigurationError: It cannot be written.
        """
        content = json.dumps({"refresh_token": token}) + "\n"
        try:
            # mkstemp gives a file that only its owner can read; in the same directory the rename is atomic.
            descriptor, temporary = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                Path(temporary).replace(self.path)
            except OSError:
                Path(temporary).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise self._unusable("be written, and the old refresh token is no longer valid", error) from None

    def _unusable(self, verb: str, error: OSError) -> ConfigurationError:
        return ConfigurationError(f"refresh_token_file {self.path} cannot {verb}: {error.strerror or error}.")
