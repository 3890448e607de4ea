"""The compiled way from records to lines gives what Python's way gives, and refuses what it refuses.

By hand and for longer: see ``test_csv_lines.py``.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from line_ways import (
    ADDRESS_KEYS,
    EXAMPLES,
    PLAIN_TEXT,
    ROOMS,
    SOBJECT,
    STREAM,
    TEXT,
    VERSIONS,
    layouts,
    made,
)

from salesforce_seg.query_answers import RawRecords
from salesforce_seg.read_values import ADDRESS_KEYS as ALL_ADDRESS_KEYS
from tap_salesforce_seg import compiled
from tap_salesforce_seg.pages import Page
from tap_salesforce_seg.records import RowLayout

ATTRIBUTES = '"attributes":{"type":"Thing__c","url":"/services/data/v62.0/sobjects/Thing__c/a01"}'
STRING = r'"a \"word\" \n é\\"'
KINDS = {each.name: each.type for each in SOBJECT.fields}


def spelled(text: str, way: int) -> str:
    """A string in JSON as Salesforce, Python or an eager encoder spells it."""
    told = json.dumps(text, ensure_ascii=way == 1)
    return told.replace("/", "\\/") if way == 2 else told


RARELY = st.integers(0, 30).map(lambda number: number == 0)
WAYS = RARELY.flatmap(lambda odd: st.sampled_from([1, 2]) if odd else st.just(0))
STRINGS = st.builds(spelled, st.one_of(PLAIN_TEXT, PLAIN_TEXT, TEXT), WAYS)
NUMBERS = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.decimals("0.001", 10**6, places=3).map(str),
    st.decimals(-(10**6), -1, places=3).map(str),
    st.sampled_from(["0", "0.0", "5.0", "-3.0", "-0.5", "9" * 18, "1.5E7", "-1.0053984E7"]),
)
ODD_NUMBERS = st.one_of(
    st.sampled_from(["-0", "-0.0", "0.0001", "1.0E7", "1.5e-7", "9" * 19, "63.111111111111114"]),
    st.from_regex(r"-?(0|[1-9][0-9]{0,19})(\.[0-9]{1,20})?(E[0-9]{1,2})?", fullmatch=True),
)
MOMENTS = st.one_of(
    st.datetimes(datetime(2026, 5, 1), datetime(2026, 7, 1)).map(
        lambda moment: moment.strftime('"%Y-%m-%dT%H:%M:%S.000+0000"')
    ),
    st.just('"2026-05-31T23:59:59.999+0000"'),
)
ODD_STAMPS = st.sampled_from(['"2026-06-01T00:00:00.000+0200"', '"2026-06-01"', '""', '"13:30"'])
VALUES = {
    "id": st.from_regex('"[0-9A-Za-z]{18}"', fullmatch=True),
    "boolean": st.sampled_from(["true", "false"]),
    "datetime": MOMENTS,
    "time": st.sampled_from(['"13:30:00.000Z"', '"00:00:00.001Z"']),
    **dict.fromkeys(["int", "double", "currency"], NUMBERS),
}
ODD_VALUES = st.one_of(
    STRINGS, NUMBERS, ODD_NUMBERS, ODD_STAMPS, st.sampled_from(["true", '{"a":null}', "[1]", '""', "{}"])
)


@st.composite
def objects(draw: st.DrawFn, keys: list[str]) -> str:
    numbers = ODD_NUMBERS if draw(RARELY) else NUMBERS
    kinds = {"latitude": numbers, "longitude": numbers}
    shown = draw(st.permutations(keys)) if draw(RARELY) else keys
    members = []
    for key in shown:
        value = draw(st.one_of(st.just("null"), kinds.get(key, STRINGS)))
        if not draw(RARELY):
            members.append(f'"{key}":{value}')
    return "{" + ",".join(members) + "}"


def value(name: str, *, may_be_odd: bool) -> st.SearchStrategy[str]:
    if KINDS[name] == "address":
        usual: st.SearchStrategy[str] = objects(sorted({*ALL_ADDRESS_KEYS, *ADDRESS_KEYS} - {"postal_code"}))
    elif KINDS[name] == "location":
        usual = objects(["latitude", "longitude"])
    else:
        usual = VALUES.get(KINDS[name], STRINGS)
    if name == "Id":
        return usual
    return st.one_of(st.just("null"), usual, ODD_VALUES if may_be_odd else usual)


@st.composite
def records(draw: st.DrawFn, layout: RowLayout) -> str:
    odd = draw(st.sampled_from(["", *layout.fields]))  # for one odd value, a record is left to Python
    members = [f'"{name}":{draw(value(name, may_be_odd=name == odd))}' for name in layout.fields]
    if draw(RARELY):
        members = draw(st.permutations(members))
    if draw(RARELY):
        members.append(draw(st.sampled_from([*members, '"Unknown__c":1'])))
    if draw(RARELY):
        members.pop()
    return "{" + ("," + (" " if draw(RARELY) else "")).join([ATTRIBUTES, *members]) + "}"


@st.composite
def pages(draw: st.DrawFn, layout: RowLayout) -> Page:
    texts = draw(st.lists(records(layout), max_size=8))
    return Page(RawRecords([text.encode() for text in texts]), len(texts))


def both(library: compiled.Library, room: int, layout: RowLayout, page: Page, version: int | None) -> Any:
    by_python = made(None, room, layout, page, version, None)
    assert made(library, room, layout, page, version, None) == by_python
    return by_python


@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data(), room=ROOMS, version=VERSIONS)
def test_both_ways_give_the_same_lines(
    library: compiled.Library, data: st.DataObject, room: int, version: int | None
) -> None:
    layout = data.draw(layouts())
    both(library, room, layout, data.draw(pages(layout)), version)


@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data(), room=ROOMS)
def test_what_is_no_record_is_no_record_to_both(
    library: compiled.Library, data: st.DataObject, room: int
) -> None:
    layout = RowLayout(STREAM, STREAM.columns)
    text = bytearray(data.draw(records(layout)).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at, taken = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 2))
        text[at : at + taken] = data.draw(
            st.sampled_from([b'"', b",", b":", b"{", b"}", b"\\", b"0", b" ", b""])
        )
    try:
        page = Page(RawRecords([msgspec.json.decode(text, type=msgspec.Raw)]), 1)
    except msgspec.DecodeError:
        return  # the answer's frame is decoded before
    both(library, room, layout, page, None)


def test_plain_records_are_all_encoded_by_the_compiled_code(library: compiled.Library) -> None:
    plain = {"id": '"001000000000000AAA"', "boolean": "true", "time": '"13:30:00.000Z"', "double": "12.5"}
    plain |= {"datetime": '"2026-01-31T23:59:59.000+0000"', "int": "0", "currency": "1.0E7"}
    plain["address"] = '{"city":"a","latitude":1.5,"street":null}'
    plain["location"] = '{"latitude":1.0,"longitude":-3}'
    layout = RowLayout(STREAM, STREAM.columns)
    members = [f'"{name}":{plain.get(KINDS[name], STRING)}' for name in layout.fields]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "library", lambda: library)
        encoder = layout._rest_encoder(7)
    assert encoder is not None
    texts = f"{{{','.join([ATTRIBUTES, *members])}}}\n" * 5 + f"{{{','.join(members)}}}\n"
    (found,) = encoder.encode_all(texts.encode())
    assert (found.rows, found.end) == (6, len(texts.encode()))
    assert found.lines.count(STRING.encode()) == 6 * 7
    assert found.lines.count(b'"place_c":{"latitude":1,"longitude":-3}') == 6
    assert found.lines.count(b'"price_c":10000000,') == 6


@pytest.mark.parametrize("column", ["count_c", "moment_c", "hour_c"])
@pytest.mark.parametrize("odd", ['"5"', "1", "1.", "-", "[5]", "{}", "true"])
def test_a_value_of_another_type_is_the_same_to_both(
    library: compiled.Library, column: str, odd: str
) -> None:
    layout = RowLayout(STREAM, [each for each in STREAM.columns if each.name in {"id", column}])
    name = layout.fields[1]
    page = Page(RawRecords([f'{{"Id":"001000000000000AAA","{name}":{odd}}}'.encode()]), 1)
    both(library, compiled.ROOM, layout, page, None)
