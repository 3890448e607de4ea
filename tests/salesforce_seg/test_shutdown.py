"""How a plugin ends, whatever happens: by a real process, real signals and a real pipe."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tiny_tap import SECRET, TinyTap

from salesforce_seg.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TINY_TAP = Path(__file__).parents[1] / "tiny_tap.py"


class Run:
    """A tiny tap in a process of its own."""

    def __init__(
        self, folder: Path, *arguments: str, config: Any = None, env: dict[str, str] | None = None
    ) -> None:
        if config is not None:
            file = folder / "config.json"
            file.write_text(config if isinstance(config, str) else json.dumps(config))
            arguments = ("--config", str(file), *arguments)
        command = [sys.executable, str(TINY_TAP), *arguments]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | (env or {})
        )
        self.out = self.err = ""
        self._seen = threading.Condition()
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._seen:
                self.err += line.decode()
                self._seen.notify_all()

    def wait_for(self, text: str = "three rows are out") -> None:
        with self._seen:
            assert self._seen.wait_for(lambda: text in self.err, 30)

    def read(self, size: int) -> None:
        """Take some of what came out, so that the tap goes on."""
        assert self.process.stdout is not None
        self.out += os.read(self.process.stdout.fileno(), size).decode()

    def end(self) -> int:
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        if not self.process.stdout.closed:
            self.out += self.process.stdout.read().decode()
            self.process.stdout.close()
        code = self.process.wait(30)
        self._listener.join()
        self.process.stderr.close()
        assert SECRET not in self.err + self.out
        return code

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What came out; each line whole."""
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Run]:
    def start(*arguments: str, **options: Any) -> Run:
        return Run(tmp_path, *arguments, **options)

    return start


def check_state_is_last(ended: Run) -> None:
    assert "Traceback" not in ended.err
    assert ended.out.endswith("\n")
    last = ended.messages[-1]
    assert last["type"] == "STATE"
    seen = [each["record"]["id"] for each in ended.messages if each["type"] == "RECORD"]
    assert seen == list(range(len(seen)))
    assert last["value"]["bookmarks"]["rows"]["seen"] == seen[-1]


@pytest.mark.parametrize(
    ("does", "number", "code"),
    [
        ("flow", signal.SIGTERM, 143),
        ("flow", signal.SIGINT, 130),
        ("sleep", signal.SIGTERM, 143),
        ("thread", signal.SIGTERM, 143),
    ],
)
def test_a_signal_ends_it_with_state_and_whole_lines(run: Any, does: str, number: int, code: int) -> None:
    tap = run(config={"does": does})
    tap.wait_for()
    tap.process.send_signal(number)
    assert tap.end() == code
    check_state_is_last(tap)
    assert f"Stopped by {signal.Signals(number).name}" in tap.err


def test_no_signal_cuts_a_line_wherever_it_strikes(run: Any) -> None:
    tap = run(config={"does": "flow"})
    tap.wait_for()
    tap.read(2000)
    tap.process.send_signal(signal.SIGTERM)
    tap.process.send_signal(signal.SIGINT)
    assert tap.end() in {143, 130}
    check_state_is_last(tap)


def test_a_shielded_batch_is_finished_first(run: Any) -> None:
    tap = run(config={"does": "batch"})
    tap.wait_for("the batch is open")
    tap.process.send_signal(signal.SIGTERM)
    assert tap.end() == 143
    assert [each["type"] for each in tap.messages[-2:]] == ["BATCH", "STATE"]


def test_a_signal_ends_the_wait_for_a_silent_server(run: Any, raw: Any) -> None:
    server = raw(None)
    tap = run(config={"does": "ask", "access_token": "00D!t0ken-of-test", "instance_url": server.url})
    tap.wait_for()
    while not server.received:
        pass
    tap.process.send_signal(signal.SIGTERM)
    assert tap.end() == 143
    check_state_is_last(tap)


