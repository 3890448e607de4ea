"""Runs programs: for what they say, or to measure their rows and bytes, their time, memory and CPU."""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import resource
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

PIPE_BYTES = 1 << 20
SECONDS_BETWEEN_LOOKS = 0.05
SECONDS_TO_END = 20
_MARKS = (b'"type":"RECORD"', b'"type": "RECORD"')
"""A record's first member, as the taps write it; in a value the quotes would be escaped."""


class FailedError(Exception):
    """A program did not do what it should."""


@dataclass(frozen=True)
class Measured:
    """What a run did.

    Attributes:
        rows: RECORD messages on stdout.
        size: Bytes on stdout.
        seconds: From the start of the process to its end, or to where it was cut short.
        first_row_seconds: From the start of the process to the first row.
        cpu_seconds: Of all its processes together.
        peak_megabytes: The most resident memory of all its processes together.
        complete: Whether it came to its own end in the time it had.
        first_record: The line of the first record.
        counter_cpu_seconds: What counting used meanwhile, in this process.
    """

    rows: int
    size: int
    seconds: float
    first_row_seconds: float
    cpu_seconds: float
    peak_megabytes: float
    complete: bool
    first_record: bytes
    counter_cpu_seconds: float

    @property
    def rate(self) -> float:
        """Rows a second of the whole process."""
        return self.rows / self.seconds


def output_of(arguments: Sequence[str], folder: Path, environment: Mapping[str, str], seconds: float) -> str:
    """What a program says on stdout until its good end.

    Args:
        arguments: The command.
        folder: Where it runs.
        environment: Environment variables beside those of this process.
        seconds: How long at most.

    Raises:
        FailedError: It ended otherwise, or took too long.
    """
    try:
        done = subprocess.run(
            list(arguments),
            cwd=folder,
            env=os.environ | dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FailedError(f"{' '.join(arguments)} took too long") from None
    if done.returncode:
        said = (done.stdout + done.stderr).strip()[-2000:]
        raise FailedError(f"{' '.join(arguments)} ended with {done.returncode}: {said}")
    return done.stdout


def run(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    seconds: float = math.inf,
    pieces: Iterable[bytes] = (),
) -> Measured:
    """Run a program, its stdout into a pipe that is counted and thrown away.

    Args:
        arguments: The command.
        environment: Environment variables beside those of this process.
        folder: Where it runs.
        seconds: How long at most; then it is ended.
        pieces: Its stdin.

    Raises:
        FailedError: It ended by itself, and not well.
    """
    before, own_cpu = resource.getrusage(resource.RUSAGE_CHILDREN), time.process_time()
    with tempfile.TemporaryFile() as messages:
        started = time.perf_counter()
        process = _begun(arguments, environment, folder, messages)
        assert process.stdin is not None
        assert process.stdout is not None
        threading.Thread(target=_feed, args=(process.stdin, pieces), daemon=True).start()
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        counter = _Counter(process.stdout.fileno(), started)
        memory = _Memory(process.pid)
        complete = _wait(process, started + seconds, memory)
        took = time.perf_counter() - started
        counter.join()
        process.stdout.close()
        if complete and process.returncode:
            messages.seek(0)
            said = messages.read().decode("utf-8", "replace")[-2000:]
            raise FailedError(f"{' '.join(arguments)} ended with {process.returncode}: {said}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Measured(
        counter.rows,
        counter.size,
        took,
        counter.first_row_seconds,
        after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        memory.peak / 1e6,
        complete,
        counter.first_record,
        time.process_time() - own_cpu,
    )


def _begun(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path, messages: IO[bytes]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        list(arguments),
        cwd=folder,
        env=os.environ | dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=messages,
        start_new_session=True,
    )


def _feed(pipe: IO[bytes], pieces: Iterable[bytes]) -> None:
    with contextlib.suppress(BrokenPipeError), pipe:
        for piece in pieces:
            pipe.write(piece)


def _wait(process: subprocess.Popen[bytes], deadline: float, memory: _Memory) -> bool:
    """Wait for the end, or bring it about; whether it came by itself."""
    try:
        while time.perf_counter() < deadline:
            memory.look()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(SECONDS_BETWEEN_LOOKS)
                return True
    except KeyboardInterrupt:
        _end(process)
        raise
    _end(process)
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all it has started; in a session of its own it is out of the reach of Ctrl-C."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(SECONDS_TO_END)
            break


class _Counter(threading.Thread):
    """Counts what comes out of a pipe."""

    def __init__(self, pipe: int, started: float) -> None:
        super().__init__(daemon=True)
        self._pipe = os.fdopen(os.dup(pipe), "rb", buffering=0)
        self._began = started
        self.rows = self.size = 0
        self.first_row_seconds = 0.0
        self.first_record = b""
        self.start()

    def run(self) -> None:
        """Read to the end; the last bytes of a piece are looked at again with the next one."""
        kept = max(map(len, _MARKS)) - 1
        buffer = bytearray(kept + PIPE_BYTES)
        with self._pipe as pipe, memoryview(buffer) as view:
            mark = b""
            while read := pipe.readinto(view[kept:]):
                self.size += read
                if not mark:
                    mark = self._find_first(bytes(view[: kept + read]))
                if mark:
                    self.rows += buffer.count(mark, kept + 1 - len(mark), kept + read)
                buffer[:kept] = buffer[read : kept + read]

    def _find_first(self, piece: bytes) -> bytes:
        for mark in _MARKS:
            at = piece.find(mark)
            if at >= 0:
                self.first_row_seconds = time.perf_counter() - self._began
                start = piece.rfind(b"\n", 0, at) + 1
                self.first_record = piece[start:].partition(b"\n")[0].lstrip(b"\0")
                return mark
        return b""


class _Memory:
    """The resident memory of a process and of all below it: what each had at most, summed up."""

    def __init__(self, process_id: int) -> None:
        self._root = process_id
        self.peak = 0

    def look(self) -> None:
        """Look at it now."""
        self.peak = max(self.peak, sum(_high_water(each) for each in _tree(self._root)))


def _tree(process_id: int) -> list[int]:
    found = [process_id]
    for each in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{each}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def _high_water(process_id: int) -> int:
    """Bytes of resident memory that a process had at most; 0 if it is no more."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process_id}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
