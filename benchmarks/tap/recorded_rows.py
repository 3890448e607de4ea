"""Rows as a local org once answered them, repeated with new Ids and dates up to any number.

A recording holds the rows of one SELECT as the bytes they had on the wire, the result's own order being that
of their Ids. Row ``n`` of the repeated rows is row ``n % len(rows)`` of the recording, with an Id and a
SystemModstamp of its own, both of which grow with ``n``. Only these bytes are put into a copy when a piece is
asked for: everything else is worked out when the recording is made.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

FIRST_DAY = date(2012, 1, 1)
"""The SystemModstamps of one repetition lie within one day; the first repetition's on this one."""

MOST_ROWS_RECORDED = 100_000
MOST_REPETITIONS = 5_000
"""So that no SystemModstamp comes near today's date."""

_DAY_MICROSECONDS = 86_400_000_000
_CLOCK = "SystemModstamp"
_ID_BODY = "Lo0"
_CELL = re.compile(rb'"((?:[^"]|"")*)"[,\n]')
_JSON_ID = re.compile(rb'"Id":"(\w{18})"')
_JSON_CLOCK = re.compile(rb'"SystemModstamp":"([^"]*)"')
_ROW_START = b'{"attributes":'


Span = tuple[int, int]


class NotRecordableError(Exception):
    """An answer of the org is not what a recording can be made of."""


