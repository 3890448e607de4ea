"""A page of Bulk API 2.0 and the same rows of REST become the same lines, with the values the core gives."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from line_ways import billing_address, described

from salesforce_seg import fields
from tap_salesforce_seg.catalog import DELETED_AT, Discovery
from tap_salesforce_seg.pages import Page
from tap_salesforce_seg.records import RowLayout

PARTS = {"Street": "textarea", "City": "string", "Country": "string", "Latitude": "double"}
SOBJECT = described("Account", *billing_address(**PARTS))
STREAM = Discovery(None)._definition("accounts", SOBJECT)  # type: ignore[arg-type]
TEXT = st.none() | st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8)
ROW = st.fixed_dictionaries(
    {
        "BillingStreet": TEXT,
        "BillingCity": TEXT,
        "BillingCountry": TEXT,
        "BillingLatitude": st.none() | st.floats(-90, 90),
        "IsDeleted": st.booleans(),
    }
)
EXTRACTED = re.compile(rb'"time_extracted":"[^"]*"')
STAMP = "2026-01-31T23:59:59.000"


def csv_cell(value: Any) -> str:
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return '"' + text.replace('"', '""') + '"'


@settings(max_examples=60)
@given(
    rows=st.lists(ROW, min_size=1, max_size=8),
    hidden=st.sets(st.sampled_from(["street", "city", "country", "latitude", "postal_code"])),
    version=st.none() | st.just(7),
)
def test_both_ways_give_the_same_lines(
    rows: list[dict[str, Any]], hidden: set[str], version: int | None
) -> None:
    columns = [
        each for each in STREAM.columns if each.name in {"id", "billing_address", DELETED_AT, "billing_city"}
    ]
    layout = RowLayout(STREAM, [*columns, STREAM.columns[2]], deselected_parts={"billing_address": hidden})
    by_rest, by_bulk, expected = [], [",".join(map(csv_cell, layout.bulk_fields or ()))], []
    for number, row in enumerate(rows):
        parts = {part.lower(): row[f"Billing{part}"] for part in PARTS}
        row |= {"Id": f"001{number:015}", "SystemModstamp": STAMP + "Z"}
        address = {key: value for key, value in parts.items() if value is not None} or None
        by_rest.append(row | {"SystemModstamp": STAMP + "+0000", "BillingAddress": address})
        by_bulk.append(",".join(csv_cell(row[name]) for name in layout.bulk_fields or ()))
        whole = fields.compound_value("address", parts, snake_case=True)
        expected.append(
            {
                "id": row["Id"],
                "billing_address": whole and {k: v for k, v in whole.items() if k not in hidden},
                "billing_city": row["BillingCity"],
                DELETED_AT: STAMP + "Z" if row["IsDeleted"] else None,
                "system_modstamp": STAMP + "Z",
            }
        )
    csv_page = Page(("\n".join(by_bulk) + "\n").encode(), len(rows))
    blocks = [[*layout.blocks(page, version)] for page in (Page(by_rest, len(rows)), csv_page)]
    rest_bytes, csv_bytes = (b"".join(block.lines for block in each) for each in blocks)
    assert EXTRACTED.sub(b"", csv_bytes) == EXTRACTED.sub(b"", rest_bytes)
    lines = [[json.loads(line) for block in each for line in block.lines.splitlines()] for each in blocks]
    assert [line["record"] for line in lines[0]] == expected
    assert [line["record"] for line in lines[1]] == expected
    assert {line.get("version") for each in lines for line in each} == {version}
    assert [block_id for block in blocks[1] for block_id in block.ids] == [row["Id"] for row in rows]
    assert [record for block in blocks[1] for record in block.records()] == expected


def test_records_removed_for_good_tell_their_id_and_when() -> None:
    layout = RowLayout(STREAM, STREAM.columns)
    block = layout.gone({"001": "2026-01-31T00:00:00.000Z"}, 7)
    line = json.loads(block.lines)
    assert (line["type"], line["stream"], line["version"]) == ("RECORD", "accounts", 7)
    assert line["record"] == {"id": "001", "is_deleted": True, DELETED_AT: "2026-01-31T00:00:00.000Z"}
