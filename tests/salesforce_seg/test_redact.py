from __future__ import annotations

import ast
import io
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote_plus
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from salesforce_seg.redact import MASK, SECRET_SETTINGS, guard_logs, redact, redacted_config, register
from salesforce_seg.session import Session
from salesforce_seg.settings import CONNECTION_SETTINGS, ConnectionSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PACKAGES = [ROOT / name for name in ("salesforce_seg", "tap_salesforce_seg", "target_salesforce_seg")]
SESSION = "00D5e000000AbCd!AQEAQGx_y.zW4kLm0nOpQrStUvWx"


@pytest.fixture(autouse=True)
def _no_secrets_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("salesforce_seg.redact._secrets", set())
    monkeypatch.setattr("salesforce_seg.redact._known", None)


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What a handler that knows nothing of secrets writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s"))
    create, logger = logging.getLogRecordFactory(), logging.getLogger("somebody.else")
    logger.addHandler(handler)
    guard_logs()
    yield stream
    logging.setLogRecordFactory(create)
    logger.removeHandler(handler)


@given(st.text(min_size=6).filter(lambda text: text.strip() == text))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_registered_secret_is_gone_in_every_spelling(text: str) -> None:
    secret = f"s3!{text}"
    register(secret)
    for spelled in (
        secret,
        quote_plus(secret, errors="replace"),
        escape(secret),
        json.dumps(secret),
        repr(secret),
    ):
        assert secret not in redact(f"before {spelled} after")
        assert redact(f"before {spelled} after").startswith("before ")


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {SESSION}",
        f"<sessionId>{SESSION}</sessionId>",
        f"{{'access_token': '{SESSION}'}}",
        f'{{"access_token":"{SESSION}"}}',
        f"grant_type=password&password={SESSION}&x=1",
        f"refresh_token={SESSION}",
        f"client_secret: {SESSION}",
        f"-----BEGIN RSA PRIVATE KEY-----\n{SESSION}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\n{SESSION}",
    ],
)
def test_what_looks_like_a_secret_is_gone_unregistered(text: str) -> None:
    assert SESSION not in redact(text)
    assert MASK in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "The password has expired.",
        "Set refresh_token_file.",
        "Check client_id and client_secret.",
        "001Ab!x",
        "",
    ],
)
def test_plain_words_stay(text: str) -> None:
    assert redact(text) == text


def test_secrets_may_be_given_with_the_call() -> None:
    assert redact("abc def", ["abc", ""]) == f"{MASK} def"


def test_short_values_are_not_replaced_everywhere() -> None:
    register("abc", "")
    assert redact("abc is the alphabet's beginning") == "abc is the alphabet's beginning"


def _texts(source: str) -> Iterator[str]:
    """The texts of a module, values in them as X; without its docstrings."""
    tree = ast.parse(source)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def test_no_message_of_our_own_is_mangled() -> None:
    texts = [
        text for package in PACKAGES for path in package.rglob("*.py") for text in _texts(path.read_text())
    ]
    assert len(texts) > 1000
    assert [text for text in texts if redact(text) != text] == []


def test_short_secrets_are_replaced_where_they_stand_alone() -> None:
    register("lead", "p", "Ab3$x")
    assert redact("Your lead: (lead), lead/ leads LEAD p_lead 'lead' mislead p people") == (
        f"Your {MASK}: ({MASK}), {MASK}/ leads LEAD p_{MASK} '{MASK}' mislead p people"
    )
    assert redact("Ab3$x,Ab3$xy") == f"{MASK},Ab3$xy"


def test_long_secrets_are_replaced_everywhere() -> None:
    register("leadership")
    assert redact("xleadershipy") == f"x{MASK}y"


def test_a_password_called_password_mangles_no_message() -> None:
    register(*SECRET_SETTINGS)
    assert redact("The login also needs password or access_token.").endswith("password or access_token.")


def test_a_password_and_its_token_are_replaced_when_put_together() -> None:
    config = {"username": "ada", "password": "abcd1", "security_token": "t0ken-of-ada"}
    with Session(ConnectionSettings.from_config(config)):
        assert redact("sent abcd1t0ken-of-ada") == f"sent {MASK}"


def test_a_config_may_be_shown() -> None:
    config = {each.name: f"value of {each.name}" for each in CONNECTION_SETTINGS} | {
        "mine": 1,
        "password": "",
    }
    shown = redacted_config(config, CONNECTION_SETTINGS)
    assert shown["access_token"] == shown["private_key"] == MASK
    assert shown["username"] == "value of username"
    assert (shown["mine"], shown["password"]) == (1, "")


def test_no_logger_writes_a_secret(logged: io.StringIO) -> None:
    register("correct-horse-battery")
    logger = logging.getLogger("somebody.else")
    logger.error("fetching %s", "https://acme/?p=correct-horse-battery")
    logger.error("sent %s to %s", {"password": "correct-horse-battery"}, "host")
    logger.error(f"sent correct-horse-battery and {SESSION}")  # noqa: G004
    logger.error("a plain %s", "word")
    assert "correct-horse-battery" not in logged.getvalue()
    assert SESSION not in logged.getvalue()
    assert "a plain word" in logged.getvalue()


def fail() -> None:
    raise RuntimeError("correct-horse-battery")


@pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG])
def test_a_traceback_is_for_debugging_and_redacted(
    logged: io.StringIO, caplog: pytest.LogCaptureFixture, level: int
) -> None:
    caplog.set_level(level)
    register("correct-horse-battery")
    try:
        fail()
    except RuntimeError:
        logging.getLogger("somebody.else").exception("it failed")
    shown = logged.getvalue()
    assert "it failed" in shown
    assert ("Traceback" in shown) is (level == logging.DEBUG)
    assert "correct-horse-battery" not in shown


def test_a_record_that_cannot_be_formatted_does_not_stop_the_run(
    logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    logger = logging.getLogger("somebody.else")
    logger.error("%d rows", "many")
    logger.error("and on it goes")
    assert "and on it goes" in logged.getvalue()


def test_guarding_twice_is_guarding_once(logged: io.StringIO) -> None:
    del logged
    guarded = logging.getLogRecordFactory()
    guard_logs()
    assert logging.getLogRecordFactory() is guarded
