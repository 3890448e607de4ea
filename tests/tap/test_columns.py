from __future__ import annotations

import json
from datetime import datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesforce_seg import fields
from salesforce_seg.exact_json import encode_json
from tap_salesforce_seg import csv_cells
from tap_salesforce_seg.json_texts import csv_pieces, rest_pieces
from tap_salesforce_seg.line_pieces import each
from tap_salesforce_seg.query import Query
from tap_salesforce_seg.replication import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_salesforce_seg.json_texts import Pieces

TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1)
ODD_TEXT = st.one_of(TEXT, st.text('",\n\r\0\t\\x', min_size=1))

STAMPS = st.datetimes(datetime(1700, 1, 1), datetime(4000, 12, 31)).map(
    lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S").zfill(19)
)
REST_TAILS = st.sampled_from([".000+0000", ".123+0000", "Z", "+0200"])
CSV_TAILS = st.sampled_from([".000Z", ".001Z", "Z"])
ODD_NUMBERS = [
    *["1.0E7", "300.0", "-0.0", "007", "NaN", "12345678901234567890", "0.0001", "0.00001", "1.10"],
    *["63.111111111111114", "9" * 18 + ".0", "9" * 19],
]
NUMBERS = st.one_of(
    st.integers(-(10**19), 10**19),
    st.decimals(allow_nan=False, allow_infinity=False, places=6),
    st.sampled_from([Decimal("3.5E8"), Decimal("300.0"), Decimal("1E-9"), 0, -0, 10**18]),
)

REST_VALUES = {
    "datetime": STAMPS.flatmap(
        lambda stamp: st.sampled_from(
            [f"{stamp}.000+0000", f"{stamp}.123+0000", f"{stamp}Z", f"{stamp}+0200"]
        )
    ),
    "double": NUMBERS,
    "int": NUMBERS,
    "boolean": st.booleans(),
    "string": ODD_TEXT,
    "anyType": st.one_of(ODD_TEXT, st.booleans(), NUMBERS),
    "time": st.sampled_from(["13:30:00.000Z", "00:00:00Z"]),
    "unheard-of": ODD_TEXT,
}

CSV_CELLS = {
    "datetime": st.tuples(STAMPS, CSV_TAILS).map("".join),
    "double": NUMBERS.map(str) | st.sampled_from(ODD_NUMBERS),
    "int": st.integers(-(10**19), 10**19).map(str) | st.sampled_from(["5.0", "-3"]),
    "boolean": st.sampled_from(["true", "false", "TRUE", "1"]),
    "string": ODD_TEXT,
    "anyType": ODD_TEXT,
    "time": st.sampled_from(["13:30:00.000Z", "00:00:00Z"]),
    "unheard-of": ODD_TEXT,
}


def as_json(pieces: Pieces, rows: int) -> list[bytes]:
    return list(each(pieces, rows))


@pytest.mark.parametrize("kind", REST_VALUES)
@given(data=st.data())
def test_a_rest_column_reads_as_its_values_do(kind: str, data: st.DataObject) -> None:
    values: list[Any] = data.draw(st.lists(st.none() | REST_VALUES[kind], min_size=1, max_size=20))
    spell = data.draw(st.sampled_from([encode_json, ascii_json]))
    read = fields.rest_reader(kind) or (lambda value: value)
    one_by_one = [encode_json(value if value is None else read(value)) for value in values]
    assert as_json(rest_pieces(kind, [spell(value) for value in values]), len(values)) == one_by_one


def ascii_json(value: Any) -> bytes:
    """JSON as others spell it."""
    if not isinstance(value, str):
        return encode_json(value)
    return json.dumps(value).replace("/", "\\/").encode()


def in_quotes(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def in_quotes_if_need_be(cell: str) -> str:
    return in_quotes(cell) if set(cell) & set('",\r\n') else cell


@settings(max_examples=40)
@pytest.mark.parametrize("cell_text", [in_quotes, in_quotes_if_need_be])
@pytest.mark.parametrize("kind", CSV_CELLS)
@given(data=st.data())
def test_a_csv_column_reads_as_its_cells_do(
    kind: str, cell_text: Callable[[str], str], data: st.DataObject
) -> None:
    row = st.tuples(st.just("") | CSV_CELLS[kind], st.just("") | ODD_TEXT)
    rows = data.draw(st.lists(row, min_size=1, max_size=20))
    text = "".join(",".join(map(cell_text, row)) + "\n" for row in [("A", "B"), *rows])
    read = fields.csv_reader(kind)
    page, seen, size = text.encode(), list[tuple[bytes, bytes]](), data.draw(st.integers(1, 400))
    names, start = csv_cells.header(page)
    while start < len(page):
        block = csv_cells.block(page, start, names, size)
        start = block.end
        columns = [as_json(csv_pieces(kind, block.cells["A"]), block.rows)]
        columns.append(as_json(csv_pieces("string", block.cells["B"]), block.rows))
        escaped = [[text.replace(b"\n", b"\\n") for text in column] for column in columns]
        seen += zip(*escaped, strict=True)
    assert [first.replace(b"\n", b"\\n") for first, _ in seen] == [
        encode_json(read(cell)) for cell, _ in rows
    ]
    assert [second for _, second in seen] == [encode_json(cell or None) for _, cell in rows]


def test_rows_without_a_value_in_the_key_are_read_every_time() -> None:
    start, end = datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2026, 2, 1, tzinfo=timezone.utc)
    query = Query("UserLogin", ("Id",), Window("LastModifiedDate", start, end), key_may_be_null=True)
    assert query.unordered_soql(["Id"]) == (
        "SELECT Id FROM UserLogin WHERE (LastModifiedDate >= 2026-01-01T00:00:00Z AND "
        "LastModifiedDate < 2026-02-01T00:00:00Z) OR LastModifiedDate = null"
    )
