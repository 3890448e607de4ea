from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesforce_seg import fields
from tap_salesforce_seg.columns import csv_column_reader, rest_column_reader
from tap_salesforce_seg.query import Query
from tap_salesforce_seg.replication import Window

STAMPS = st.datetimes(datetime(1700, 1, 1), datetime(4000, 12, 31)).map(
    lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S").zfill(19)
)
REST_TAILS = st.sampled_from([".000+0000", ".123+0000", "Z", "+0200"])
CSV_TAILS = st.sampled_from([".000Z", ".001Z", "Z"])
ODD_NUMBERS = ["1.0E7", "300.0", "-0.0", "007", "NaN", "12345678901234567890"]
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
    "string": st.text(min_size=1),
    "anyType": st.one_of(st.text(min_size=1), st.booleans(), NUMBERS),
    "time": st.sampled_from(["13:30:00.000Z", "00:00:00Z"]),
    "unheard-of": st.text(min_size=1),
}

CSV_CELLS = {
    "datetime": st.tuples(STAMPS, CSV_TAILS).map("".join),
    "double": NUMBERS.map(str) | st.sampled_from(ODD_NUMBERS),
    "int": st.integers(-(10**19), 10**19).map(str) | st.sampled_from(["5.0", "-3"]),
    "boolean": st.sampled_from(["true", "false", "TRUE", "1"]),
    "string": st.text(min_size=1),
    "anyType": st.text(min_size=1),
    "time": st.sampled_from(["13:30:00.000Z", "00:00:00Z"]),
    "unheard-of": st.text(min_size=1),
}


@pytest.mark.parametrize("kind", REST_VALUES)
@given(data=st.data())
def test_a_rest_column_reads_as_its_values_do(kind: str, data: st.DataObject) -> None:
    values: list[Any] = data.draw(st.lists(st.none() | REST_VALUES[kind], max_size=20))
    read_column = rest_column_reader(kind, snake_case=True)
    read_value = fields.rest_reader(kind) or (lambda value: value)
    one_by_one = [each if each is None else read_value(each) for each in values]
    assert list(values if read_column is None else read_column(values)) == one_by_one


@pytest.mark.parametrize("kind", CSV_CELLS)
@given(data=st.data())
def test_a_csv_column_reads_as_its_cells_do(kind: str, data: st.DataObject) -> None:
    cells = data.draw(st.lists(st.just("") | CSV_CELLS[kind], max_size=20))
    read = fields.csv_reader(kind)
    assert list(csv_column_reader(kind)(cells)) == [read(cell) for cell in cells]


def test_rows_without_a_value_in_the_key_are_read_every_time() -> None:
    start, end = datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2026, 2, 1, tzinfo=timezone.utc)
    query = Query("UserLogin", ("Id",), Window("LastModifiedDate", start, end), key_may_be_null=True)
    assert query.soql == (
        "SELECT Id FROM UserLogin WHERE (LastModifiedDate >= 2026-01-01T00:00:00Z AND "
        "LastModifiedDate < 2026-02-01T00:00:00Z) OR LastModifiedDate = null"
    )