class Timeline:
    """Which Id and which SystemModstamp a repeated row has, and the other way round.

    Args:
        key_prefix: The first three characters of the object's Ids.
        recorded: Rows of the recording.
    """

    def __init__(self, key_prefix: str, recorded: int) -> None:
        if not 0 < recorded <= MOST_ROWS_RECORDED:
            raise NotRecordableError(f"{recorded:,} rows cannot be repeated.")
        self.recorded = recorded
        self._id_start = key_prefix + _ID_BODY
        self._id_end = _checksum(self._id_start + "0" * 9)
        self._step = _DAY_MICROSECONDS // recorded

    def record_id(self, number: int) -> str:
        """The Id of a row: 18 characters, the last three of which are the checksum of the others."""
        repetition, row = divmod(number, self.recorded)
        return f"{self._id_start}{repetition:04d}{row:05d}{self._id_end}"

    def time_of_day(self, row: int) -> str:
        """When, on its repetition's day, a row of the recording was changed: ``hh:mm:ss.sss``."""
        moment = datetime.min + timedelta(microseconds=row * self._step)
        return moment.isoformat(timespec="milliseconds")[11:]

    def renewed(self, number: int, row: bytes, id_span: Span, clock_span: Span | None) -> bytes:
        """A recorded row with the Id, wherever it stands, and the SystemModstamp of the first repetition.

        Args:
            number: The row's number.
            row: Its bytes as they were recorded.
            id_span: Where in them the Id stands.
            clock_span: Where in them the SystemModstamp stands, if it does.
        """
        old_id = row[slice(*id_span)]
        if clock_span:
            start, end = clock_span
            clock = self.day(0) + b"T" + self.time_of_day(number).encode()
            row = row[:start] + clock + row[start + len(clock) : end] + row[end:]
        return row.replace(old_id, self.record_id(number).encode())

    def day(self, repetition: int) -> bytes:
        """The day of a repetition: ``yyyy-mm-dd``."""
        return (FIRST_DAY + timedelta(days=repetition)).isoformat().encode()

    def rows_up_to(self, moment: datetime, *, inclusive: bool) -> int:
        """How many rows have a SystemModstamp before a moment, or up to it."""
        start = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=timezone.utc)
        days, rest = divmod(moment - start, timedelta(days=1))
        millisecond = timedelta(milliseconds=1)
        milliseconds = rest // millisecond + 1 if inclusive else -(-rest // millisecond)
        within = -(-milliseconds * 1000 // self._step)
        return max(0, days * self.recorded + min(within, self.recorded))

    def rows_up_to_id(self, record_id: str, *, inclusive: bool) -> int:
        """How many rows have an Id before this one, or up to it."""
        digits = record_id.removeprefix(self._id_start)[:9].ljust(9, "0")
        if not record_id.startswith(self._id_start) or not digits.isdigit():
            return 0 if record_id < self._id_start else MOST_REPETITIONS * self.recorded
        return int(digits[:4]) * self.recorded + min(int(digits[4:]) + inclusive, self.recorded)


class RecordedRows:
    """The rows of one recording, ready to be repeated.

    Args:
        timeline: Whose Ids and dates the repeated rows get.
        rows: Each row's bytes, with those of the first repetition in it.
        separator: What stands between two rows.
        head: What stands before the first row of a page, such as the CSV header.
    """

    def __init__(self, timeline: Timeline, rows: Sequence[bytes], separator: bytes, head: bytes) -> None:
        self.timeline = timeline
        self.head = head
        self.separator = separator
        self._starts = [0, *accumulate(len(row) + len(separator) for row in rows)]
        self._data = b"".join(row + separator for row in rows)
        self._prepared: list[bytearray] = []
        self._ids = _Places(timeline.record_id, 6, rows, self._starts)
        clock = f"{timeline.day(0).decode()}T"
        self._days = _Places(lambda row: clock + timeline.time_of_day(row), 0, rows, self._starts)

    def size(self, first: int, end: int) -> int:
        """The bytes of the rows from one number up to another, a separator after each."""
        return sum(
            self._starts[stop] - self._starts[start] for _, start, stop in self._repetitions(first, end)
        )

    def pieces(self, first: int, end: int) -> Iterator[memoryview]:
        """The bytes of the rows from one number up to another, a separator after each."""
        for repetition, start, stop in self._repetitions(first, end):
            if repetition < len(self._prepared):
                whole = memoryview(self._prepared[repetition])
                yield whole[self._starts[start] : self._starts[stop]]
            else:
                yield memoryview(self._repeated(repetition, start, stop))

    def prepare(self, rows: int) -> None:
        """Put the Ids and dates into so many rows now, and not when they are asked for."""
        count = -(-rows // self.timeline.recorded)
        self._prepared = [self._repeated(each, 0, self.timeline.recorded) for each in range(count)]

    def _repeated(self, repetition: int, start: int, stop: int) -> bytearray:
        base = self._starts[start]
        piece = bytearray(self._data[base : self._starts[stop]])
        if repetition:
            self._ids.fill(piece, base, start, stop, b"%04d" % repetition)
            self._days.fill(piece, base, start, stop, self.timeline.day(repetition))
        return piece

    def _repetitions(self, first: int, end: int) -> Iterator[tuple[int, int, int]]:
        recorded = self.timeline.recorded
        while first < end:
            repetition, start = divmod(first, recorded)
            stop = min(recorded, start + end - first)
            yield repetition, start, stop
            first += stop - start


class _Places:
    """Where in the rows a text stands of which some characters change with the repetition."""

    def __init__(
        self, text_of: Callable[[int], str], skip: int, rows: Sequence[bytes], starts: Sequence[int]
    ) -> None:
        self._places: list[int] = []
        self._first_of_row = [0]
        for number, row in enumerate(rows):
            text = text_of(number).encode()
            at = row.find(text)
            while at >= 0:
                self._places.append(starts[number] + at + skip)
                at = row.find(text, at + len(text))
            self._first_of_row.append(len(self._places))

    def fill(self, piece: bytearray, base: int, start: int, stop: int, characters: bytes) -> None:
        length = len(characters)
        for place in self._places[self._first_of_row[start] : self._first_of_row[stop]]:
            piece[place - base : place - base + length] = characters


def of_csv(content: bytes) -> RecordedRows:
    """A recording of a bulk result: a header line, then every value in quotes.

    Raises:
        NotRecordableError: It is not of this form, has no rows, or lacks the Id.
    """
    end_of_head = content.index(b"\n") + 1
    names = [match[1].decode() for match in _CELL.finditer(content, 0, end_of_head)]
    if "Id" not in names:
        raise NotRecordableError("A recording needs the Id of each row.")
    id_at, clock_at = names.index("Id"), names.index(_CLOCK) if _CLOCK in names else None
    cells = [match.span(1) for match in _CELL.finditer(content, end_of_head)]
    width = len(names)
    if len(cells) % width or not cells:
        raise NotRecordableError("The CSV has rows of different widths, or none.")
    rows = [cells[at : at + width] for at in range(0, len(cells), width)]
    key_prefix = content[rows[0][id_at][0] :][:3].decode()
    timeline = Timeline(key_prefix, len(rows))
    made = []
    for number, row in enumerate(rows):
        start, end = row[0][0] - 1, row[-1][1] + 1
        id_span, clock_span = (
            (row[at][0] - start, row[at][1] - start) if at is not None else None for at in (id_at, clock_at)
        )
        assert id_span is not None
        made.append(timeline.renewed(number, content[start:end], id_span, clock_span))
    return RecordedRows(timeline, made, b"\n", content[:end_of_head])


def of_json(records: Sequence[bytes]) -> RecordedRows:
    """A recording of a query's rows, each as JSON text.

    Raises:
        NotRecordableError: There are none, or they lack the Id.
    """
    made: list[bytes] = []
    timeline = None
    for number, row in enumerate(records):
        found = _JSON_ID.search(row)
        if found is None:
            raise NotRecordableError("A recording needs the Id of each row.")
        timeline = timeline or Timeline(found[1][:3].decode(), len(records))
        clock = _JSON_CLOCK.search(row)
        made.append(timeline.renewed(number, row, found.span(1), clock.span(1) if clock else None))
    if timeline is None:
        raise NotRecordableError("The query found no rows to record.")
    return RecordedRows(timeline, made, b",", b"")


def json_records(page: bytes) -> list[bytes]:
    """The records of a page of a query, each as the text it has there."""
    start = page.index(b'"records":[') + len(b'"records":[')
    first, *others = page[start : page.rindex(b"]")].split(b"," + _ROW_START)
    return [first, *(_ROW_START + each for each in others)] if first else []


def _checksum(id15: str) -> str:
    """The last three characters of an Id of 18, which tell which of the others are upper case."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    return "".join(
        letters[sum(id15[chunk + bit].isupper() << bit for bit in range(5))] for chunk in (0, 5, 10)
    )
