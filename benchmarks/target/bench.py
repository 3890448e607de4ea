"""The stand-in for an org in a process of its own, and the loaders that are measured against it."""

from __future__ import annotations

import json
import sys
import tempfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measured import FailedError, run
from servers import Server

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from typing_extensions import Self

OURS = "target-salesforce-seg"
HERE = Path(__file__).parent
PIECE = 1 << 20


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
        self._server = Server([sys.executable, str(HERE / "quick_org.py"), *self._options])
        self.url = self._server.url
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._server.close()
        self._folder.cleanup()

    def forget(self) -> None:
        """Drop all records."""
        self._ask("forget")

    def know_everybody_like(self, number: int) -> None:
        """Make known whoever is like the one person with this number, but for the number."""
        self._ask(f"everybody?number={number}")

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
        result = self.measured(OURS, situation, command, pieces, events=events)
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
        *,
        events: int,
        environment: Mapping[str, str] | None = None,
    ) -> Result:
        """Run a loader to its end.

        Args:
            loader: Who.
            situation: What it is to do.
            command: Starts it.
            pieces: Its input.
            events: That are in its input.
            environment: Variables that only a peer's process is to see.

        Raises:
            FailedError: It ended badly, or asked for records that the stand-in does not keep; a peer: wrote
                more or fewer records than events.
        """
        is_peer = environment is not None
        self._ask("begin")
        ran = run(command, environment or {}, self.folder, pieces=pieces)
        counts = self._ask("counts")
        strange = [name for name in counts if name.startswith("passed on")]
        if strange and not is_peer:
            raise FailedError(f"{loader} asked for what the stand-in does not know: {strange}")
        if is_peer and counts["records_written"] != events:
            raise FailedError(f"{loader}, {situation}: {counts['records_written']} of {events} were written")
        return Result(
            loader,
            situation,
            loader == OURS,
            events,
            ran.seconds,
            events / ran.seconds,
            ran.cpu_seconds,
            ran.peak_megabytes,
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


def file_pieces(path: Path) -> Iterable[bytes]:
    """A file, piece by piece."""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
