"""What a value becomes on its way into a field, what is refused, what is cut, what would change nothing."""

from __future__ import annotations

import math
from datetime import date, datetime, time, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesforce_seg import fields
from salesforce_seg.describe import FieldDescribe
from salesforce_seg.same_values import same_value
from salesforce_seg.write_values import OutOfRange

encode = msgspec.json.Encoder(decimal_format="number").encode


def field(kind: str, **more: Any) -> FieldDescribe:
    return FieldDescribe("Field", type=kind, **more)


# Writing

WRITTEN = [
    ("string", " Kim\n", "Kim"),
    ("string", 7, "7"),
    ("string", 7.0, "7"),
    ("string", Decimal("1E+3"), "1000"),
    ("string", True, "true"),
    ("string", "\ud83d\ude00", "😀"),
    ("string", "a\ud800b", "a�b"),
    ("string", "\0a\0 ", "a"),
    ("string", date(2026, 1, 31), "2026-01-31"),
    ("string", datetime(2026, 1, 31, tzinfo=timezone.utc), "2026-01-31T00:00:00.000Z"),
    ("int", "10000", 10000),
    ("int", " 10000.0 ", 10000),
    ("int", 1e3, 1000),
    ("int", Decimal("7.000"), 7),
    ("double", "1.50", 1.5),
    ("double", "1e3", 1000),
    ("currency", "12345678901234567.89", Decimal("12345678901234567.89")),
    ("percent", 50, 50),
    ("boolean", "TRUE", True),
    ("boolean", "0", False),
    ("boolean", "Yes", True),
    ("boolean", "no", False),
    ("boolean", 1, True),
    ("boolean", 0.0, False),
    ("date", "2026-01-31", "2026-01-31"),
    ("date", "2026-01-31T23:59:59-05:00", "2026-01-31"),
    ("date", datetime(2026, 1, 31, 23, tzinfo=timezone.utc), "2026-01-31"),
    ("datetime", "2026-01-31T23:59:59Z", "2026-01-31T23:59:59.000Z"),
    ("datetime", "2026-01-31T23:59:59.123456-05:30", "2026-02-01T05:29:59.123Z"),
    ("datetime", "2026-01-31 23:59", "2026-01-31T23:59:00.000Z"),
    ("datetime", "2026-01-31", "2026-01-31T00:00:00.000Z"),
    ("datetime", date(2026, 1, 31), "2026-01-31T00:00:00.000Z"),
    ("date", "2026-1-5", "2026-01-05"),
    ("date", "2026/01/05", "2026-01-05"),
    ("date", "20260105", "2026-01-05"),
    ("date", "January 5th, 2026", "2026-01-05"),
    ("date", "5 Jan 2026", "2026-01-05"),
    ("date", 1767225600, "2026-01-01"),
    ("date", "Sat, 31 Jan 2026 23:59:59 -0500", "2026-01-31"),
    ("datetime", 1767225600, "2026-01-01T00:00:00.000Z"),
    ("datetime", Decimal("1767225600.25"), "2026-01-01T00:00:00.250Z"),
    ("datetime", 1767225600250, "2026-01-01T00:00:00.250Z"),
    ("datetime", "1767225601250", "2026-01-01T00:00:01.250Z"),
    ("datetime", "2026-01-31T23:59:59.7Z", "2026-01-31T23:59:59.700Z"),
    ("datetime", "20260131T235959Z", "2026-01-31T23:59:59.000Z"),
    ("datetime", "2026-01-31 11:59 pm", "2026-01-31T23:59:00.000Z"),
    ("datetime", "Sat, 31 Jan 2026 23:59:59 -0500", "2026-02-01T04:59:59.000Z"),
    ("datetime", "31 Jan 2026 12:00:00 EST", "2026-01-31T17:00:00.000Z"),
    (
        "datetime",
        "Sat Jan 31 2026 23:59:59 GMT+0100 (Central European Standard Time)",
        "2026-01-31T22:59:59.000Z",
    ),
    ("datetime", "Sat Jan 31 23:59:59 2026", "2026-01-31T23:59:59.000Z"),
    ("time", "13:30", "13:30:00.000Z"),
    ("time", time(13, 30), "13:30:00.000Z"),
    ("multipicklist", ["A", "B", None, 3], "A;B;3"),
    ("multipicklist", "A;B", "A;B"),
    ("picklist", "Hot", "Hot"),
    ("reference", "001000000000001AAA", "001000000000001AAA"),
    ("reference", " 001000000000001 ", "001000000000001"),
    ("email", " kim@example.com ", "kim@example.com"),
    ("hologram", "x", "x"),
]
REFUSED = [
    ("string", {"first": "Kim"}, "an object cannot be written"),
    ("string", ["Kim"], "a list cannot be written"),
    ("picklist", ["Kim"], "a list"),
    ("string", math.nan, "not a number"),
    ("int", "10,000", "'10,000' is not a number"),
    ("int", "1.5", "not a whole number"),
    ("int", True, "not a number"),
    ("int", "", "not a number"),
    ("double", "Infinity", "not a number"),
    ("double", {"a": 1}, "an object is not a number"),
    ("double", math.inf, "not a number"),
    ("boolean", "yes please", "neither true nor false"),
    ("boolean", 2, "neither true nor false"),
    ("boolean", [], "neither true nor false"),
    ("date", "31.01.2026", "has its year last"),
    ("date", "01/02/2026", "has its year last"),
    ("datetime", "1-2-26 10:00", "has its year last"),
    ("date", "2026-02-30", "no date or time that there is"),
    ("date", "1600-01-01", "1700 to 4000"),
    ("date", 20260131, "must be the seconds or milliseconds since 1970"),
    ("date", 1e300, "must be the seconds or milliseconds since 1970"),
    ("date", True, "not a date"),
    ("date", {"year": 2026}, "not a date"),
    ("datetime", "yesterday", "not a date like"),
    ("datetime", "2026-01-31T25:00:00Z", "no date or time that there is"),
    ("datetime", "2026-01-31 13:00 PM", "no date or time that there is"),
    ("datetime", "2026-01-31 10:00 IST", "a time zone whose name may mean several"),
    ("datetime", "9999-12-31T23:59:59-23:00", "1700 to 4000"),
    ("datetime", "0001-01-01T00:00:00+14:00", "1700 to 4000"),
    ("time", "soon", "not a time"),
    ("time", 1330, "not a time"),
    ("multipicklist", [["A"]], "a list"),
    ("reference", "Acme", "not a Salesforce Id"),
    ("reference", 7, "not a Salesforce Id"),
    ("address", {"city": "Bonn"}, "write its parts"),
    ("location", "1,2", "write its parts"),
]


