"""The compiled way from Bulk API 2.0 results to RECORD lines, where ``csv_lines.c`` could be compiled.

How a line is put together becomes a list of steps here, which the library carries out row by row without
holding Python's lock. It stops before what it does not know to be plain; Python's own way goes on there.
"""

from __future__ import annotations

import ctypes
import logging
import os
from contextlib import contextmanager
from functools import cache
from itertools import starmap
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from salesforce_seg import fields, read_values
from tap_salesforce_seg.json_texts import NULL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

logger = logging.getLogger("tap-salesforce-seg.csv-lines")

LIBRARY = Path(__file__).with_name("_csv_lines.so")
"""Where ``hatch_build.py`` puts it."""

ONLY_PYTHON = "SALESFORCE_SEG_PURE"
"""The environment variable that turns the library off, if it is not empty."""

ROOM = 256 * 1024
"""Bytes of lines that are made at once: so little that they stay in a processor's cache. What does not fit,
as a row of several long text areas, is left to Python."""

_PIECE, _CELL, _IF_GIVEN, _IF_TRUE, _GO_TO = range(5)

_KINDS = {
    read_values.cell_text: 0,
    read_values.boolean_value: 1,
    read_values.number_value: 2,
    read_values.datetime_value: 3,
    read_values.time_value: 4,
}
"""What a cell is, by the core's reader of its type."""

_BOOLEAN, _MOMENT = _KINDS[read_values.boolean_value], _KINDS[read_values.datetime_value]


class _Step(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int32) for name in ("action", "start", "size")]


class _Layout(ctypes.Structure):
    _fields_ = [
        ("kinds", ctypes.c_char_p),
        ("steps", ctypes.POINTER(_Step)),
        ("pieces", ctypes.c_char_p),
        ("pieces_size", ctypes.c_uint64),
        *((name, ctypes.c_int32) for name in ("width", "steps_count", "id", "clock")),
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


@cache
def library() -> Any:
    """The compiled encoder; None where there is none that fits, or Python's own way is asked for."""
    if os.environ.get(ONLY_PYTHON):
        logger.debug("Bulk API 2.0 results are encoded by Python, as %s asks for.", ONLY_PYTHON)
        return None
    try:
        encode_rows = load(LIBRARY)
    except (OSError, AttributeError) as error:
        logger.debug("Bulk API 2.0 results are encoded by Python: %s", error)
        return None
    logger.debug("Bulk API 2.0 results are encoded by compiled code.")
    return encode_rows


def load(path: Path) -> Any:
    """The function of a library.

    Raises:
        OSError: There is none, or it is for another system.
        AttributeError: It was compiled of another state of ``csv_lines.c``.
    """
    encode_rows = ctypes.CDLL(str(path)).encode_rows_1
    encode_rows.argtypes = [
        ctypes.POINTER(_Layout),
        ctypes.c_char_p,
        ctypes.c_uint64,
        ctypes.POINTER(_Part),
    ]
    encode_rows.restype = ctypes.c_int32
    return encode_rows


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


class NotPlainError(LookupError):
    """The library does not know this kind of column."""


class LineSteps:
    """How a row of a result becomes a line, step by step.

    Args:
        types: The Salesforce types of the cells by field, in the header's order.

    Raises:
        NotPlainError: There is no Id, or a type is none that the library knows.
    """

    def __init__(self, types: Mapping[str, str]) -> None:
        self._cells = {name: index for index, name in enumerate(types)}
        try:
            self._id = self._cells["Id"]
            self._kinds = bytes(_KINDS[fields.csv_reader(kind)] for kind in types.values())
        except KeyError as error:
            raise NotPlainError(error) from None
        self._steps: list[list[int]] = []
        self._pieces = b""

    def piece(self, text: bytes) -> None:
        """Write text that is the same in each line."""
        self._steps.append([_PIECE, len(self._pieces), len(text)])
        self._pieces += text

    def cell(self, name: str) -> None:
        """Write the value of a field.

        Raises:
            NotPlainError: The result does not have it; this goes for the other steps, too.
        """
        self._steps.append([_CELL, self._index(name), 0])

    @contextmanager
    def if_any_given(self, names: Iterable[str]) -> Iterator[None]:
        """The steps taken within hold if one of these cells is not empty; else null is written."""
        yield from self._if([[_IF_GIVEN, self._index(name), 0] for name in names])

    @contextmanager
    def if_true(self, name: str) -> Iterator[None]:
        """The steps taken within hold if a boolean is true; else null is written."""
        if self._kinds[self._index(name)] != _BOOLEAN:
            raise NotPlainError(name)
        yield from self._if([[_IF_TRUE, self._index(name), 0]])

    def _if(self, conditions: Sequence[list[int]]) -> Iterator[None]:
        otherwise = [_GO_TO, 0, 0]
        self._steps += conditions
        self.piece(NULL)
        self._steps.append(otherwise)
        for condition in conditions:
            condition[2] = len(self._steps)
        yield
        otherwise[2] = len(self._steps)

    def _index(self, name: str) -> int:
        if name not in self._cells:
            raise NotPlainError(name)
        return self._cells[name]

    def encoder(self, encode_rows: Any, end: bytes, late: tuple[str, bytes] | None = None) -> Encoder:
        """What carries the steps out.

        Args:
            encode_rows: The library's function.
            end: How each line ends.
            late: Rows are left out whose field, a date-time, says this moment (``2026-01-31T23:59:59``) or
                later.

        Raises:
            NotPlainError: That field is no date-time.
        """
        clock, moment = -1, b""
        if late and late[0] in self._cells:
            clock, moment = self._cells[late[0]], late[1]
            if self._kinds[clock] != _MOMENT:
                raise NotPlainError(late[0])
        steps = (_Step * len(self._steps))(*starmap(_Step, self._steps))
        layout = _Layout(self._kinds, steps, self._pieces, len(self._pieces))
        layout.width, layout.steps_count = len(self._kinds), len(steps)
        layout.id, layout.clock = self._id, clock
        layout.late, layout.late_size = moment, len(moment)
        layout.end, layout.end_size = end, len(end)
        return Encoder(encode_rows, layout)


class Encoder:
    """Turns rows of a page into lines.

    Args:
        encode_rows: The library's function.
        layout: How.
    """

    def __init__(self, encode_rows: Any, layout: _Layout) -> None:
        self._encode_rows = encode_rows
        self._layout = layout
        self._lines = ctypes.create_string_buffer(ROOM)
        self._ids = ctypes.create_string_buffer(
            ROOM // 8
        )  # a line is more than eight times as long as its Id

    def encode(self, page: bytes, start: int) -> Lines:
        """As many rows as are plain and fit at once; it may be none.

        Args:
            page: UTF-8 CSV.
            start: Where in it the first row begins.
        """
        part = _Part(ctypes.addressof(self._lines), ctypes.addressof(self._ids))
        part.lines_room, part.ids_room, part.at = len(self._lines), len(self._ids), start
        if self._encode_rows(self._layout, page, len(page), part):
            raise MemoryError
        lines, ids = memoryview(self._lines), memoryview(self._ids)
        return Lines(
            bytes(lines[: part.lines_size]), part.rows, bytes(ids[: part.ids_size]), part.late_rows, part.at
        )
