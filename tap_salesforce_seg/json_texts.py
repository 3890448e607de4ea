"""Columns of values as JSON text: what ``salesforce_seg.fields`` does to one value, without a call for each.

Each function here gives, for every value, exactly what the core's reader of that type gives; the usual forms
are recognised in the whole column at once, and in a column where another form stands, each cell that has one
goes to the core's reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from salesforce_seg import fields, read_values
from salesforce_seg.exact_json import decode_json, encode_json
from salesforce_seg.numbers import plain_number

if TYPE_CHECKING:
    from collections.abc import Iterable

Cells = Sequence[bytes | msgspec.Raw]
"""One for each row."""

Pieces = list["bytes | Cells"]
"""What makes up a value in a line: bytes that are the same in each line, and cells, in their order."""

NULL, QUOTE = b"null", b'"'

_WHOLE = r"-?[1-9][0-9]{0,17}(?:\.0)?"
_BROKEN = r"-?[1-9][0-9]*\.[0-9]*[1-9]|-?0\.(?!000)[0-9]*[1-9]"
_NUMBER = re.compile(rf"(?:{_WHOLE}|{_BROKEN}|0(?:\.0)?)?".encode())
"""Numbers that our own JSON has the same digits for, but without ``.0``."""

_NUMBERS = re.compile(rb"(?:(?:" + _NUMBER.pattern + rb"),)*")
_CSV_MOMENTS = re.compile(rb"(?:[-0-9T:]{19}\.000Z)*")
_REST_MOMENTS = re.compile(rb'(?:(?:"[-0-9T:]{19}\.000\+0000"|null),)*')
_BOOLEANS = {b"true": b"true", b"false": b"false", b"": NULL}


def csv_pieces(type_name: str, cells: Sequence[bytes]) -> Pieces:
    """A column of a Bulk API 2.0 result.

    Args:
        type_name: The field's Salesforce type.
        cells: As ``csv_cells`` gives them.

    Raises:
        ValueError: A cell cannot be one of this type.
    """
    if not any(cells):
        return [NULL]
    read = fields.csv_reader(type_name)
    return _CSV.get(read, _csv_one_by_one)(cells, read)


def rest_pieces(type_name: str, cells: Cells) -> Pieces:
    """The same column in a REST answer.

    Args:
        type_name: The field's Salesforce type.
        cells: The values as JSON.

    Raises:
        ValueError: A value cannot be one of this type.
    """
    joined = b"".join(cells)
    if joined == NULL * len(cells):
        return [NULL]
    read = fields.rest_reader(type_name)
    if read is None:
        return [_encoded_anew(cells) if _has_unusual_escapes(joined) else cells]
    return _REST.get(read, _rest_one_by_one)(cells, read)


Reader = Callable[[Any], Any]


def _csv_texts(cells: Sequence[bytes], _: Reader) -> Pieces:
    return _quoted(cells)


def _csv_booleans(cells: Sequence[bytes], read: Reader) -> Pieces:
    try:
        return [list(map(_BOOLEANS.__getitem__, cells))]
    except KeyError:
        return _csv_one_by_one(cells, read)


def _csv_moments(cells: Sequence[bytes], read: Reader) -> Pieces:
    if _CSV_MOMENTS.fullmatch(b"".join(cells)) is None:
        cells = [read(cell.decode()).encode() if cell else b"" for cell in cells]
    return _quoted(cells)


def _csv_numbers(cells: Sequence[bytes], _: Reader) -> Pieces:
    return [_numbers(b",".join(cells) + b",")]


def _csv_one_by_one(cells: Sequence[bytes], read: Reader) -> Pieces:
    def value(cell: bytes) -> bytes:
        return encode_json(read(msgspec.json.decode(b'"' + cell.replace(b"\n", b"\\n") + b'"')))

    return [[value(cell) if cell else NULL for cell in cells]]


def _rest_moments(cells: Cells, read: Reader) -> Pieces:
    joined = b",".join(cells) + b","
    if _REST_MOMENTS.fullmatch(joined) is None:
        return _rest_one_by_one(cells, read)
    bare = joined.replace(b'.000+0000"', b".000Z").replace(b'"', b"").replace(NULL, b"")
    return _quoted(bare.split(b",")[:-1])


def _rest_numbers(cells: Cells, _: Reader) -> Pieces:
    return [_numbers((b",".join(cells) + b",").replace(NULL, b""))]


def _rest_one_by_one(cells: Cells, read: Reader) -> Pieces:
    try:
        return [[encode_json(read(decode_json(bytes(cell)))) for cell in cells]]
    except TypeError:
        raise ValueError("a value has another type than its field") from None


def _has_unusual_escapes(text: bytes) -> bool:
    r"""Whether JSON spells a character otherwise than our own does: as ``\u00e9`` or ``\/``."""
    if b"\\" not in text:
        return False
    rest = text.replace(rb"\\", b"")
    return rb"\u" in rest or rb"\/" in rest


def _encoded_anew(cells: Cells) -> list[bytes]:
    """Text with escapes, in the one form that our own JSON has for each character."""
    return [encode_json(msgspec.json.decode(cell)) if b"\\" in cell else cell for cell in map(bytes, cells)]


def _quoted(cells: Sequence[bytes]) -> Pieces:
    """Cells between quotes; an empty one is null."""
    if b"" in cells:
        return [[b'"%b"' % cell if cell else NULL for cell in cells]]
    return [QUOTE, cells, QUOTE]


def _numbers(joined: bytes) -> list[bytes]:
    """Numbers, each followed by a comma, as JSON; nothing stands for null."""
    if _NUMBERS.fullmatch(joined):
        cells: Iterable[bytes] = joined.replace(b".0,", b",").split(b",")[:-1]
    else:
        cells = map(_number, joined.split(b",")[:-1])
    return [cell or NULL for cell in cells]


def _number(cell: bytes) -> bytes:
    if _NUMBER.fullmatch(cell):
        return cell.removesuffix(b".0")
    return encode_json(plain_number(cell.decode()))


_CSV: dict[Reader, Callable[[Sequence[bytes], Reader], Pieces]] = {
    read_values.cell_text: _csv_texts,
    read_values.boolean_value: _csv_booleans,
    read_values.datetime_value: _csv_moments,
    read_values.number_value: _csv_numbers,
}
_REST: dict[Reader, Callable[[Cells, Reader], Pieces]] = {
    read_values.datetime_value: _rest_moments,
    read_values.number_value: _rest_numbers,
}
