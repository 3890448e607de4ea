"""SIGTERM and Ctrl-C: no half line on stdout, the state of the settled batches, the right exit code."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from target_pipe import as_lines, identify, messages, track

if TYPE_CHECKING:
    from pathlib import Path

    from local_org_client import OrgClient


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("busy", [False, True])
def test_a_signal_ends_the_run_with_the_settled_state(
    org: OrgClient, config: dict[str, Any], tmp_path: Path, number: signal.Signals, code: int, busy: bool
) -> None:
    if busy:
        away = {"status": 503, "headers": {"Retry-After": "120"}, "body": "[]"}
        org.faults([{"path": "/composite$", "skip": 3, "times": None, "action": away}])
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config | {"batch_size": 2}))
    with (tmp_path / "log").open("wb") as log_file:
        process = subprocess.Popen(
            [sys.executable, "-m", "target_salesforce_seg", f"--config={path}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log_file,
            text=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    content = messages([identify({"email": f"{n}@example.com"}) for n in range(5)])
    content.insert(2, {"type": "STATE", "value": {"seen": 1}})
    process.stdin.write(as_lines(content[:4]))
    process.stdin.flush()
    first = process.stdout.readline()
    if busy:
        process.stdin.write(as_lines(content[4:]))
        process.stdin.flush()
        while "Trying again in 120.0 s" not in (tmp_path / "log").read_text():
            time.sleep(0.05)
    process.send_signal(number)
    process.stdin.close()
    rest = process.stdout.read()
    assert process.wait(30) == code
    process.stdout.close()
    log = (tmp_path / "log").read_text()
    assert "Traceback" not in log
    assert [json.loads(line) for line in (first + rest).splitlines()] == [{"seen": 1}]
    assert (first + rest).endswith("\n")
    assert "2 events: 2 written (2 created, 0 updated, 0 deleted)" in log


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_what_no_run_could_find_again_is_booked_before_a_signal_ends_it(
    org: OrgClient, config: dict[str, Any], tmp_path: Path, number: signal.Signals, code: int
) -> None:
    case = {"event": "track", "event_name": "Issue", "operation": "create", "object": "Case"}
    path = tmp_path / "config.json"
    path.write_text(
        json.dumps(config | {"actions": [case | {"field_mappings": {"properties.t": "Subject"}}]})
    )
    slow = {"delay_seconds": 1}
    org.faults([{"path": "/composite$", "skip": 1, "times": 1, "when": "after", "action": slow}])
    org.forget_requests()
    process = subprocess.Popen(
        [sys.executable, "-m", "target_salesforce_seg", f"--config={path}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    content = [*messages([track("Issue", {"t": "x"})] * 3), {"type": "STATE", "value": {"seen": 3}}]
    process.stdin.write(as_lines(content))
    process.stdin.close()
    process.stdin = None
    while not org.query("SELECT Id FROM Case"):
        time.sleep(0.05)
    process.send_signal(number)
    out, log = process.communicate(timeout=30)
    assert process.returncode == code
    assert out.endswith("\n")
    assert json.loads(out) == {"seen": 3}
    assert "3 events: 3 written (3 created, 0 updated, 0 deleted)" in log
