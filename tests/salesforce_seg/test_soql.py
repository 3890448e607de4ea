"""No value can leave its literal: judged by a strict parser of the test's own, and by the local org."""

from __future__ import annotations

import itertools
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from salesforce_seg import composite, soql

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_org_client import OrgClient

ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
HOSTILE = st.text(
    st.sampled_from("'\\\"%_;()=- \n\r\t\b\fnu0041OR\x00\x1f\x7f\u2028") | st.characters(), max_size=60
)


def read_literal(text: str) -> tuple[str, str]:
    """The value of the string literal that a text begins with, and what follows it, by the reference."""
    assert text[0] == "'", "a string literal begins with a single quote"
    value, position = "", 1
    while text[position] != "'":
        char = text[position]
        assert ord(char) >= 32, "a control character stands in the literal as it is"
        if char != "\\":
            value, position = value + char, position + 1
            continue
        kind = text[position + 1]
        if kind == "u":
            value += chr(int(text[position + 2 : position + 6], 16))
            position += 6
        else:
            value += ESCAPES[kind]
            position += 2
    return value, text[position + 1 :]


@given(HOSTILE | st.text())
@example("'")
@example("\\")
@example("\\'")
@example("' OR Name != '")
@example("\\' OR Name != \\'")
@example("x\\")
@example("\ud800")
@example("u0027")
@example("\\u0027")
def test_no_value_leaves_its_literal(value: str) -> None:
    assert read_literal(soql.quote(value)) == (value, "")
    condition = soql.equals("Name", value)
    assert condition.text.startswith("Name = ")
    assert read_literal(condition.text.removeprefix("Name = ")) == (value, "")


@given(st.lists(HOSTILE, min_size=1, max_size=5))
def test_no_value_leaves_its_list(values: list[str]) -> None:
    rest = soql.isin("Name", values).text.removeprefix("Name IN ")
    found = []
    while rest != ")":
        assert rest[0] in "(,"
        value, rest = read_literal(rest[1:])
        found.append(value)
    assert found == values


numbers = itertools.count()


def _keeps_its_characters(text: str) -> bool:
    """Whether an org stores the text as it is: of control characters line ends only, and what fits a name."""
    return all(char.isprintable() or char == "\n" for char in text) and len(text.encode("utf-16-le")) < 2 * 70


@given(st.lists(HOSTILE.map(str.strip).filter(_keeps_its_characters), max_size=8))
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_org_finds_each_hostile_value_and_nothing_else(
    org: OrgClient, connect: Callable[..., Any], values: list[str]
) -> None:
    session = connect(login_url=org.url, client_id="c", client_secret="s3cret-of-app").session
    names = [f"{next(numbers)}:{value}".strip() for value in ["' OR Name != '", "\\", "\\'", *values]]
    ids = org.create("Lead", [{"LastName": name, "Company": "Acme"} for name in names])
    queries = [soql.select(["Id"], "Lead", where=soql.equals("LastName", name)) for name in names]
    answers = composite.send(session, [composite.query(session, query) for query in queries])
    assert [[row["Id"] for row in each.body["records"]] for each in answers] == [[each] for each in ids]
    everything = soql.select(["Id"], "Lead", where=soql.isin("LastName", names), order_by=["Id"])
    assert [
        row["Id"] for row in session.call_json("GET", "query", params={"q": everything})["records"]
    ] == ids


LITERALS = [
    (None, "null"),
    (True, "true"),
    (False, "false"),
    (0, "0"),
    (-7, "-7"),
    (1.5, "1.5"),
    (1e-7, "0.0000001"),
    (1e22, "10000000000000000000000"),
    (Decimal("1E+3"), "1000"),
    (Decimal("12345678901234.5678"), "12345678901234.5678"),
    (date(2026, 1, 31), "2026-01-31"),
    (date(800, 1, 1), "0800-01-01"),
    (datetime(2026, 1, 31, 23, 59, 58, 999999, timezone.utc), "2026-01-31T23:59:58Z"),
    (datetime(2026, 1, 31, 23, tzinfo=timezone(timedelta(hours=-5))), "2026-02-01T04:00:00Z"),
    (time(13, 30), "13:30:00.000Z"),
    (time(13, 30, 1, 5000), "13:30:01.005Z"),
    ("O'Neill", "'O\\'Neill'"),
]


@pytest.mark.parametrize(("value", "literal"), LITERALS)
def test_literals(value: Any, literal: str) -> None:
    assert soql.literal(value) == literal


