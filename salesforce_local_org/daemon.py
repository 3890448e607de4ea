"""An org in the background: started, found, stopped."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_ANSWER_SECONDS = 5
_STOP_SECONDS = 15
_PRODUCT = "salesforce-local-org"


class CommandError(Exception):
    """Why a command cannot be done: one line for the user, and the exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def default_log(port: int) -> Path:
    """Where an org in the background writes its messages when nothing else is said."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / _PRODUCT / f"{port}.log"


def find(host: str, port: int) -> str | None:
    """The address of the org that runs there; None when none does, or something else has the port."""
    answer = _call(host, port, "GET", "/_local/status")
    if not isinstance(answer, dict) or answer.get("product") != _PRODUCT:
        return None
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def start(serve_arguments: list[str], log: Path) -> str:
    """Start an org that outlives this process, and wait until it accepts connections.

    Args:
        serve_arguments: The command line of ``serve``.
        log: The file that gets its messages.

    Returns:
        Its address.

    Raises:
        CommandError: It did not start; with its own words and exit code.
    """
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as messages:
            process = subprocess.Popen(  # noqa: S603 - it is this program
                [sys.executable, "-m", "salesforce_local_org", *serve_arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=messages,
                start_new_session=True,
            )
    except OSError as error:
        raise CommandError(f"--log {log}: {error.strerror}", 1) from error
    assert process.stdout is not None
    with process.stdout:
        word, _, url = process.stdout.readline().decode().strip().partition(" ")
    if word == "ready":
        # It is meant to outlive this object, which would otherwise complain.
        process.returncode = 0
        return url
    exit_code = process.wait()
    last_words = log.read_text("utf-8", "replace").strip().rpartition("\n")[2]
    raise CommandError(
        last_words.removeprefix(f"{_PRODUCT}: ") or f"the org did not start; see {log}", exit_code or 1
    )


def stop(host: str, port: int) -> str | None:
    """End the org that runs there, and wait until its file is closed; its address, or None when none runs.

    Raises:
        CommandError: It does not end.
    """
    url = find(host, port)
    if url is None:
        return None
    pid = _call(host, port, "GET", "/_local/status")["pid"]
    _call(host, port, "POST", "/_local/stop")
    deadline = time.monotonic() + _STOP_SECONDS
    while find(host, port) or _is_running(pid):
        if time.monotonic() > deadline:
            raise CommandError(f"the org at {url} does not stop", 1)
        time.sleep(0.05)
    return url


def _is_running(pid: int) -> bool:
    """Whether a process of this machine has not ended; one that nobody has asked for its exit code has."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return not Path("/proc/self").exists()
    return status.rpartition(")")[2].split()[0] != "Z"


def _call(host: str, port: int, method: str, path: str) -> Any:
    """The JSON answer of an org's own control; None when there is no such answer."""
    connection = http.client.HTTPConnection(host, port, timeout=_ANSWER_SECONDS)
    try:
        connection.request(method, path)
        return json.loads(connection.getresponse().read())
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()
