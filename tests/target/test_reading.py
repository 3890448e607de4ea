"""Lines into records: quick for those that are in order, with the same verdicts on all the others."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from target_pipe import identify, schema

from target_salesforce_seg.schema_check import surely_fits
from target_salesforce_seg.target import TargetSalesforceSeg

if TYPE_CHECKING:
    from local_org_client import OrgClient

TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
NAMES = st.sampled_from(["a", "b", "c"])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.0, 1.5, Decimal("1.0"), Decimal("-2.5")])
    | st.text("xyz", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


def schemas() -> st.SearchStrategy[Any]:
    def wider(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        members = {
            "type": st.sampled_from(TYPES) | st.lists(st.sampled_from(TYPES), min_size=1, unique=True),
            "properties": st.dictionaries(NAMES, inner, max_size=3),
            "required": st.lists(NAMES, max_size=2, unique=True),
            "additionalProperties": st.booleans() | inner,
            "items": inner,
            "anyOf": st.lists(inner, min_size=1, max_size=3),
            "not": inner,
            "enum": st.lists(st.integers(-1, 1) | st.text("xy", max_size=1), min_size=1, unique=True),
            "maxLength": st.integers(0, 3),
            "minLength": st.integers(0, 3),
            "maximum": st.integers(-2, 2),
            "minimum": st.just(Decimal("-1.5")),
            "format": st.just("date-time"),
            "description": st.just("of a tap"),
        }
        return st.fixed_dictionaries({}, optional=members)

    return st.recursive(st.booleans() | wider(st.booleans()), wider, max_leaves=4)


@settings(max_examples=400)
@given(schemas(), values)
def test_what_is_let_by_quickly_is_never_against_the_schema(of_stream: Any, value: Any) -> None:
    if surely_fits(of_stream)(value):
        assert Draft202012Validator(of_stream).is_valid(value)


@given(st.dictionaries(NAMES, st.none() | st.integers() | st.text("xyz")))
def test_records_of_the_usual_schemas_are_let_by_quickly(record: dict[str, Any]) -> None:
    leaf = {"type": ["integer", "string", "null"]}
    of_stream = {"type": "object", "properties": {"a": leaf, "b": {"anyOf": [leaf, {"type": "object"}]}}}
    assert surely_fits(of_stream)(record)
    assert surely_fits(of_stream)({"a": record.get("a"), "b": record})


def test_a_record_is_checked_by_the_schema_that_came_last_before_it(org: OrgClient, run: Any) -> None:
    def of_stream(**traits: Any) -> dict[str, Any]:
        return schema(schema={"properties": {"traits": {"properties": traits, "type": ["object", "null"]}}})

    def record(email: str, **traits: Any) -> dict[str, Any]:
        event = identify({"email": f"{email}@example.com", **traits})
        return {"type": "RECORD", "stream": "events", "record": event}

    outcome = run(
        [
            of_stream(),
            record("a", title=1),
            of_stream(title={"type": "string"}, numberOfEmployees={"type": "integer"}),
            record("b", title=1),
            record("c", title="T", numberOfEmployees=2.0),
            record("d", title="T", numberOfEmployees=2.5),
            of_stream(title={"type": "integer"}),
            record("e", title=1),
        ]
    )
    outcome.doors(created=3, rejected=2)
    assert outcome.codes == ["INVALID_RECORD"] * 2
    assert [line["event"]["traits"]["email"][0] for line in outcome.rejects] == ["b", "d"]
    assert "1 is not of type 'string'" in outcome.rejects[0]["reason"]


def test_maps_and_schemas_of_a_stream_count_whatever_comes_first(org: OrgClient, run: Any) -> None:
    event = identify({"email": "a@example.com"}, kind="x")
    content = [schema(), {"type": "RECORD", "stream": "events", "record": event}]
    run(content, stream_maps={"events": {"__filter__": "kind != 'x'"}}).doors()
    run(content, stream_maps={"others": {"__filter__": "kind != 'x'"}}).doors(created=1)


def test_numbers_of_a_state_keep_their_digits(
    config: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    state = '{"a":1.10,"b":0.1000000000000000055511151231257827,"c":12345678901234567890}'
    TargetSalesforceSeg(config=config).listen(io.StringIO(f'{{"type":"STATE","value":{state}}}\n'))
    assert capsys.readouterr().out == f"{state}\n"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('{"type":"RECORD","stream":"events","record":{"a":1e99999999999999999999}}', "INVALID_JSON"),
        ('{"type":"RECORD","stream":"events","record":{"a":NaN,"type":"x"}}', "UNKNOWN_TYPE"),
        ('{"type":"RECORD","stream":"events","record":{"a":"\\ud800","type":"x"}}', "UNKNOWN_TYPE"),
        ('{"type":"RECORD","stream":"events","record":{"a":1}} x', "INVALID_JSON"),
    ],
)
def test_what_only_some_take_for_json(org: OrgClient, run: Any, line: str, code: str) -> None:
    as_text = identify(traits='{"a": 1e99999999999999999999}')
    run([schema(), {"type": "RECORD", "stream": "events", "record": as_text}]).doors(rejected=1)
    outcome = run([schema(), line], always_enabled=True)
    outcome.doors(rejected=1)
    assert outcome.codes == [code]
