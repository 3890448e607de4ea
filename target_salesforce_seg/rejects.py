"""Events that could not be written, kept in a file to be looked at and tried again."""

from __future__ import annotations

import glob
import json
import os
import stat
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.json import serialize_json

from salesforce_seg.errors import ConfigurationError, RecordRejected, RunFailed
from target_salesforce_seg.classify import Incoming, Wish

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from target_salesforce_seg.outcomes import Rejection


_ASIDE = ".replayed-"
"""What the name of a rejects file gets while it is replayed, and the time."""


@dataclass(frozen=True, slots=True)
class RejectsFile:
    """The file of the setting ``rejects_path``. It is appended to, and only its owner may read it."""

    path: Path

    def check(self) -> None:
        """See early that it can be written, without making it.

        Raises:
            ConfigurationError: It cannot.
        """
        folder = self.path.parent
        existing = self.path if self.path.exists() else folder
        if self.path.is_dir() or not folder.is_dir() or not os.access(existing, os.W_OK):
            raise ConfigurationError(
                f"rejects_path: {self.path} cannot be written. Its folder must exist and be writable."
            )

    def append(self, batch: list[Incoming], rejections: Iterable[Rejection]) -> None:
        """Add the rejections of a batch; when this returns they are on the disk.

        Raises:
            RunFailed: They could not be written.
        """
        at = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines = "".join(serialize_json(_line(batch[each.position], each, at)) + "\n" for each in rejections)
        if not lines:
            return
        try:
            _append(self.path, lines.encode())
        except OSError as error:
            raise RunFailed(
                f"rejects_path: {self.path} cannot be written ({error.strerror}). The events of this batch "
                "come again in the next run."
            ) from None


def _append(path: Path, lines: bytes) -> None:
    """Add lines to a file, also after half a line that a full disk has left, and see them to the disk."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        status = os.fstat(descriptor)
        is_file = stat.S_ISREG(status.st_mode)  # what is none, such as /dev/null, keeps its mode
        if is_file:
            os.fchmod(descriptor, 0o600)
            if status.st_size and os.pread(descriptor, 1, status.st_size - 1) != b"\n":
                file.write(b"\n")
        file.write(lines)
        file.flush()
        if is_file:
            os.fsync(descriptor)


def _line(incoming: Incoming, rejection: Rejection, at: str) -> dict[str, Any]:
    error = rejection.error
    return {
        "stream": incoming.stream or None,
        "event": incoming.record,
        "object": rejection.object or None,
        "operation": rejection.operation or None,
        **({"wish": rejection.place} if rejection.place else {}),
        "code": error.code or None,
        "reason": error.message,
        "fields": list(error.fields),
        "at": at,
    }


class Replay:
    """A rejects file whose events are tried again.

    If rejects go to this very file it is taken aside until all its events are settled or back in it: what
    fails again is not to be read once more.

    Args:
        path: of the file.
        rejects: the file that rejects go to; None if they go to none.
        logger: where to say what it is called meanwhile, and what an earlier replay has left.

    Raises:
        ConfigurationError: The file cannot be read or taken aside.
    """

    def __init__(self, path: Path, rejects: RejectsFile | None, logger: logging.Logger) -> None:
        self._aside_of: Path | None = None
        self._path = path
        self._read = self._settled = 0
        left = sorted(each.name for each in path.parent.glob(f"{glob.escape(path.name)}{_ASIDE}*"))
        if left:
            logger.warning("A replay that was killed has left %s: replay that as well.", " and ".join(left))
        if (
            rejects is None
            or not path.is_file()
            or not rejects.path.exists()
            or not path.samefile(rejects.path)
        ):
            return
        at = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S%fZ")
        self._path = path.with_name(f"{path.name}{_ASIDE}{at}")
        try:
            path.rename(self._path)
        except OSError as error:
            raise _unreadable(path, error) from None
        self._aside_of = rejects.path
        logger.info(
            "%s is called %s while it is replayed; what fails again, or is not reached, goes to a new %s.",
            path,
            self._path.name,
            rejects.path.name,
        )

    def __iter__(self) -> Iterator[Incoming]:
        """Read the file, as far as it reaches now.

        Yields:
            One record a line. A line that is no line of a rejects file is a record with a problem.

        Raises:
            ConfigurationError: The file cannot be read.
        """
        try:
            with self._path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                while self._read < size and (line := file.readline(size - self._read)):
                    self._read += len(line)
                    if line.strip():
                        yield _read(line)
        except OSError as error:
            raise _unreadable(self._path, error) from None

    def settled(self) -> None:
        """All that was read is settled."""
        self._settled = self._read

    def end(self) -> None:
        """The replay ends, maybe early: what is not settled is a reject as before.

        Raises:
            OSError: It cannot be written.
        """
        if self._aside_of is None:
            return
        with self._path.open("rb") as file:
            file.seek(self._settled)
            rest = file.read()
        if rest:
            _append(self._aside_of, rest)
        self._path.unlink()
        self._aside_of = None


def _unreadable(path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(f"--replay: {path} cannot be read ({error.strerror}).")


def _read(line: bytes) -> Incoming:
    try:
        entry = json.loads(line, parse_float=Decimal)
        stream, record, what = entry["stream"], entry["event"], (entry["object"], entry["operation"])
    except (ValueError, TypeError, KeyError, RecursionError):
        text = line.decode(errors="replace").rstrip("\n")
        problem = RecordRejected("The line is no line of a rejects file.", code="INVALID_REJECTS_LINE")
        return Incoming("", text, problem=problem)
    place = entry.get("wish", 0)
    is_wish = all(isinstance(part, str) for part in what) and isinstance(place, int)
    return Incoming(
        stream or "",
        record,
        deleted=isinstance(record, dict) and bool(record.get("_sdc_deleted_at")),
        only=Wish(*what, place) if is_wish else None,
    )
