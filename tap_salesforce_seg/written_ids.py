"""Which rows of a read are on stdout already, for when it must begin anew in another order."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from os import SEEK_END
from typing import IO, TYPE_CHECKING

from tap_salesforce_seg.id_set import IdSet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_salesforce_seg.pages import Page

ID_LENGTH = 18


class WrittenIds:
    """Notes Ids in a file without a name; they are looked through only when a row might come twice."""

    def __init__(self) -> None:
        self._notes: IO[bytes] | None = None
        self._index: IdSet | None = None
        self._indexed = 0

    def note(self, ids: bytes) -> None:
        """Note the Ids of rows that have been written, 18 characters each."""
        if ids:
            self._notes = self._notes or tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as this
            self._notes.write(ids)

    def without_them(self, page: Page) -> Page:
        """A page by REST without the rows that have been noted; any other page as it is."""
        if self._notes is None or isinstance(page.raw, bytes):
            return page
        self._index = self._index or IdSet()
        self._index.add(self._new_notes())
        known = self._index.among(row["Id"] for row in page.raw)
        new = [row for row in page.raw if row["Id"] not in known]
        return replace(page, raw=new, rows=len(new))

    def _new_notes(self) -> Iterator[str]:
        assert self._notes is not None
        self._notes.seek(self._indexed)
        while each := self._notes.read(ID_LENGTH):
            self._indexed += ID_LENGTH
            yield each.decode()
        self._notes.seek(0, SEEK_END)
