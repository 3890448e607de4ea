"""Which records of an object a loader may have: their Ids, in files of the user's own folder.

A file's name is the start of the run that wrote it. A run notes the Ids of the rows that it writes
(``.new``), before the state says that they are out; a sweep notes the Ids of all rows there are (``.all``).

Nothing is forgotten before a loader has confirmed it: a sweep's file counts as the beginning only once a
state comes back that was written after it. Until then the older files count too, and the same deletes are
told again. An Id that is known without need does no harm: Salesforce never gives an Id twice, so one that is
known and not there any more was removed.
"""

from __future__ import annotations

import gzip
import os
import zlib
from typing import TYPE_CHECKING

from salesforce_seg import soql
from salesforce_seg.errors import ConfigurationError, RunFailed
from tap_salesforce_seg.id_set import IdSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from salesforce_seg.session import Session

MOST_FILES = 50
"""So many are put together into one."""

_NEW, _ALL, _BEING_WRITTEN = ".new.gz", ".all.gz", ".part"


class KnownIds:
    """The known Ids of one object.

    Args:
        folder: Where the files are; made when the first is written.
        run_started_at: When this run began.
        confirmed: When the last sweep took place that the run's state knows of; None for none.
    """

    def __init__(self, folder: Path, run_started_at: datetime, confirmed: datetime | None) -> None:
        self._folder = folder
        self._stamp = _stamp(run_started_at)
        self._confirmed = _stamp(confirmed) if confirmed else ""

    @property
    def _files(self) -> list[Path]:
        """The files that count, oldest first."""
        files = sorted(each for each in self._folder.glob("*.gz") if each.name.endswith((_NEW, _ALL)))
        return [each for each in files if _stamp_of(each) >= self._beginning(files)]

    def _beginning(self, files: Iterable[Path]) -> str:
        sweeps = [_stamp_of(each) for each in files if each.name.endswith(_ALL)]
        return max((stamp for stamp in sweeps if stamp <= self._confirmed), default="")

    def __bool__(self) -> bool:
        """Whether anything is known from before this run."""
        return any(_stamp_of(each) < self._stamp for each in self._files)

    def __iter__(self) -> Iterator[str]:
        """The known Ids, some more than once."""
        for file in self._files:
            yield from _ids_in(file)

    def note(self, ids: Iterable[str]) -> None:
        """Add Ids, in one write, so that a run which is killed leaves no half of it.

        Raises:
            ConfigurationError: The file cannot be written.
        """
        text = "".join(f"{each}\n" for each in ids)
        if not text:
            return
        make_folder(self._folder)
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            file = os.open(self._folder / (self._stamp + _NEW), flags, 0o600)
            with os.fdopen(file, "ab", buffering=0) as stream:
                stream.write(gzip.compress(text.encode(), 1))
        except OSError as error:
            raise _cannot_be_written(self._folder, error) from None

    def replace(self, ids: IdSet) -> None:
        """Write what a sweep has found; the file is whole or not there.

        Raises:
            ConfigurationError: The file cannot be written.
        """
        part = self._folder / (self._stamp + _BEING_WRITTEN)
        make_folder(self._folder)
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                with gzip.open(file, "wt", compresslevel=4, encoding="ascii") as lines:
                    lines.writelines(f"{each}\n" for each in ids)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._folder / (self._stamp + _ALL))
        except OSError as error:
            raise _cannot_be_written(self._folder, error) from None

    def tidy(self) -> None:
        """Remove files that count no more; put many into one."""
        counting = self._files
        for file in set(self._folder.glob("*.gz")) - set(counting):
            file.unlink(missing_ok=True)
        if len(counting) > MOST_FILES:
            self.replace(IdSet(self))
            for file in counting:
                if _stamp_of(file) < self._stamp or file.name.endswith(_NEW):
                    file.unlink(missing_ok=True)


def folder_of_org(session: Session, folder: Path) -> Path:
    """The org's own folder, as Ids of another org must never be compared with.

    Args:
        session: The connection to the org.
        folder: The user's, for all orgs.

    Raises:
        RunFailed: Salesforce does not tell the org's Id.
    """
    found = session.call_json("GET", "query", params={"q": soql.select(["Id"], "Organization")})["records"]
    if not found:
        raise RunFailed(
            "Salesforce does not tell the org's Id, by which sweep_ids keeps the known Ids of orgs apart. "
            "Run again, or set sweep_ids to never."
        )
    return folder / str(found[0]["Id"])


def make_folder(folder: Path) -> None:
    """Make a folder for known Ids and those above it that are ours, for their owner alone.

    Raises:
        ConfigurationError: It cannot be made.
    """
    try:
        for each in (*reversed(folder.parents[:2]), folder):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_be_written(folder, error) from None


def _cannot_be_written(folder: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"known_ids_path: a file in {folder} cannot be written: {error.strerror}. "
        "Give a folder that the tap may write to, or set sweep_ids to never."
    )


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")


def _stamp_of(file: Path) -> str:
    return file.name.partition(".")[0]


def _ids_in(file: Path) -> Iterator[str]:
    """The Ids in a file, up to where a run was killed that added to it: nothing that came later was told.

    Raises:
        ConfigurationError: It is damaged.
    """
    is_whole = file.name.endswith(_ALL)
    if is_whole and not file.stat().st_size:
        raise _is_damaged(file)
    try:
        with gzip.open(file, "rt", encoding="ascii") as lines:
            yield from (line.rstrip("\n") for line in lines)
    except EOFError:
        if is_whole:
            raise _is_damaged(file) from None
    except (gzip.BadGzipFile, zlib.error, ValueError):
        raise _is_damaged(file) from None


def _is_damaged(file: Path) -> ConfigurationError:
    return ConfigurationError(
        f"known_ids_path: {file} is damaged. Remove it; of what was in no other file, deletes since then are "
        "not told."
    )
