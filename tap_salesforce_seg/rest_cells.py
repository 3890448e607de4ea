"""Records of REST answers as columns of JSON text: each value is left as it came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from salesforce_seg.query_answers import RawRecords
from salesforce_seg.read_values import COMPOUND_KEYS, LOCATION_KEYS
from tap_salesforce_seg.json_texts import rest_pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tap_salesforce_seg.json_texts import Cells, Pieces

BLOCK_ROWS = 400
"""Rows that are turned into records at once: so few that they stay in a processor's cache."""

_NULL = msgspec.Raw(b"null")


_COMPOUNDS: dict[str, Any] = {
    type_name: msgspec.defstruct(type_name, [(key, msgspec.Raw, _NULL) for key in keys], gc=False)
    for type_name, keys in COMPOUND_KEYS.items()
}
_NO_PARTS = {type_name: (_NULL,) * len(keys) for type_name, keys in COMPOUND_KEYS.items()}


@dataclass(frozen=True, slots=True)
class RestBlock:
    """Some records.

    Attributes:
        cells: By field, the values as JSON.
        values: By field, what they are in a line.
        parts: By address or location field and key, the same.
        rows: How many records.
    """

    cells: Mapping[str, Cells]
    values: dict[str, Pieces]
    parts: dict[str, dict[str, Pieces]]
    rows: int


class RestCells:
    """Takes records of one query apart.

    Args:
        types: The Salesforce types of the selected fields, by API name.
    """

    def __init__(self, types: Mapping[str, str]) -> None:
        self._types = types
        kinds = [_COMPOUNDS[kind] | None if kind in _COMPOUNDS else msgspec.Raw for kind in types.values()]
        members = [f"m{index}" for index in range(len(kinds))]  # an API name need not be one in Python
        record = msgspec.defstruct(
            "Record",
            list(zip(members, kinds, strict=True)),
            rename=dict(zip(members, types, strict=True)),
            gc=False,
        )
        self._decoder = msgspec.json.Decoder(record)

    def blocks(self, records: Iterable[dict[str, Any]]) -> Iterator[RestBlock]:
        """The records, block by block.

        Raises:
            ValueError: A record lacks a field, or a value cannot be one of its type.
        """
        texts = RawRecords.of(records).texts
        for start in range(0, len(texts), BLOCK_ROWS):
            yield self._block(texts[start : start + BLOCK_ROWS])

    def _block(self, texts: Sequence[bytes | msgspec.Raw]) -> RestBlock:
        rows = map(msgspec.structs.astuple, map(self._decoder.decode, texts))
        cells = dict(zip(self._types, zip(*rows, strict=True), strict=True))
        parts = {
            name: _parts(kind, cells.pop(name)) for name, kind in self._types.items() if kind in _COMPOUNDS
        }
        values = {name: rest_pieces(self._types[name], column) for name, column in cells.items()}
        return RestBlock(cells, values, parts, len(texts))


def _parts(type_name: str, objects: Sequence[msgspec.Struct | None]) -> dict[str, Pieces]:
    nothing = _NO_PARTS[type_name]
    rows = (nothing if each is None else msgspec.structs.astuple(each) for each in objects)
    columns = zip(COMPOUND_KEYS[type_name], zip(*rows, strict=True), strict=True)
    return {key: rest_pieces("double" if key in LOCATION_KEYS else "string", cells) for key, cells in columns}
