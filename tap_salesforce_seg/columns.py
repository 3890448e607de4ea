"""Whole columns at a time: what ``salesforce_seg.fields`` does to one value, without a call for each.

Each function here gives, for every value, exactly what the core's reader of that type gives; the usual forms
are recognised in place, and whatever else comes goes to the core's reader.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from salesforce_seg import fields, read_values

Values = Sequence[Any]
ColumnReader = Callable[[Values], Values]

_MOST = 10**15
_BOOLEANS = {"true": True, "false": False, "": None}


def rest_column_reader(type_name: str, *, snake_case: bool) -> ColumnReader | None:
    """How a column of a REST answer becomes Singer values; None when it already is."""
    read = fields.rest_reader(type_name, snake_case=snake_case)
    if read is None:
        return None
    if read is read_values.datetime_value:
        return _rest_moments
    if read is read_values.number_value:
        return _rest_numbers
    return lambda values: [None if value is None else read(value) for value in values]


def csv_column_reader(type_name: str) -> ColumnReader:
    """How a column of a Bulk API 2.0 result becomes the same Singer values."""
    read = fields.csv_reader(type_name)
    fast = _CSV_COLUMNS.get(read)

    def read_column(cells: Values) -> Values:
        if not any(cells):
            return [None] * len(cells)
        return fast(cells) if fast else [read(cell) for cell in cells]

    return read_column


def compound_column(type_name: str, parts: Mapping[str, Values], *, snake_case: bool) -> Values:
    """A column of addresses or locations, from the columns of their parts.

    Args:
        type_name: ``address`` or ``location``.
        parts: Singer values by the key of the compound object, in REST's spelling.
        snake_case: Whether the keys are spelled ``postal_code`` in the result.
    """
    read = fields.rest_reader(type_name, snake_case=snake_case)
    keys = tuple(parts)
    nothing = (None,) * len(keys)
    return [
        None if values == nothing or read is None else read(dict(zip(keys, values, strict=True)))
        for values in zip(*parts.values(), strict=True)
    ]


def _rest_moments(values: Values) -> Values:
    read = read_values.datetime_value
    return [value and (value[:23] + "Z" if value[19:] == ".000+0000" else read(value)) for value in values]


def _rest_numbers(values: Values) -> Values:
    read = read_values.number_value
    return [value if value is None or _is_plain(value) else read(value) for value in values]


def _is_plain(value: Any) -> bool:
    return type(value) is int and -_MOST < value < _MOST


def _csv_texts(cells: Values) -> Values:
    return [cell or None for cell in cells]


def _csv_booleans(cells: Values) -> Values:
    read = read_values.boolean_value
    return [_BOOLEANS[cell] if cell in _BOOLEANS else read(cell) for cell in cells]


def _csv_moments(cells: Values) -> Values:
    read = read_values.datetime_value
    return [cell if cell[19:] == ".000Z" else read(cell) for cell in cells]


def _csv_numbers(cells: Values) -> Values:
    read = read_values.number_value
    return [
        int(cell) if len(cell) < 16 and cell.isdigit() and cell.isascii() else read(cell) for cell in cells
    ]


_CSV_COLUMNS: dict[Callable[[str], Any], ColumnReader] = {
    read_values.cell_text: _csv_texts,
    read_values.boolean_value: _csv_booleans,
    read_values.datetime_value: _csv_moments,
    read_values.number_value: _csv_numbers,
}
