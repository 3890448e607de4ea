"""Running the target as users do: Singer messages in, state out, records in a local org."""

from __future__ import annotations

import io
import json
import logging
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from target_pipe import Outcome, as_lines, counts_in, messages, read_lines

from target_salesforce_seg.target import TargetSalesforceSeg


@pytest.fixture
def config(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """A config for the local org, unseeded unless the test asks for the demo company; tests may add to it."""
    client = request.getfixturevalue("demo_org" if "demo_org" in request.fixturenames else "org")
    return {
        "login_url": client.url,
        "username": "user@example.com",
        "password": "secret-password",
        "rejects_path": str(tmp_path / "rejects.jsonl"),
        "max_retries": 2,
    }


Run = Callable[..., Outcome]
Begin = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def run(config: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Run:
    """Feed messages to the target in this process, through the Singer pipe."""

    def feed(content: Iterable[Any], *, live: bool = False, **settings: Any) -> Outcome:
        rejects = Path(config["rejects_path"])
        before = len(read_lines(rejects))
        caplog.clear()
        out = io.StringIO()
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            with caplog.at_level(logging.INFO), redirect_stdout(out):
                target = TargetSalesforceSeg(config=config | settings)
                lines = (as_lines([each]) for each in content)
                target.listen(lines if live else io.StringIO("".join(lines)))
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        log = "\n".join(record.getMessage() for record in caplog.records)
        return Outcome(
            counts_in(log),
            log,
            [json.loads(line) for line in out.getvalue().splitlines()],
            read_lines(rejects)[before:],
        )

    return feed


@pytest.fixture
def send(run: Run) -> Run:
    """Feed events of one stream."""

    def feed(*events: Any, stream: str = "events", **settings: Any) -> Outcome:
        return run(messages(events, stream), **settings)

    return feed


@pytest.fixture
def live(run: Run) -> Run:
    """Feed messages one by one, as a tap does that is still at work."""
    return partial(run, live=True)


@pytest.fixture
def cli(config: dict[str, Any], tmp_path: Path) -> Callable[..., Outcome]:
    """Run the command in a process of its own."""

    def call(
        content: Iterable[Any] = (),
        *options: str,
        counts: bool = True,
        prints: bool = False,
        timeout: int = 60,
        **settings: Any,
    ) -> Outcome:
        path = tmp_path / "config.json"
        path.write_text(json.dumps({k: v for k, v in (config | settings).items() if v is not None}))
        done = subprocess.run(
            [sys.executable, "-m", "target_salesforce_seg", f"--config={path}", *options],
            input=as_lines(content),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert "secret-password" not in done.stderr + done.stdout
        return Outcome(
            counts_in(done.stderr) if counts else {},
            done.stderr,
            [] if prints else [json.loads(line) for line in done.stdout.splitlines()],
            read_lines(Path(config["rejects_path"])),
            done.returncode,
            done.stdout,
        )

    return call


@pytest.fixture
def begun(config: dict[str, Any], tmp_path: Path) -> Begin:
    """Begin a run of the command with all its messages; the test ends it."""

    def begin(content: Iterable[Any], **settings: Any) -> subprocess.Popen[str]:
        path = tmp_path / "begun.json"
        path.write_text(json.dumps(config | settings))
        process = subprocess.Popen(
            [sys.executable, "-m", "target_salesforce_seg", f"--config={path}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write(as_lines(content))
        process.stdin.close()
        return process

    return begin


@pytest.fixture
def killed(
    request: pytest.FixtureRequest, begun: Callable[..., subprocess.Popen[str]]
) -> Callable[..., None]:
    """Run the command until a request hangs, and kill it then."""
    org = request.getfixturevalue("org")

    def run(content: list[Any], fault: dict[str, Any], **settings: Any) -> None:
        org.faults([fault | {"times": 1, "action": {"hang": True}}])
        process = begun(content, **settings)
        while org.local("GET", "faults")[0]["times"]:
            time.sleep(0.02)
        time.sleep(0.2)
        process.kill()
        process.wait(30)
        org.local("DELETE", "faults")

    return run
