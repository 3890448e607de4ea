from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_salesforce_seg.naming import snake_case, unique_names

API_NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,30}", fullmatch=True)


@pytest.mark.parametrize(
    ("api_name", "column"),
    [
        ("Id", "id"),
        ("SystemModstamp", "system_modstamp"),
        ("IsDeleted", "is_deleted"),
        ("User_ID__c", "user_id_c"),
        ("ns__F__c", "ns_f_c"),
        ("Pricebook2Id", "pricebook2_id"),
        ("NumberofLocations__c", "numberof_locations_c"),
        ("MRR__c", "mrr_c"),
        ("UserPermissionsSFContentUser", "user_permissions_sfcontent_user"),
        ("Invoice__c", "invoice_c"),
        ("camelCase", "camel_case"),
        ("ABC123def", "abc123def"),
    ],
)
def test_columns_are_named_as_segment_names_them(api_name: str, column: str) -> None:
    assert snake_case(api_name) == column


def split_by_hand(name: str) -> str:
    """The rule a second time, as a walk over the characters instead of a pattern."""
    words: list[str] = []
    word, lower_seen = "", False
    for char in [*name, " "]:
        if char not in string.ascii_letters + string.digits:
            words.append(word)
            word, lower_seen = "", False
            continue
        if lower_seen and char in string.ascii_uppercase:
            words.append(word)
            word, lower_seen = "", False
        lower_seen = lower_seen or char in string.ascii_lowercase
        word += char
    return "_".join(each.lower() for each in words if each)


@given(st.text(alphabet=string.ascii_letters + string.digits + "_ .-é", max_size=40))
def test_the_rule_holds_for_any_name(name: str) -> None:
    assert snake_case(name) == split_by_hand(name)


@given(API_NAMES)
def test_a_column_name_stays_what_it_is(name: str) -> None:
    column = snake_case(name)
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", column)
    assert snake_case(column) == column


def test_the_first_in_api_name_order_keeps_a_contested_name() -> None:
    names, gave_way = unique_names(["A_c", "A__c", "B__c"], "segment")
    assert names == {"A__c": "a_c", "A_c": "a_c_2", "B__c": "b_c"}
    assert gave_way == ["A_c"]


def test_a_number_that_another_field_bears_by_nature_is_not_given() -> None:
    names, _ = unique_names(["A__c", "A_c", "A_c_2"], "segment")
    assert names == {"A__c": "a_c", "A_c": "a_c_3", "A_c_2": "a_c_2"}


def test_documented_names_are_not_given_away() -> None:
    names, gave_way = unique_names(["Role"], "segment", taken={"role"})
    assert names == {"Role": "role_2"}
    assert gave_way == ["Role"]


@given(st.lists(API_NAMES, max_size=30), st.randoms())
def test_names_are_unique_and_do_not_depend_on_the_order(api_names: list[str], random: object) -> None:
    names, _ = unique_names(api_names, "segment")
    assert len(set(names.values())) == len(set(api_names))
    shuffled = list(api_names)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert unique_names(shuffled, "segment")[0] == names


@given(st.lists(API_NAMES, max_size=30))
def test_api_naming_leaves_names_alone(api_names: list[str]) -> None:
    names, gave_way = unique_names(api_names, "api")
    assert names == {name: name for name in api_names}
    assert gave_way == []
