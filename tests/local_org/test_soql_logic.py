"""Conditions against a model in Python: whatever the tree of AND, OR and NOT, SOQL picks the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_org_client import OrgClient

Row = dict[str, Any]
Condition = tuple[str, "Callable[[Row], bool]"]

TEXTS = ["a", "A", "b'c", "B\\", "ä", "Ä", "%", None]
NUMBERS = [-1.0, 0.0, 2.0, None]
ROWS: list[Row] = [
    {"LastName": f"{n}", "Department": text, "MailingLatitude": number}
    for n, (text, number) in enumerate((text, number) for text in TEXTS for number in NUMBERS)
]


def quoted(text: str | None) -> str:
    return "null" if text is None else "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fold(text: str | None) -> str | None:
    return text.casefold() if text else None


def text_condition(operator: str, value: str | None) -> Condition:
    same: Callable[[Row], bool] = lambda row: fold(row["Department"]) == fold(value)  # noqa: E731
    return (
        f"Department {operator} {quoted(value)}",
        same if operator == "=" else lambda row: not same(row),
    )


def text_member(operator: str, values: list[str | None]) -> Condition:
    wanted = {fold(value) for value in values}
    listed = ", ".join(map(quoted, values))
    return (
        f"Department {operator} ({listed})",
        lambda row: (fold(row["Department"]) in wanted) == (operator == "IN"),
    )


def number_condition(operator: str, value: float) -> Condition:
    compare: dict[str, Callable[[float], bool]] = {
        "<": lambda number: number < value,
        "<=": lambda number: number <= value,
        ">": lambda number: number > value,
        ">=": lambda number: number >= value,
    }
    return (
        f"MailingLatitude {operator} {value}",
        lambda row: row["MailingLatitude"] is not None and compare[operator](row["MailingLatitude"]),
    )


def joined(word: str, parts: list[Condition]) -> Condition:
    tests = [test for _, test in parts]
    combine = all if word == "AND" else any
    return f"({f' {word} '.join(text for text, _ in parts)})", lambda row: combine(
        test(row) for test in tests
    )


def negated(inner: Condition) -> Condition:
    return f"(NOT {inner[0]})", lambda row: not inner[1](row)


leaves = st.one_of(
    st.builds(text_condition, st.sampled_from(["=", "!="]), st.sampled_from(TEXTS)),
    st.builds(
        text_member,
        st.sampled_from(["IN", "NOT IN"]),
        st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3),
    ),
    st.builds(number_condition, st.sampled_from(["<", "<=", ">", ">="]), st.sampled_from([-1.0, 0.5, 2.0])),
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(joined, st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=2, max_size=3)),
        inner.map(negated),
    ),
    max_leaves=8,
)


def test_soql_picks_the_rows_that_a_model_picks(org: OrgClient) -> None:
    org.create("Contact", ROWS)

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(conditions)
    def same_rows(condition: Condition) -> None:
        soql, test = condition
        rows = org.query(f"SELECT LastName FROM Contact WHERE {soql}")
        assert {each["LastName"] for each in rows} == {row["LastName"] for row in ROWS if test(row)}

    same_rows()


def test_any_text_comes_back_and_finds_its_row(org: OrgClient) -> None:
    texts = st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=30
    )

    @settings(max_examples=60, deadline=None)
    @given(texts.filter(lambda text: text.strip() == text))
    def round_trip(text: str) -> None:
        (record,) = org.create("Contact", [{"LastName": "X", "Department": text}])
        stored = org.query(f"SELECT Department FROM Contact WHERE Id = '{record}'")[0]["Department"]
        rows = org.query(f"SELECT Id FROM Contact WHERE Department = {quoted(stored)}")
        assert record in {each["Id"] for each in rows}

    round_trip()
