"""Starts the target many times at the price of one import: a process that has it loaded, and forks.

A run is a real process: its own pid, pipes, signals and exit code. Waits are shortened, as if the clock ran
faster: the target sleeps a fiftieth of what it says.
"""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

FASTER = 50


class Zygote:
    """Forks runs of the target, one at a time."""

    def __init__(self) -> None:
        self._socket, other = socket.socketpair()
        with other:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).resolve()), str(other.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[other.fileno()],
            )
        self._answers = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        """Use it for as long as the ``with`` lasts."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._answers.close()
        self._socket.close()
        self._process.wait()

    def start(self, arguments: list[str], seed: int, stdin: int, stdout: int, stderr: int) -> int:
        """Start a run with these descriptors; its pid."""
        request = json.dumps([arguments, seed]).encode()
        socket.send_fds(self._socket, [request], [stdin, stdout, stderr])
        return int(self._answers.readline())

    def wait(self) -> int:
        """Wait for the run to end; its exit code, or minus the number of the signal that killed it."""
        return int(self._answers.readline())


def _serve(descriptor: int) -> None:
    from target_salesforce_seg import __main__ as command
    from target_salesforce_seg import target

    assert target.TargetSalesforceSeg
    server = socket.socket(fileno=descriptor)
    while True:
        request, descriptors, _, _ = socket.recv_fds(server, 65536, 3)
        if not request:
            return
        pid = os.fork()
        if not pid:
            server.close()
            for number, passed in enumerate(descriptors):
                os.dup2(passed, number)
                os.close(passed)
            arguments, seed = json.loads(request)
            random.seed(seed)
            sys.argv = ["target-salesforce-seg", *arguments]
            command.main()
            os._exit(99)
        for passed in descriptors:
            os.close(passed)
        server.sendall(f"{pid}\n".encode())
        _, status = os.waitpid(pid, 0)
        server.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


if __name__ == "__main__":
    _sleep = time.sleep
    time.sleep = lambda seconds: _sleep(seconds / FASTER)
    _serve(int(sys.argv[1]))
