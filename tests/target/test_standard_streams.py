"""The command among other programs: bytes on standard input, closed streams, an early Ctrl-C, BATCH files."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from target_pipe import as_lines, identify, messages, read_lines, schema

if TYPE_CHECKING:
    from local_org_client import OrgClient

COMMAND = [sys.executable, "-m", "target_salesforce_seg", "--config"]
STATE = {"type": "STATE", "value": {"seen": 1}}
Start = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def start(config: dict[str, Any], tmp_path: Path) -> Start:
    """Run the command by a shell: ``start(b"...", "2>&-", VARIABLE="...")``."""

    def run(content: bytes, redirections: str = "", **env: str) -> subprocess.CompletedProcess[bytes]:
        path = tmp_path / "config.json"
        path.write_text(json.dumps(config))
        done = subprocess.run(
            ["sh", "-c", f'exec "$@" {redirections}', "sh", *COMMAND, str(path)],
            input=content,
            capture_output=True,
            env=os.environ | env,
            timeout=60,
            check=False,
        )
        assert b"Traceback" not in done.stderr
        assert b"unforeseen" not in done.stderr
        return done

    return run


def record(event: dict[str, Any]) -> bytes:
    message = {"type": "RECORD", "stream": "events", "record": event}
    return json.dumps(message, ensure_ascii=False).encode() + b"\n"


@pytest.mark.parametrize("encoding", ["utf-8:strict", "latin-1", "ascii"])
def test_lines_are_utf8_whatever_the_locale(
    org: OrgClient, start: Start, config: dict[str, Any], encoding: str
) -> None:
    broken = record(identify({"email": "b@example.com", "city": "Mü"})).replace("ü".encode(), b"\xfc")
    content = (
        as_lines([schema()]).encode() + broken + record(identify({"email": "a@example.com", "city": "Köln"}))
    )
    done = start(content + as_lines([STATE]).encode(), PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    assert done.stdout == b'{"seen":1}\n'
    assert org.query("SELECT Email, City FROM Lead") == [{"Email": "a@example.com", "City": "Köln"}]
    (reject,) = read_lines(Path(config["rejects_path"]))
    assert (reject["code"], reject["reason"]) == ("INVALID_JSON", "The line on standard input is not UTF-8.")
    assert reject["event"] == broken.decode(errors="backslashreplace").rstrip("\n")


def test_a_byte_order_mark_and_line_ends_of_windows(org: OrgClient, start: Start) -> None:
    lines = as_lines(messages([identify({"email": "a@example.com"})])).replace("\n", "\r\n").rstrip()
    done = start(b"\xef\xbb\xbf" + lines.encode())
    assert done.returncode == 0
    assert b"1 events: 1 written (1 created" in done.stderr


@pytest.mark.parametrize(
    ("redirections", "code", "told"),
    [
        (">&-", 1, b"Standard output is closed"),
        ("<&-", 2, b"Standard input is closed"),
        (">/dev/full", 1, b"No space left on device"),
        ("2>&-", 0, b""),
        ("2>/dev/full", 0, b""),
    ],
)
def test_a_stream_that_is_closed_or_full(
    org: OrgClient, start: Start, redirections: str, code: int, told: bytes
) -> None:
    content = as_lines([*messages([identify({"email": "a@example.com"})]), STATE])
    done = start(content.encode(), redirections)
    assert done.returncode == code
    assert told in done.stderr
    assert done.stdout == (b'{"seen":1}\n' if code == 0 else b"")


def test_ctrl_c_while_it_is_loaded_leaves_no_traceback() -> None:
    code = (
        "import os, signal, sys\n"
        "class Early:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'salesforce_seg.shutdown': os.kill(os.getpid(), signal.SIGINT)\n"
        "from target_salesforce_seg.__main__ import main\n"
        "sys.meta_path.insert(0, Early())\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b"")


def batch_of(path: Path) -> dict[str, Any]:
    encoding = {"format": "jsonl", "compression": "gzip"}
    return {"type": "BATCH", "stream": "events", "encoding": encoding, "manifest": [path.as_uri()]}


def test_a_batch_file_holds_events(org: OrgClient, cli: Any, tmp_path: Path) -> None:
    file = tmp_path / "batch.jsonl.gz"
    with gzip.open(file, "wt") as lines:
        lines.write(
            as_lines([identify({"email": "a@example.com"}), [1], identify({"email": "b@example.com"})])
        )
    outcome = cli([schema(), batch_of(file), STATE])
    assert outcome.exit_code == 0
    outcome.doors(created=2, rejected=1)
    assert outcome.codes == ["INVALID_RECORD"]
    assert outcome.states == [{"seen": 1}]


@pytest.mark.parametrize(
    "content", [None, b"no gzip", gzip.compress(b"no JSON\n", mtime=0)], ids=["missing", "no gzip", "no JSON"]
)
def test_a_batch_file_that_cannot_be_read_ends_the_run_without_its_state(
    org: OrgClient, cli: Any, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "batch.jsonl.gz"
    if content is not None:
        file.write_bytes(content)
    outcome = cli([schema(), batch_of(file), STATE])
    assert outcome.exit_code == 1
    assert "A BATCH message of stream events cannot be used" in outcome.log
    outcome.doors()
    assert outcome.states == []
