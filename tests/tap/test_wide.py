"""Rows that are put together from parts stay whole, whatever happens between the parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesforce_seg.errors import RunFailed
from tap_salesforce_seg.query import Query
from tap_salesforce_seg.readers import wide
from tap_salesforce_seg.replication import Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

QUERY = Query("Lead", ("Id", "A", "B", "C", "D"), Window("SystemModstamp"))
PARTS = wide.parts(QUERY, 8)


class Table:
    """An object whose rows change between two questions: each event hits one row before one question."""

    def __init__(self, rows: int, events: dict[int, tuple[int, str]]) -> None:
        self.rows = {f"{each:03}": 0 for each in range(rows)}
        self.events = events
        self.questions = 0

    def row(self, part: Query, each: str) -> dict[str, Any]:
        stamp = self.rows[each]
        return {name: f"{name}{stamp}" for name in part.fields} | {"Id": each, "SystemModstamp": stamp}

    def ask(self, part: Query, ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        number, what = self.events.get(self.questions, (0, ""))
        self.questions += 1
        each = f"{number:03}"
        if what == "change" and each in self.rows:
            self.rows[each] += 1
        elif what == "remove":
            self.rows.pop(each, None)
        return iter([self.row(part, each) for each in ids if each in self.rows])


def test_each_part_has_the_id_and_the_clock() -> None:
    assert len(PARTS) > 2
    assert all({"Id", "SystemModstamp"} <= set(part.fields) for part in PARTS)
    assert {name for part in PARTS for name in part.fields} == {*QUERY.fields, "SystemModstamp"}


@given(
    st.integers(1, 8),
    st.dictionaries(
        st.integers(0, 8), st.tuples(st.integers(0, 7), st.sampled_from(["change", "remove"])), max_size=4
    ),
)
def test_a_row_comes_whole_or_is_told_as_removed(rows: int, events: dict[int, tuple[int, str]]) -> None:
    table = Table(rows, events)
    first = [table.row(PARTS[0], each) for each in table.rows]
    whole, gone = wide.join(first, PARTS, table.ask)
    assert sorted([row["Id"] for row in whole] + list(gone)) == [row["Id"] for row in first]
    assert not set(gone) & set(table.rows)
    for row in whole:
        values = {row[name].removeprefix(name) for name in QUERY.fields if name != "Id"}
        assert values == {str(row["SystemModstamp"])}, "not torn"


def test_rows_that_never_rest_fail_the_stream() -> None:
    table = Table(1, dict.fromkeys(range(100), (0, "change")))
    with pytest.raises(RunFailed, match="keep changing"):
        wide.join([table.row(PARTS[0], "000")], PARTS, table.ask)
