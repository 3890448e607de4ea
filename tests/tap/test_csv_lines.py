"""The compiled way from a page to lines gives the bytes that Python's way gives, and refuses what it refuses.

By hand, for longer and under the eyes of sanitizers:
``LINES_EXAMPLES=5000 CFLAGS=-fsanitize=address,undefined LD_PRELOAD=$(cc -print-file-name=libasan.so)
ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc pytest tests/tap/test_csv_lines.py
tests/tap/test_json_lines.py``.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from line_ways import (
    EXAMPLES,
    ROOMS,
    SOBJECT,
    STREAM,
    TEXT,
    VERSIONS,
    layouts,
    made,
)

from salesforce_seg.errors import RunFailed
from tap_salesforce_seg import compiled, csv_cells
from tap_salesforce_seg.ahead import Ahead
from tap_salesforce_seg.pages import Page
from tap_salesforce_seg.records import RowLayout
from tap_salesforce_seg.replication import Window

if TYPE_CHECKING:
    from pathlib import Path

    from running import TapRunner

LATE = Window("SystemModstamp", None, datetime(2026, 6, 1, tzinfo=timezone.utc))

PLAIN_NUMBER = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.decimals("0.001", 10**6, places=3).map(str),
    st.decimals(-(10**6), -1, places=3).map(str),
    st.sampled_from(["0", "0.0", "5.0", "-3.0", "-0.5", "0.001", "9" * 18, "9" * 18 + ".0"]),
    st.from_regex(r"-?[1-9]\.[0-9]{0,5}[1-9]E[1-9]", fullmatch=True),
)
ODD_NUMBER = st.one_of(
    st.sampled_from(["-0", "007", "1.0E7", "0.0001", "0.010", "9" * 19, "63.111111111111114"]),
    st.sampled_from(["NaN", "1.", ".5", "-", "+1"]),
    st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", fullmatch=True),
    st.from_regex(r"-?[1-9]\.(0|[0-9]{0,17}[1-9])E(1?[0-9])", fullmatch=True),
    st.from_regex(r"-?[0-9]\.?[0-9]{0,3}E-?[0-9]{0,3}", fullmatch=True),
)
PLAIN_MOMENT = st.one_of(
    st.datetimes(datetime(2026, 5, 1), datetime(2026, 7, 1)).map(
        lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    ),
    st.sampled_from(["2026-06-01T00:00:00.000Z", "2026-05-31T23:59:59.999Z", "2026-06-01T00:00:00.001Z"]),
)
ODD_MOMENT = st.sampled_from(
    ["2026-06-01T00:00:00Z", "2026-06-01T02:00:00.000+0200", "9999-99-99T99:99:99.000Z"]
)
PLAIN_CELLS = {
    **dict.fromkeys(["double", "currency", "int"], PLAIN_NUMBER),
    "datetime": PLAIN_MOMENT,
    "time": st.sampled_from(["13:30:00.000Z", "00:00:00.001Z"]),
    "boolean": st.sampled_from(["true", "false"]),
    "id": st.from_regex("[0-9A-Za-z]{18}", fullmatch=True),
}
ODD_CELLS = {
    **dict.fromkeys(["double", "currency", "int"], ODD_NUMBER),
    "datetime": ODD_MOMENT,
    "time": st.sampled_from(["13:30:00Z", "13:30"]),
    "boolean": st.sampled_from(["TRUE", "1"]),
}


def cell(kind: str, *, may_be_odd: bool) -> st.SearchStrategy[str]:
    plain = PLAIN_CELLS.get(kind, TEXT)
    return st.one_of(st.just(""), plain, st.one_of(TEXT, ODD_CELLS.get(kind, TEXT)) if may_be_odd else plain)


def in_quotes(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@st.composite
def pages(draw: st.DrawFn, layout: RowLayout) -> Page:
    names = list(layout.bulk_fields or ())
    kinds = {each.name: each.type for each in SOBJECT.fields}
    odd_column = draw(st.sampled_from(["", *names]))  # for one odd cell, a row is left to Python
    cells = (cell(kinds[name], may_be_odd=name == odd_column) for name in names)
    rows = draw(st.lists(st.tuples(*cells), max_size=12))
    odd = draw(st.integers(0, 5)) == 0
    spell: st.SearchStrategy[Any] = st.sampled_from([in_quotes, str]) if odd else st.just(in_quotes)
    lines = [",".join(map(in_quotes, names)), *(",".join(draw(spell)(text) for text in row) for row in rows)]
    return Page(("\n".join(lines) + "\n").encode(), len(rows))


@st.composite
def spoilt(draw: st.DrawFn, page: Page) -> Page:
    """The page with some bytes of its rows put in, taken away or replaced."""
    assert isinstance(page.raw, bytes)
    head = page.raw.find(b"\n") + 1
    body = bytearray(page.raw[head:])
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(body)))
        taken = draw(st.integers(0, 2))
        body[at : at + taken] = draw(
            st.binary(max_size=2) | st.sampled_from([b'"', b",", b"\n", b"\xff", b""])
        )
    return Page(page.raw[:head] + bytes(body), page.rows)


WINDOWS = st.sampled_from([None, LATE])


@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data(), room=ROOMS, version=VERSIONS, within=WINDOWS)
def test_both_ways_give_the_same_lines(
    library: compiled.Library, data: st.DataObject, room: int, version: int | None, within: Window | None
) -> None:
    layout = data.draw(layouts())
    page = data.draw(pages(layout))
    by_python = made(None, room, layout, page, version, within)
    assert made(library, room, layout, page, version, within) == by_python


@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data(), room=ROOMS, within=WINDOWS)
def test_what_is_no_page_is_no_page_to_both(
    library: compiled.Library, data: st.DataObject, room: int, within: Window | None
) -> None:
    layout = RowLayout(STREAM, STREAM.columns)
    page = data.draw(spoilt(data.draw(pages(layout))))
    by_python = made(None, room, layout, page, None, within)
    assert made(library, room, layout, page, None, within) == by_python


@pytest.mark.parametrize("room", [1000, compiled.ROOM])
@pytest.mark.parametrize(
    "row", ['""001","a"\n"002","b"\n', '"001",a"b\n"002",b"c\n', '"001","a"b\n"002","b"\n']
)
def test_a_quote_out_of_place_is_no_value(library: compiled.Library, row: str, room: int) -> None:
    layout = RowLayout(STREAM, [each for each in STREAM.columns if each.name in {"id", "text_c"}])
    page = Page(b'"Id","Text__c"\n' + row.encode(), 2)
    assert made(library, room, layout, page, None, None) is RunFailed
    assert made(None, room, layout, page, None, None) is RunFailed


def plain_page(layout: RowLayout, rows: int) -> bytes:
    plain = {"boolean": "true", "datetime": "2026-01-31T23:59:59.000Z", "time": "13:30:00.000Z"}
    plain |= dict.fromkeys(["int", "double", "currency"], "12.5") | {"id": "001000000000000AAA"}
    kinds = {each.name: each.type for each in SOBJECT.fields}
    names = layout.bulk_fields or ()
    row = ",".join(in_quotes(plain.get(kinds[name], 'a "word"\nélève')) for name in names).encode()
    return ",".join(map(in_quotes, names)).encode() + b"\n" + (row + b"\n") * rows


def test_plain_rows_are_all_encoded_by_the_compiled_code(library: compiled.Library) -> None:
    layout = RowLayout(STREAM, STREAM.columns)
    page = plain_page(layout, 5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "library", lambda: library)
        encoder = layout._csv_encoder(layout.bulk_fields or (), 7, None)
    assert encoder is not None
    found = encoder.encode(page, page.find(b"\n") + 1)
    assert (found.rows, found.end) == (5, len(page))
    assert found.lines.count(b'"a \\"word\\"\\n\xc3\xa9l\xc3\xa8ve"') == 5 * 9


@example(b"\xed\xa0\x80")
@example(b"\xf4\x90\x80\x80")
@example(b"\xc0\x80")
@example(b"\xe2\x82")
@settings(max_examples=100, deadline=None)
@given(text=st.binary(max_size=12))
def test_bytes_are_taken_for_text_only_if_they_are_utf_8(library: compiled.Library, text: bytes) -> None:
    layout = RowLayout(STREAM, [each for each in STREAM.columns if each.name in {"id", "text_c"}])
    quoted = b'"' + text.replace(b'"', b'""') + b'"'
    page = Page(b'"Id","Text__c"\n"001",' + quoted + b"\n", 1)
    assert made(library, 4096, layout, page, None, None) == made(None, 4096, layout, page, None, None)


@pytest.mark.parametrize("api_type", ["bulk2", "rest"])
def test_a_run_says_which_way_its_rows_take_and_the_rows_are_the_same(
    demo_tap: TapRunner, monkeypatch: pytest.MonkeyPatch, api_type: str
) -> None:
    catalog = demo_tap.catalog("accounts", "leads", "users")
    monkeypatch.setenv("TAP_SALESFORCE_SEG_LOGLEVEL", "DEBUG")
    usual = demo_tap.run(catalog=catalog, api_type=api_type).ended()
    monkeypatch.setenv(compiled.ONLY_PYTHON, "1")
    by_python = demo_tap.run(catalog=catalog, api_type=api_type).ended()
    assert "are encoded by compiled code." in usual.stderr or not compiled.LIBRARY.exists()
    assert "are encoded by Python, as SALESFORCE_SEG_PURE asks for." in by_python.stderr
    first, second = (
        sorted(re.sub(r'"time_extracted":"[^"]*"', "", outcome.stdout).splitlines())
        for outcome in (usual, by_python)
    )
    records = [line for line in first if line.startswith('{"type":"RECORD"')]
    assert records
    assert records == [line for line in second if line.startswith('{"type":"RECORD"')]


def test_a_library_that_does_not_fit_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "text.so").write_text("no library")
    with pytest.raises(OSError, match="text"):
        compiled.load(tmp_path / "text.so")


@settings(max_examples=200, deadline=None)
@given(
    page=st.lists(st.sampled_from([b'"', b"\n", b"a", b",", b"x" * 70]), max_size=40).map(b"".join),
    data=st.data(),
)
def test_a_row_ends_at_the_same_place_both_ways(
    library: compiled.Library, page: bytes, data: st.DataObject
) -> None:
    start, size = data.draw(st.integers(0, len(page))), data.draw(st.integers(0, 200))
    end = csv_cells.end_of_row(page, len(page), start, size)
    assert library.end_of_row(page, len(page), start, size) == end


def test_pieces_made_at_once_come_in_their_order(library: compiled.Library) -> None:
    layout = RowLayout(STREAM, STREAM.columns)
    header, _, row = plain_page(layout, 1).partition(b"\n")
    rows = [row.replace(b"001000000000000AAA", b"001%015d" % number) for number in range(4000)]
    page = Page(header + b"\n" + b"".join(rows), len(rows))
    ahead = Ahead()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "library", lambda: library)
        one_by_one = [block.ids for block in layout.blocks(page)]
        at_once = [block.ids for block in layout.blocks(page, in_order=ahead.in_order)]
    ahead.end()
    assert len(at_once) > 4
    assert at_once == one_by_one
