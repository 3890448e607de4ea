"""Which rows of a read are on stdout already, for when it must begin anew in another order."""

from __future__ import annotations

import sqlite3
import tempfile
from dataclasses import replace
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_salesforce_seg.pages import Page

ID_LENGTH = 18
_IDS_A_QUESTION = 500


class WrittenIds:
    """Notes Ids in a file without a name; they are looked through only when a row might come twice."""

    def __init__(self) -> None:
        self._notes: IO[bytes] | None = None
        self._index: sqlite3.Connection | None = None

    def note(self, ids: Iterable[str]) -> None:
        """Note the Ids of rows that have been written."""
        text = "".join(ids).encode()
        if text:
            self._notes = self._notes or tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as this
            self._notes.write(text)

    def without_them(self, page: Page) -> Page:
        """A page by REST without the rows that have been noted; any other page as it is."""
        if self._notes is None or isinstance(page.raw, bytes):
            return page
        known = self._known([row["Id"] for row in page.raw])
        new = [row for row in page.raw if row["Id"] not in known]
        return replace(page, raw=new, rows=len(new))

    def _known(self, ids: list[str]) -> set[str]:
        if self._index is None:
            self._index = sqlite3.connect("")  # a temporary file that is gone with the connection
            self._index.execute("CREATE TABLE written (id TEXT PRIMARY KEY) WITHOUT ROWID")
            self._index.executemany("INSERT OR IGNORE INTO written VALUES (?)", self._noted())
        known: set[str] = set()
        for at in range(0, len(ids), _IDS_A_QUESTION):
            some = ids[at : at + _IDS_A_QUESTION]
            marks = ",".join("?" * len(some))
            found = self._index.execute(f"SELECT id FROM written WHERE id IN ({marks})", some)  # noqa: S608
            known.update(each for (each,) in found)
        return known

    def _noted(self) -> Iterator[tuple[str]]:
        assert self._notes is not None
        self._notes.seek(0)
        while each := self._notes.read(ID_LENGTH):
            yield (each.decode(),)
