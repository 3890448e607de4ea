"""The compiled way from pages to RECORD lines, where ``csv_lines.c`` and ``json_lines.c`` could be compiled.

The library carries out the steps of ``line_steps.py`` row by row without holding Python's lock. It stops
before what it does not know to be plain; Python's own way goes on there.
"""

from __future__ import annotations

import ctypes
import logging
import os
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from salesforce_seg import query_answers

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger("tap-salesforce-seg.lines")

LIBRARY = Path(__file__).with_name("_lines.so")
"""Where ``hatch_build.py`` puts it."""

ONLY_PYTHON = "SALESFORCE_SEG_PURE"
"""The environment variable that turns the library off, if it is not empty."""

ROOM = 1024 * 1024
"""Bytes of lines that are made at once: room for what a piece of a page becomes, as whatever passes from one
thread to another waits for the other to wake. What does not fit, as a row of several long text areas, is left
to Python."""


class Step(ctypes.Structure):
    """One step, as ``line_steps.h`` has it."""

    _fields_ = [(name, ctypes.c_int32) for name in ("action", "start", "size")]


class Member(ctypes.Structure):
    """A member of a JSON record."""

    _fields_ = [(name, ctypes.c_int32) for name in ("name", "name_size", "cell", "first", "parts")]


class Layout(ctypes.Structure):
    """What holds for all rows of a page."""

    _fields_ = [
        ("kinds", ctypes.c_char_p),
        ("steps", ctypes.POINTER(Step)),
        ("pieces", ctypes.c_char_p),
        ("members", ctypes.POINTER(Member)),
        ("pieces_size", ctypes.c_uint64),
        *(
            (name, ctypes.c_int32)
            for name in ("width", "steps_count", "members_count", "all_members_count", "id", "clock")
        ),
        ("late", ctypes.c_char_p),
        ("late_size", ctypes.c_uint64),
        ("end", ctypes.c_char_p),
        ("end_size", ctypes.c_uint64),
    ]


class _Part(ctypes.Structure):
    _fields_ = [
        ("lines", ctypes.c_void_p),
        ("ids", ctypes.c_void_p),
        *(
            (name, ctypes.c_uint64)
            for name in ("lines_room", "ids_room", "at", "lines_size", "ids_size", "rows", "late_rows")
        ),
    ]


class Library(NamedTuple):
    """The library's functions.

    Attributes:
        encode_rows: Encodes rows of a Bulk API 2.0 result.
        encode_records: Encodes records of a REST answer.
        end_of_row: ``csv_cells.end_of_row``.
        is_utf8: Whether so many bytes are UTF-8.
    """

    encode_rows: Any
    encode_records: Any
    end_of_row: Any
    is_utf8: Any


@cache
def library() -> Library | None:
    """The compiled encoders; None where there are none that fit, or Python's own way is asked for."""
    if os.environ.get(ONLY_PYTHON):
        logger.debug("Rows are encoded by Python, as %s asks for.", ONLY_PYTHON)
        return None
    try:
        found = load(LIBRARY)
    except (OSError, AttributeError) as error:
        logger.debug("Rows are encoded by Python: %s", error)
        return None
    logger.debug("Rows are encoded by compiled code.")
    return found


def load(path: Path) -> Library:
    """The functions of a library.

    Raises:
        OSError: There is none, or it is for another system.
        AttributeError: It was compiled of another state of its source.
    """
    loaded = ctypes.CDLL(str(path))
    found = Library(loaded.encode_rows_2, loaded.encode_records_2, loaded.end_of_row_2, loaded.is_utf8_2)
    found.end_of_row.argtypes = [ctypes.c_char_p, *[ctypes.c_uint64] * 3]
    found.end_of_row.restype = ctypes.c_uint64
    found.is_utf8.argtypes = [ctypes.c_char_p, ctypes.c_uint64]
    found.is_utf8.restype = ctypes.c_int32
    for function in (found.encode_rows, found.encode_records):
        function.argtypes = [
            ctypes.POINTER(Layout),
            ctypes.c_char_p,
            ctypes.c_uint64,
            ctypes.POINTER(_Part),
        ]
        function.restype = ctypes.c_int32
    return found


def is_utf8(text: bytes) -> bool:
    """Whether bytes are UTF-8; compiled code tells it without holding Python's lock."""
    found = library()
    return query_answers.is_utf8(text) if found is None else bool(found.is_utf8(text, len(text)))


class Lines(NamedTuple):
    """What became of some rows.

    Attributes:
        lines: Whole lines.
        rows: How many.
        ids: The rows' Ids, with a space behind each.
        late_rows: How many rows were left out as too late.
        end: Where in the page the first row begins that was not read.
    """

    lines: bytes
    rows: int
    ids: bytes
    late_rows: int
    end: int


class _Room(threading.local):
    """Where a thread's calls put what they make, whatever the page."""

    def __init__(self) -> None:
        self.lines = ctypes.create_string_buffer(ROOM)
        self.ids = ctypes.create_string_buffer(ROOM // 8)  # lines are more than eight times as long as Ids


_room = _Room()


class Encoder:
    """Turns rows of a page into lines; several threads may use it.

    Args:
        encode: The library's function.
        layout: How.
    """

    def __init__(self, encode: Any, layout: Layout) -> None:
        self._encode = encode
        self._layout = layout

    def encode(self, page: bytes, start: int) -> Lines:
        """As many rows as are plain and fit at once; it may be none.

        Args:
            page: UTF-8 CSV, or JSON records with a line feed behind each.
            start: Where in it the first row begins.
        """
        room = _room
        part = _Part(ctypes.addressof(room.lines), ctypes.addressof(room.ids))
        part.lines_room, part.ids_room, part.at = len(room.lines), len(room.ids), start
        if self._encode(self._layout, page, len(page), part):
            raise MemoryError
        lines, ids = memoryview(room.lines), memoryview(room.ids)
        return Lines(
            bytes(lines[: part.lines_size]), part.rows, bytes(ids[: part.ids_size]), part.late_rows, part.at
        )

    def encode_all(self, page: bytes) -> Iterator[Lines]:
        """The rows of a page up to the first one that is not plain, as many at a time as fit."""
        made = self.encode(page, 0)
        while made.rows:
            yield made
            made = self.encode(page, made.end)
