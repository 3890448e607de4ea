"""Nothing secret leaves in a log, an error or a state.

Whoever learns a secret registers it; every log record of the process then has it replaced, whichever
logger wrote it.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import traceback
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from salesforce_seg.settings import Setting

MASK = "***"
SHORTEST_SECRET = 4
"""Replacing shorter values would make logs unreadable and hide nothing."""

SHORTEST_ANYWHERE = 8
"""Shorter secrets, which may be parts of ordinary words (a password ``lead``), are replaced only where they
stand alone: no letter or digit before or after them."""

SECRET_SETTINGS = (
    "access_token",
    "client_secret",
    "password",
    "private_key",
    "refresh_token",
    "security_token",
)

_PATTERNS = (
    (re.compile(r"(?i)\b(Bearer|Basic|OAuth)\s+[A-Za-z0-9._~+/!=-]{8,}"), rf"\1 {MASK}"),
    (re.compile(r"\b00D[A-Za-z0-9]{12,15}![A-Za-z0-9._]+"), MASK),
    (
        re.compile(
            rf"(?i)([\"']?\b(?:{'|'.join(SECRET_SETTINGS)}|assertion|session_?id)[\"']?\s*[=:]\s*)"
            r"(\"[^\"]*\"|'[^']*'|[^\s&,;}]+)"
        ),
        rf"\1{MASK}",
    ),
    (
        re.compile(
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
        ),
        MASK,
    ),
)

_lock = threading.Lock()
_secrets: set[str] = set()
_known: re.Pattern[str] | None = None


def register(*secrets: str) -> None:
    """Remember secret values, so that no log record and no message shows them again.

    Their URL-encoded, XML- and JSON-escaped forms are remembered too. Very short values are ignored, and so
    are names of settings: messages hold them whatever the password is, so they tell nothing of it.
    """
    global _known  # noqa: PLW0603  one process, one set of secrets
    with _lock:
        for secret in secrets:
            if len(secret) >= SHORTEST_SECRET and secret not in SECRET_SETTINGS:
                _secrets.update(_spellings(secret))
        longest_first = sorted(_secrets, key=len, reverse=True)
        _known = re.compile("|".join(map(_pattern, longest_first))) if longest_first else None


def _pattern(secret: str) -> str:
    exact = re.escape(secret)
    return exact if len(secret) >= SHORTEST_ANYWHERE else rf"(?<![^\W_]){exact}(?![^\W_])"


def _spellings(secret: str) -> set[str]:
    return {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        escape(secret, {'"': "&quot;", "'": "&apos;"}),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
    }


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """A text without registered secrets, further secrets, and what looks like a token or password.

    Args:
        text: Any text.
        secrets: More secret values, for this call only.

    Returns:
        The text with each of them replaced by ``***``.
    """
    if _known is not None:
        text = _known.sub(MASK, text)
    for secret in secrets:
        if secret:
            text = text.replace(secret, MASK)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def redacted_config(config: Mapping[str, Any], settings: Iterable[Setting]) -> dict[str, Any]:
    """A copy of a config that may be shown: the values of secret settings are ``***``."""
    secret = {setting.name for setting in settings if setting.secret}
    return {name: MASK if name in secret and value else value for name, value in config.items()}


def _redact_message(record: logging.LogRecord) -> None:
    try:
        shown = record.getMessage()
    except (TypeError, ValueError):  # logging itself complains of such records, and goes on
        return
    redacted = redact(shown)
    if redacted != shown:
        record.msg, record.args = redacted, ()


def guard_logs() -> None:
    """Make every log record of this process pass through :func:`redact`, without its traceback.

    Tracebacks are shown, redacted, only when the root logger is at debug level.

    Works at the creation of the record, so that it holds for every handler and formatter, also later ones.
    """
    create = logging.getLogRecordFactory()
    if getattr(create, "guards_secrets", False):
        return

    def create_guarded(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = create(*args, **kwargs)
        _redact_message(record)
        if record.exc_info:
            if logging.getLogger().isEnabledFor(logging.DEBUG):
                record.exc_text = redact("".join(traceback.format_exception(*record.exc_info)))
            record.exc_info = None
        return record

    create_guarded.guards_secrets = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(create_guarded)
