"""A made-up object of every type, its layouts, and what the compiled code and Python make of its pages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st

import tap_salesforce_seg
from salesforce_seg.describe import SObjectDescribe
from salesforce_seg.errors import RunFailed
from tap_salesforce_seg import compiled, csv_cells
from tap_salesforce_seg.catalog import Discovery
from tap_salesforce_seg.records import RowLayout

if TYPE_CHECKING:
    from tap_salesforce_seg.pages import Page
    from tap_salesforce_seg.replication import Window

SOURCES = [Path(tap_salesforce_seg.__file__).with_name(name) for name in ("csv_lines.c", "json_lines.c")]
COMPILER = shutil.which(os.environ.get("CC", "cc"))
FLAGS = ["-O2", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-shared", "-fPIC"]
FLAGS += os.environ.get("CFLAGS", "").split()


def described(name: str, *fields: dict[str, Any]) -> SObjectDescribe:
    """An object with what every object has, and these fields."""
    usual = {"Id": "id", "IsDeleted": "boolean", "SystemModstamp": "datetime"}
    entries = [*({"name": each, "type": kind} for each, kind in usual.items()), *fields]
    return SObjectDescribe.from_json(
        {"name": name, "queryable": True, "replicateable": True, "fields": entries}
    )


def compound(name: str, kind: str, parts: dict[str, str]) -> list[dict[str, Any]]:
    """A field and those that it is made of, each with its type."""
    entries = ({"name": part, "type": each, "compoundFieldName": name} for part, each in parts.items())
    return [{"name": name, "type": kind}, *entries]


def billing_address(**parts: str) -> list[dict[str, Any]]:
    """An address whose parts have these types."""
    return compound("BillingAddress", "address", {f"Billing{part}": kind for part, kind in parts.items()})


TYPES = {
    "Text": "string",
    "Choice": "picklist",
    "Day": "date",
    "Moment": "datetime",
    "Hour": "time",
    "Count": "int",
    "Price": "currency",
    "Flag": "boolean",
    "Any": "anyType",
    "Odd": "unheard-of",
}
SOBJECT = described(
    "Thing__c",
    *({"name": f"{name}__c", "type": kind} for name, kind in TYPES.items()),
    *billing_address(Street="textarea", City="string", Latitude="double", Longitude="double"),
    *compound("Place__c", "location", dict.fromkeys(("Place__Latitude__s", "Place__Longitude__s"), "double")),
)
STREAM = Discovery(None)._definition("things", SOBJECT)  # type: ignore[arg-type]
ADDRESS_KEYS = ["street", "city", "latitude", "longitude", "postal_code"]

PLAIN_TEXT = st.text("abcdefgh ,;:/{}é€😀", max_size=20)
ODD_TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
TEXT = st.one_of(PLAIN_TEXT, st.text('ab",\n\r\0\t\b\f\v\\\x1f\x7f\u2028{}', max_size=12), ODD_TEXT)
ROOMS = st.sampled_from([compiled.ROOM, 2000])
VERSIONS = st.sampled_from([None, 7])
EXAMPLES = int(os.environ.get("LINES_EXAMPLES", "250"))


@st.composite
def layouts(draw: st.DrawFn) -> RowLayout:
    columns = [each for each in STREAM.columns if each.name == "id" or draw(st.integers(0, 3))]
    hidden = draw(st.just(set[str]()) | st.sets(st.sampled_from(ADDRESS_KEYS)))
    places = draw(st.just(set[str]()) | st.sets(st.sampled_from(["latitude", "longitude"])))
    return RowLayout(
        STREAM,
        columns,
        deselected_parts={"billing_address": hidden, "place_c": places},
        seen_at="2026-06-02T00:00:00.000Z",
    )


def compiled_now(folder: Path) -> compiled.Library:
    """The library, freshly compiled; the test is skipped where there is no compiler."""
    if COMPILER is None:
        pytest.skip("there is no C compiler here")
    path = folder / "lines.so"
    subprocess.run([COMPILER, *FLAGS, "-o", path, *SOURCES], check=True)
    return compiled.load(path)


def made(
    library: compiled.Library | None,
    room: int,
    layout: RowLayout,
    page: Page,
    version: int | None,
    within: Window | None,
) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "library", lambda: library)
        patch.setattr(compiled, "ROOM", room)
        patch.setattr(compiled, "_room", compiled._Room())
        patch.setattr(layout, "_csv_encoder", layout._make_csv_encoder)  # not what the other way has left
        patch.setattr(layout, "_rest_encoder", layout._make_rest_encoder)
        patch.setattr(csv_cells, "PIECE_BYTES", room // 8)
        try:
            blocks = list(layout.blocks(page, version, within))
        except RunFailed as error:
            return type(error)
    lines = re.sub(rb'"time_extracted":"[^"]*"', b"", b"".join(block.lines for block in blocks))
    ids = [each for block in blocks for each in block.ids]
    return lines, ids, sum(block.rows for block in blocks), sum(block.left_out for block in blocks)