@pytest.mark.parametrize(
    ("does", "code", "told"),
    [
        ("end", 1, "The run has failed as it was told to."),
        ("quota", 3, "Stopped by quota_percent_total."),
        ("config", 2, "The setting x is wrong (***)."),
        ("crash", 1, "Something unforeseen went wrong (ZeroDivisionError: ***). Please report it."),
        ("disk", 2, "Cannot open /no/such/file: No such file or directory."),
    ],
)
def test_an_error_is_one_message_an_exit_code_and_the_state(
    run: Any, does: str, code: int, told: str
) -> None:
    tap = run(config={"does": does})
    assert tap.end() == code
    errors = [line for line in tap.err.splitlines() if "| ERROR" in line and "a callback fails" not in line]
    assert len(errors) == 1
    assert told in errors[0]
    check_state_is_last(tap)


def test_an_exit_of_the_plugins_own_is_passed_on(run: Any) -> None:
    assert run(config={"does": "leave"}).end() == 7


def test_debugging_shows_the_traceback_without_secrets(tmp_path: Path) -> None:
    tap = Run(tmp_path, config={"does": "crash"}, env={"LOGLEVEL": "DEBUG"})
    assert tap.end() == 1
    assert "Traceback" in tap.err
    assert "ZeroDivisionError" in tap.err


@pytest.fixture
def handlers() -> Iterator[None]:
    """Keeps what a plugin made in this process does to signals from the tests after it."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"does": 7}, "does: 7 is not of type 'string', 'null'"),
        ({"password": [SECRET]}, "password must be type"),
        ({"private_key": {"pem": SECRET}}, "private_key must be type"),
        ({"max_retries": -1, "does": 7}, "max_retries: -1 is less than the minimum of 0; does: 7"),
    ],
)
def test_wrong_settings_are_one_message_without_secrets(config: Any, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        TinyTap(config=config)
    problems = str(caught.value)
    assert all(part in problems for part in told.split("; "))
    assert SECRET not in problems


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("TINY_TAP_MAX_RETRIES", "many", "TINY_TAP_MAX_RETRIES does not hold a whole number"),
        ("TINY_TAP_NAMES", "{", "TINY_TAP_NAMES does not hold a JSON object"),
        ("TINY_TAP_IS_SANDBOX", "perhaps", "TINY_TAP_IS_SANDBOX does not hold true or false"),
        ("TINY_TAP_IS_SANDBOX", "true", None),
        ("TINY_TAP_IS_SANDBOX", "No", None),
        ("TINY_TAP_RULES", '["a"]', None),
    ],
)
def test_the_environment_may_hold_settings(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str | None
) -> None:
    monkeypatch.setenv(variable, value)
    if told is None:
        assert TinyTap(parse_env_config=True).config
        return
    with pytest.raises(ConfigurationError, match=told):
        TinyTap(parse_env_config=True)


@pytest.mark.parametrize("content", [b"{", b"[]", b'"text"', b"\x80"])
def test_a_config_file_that_is_no_object_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "config.json"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"config\.json is not a JSON object"):
        TinyTap.cb_config(None, None, (str(file),))  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"The config file .*missing\.json does not exist\."):
        TinyTap.cb_config(None, None, (str(tmp_path / "missing.json"),))  # type: ignore[arg-type]
    file.write_text('{"does": "flow"}')
    assert TinyTap.cb_config(None, None, (str(file), "ENV")).config == {"does": "flow"}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "config", "told"),
    [
        ([], {"does": 7, "password": SECRET}, "does: 7 is not of type"),
        (["--nonsense"], None, "No such option '--nonsense'. Try --help."),
        (["--config", "/no/such/config.json"], None, "The config file /no/such/config.json does not exist."),
    ],
)
def test_wrong_usage_is_one_message_and_exit_code_2(
    run: Any, arguments: list[str], config: Any, told: str
) -> None:
    tap = run(*arguments, config=config)
    assert tap.end() == 2
    assert "Traceback" not in tap.err
    assert told in tap.err
    assert tap.out == ""


@pytest.mark.parametrize("arguments", [["--version"], ["--about", "--format=json"]])
def test_what_is_no_run_ends_well(run: Any, arguments: list[str]) -> None:
    tap = run(*arguments)
    assert tap.end() == 0
    assert tap.out != ""


def test_a_reader_that_leaves_ends_it_without_a_traceback(run: Any) -> None:
    tap = run(config={"does": "flow"})
    tap.wait_for()
    tap.process.stdout.close()
    assert tap.end() == 1
    assert "Traceback" not in tap.err
    assert "has ended, so this one ends too" in tap.err