@pytest.mark.parametrize(("kind", "value", "rest"), WRITTEN)
def test_values_are_written_in_the_fields_own_type(kind: str, value: Any, rest: Any) -> None:
    written = fields.write_value(field(kind), value)
    assert written == rest
    assert type(written) is type(rest)
    assert fields.write_value(field(kind), written) == written


@pytest.mark.parametrize(("kind", "value", "told"), REFUSED)
def test_a_value_that_cannot_be_one_says_so_plainly(kind: str, value: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        fields.write_value(field(kind), value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.sampled_from(sorted(fields.TYPES)), JSON)
def test_any_value_is_written_or_refused_and_what_is_written_fits_json(kind: str, value: Any) -> None:
    try:
        written = fields.write_value(field(kind), value)
    except ValueError:
        return
    encode(written)
    assert isinstance(fields.csv_text(written), str)
    assert (written is None) == (value is None)


@pytest.mark.parametrize(
    ("described", "most", "too_much"),
    [
        (field("int", digits=8), 99_999_999, 100_000_000),
        (field("int"), 2**31 - 1, 2**31),
        (field("long"), 10**18 - 1, "1e18"),
        (field("double", precision=18, scale=2), "-9999999999999999.99", 10**16),
        (field("currency", precision=18, scale=0), 10**18 - 1, Decimal("1E+18")),
        (field("percent", precision=3, scale=0), 999, 1e300),
    ],
)
def test_numbers_beyond_the_fields_range(described: FieldDescribe, most: Any, too_much: Any) -> None:
    assert Decimal(str(fields.write_value(described, most))) == Decimal(str(most))
    with pytest.raises(OutOfRange, match="too large"):
        fields.write_value(described, too_much)


def test_csv_cells_for_an_upload() -> None:
    assert [fields.csv_text(each) for each in (None, True, False, 7, 1e-7, Decimal("1E+3"), "x", "")] == [
        *("#N/A", "true", "false", "7", "0.0000001", "1000", "x", ""),
    ]


# Lengths


@pytest.mark.parametrize(
    ("described", "kept"),
    [
        (field("string", length=5), "Kim P"),
        (field("textarea", length=4), "Kim"),
        (field("phone", length=5), "Kim P"),
        (field("url", length=5), "Kim P"),
        (field("string", length=5, id_lookup=True, name_field=True), "Kim P"),
        (field("string", length=0), "Kim Park"),
        (field("string", length=8), "Kim Park"),
        (field("email", length=5), "Kim Park"),
        (field("picklist", length=5), "Kim Park"),
        (field("multipicklist", length=5), "Kim Park"),
        (field("combobox", length=5), "Kim Park"),
        (field("reference", length=5), "Kim Park"),
        (field("string", length=5, external_id=True), "Kim Park"),
        (field("string", length=5, unique=True), "Kim Park"),
        (field("string", length=5, id_lookup=True), "Kim Park"),
        (field("double", length=5), "Kim Park"),
    ],
)
def test_text_is_cut_to_the_field_but_keys_and_choices_are_not(described: FieldDescribe, kept: str) -> None:
    assert fields.trim(described, "Kim Park") == kept
    assert fields.fits(described, kept) is (len(kept) <= described.length or described.length == 0)


@given(st.text(), st.integers(1, 20))
def test_cut_text_fits_and_is_the_beginning(text: str, length: int) -> None:
    cut = fields.trim(field("string", length=length), text)
    assert len(cut) <= length
    assert text.startswith(cut)
    assert fields.trim(field("string", length=length), 12345678) == 12345678


@pytest.mark.parametrize(
    ("kind", "more", "stored", "wanted", "same"),
    [
        ("string", {}, None, "", True),
        ("string", {}, "", None, True),
        ("string", {}, "Kim", "kim", False),
        ("string", {}, None, "x", False),
        ("textarea", {}, "a\r\nb", "a\nb", True),
        ("boolean", {}, None, False, True),
        ("boolean", {}, True, False, False),
        ("int", {}, 7, 7, True),
        ("double", {"scale": 2}, Decimal("0.13"), 0.126, True),
        ("double", {"scale": 2}, Decimal("0.12"), 0.126, False),
        ("double", {"scale": 2}, Decimal("12.34"), Decimal("12.345"), True),
        ("double", {"scale": 2}, Decimal("12.35"), Decimal("12.345"), True),
        ("double", {"scale": 2}, Decimal("-12.34"), Decimal("-12.345"), True),
        ("double", {"scale": 2}, Decimal("12.344"), Decimal("12.34"), False),
        ("double", {"scale": 0}, 1, 1.4, True),
        ("currency", {"scale": 2}, 10, Decimal("10.00"), True),
        ("double", {"scale": 2}, None, 0, False),
        ("datetime", {}, "2026-01-31T00:00:00.000+0000", "2026-01-31T00:00:00.999Z", True),
        ("datetime", {}, "2026-01-31T00:00:01.000+0000", "2026-01-31T00:00:00.999Z", False),
        ("reference", {}, "001000000000001AAA", "001000000000001", True),
        ("reference", {}, "001000000000001AAA", "001000000000002AAA", False),
        ("multipicklist", {}, "A;B", "B;A", True),
        ("multipicklist", {}, "A;B", "A", False),
        ("date", {}, "2026-01-31", "2026-01-31", True),
        ("double", {"scale": 2}, Decimal(1), 1e300, False),
        ("double", {"scale": 18}, Decimal(1), Decimal("123456789012345678.123"), False),
        ("currency", {"scale": 2}, Decimal("1234567890123456.8"), Decimal("1234567890123456.78"), True),
    ],
)
def test_whether_writing_would_change_anything(
    kind: str, more: Any, stored: Any, wanted: Any, same: bool
) -> None:
    assert same_value(field(kind, **more), stored, wanted) is same
