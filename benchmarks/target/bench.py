"""The stand-in for an org in a process of its own, and the loaders that are measured against it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from typing_extensions import Self

HERE = Path(__file__).parent
PIECE = 1 << 20
MOMENT = 60
SECONDS_BETWEEN_LOOKS = 0.02


class FailedError(Exception):
    """A loader did not do what it should."""


@dataclass(frozen=True)
class Result:
    """What came of one run.

    Attributes:
        loader: Who ran.
        situation: What it was to do.
        ours: Whether it is this project's target.
        events: That were sent to it.
        seconds: Of the whole process, its start and its log-in included.
        events_per_second: The two, divided.
        cpu_seconds: Of the process.
        peak_megabytes: The most resident memory of the process.
        api_calls: What Salesforce would count of its daily allowance; the log-in and describes included.
        calls_per_thousand: API calls without describes and log-in, for a thousand events.
        server_cpu_seconds: What the stand-in used meanwhile.
        late: Answers that came later than they should have, because the stand-in was busy.
    """

    loader: str
    situation: str
    ours: bool
    events: int
    seconds: float
    events_per_second: float
    cpu_seconds: float
    peak_megabytes: float
    api_calls: int
    calls_per_thousand: float
    server_cpu_seconds: float
    late: int


class Bench:
    """A stand-in for an org.

    Args:
        milliseconds: Of each of its answers.
        milliseconds_a_record: So much more for each record that is written.
    """

    def __init__(self, milliseconds: float, milliseconds_a_record: float = 0) -> None:
        self._options = [
            f"--milliseconds={milliseconds}",
            f"--milliseconds-a-record={milliseconds_a_record}",
        ]

    def __enter__(self) -> Self:
        """Start it."""
        self._folder = tempfile.TemporaryDirectory()
        self.folder = Path(self._folder.name)
        self._server = subprocess.Popen(
            [sys.executable, str(HERE / "quick_org.py"), *self._options], stdout=subprocess.PIPE
        )
        assert self._server.stdout is not None
        word, _, self.url = self._server.stdout.readline().decode().strip().partition(" ")
        if word != "ready":
            raise FailedError("The stand-in did not start.")
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._server.terminate()
        self._server.wait(MOMENT)
        assert self._server.stdout is not None
        self._server.stdout.close()
        self._folder.cleanup()

    def forget(self) -> None:
        """Drop all records."""
        self._ask("forget")

    def ours(
        self, situation: str, pieces: Iterable[bytes], expected: dict[str, int], **settings: Any
    ) -> Result:
        """Run this project's target.

        Args:
            situation: What it is to do.
            pieces: Its input.
            expected: What is to become of the events, by door.
            settings: Of the target.

        Raises:
            FailedError: Something else became of the events.
        """
        summary = self.folder / "summary.json"
        config = {
            "login_url": self.url,
            "client_id": "benchmark",
            "client_secret": "benchmark",
            "rejects_path": str(self.folder / "rejects.jsonl"),
            "summary_path": str(summary),
        }
        config_file = self.folder / "config.json"
        config_file.write_text(json.dumps(config | settings))
        command = [sys.executable, "-m", "target_salesforce_seg", f"--config={config_file}"]
        events = sum(expected.values())
        result = self.measured("target-salesforce-seg", situation, command, pieces, events, ours=True)
        counts = json.loads(summary.read_text())
        told = {
            door: counts[door]
            for door in ("created", "updated", "unchanged", "not_for_salesforce", "rejected")
        }
        if {door: number for door, number in told.items() if number} != expected:
            raise FailedError(f"{situation}: {told}, not {expected}")
        return result

    def measured(
        self,
        loader: str,
        situation: str,
        command: Sequence[str],
        pieces: Iterable[bytes],
        events: int,
        *,
        ours: bool = False,
    ) -> Result:
        """Run a loader to its end.

        Raises:
            FailedError: It ended badly, or asked for what the stand-in does not know.
        """
        self._ask("begin")
        ran = _run(command, pieces)
        counts = self._ask("counts")
        strange = [name for name in counts if name.startswith("passed on")]
        if strange:
            raise FailedError(f"{loader} asked for what the stand-in does not know: {strange}")
        return Result(
            loader,
            situation,
            ours,
            events,
            ran.seconds,
            events / ran.seconds,
            ran.cpu_seconds,
            ran.peak / 1e6,
            counts["api_calls"],
            1000 * (counts["api_calls"] - counts.get("describes", 0)) / events,
            counts["cpu_seconds"],
            counts["late"],
        )

    def _ask(self, what: str) -> dict[str, Any]:
        request = urllib.request.Request(f"{self.url}/_quick/{what}", data=None if what == "counts" else b"")
        with urllib.request.urlopen(request) as answer:
            told: dict[str, Any] = json.loads(answer.read())
        return told


class _Ran(NamedTuple):
    seconds: float
    cpu_seconds: float
    peak: int


def _run(command: Sequence[str], pieces: Iterable[bytes]) -> _Ran:
    with tempfile.TemporaryFile() as messages:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=messages)
        assert process.stdin is not None
        feeder = threading.Thread(target=_feed, args=(process.stdin, pieces), daemon=True)
        feeder.start()
        peak, ended = 0, 0
        while not ended:
            peak = max(peak, _high_water(process.pid))
            time.sleep(SECONDS_BETWEEN_LOOKS)
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        feeder.join()
        if process.returncode:
            messages.seek(0)
            told = messages.read().decode("utf-8", "replace")[-1500:]
            raise FailedError(f"{command[1:3]} ended with {process.returncode}: {told}")
    return _Ran(seconds, usage.ru_utime + usage.ru_stime, peak)


def _high_water(process_id: int) -> int:
    """The most resident memory that a process has had so far, in bytes; 0 once it has ended."""
    found = re.search(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{process_id}/status").read_text())
    return int(found[1]) * 1024 if found else 0


def _feed(pipe: Any, pieces: Iterable[bytes]) -> None:
    try:
        with pipe:
            for piece in pieces:
                pipe.write(piece)
    except BrokenPipeError:
        return


def file_pieces(path: Path) -> Iterable[bytes]:
    """A file, piece by piece."""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def as_json(result: Result) -> dict[str, Any]:
    """A result with figures that mean something: three digits after the point."""
    return {
        name: round(value, 3) if isinstance(value, float) else value for name, value in asdict(result).items()
    }
