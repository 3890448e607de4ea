"""How a row becomes a RECORD line, told to the compiled code step by step."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import starmap
from typing import TYPE_CHECKING, Any

from salesforce_seg import fields, read_values
from salesforce_seg.exact_json import encode_json
from salesforce_seg.read_values import COMPOUND_KEYS, LOCATION_KEYS
from tap_salesforce_seg.compiled import Encoder, Layout, Member, Step
from tap_salesforce_seg.json_texts import NULL

if TYPE_CHECKING:
    import ctypes
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_PIECE, _CELL, _IF_GIVEN, _IF_TRUE, _GO_TO = range(5)

(
    _TEXT,
    _BOOLEAN,
    _NUMBER,
    _MOMENT,
    _TIME,
    _JSON_TEXT,
    _JSON_PART,
    _JSON_MOMENT,
    _JSON_TIME,
) = range(9)

_CSV_KINDS: dict[Any, int] = {
    read_values.cell_text: _TEXT,
    read_values.boolean_value: _BOOLEAN,
    read_values.number_value: _NUMBER,
    read_values.datetime_value: _MOMENT,
    read_values.time_value: _TIME,
}
"""What a cell of a Bulk API 2.0 result is, by the core's reader of its type."""

_JSON_KINDS: dict[Any, int] = {
    None: _JSON_TEXT,
    read_values.text_value: _JSON_TEXT,
    read_values.number_value: _NUMBER,
    read_values.datetime_value: _JSON_MOMENT,
    read_values.time_value: _JSON_TIME,
}
"""The same for a value of a REST answer."""


class NotPlainError(LookupError):
    """The library does not know this kind of column."""


def csv_kinds(types: Mapping[str, str]) -> dict[str, int]:
    """What the cells of a Bulk API 2.0 result are.

    Args:
        types: Their Salesforce types by field, in the header's order.

    Raises:
        NotPlainError: A type is none that the library knows.
    """
    try:
        return {name: _CSV_KINDS[fields.csv_reader(kind)] for name, kind in types.items()}
    except KeyError as error:
        raise NotPlainError(error) from None


def json_kinds(types: Mapping[str, str]) -> dict[str, int]:
    """What the values of a REST record are; those of an address or a location are ``Field.key``.

    Args:
        types: The Salesforce types by field.

    Raises:
        NotPlainError: A type is none that the library knows.
    """
    kinds: dict[str, int] = {}
    for name, kind in types.items():
        if kind in COMPOUND_KEYS:
            kinds |= {
                f"{name}.{key}": _NUMBER if key in LOCATION_KEYS else _JSON_PART
                for key in COMPOUND_KEYS[kind]
            }
        elif kind == "boolean":
            kinds[name] = _BOOLEAN
        else:
            try:
                kinds[name] = _JSON_KINDS[fields.rest_reader(kind)]
            except KeyError as error:
                raise NotPlainError(error) from None
    return kinds


class LineSteps:
    """How a row becomes a line, step by step.

    Args:
        kinds: What the cells are, by name and in their order: :func:`csv_kinds` or :func:`json_kinds`.

    Raises:
        NotPlainError: There is no Id.
    """

    def __init__(self, kinds: Mapping[str, int]) -> None:
        self._cells = {name: index for index, name in enumerate(kinds)}
        self._id = self._index("Id")
        self._kinds = bytes(kinds.values())
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

    def encoder(self, encode: Any, end: bytes, late: tuple[str, bytes] | None = None) -> Encoder:
        """What carries the steps out.

        Args:
            encode: The library's function.
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
        steps = (Step * len(self._steps))(*starmap(Step, self._steps))
        members, members_count = self._members()
        layout = Layout(self._kinds, steps, self._pieces, members, len(self._pieces))
        layout.width, layout.steps_count = len(self._kinds), len(steps)
        layout.members_count, layout.all_members_count = members_count, len(members)
        layout.id, layout.clock = self._id, clock
        layout.late, layout.late_size = moment, len(moment)
        layout.end, layout.end_size = end, len(end)
        return Encoder(encode, layout)

    def _members(self) -> tuple[ctypes.Array[Member], int]:
        """The members of a JSON record, those of its objects behind them, and how many it has of its own."""
        record: dict[str, list[str]] = {}
        for cell in self._cells:
            name, _, part = cell.partition(".")
            record.setdefault(name, []).extend([part] if part else [])
        first, members = len(record), []
        for name, parts in record.items():
            members.append(self._member(name, -1 if parts else self._cells[name], first, len(parts)))
            first += len(parts)
        for name, parts in record.items():
            members += [self._member(part, self._cells[f"{name}.{part}"]) for part in parts]
        return (Member * len(members))(*members), len(record)

    def _member(self, name: str, cell: int, first: int = 0, parts: int = 0) -> Member:
        start, text = len(self._pieces), encode_json(name) + b":"
        self._pieces += text
        return Member(start, len(text), cell, first if parts else 0, parts)
