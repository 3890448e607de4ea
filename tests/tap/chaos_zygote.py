"""The tap in processes that need no start-up: one has imported it all, and forks for each run.

What forks is a real process with real pipes and takes real signals; it begins where ``python -m
tap_salesforce_seg`` stands after its imports. Before the fork there is no thread, no socket but the parent's,
and nothing configured.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Self

LONGEST_REQUEST = 65_536
_BLOCK = 65_536
_NO_MORE_STRIKES = b"."


@dataclass(slots=True)
class Ended:
    """What a run left behind."""

    exit_code: int
    """The negative signal number if a signal killed it."""
    stdout: bytes
    stderr: str
    seconds: float


@dataclass(slots=True)
class Strike:
    """Something that befalls a run while it is under way, once.

    Attributes:
        act: What happens; it is given the process id.
        after_bytes: Strikes when so many bytes have come from the run; None: not by bytes.
        after_seconds: Strikes then; None: not by time.
        when: Strikes as soon as this is true; it is asked every few milliseconds.
    """

    act: Callable[[int], None]
    after_bytes: int | None = None
    after_seconds: float | None = None
    when: Callable[[], bool] | None = None

    def is_due(self, read: int, seconds: float) -> bool:
        """Whether its moment has come."""
        return (
            (self.after_bytes is not None and read >= self.after_bytes)
            or (self.after_seconds is not None and seconds >= self.after_seconds)
            or (self.when is not None and self.when())
        )


@dataclass(slots=True)
class Zygote:
    """A process that forks taps. Use it with ``with``."""

    _line: socket.socket = field(init=False)
    _process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        """Start it."""
        self._line, other = socket.socketpair()
        with other:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(other.fileno())],
                pass_fds=[other.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()
        self._process.wait(30)

    def run(self, arguments: Sequence[str], strikes: Sequence[Strike] = (), *, longest: float = 120) -> Ended:
        """Run the tap to its end.

        Args:
            arguments: Its command line, without the program's name.
            strikes: What befalls it on its way.
            longest: Seconds after which it is taken for hung, and killed.

        Raises:
            TimeoutError: It was.
        """
        started = time.monotonic()
        out, out_child = os.pipe()
        err, err_child = os.pipe()
        socket.send_fds(self._line, [json.dumps(list(arguments)).encode()], [out_child, err_child])
        os.close(out_child)
        os.close(err_child)
        pid = int(self._line.recv(64).decode())
        try:
            stdout, stderr = _read(out, err, pid, list(strikes), longest)
        finally:
            os.close(out)
            os.close(err)
            self._line.send(_NO_MORE_STRIKES)
            exit_code = int(self._line.recv(64).decode())
        return Ended(exit_code, stdout, stderr.decode(errors="replace"), time.monotonic() - started)


def _read(out: int, err: int, pid: int, strikes: list[Strike], longest: float) -> tuple[bytes, bytes]:
    """Everything the run says, striking it meanwhile. Whatever comes after a kill still counts as said."""
    said = {out: bytearray(), err: bytearray()}
    started = time.monotonic()
    with selectors.DefaultSelector() as selector:
        selector.register(out, selectors.EVENT_READ)
        selector.register(err, selectors.EVENT_READ)
        while selector.get_map():
            seconds = time.monotonic() - started
            if seconds > longest:
                os.kill(pid, signal.SIGKILL)
                raise TimeoutError(f"The tap hangs: {said[err].decode(errors='replace')}")
            for strike in [each for each in strikes if each.is_due(len(said[out]), seconds)]:
                strikes.remove(strike)
                strike.act(pid)
            for key, _ in selector.select(_patience(strikes, seconds)):
                # By the bytes that a strike waits for, so that it comes at the same byte each time.
                due = [each.after_bytes for each in strikes if each.after_bytes is not None]
                most = min([_BLOCK, *(each - len(said[out]) for each in due)]) if key.fd == out else _BLOCK
                block = os.read(key.fd, most)
                said[key.fd] += block
                if not block:
                    selector.unregister(key.fd)
    return bytes(said[out]), bytes(said[err])


def _patience(strikes: Sequence[Strike], seconds: float) -> float:
    if any(each.when for each in strikes):
        return 0.01
    moments = [each.after_seconds - seconds for each in strikes if each.after_seconds is not None]
    return max(0.0, min([5.0, *moments]))


def _serve(line: socket.socket) -> NoReturn:
    """Fork a tap for each request: the arguments and two descriptors come, its id and its end are told."""
    import tap_salesforce_seg.__main__
    import tap_salesforce_seg.tap
    from salesforce_seg import shutdown  # noqa: F401

    assert threading.active_count() == 1
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # as the tap does first
    gc.freeze()
    while True:
        request, descriptors, _, _ = socket.recv_fds(line, LONGEST_REQUEST, 2)
        if not request:
            os._exit(0)
        pid = os.fork()
        if not pid:
            line.close()
            for number, descriptor in enumerate(descriptors, start=1):
                os.dup2(descriptor, number)
                os.close(descriptor)
            sys.argv = ["tap-salesforce-seg", *json.loads(request)]
            tap_salesforce_seg.__main__.main()
            os._exit(70)
        for descriptor in descriptors:
            os.close(descriptor)
        line.send(str(pid).encode())
        line.recv(1)  # Until then the process id is not given to another process, whoever may be struck.
        _, status = os.waitpid(pid, 0)
        line.send(str(os.waitstatus_to_exitcode(status)).encode())


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as _line:
        _serve(_line)