@given(st.datetimes(timezones=st.timezones()))
def test_no_moment_has_a_plus_that_a_url_would_eat(moment: datetime) -> None:
    assert "+" not in soql.literal(moment)
    assert soql.literal(moment).endswith("Z")


@pytest.mark.parametrize(
    "value",
    [datetime(2026, 1, 1), float("nan"), float("inf"), Decimal("-Infinity"), object(), b"x", [1], {"a": 1}],
)
def test_what_soql_cannot_say(value: Any) -> None:
    with pytest.raises(ValueError, match=r"time zone|no literal"):
        soql.literal(value)


def test_a_string_that_salesforce_would_refuse_is_refused_here() -> None:
    assert len(soql.quote("x" * 4000)) == 4002
    with pytest.raises(ValueError, match="too long to look up"):
        soql.quote("x" * 4001)


@pytest.mark.parametrize("name", ["Id", "Account.Owner.Name", "Score__c", "Parent__r.Ext__c", "ns__A1__c"])
def test_names(name: str) -> None:
    assert soql.name(name) == name


@given(
    HOSTILE | st.sampled_from(["", ".", "A.", ".A", "A..B", "1A", "A B", "A'", "COUNT()", "A,B", "Ä", "A\n"])
)
def test_what_is_no_name_is_refused(name: str) -> None:
    if name.replace(".", "").replace("_", "").isascii() and name.replace(".", "").replace("_", "").isalnum():
        return
    with pytest.raises(ValueError, match="not a Salesforce field or object name"):
        soql.name(name)
    for refused in (
        lambda: soql.select([name], "Lead"),
        lambda: soql.select(["Id"], name),
        lambda: soql.equals(name, 1),
        lambda: soql.isin(name, [1]),
        lambda: soql.count(name),
    ):
        with pytest.raises(ValueError, match="name"):
            refused()


def test_a_statement() -> None:
    where = soql.all_of(
        soql.compare("SystemModstamp", ">=", datetime(2026, 1, 1, tzinfo=timezone.utc)),
        soql.any_of(soql.equals("Email", "a@b.c"), soql.equals("IsConverted", False)),
        soql.negate(soql.isin("City", ["Bonn", "Oslo"])),
    )
    query = soql.select(
        ["Id", "Name", "id"], "Lead", where=where, order_by=["SystemModstamp", "Id desc"], limit=10
    )
    assert query == (
        "SELECT Id, Name FROM Lead WHERE SystemModstamp >= 2026-01-01T00:00:00Z AND "
        "(Email = 'a@b.c' OR IsConverted = false) AND (NOT City IN ('Bonn','Oslo')) "
        "ORDER BY SystemModstamp, Id DESC LIMIT 10"
    )
    assert soql.count("Lead", where=where).startswith("SELECT COUNT() FROM Lead WHERE ")


def test_joining() -> None:
    one, two, three = (soql.equals("A", number) for number in (1, 2, 3))
    assert soql.all_of() is None
    assert soql.all_of(None, one) is one
    assert str(soql.all_of(one, soql.all_of(two, three))) == "A = 1 AND A = 2 AND A = 3"
    assert str(soql.any_of(one, soql.all_of(two, three))) == "A = 1 OR (A = 2 AND A = 3)"
    assert str(soql.negate(soql.any_of(one, two))) == "(NOT (A = 1 OR A = 2))"  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", ["~", "LIKE", "= 1 OR A ="])
def test_operators_and_directions_are_checked(bad: str) -> None:
    with pytest.raises(ValueError, match="operator"):
        soql.compare("A", bad, 1)
    with pytest.raises(ValueError, match="sort direction"):
        soql.select(["Id"], "Lead", order_by=[f"Id {bad}"])


def test_an_empty_list_or_select_is_refused() -> None:
    with pytest.raises(ValueError, match="no values"):
        soql.isin("Id", [])
    with pytest.raises(ValueError, match="no field"):
        soql.select([], "Lead")
    assert list(soql.isin_batches("Id", [])) == []


@given(st.lists(st.text(max_size=30), max_size=60), st.integers(1, 10), st.integers(1, 200))
def test_long_lists_are_split_and_nothing_is_lost(values: list[str], most: int, longest: int) -> None:
    parts = list(soql.isin_batches("Name", values, most=most, longest=longest))
    assert [value for batch, _ in parts for value in batch] == list(dict.fromkeys(values))
    for batch, condition in parts:
        assert 0 < len(batch) <= most
        assert len(condition.text) <= longest + len("Name IN ()") or len(batch) == 1
        assert condition == soql.isin("Name", batch)
