"""Values of all kinds: what fits goes in, what does not is the reject reason of its field."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from target_pipe import group, identify, messages

from salesforce_seg import fields
from salesforce_seg.describe import FieldDescribe, SObjectDescribe
from salesforce_seg.errors import RecordRejected
from target_salesforce_seg.mapping.tables import LEAD
from target_salesforce_seg.mapping.traits import TraitMapper
from target_salesforce_seg.mapping.values import ValueRules
from target_salesforce_seg.notices import MOST, Notices

if TYPE_CHECKING:
    from local_org_client import OrgClient

EMAIL = {"email": "a@example.com"}


def leads(org: OrgClient, *names: str) -> list[dict[str, Any]]:
    return org.query(f"SELECT {', '.join(names)} FROM Lead ORDER BY Email")


# Text


@given(st.text(), st.integers(1, 12))
def test_a_cut_text_has_at_most_so_many_utf16_units_and_no_half_character(text: str, length: int) -> None:
    field = FieldDescribe("F", length=length)
    cut = fields.trim(field, text)
    assert fields.fits(field, cut)
    assert len(cut.encode("utf-16-le", "surrogatepass")) <= 2 * length
    assert text.startswith(cut)
    assert cut == text or len(text.encode("utf-16-le", "surrogatepass")) > 2 * length


def test_emoji_at_the_limit_and_null_characters(org: OrgClient, send: Any) -> None:
    texts = {
        "a": "x" * 39 + "😀",
        "b": "😀" * 20,
        "c": "😀" * 21,
        "d": "x" * 38 + "é😀",
        "e": "n\0ul",
        "f": "\0",
    }
    people = [identify({"email": f"{name}@example.com", "firstName": text}) for name, text in texts.items()]
    outcome = send(*people)
    outcome.doors(created=6)
    expected = ["x" * 39, "😀" * 20, "😀" * 20, "x" * 38 + "é", "nul", None]
    assert [row["FirstName"] for row in leads(org, "FirstName")] == expected
    assert outcome.log.count("Lead.FirstName takes 40 characters: longer values are cut.") == 2
    send(*people).doors(unchanged=6)
    outcome = send(group("g\0", {"name": "N"}), group("😀" * 21, {"name": "N"}))
    outcome.doors(rejected=2)
    assert [line["fields"] for line in outcome.rejects] == [["AccountNumber"]] * 2


# Types


def test_a_number_with_more_decimals_than_its_field_is_written_once(org: OrgClient, send: Any) -> None:
    org.custom_field("Lead.Score__c", "Number", precision=8, scale=2)
    event = identify(EMAIL | {"score": 12.345})
    send(event).doors(created=1)
    send(event).doors(unchanged=1)


def test_a_value_that_cannot_be_read_is_the_reject_reason_of_its_field(org: OrgClient, send: Any) -> None:
    org.custom_field("Lead.since__c", "Date")
    org.custom_field("Lead.seen__c", "DateTime")
    org.custom_field("Lead.score__c", "Number", precision=5, scale=2)
    org.custom_field("Lead.flag__c", "Checkbox", defaultValue="false")
    bad: list[tuple[dict[str, Any], list[str], str]] = [
        ({"since": "01/02/2026"}, ["since__c"], "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ({"since": "1600-01-01"}, ["since__c"], "NUMBER_OUTSIDE_VALID_RANGE"),
        ({"seen": "soon", "title": "T"}, ["seen__c"], "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ({"score": 1000}, ["score__c"], "NUMBER_OUTSIDE_VALID_RANGE"),
        ({"score": "1e400"}, ["score__c"], "NUMBER_OUTSIDE_VALID_RANGE"),
        ({"numberOfEmployees": 1e300}, ["NumberOfEmployees"], "NUMBER_OUTSIDE_VALID_RANGE"),
        ({"employees": 1, "numberOfEmployees": 10**8}, ["NumberOfEmployees"], "NUMBER_OUTSIDE_VALID_RANGE"),
        ({"flag": "perhaps"}, ["flag__c"], "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        (
            {"flag": "perhaps", "score": "many", "since": [1], "seen": "2026-02-30"},
            ["flag__c", "score__c", "seen__c"],
            "INVALID_TYPE_ON_FIELD_IN_RECORD",
        ),
    ]
    good = [
        {"since": "2026-1-5", "seen": 1767225600, "score": "999.99", "flag": "yes"},
        {"since": "Jan 5, 2026", "seen": "Thu, 01 Jan 2026 01:00:00 +0100", "score": 999.99, "flag": 1},
        {"since": 1767571200000, "seen": "2026-01-01 00:00", "score": "9.9999e2", "flag": "TRUE"},
    ]
    events = [
        identify({"email": f"{number}@example.com"} | traits)
        for number, traits in enumerate([*(traits for traits, _, _ in bad), *good])
    ]
    outcome = send(*events)
    outcome.doors(created=len(good), rejected=len(bad))
    assert [(line["fields"], line["code"]) for line in outcome.rejects] == [(f, code) for _, f, code in bad]
    assert all(line["object"] == "Lead" for line in outcome.rejects)
    assert not any("Decimal" in line["reason"] for line in outcome.rejects), "numbers as the event has them"
    rows = leads(org, "since__c", "seen__c", "score__c", "flag__c")
    expected = {"since__c": "2026-01-05", "seen__c": "2026-01-01T00:00:00.000+0000", "score__c": 999.99}
    assert rows == [expected | {"flag__c": True}] * len(good)


def test_unmappable_shapes_are_said_once_a_trait(org: OrgClient, send: Any) -> None:
    shapes = {
        "settings": {"a": 1},
        "tags": ["a"],
        "phones": "12",
        "websites": [],
        "company": {"name": "C", "size": 5, "id": 7},
        "address": {"city": {"x": 1}, "county": "K"},
        "city": "Ulm",
    }
    org.custom_field("Lead.settings__c")
    outcome = send(*(identify({"email": f"{n}@example.com"} | shapes) for n in range(3)))
    outcome.doors(created=3)
    for told in (
        "`settings` has a shape that no field of Lead takes: it is left out.",
        "`phones` has a shape that no field of Lead takes: it is left out.",
        "`address.city` has a shape that no field of Lead takes: it is left out.",
        "Lead has no field tags__c that this user can see: `tags` is left out of every record.",
        "`company.size` is inside an object, and Lead has no field for it",
        "`address.county` is inside an object, and Lead has no field for it",
    ):
        assert outcome.log.count(told) == 2  # when it first happens, and how often at the end
    assert "company.id" not in outcome.log
    assert leads(org, "City", "Company")[0] == {"City": "Ulm", "Company": "C"}


def test_a_setting_may_take_a_trait_out_of_an_object(org: OrgClient, send: Any) -> None:
    org.custom_field("Lead.Team__c")
    settings = {
        "trait_fields": {"company.team": "Team__c", "details.jobs.0.role": "Title", "company.name": None}
    }
    traits = {
        "company": {"team": "A", "name": "never"},
        "details": {"jobs": [{"role": "CTO"}]},
        "title": "x",
        "team": "loses",
    }
    send(identify(EMAIL | traits), **settings).doors(created=1)
    assert leads(org, "Team__c", "Title", "Company") == [{"Team__c": "A", "Title": "CTO", "Company": "n/a"}]
    send(identify(EMAIL | {"details": "text", "company.team": "B", "address.city": "Ulm"}), **settings).doors(
        updated=1
    )
    assert leads(org, "Team__c", "Title", "City") == [{"Team__c": "B", "Title": "CTO", "City": "Ulm"}]


# Large and deep


def test_large_and_deep_events(org: OrgClient, cli: Any) -> None:
    org.custom_field("Lead.nested__c")
    deep: Any = "leaf"
    for _ in range(400):
        deep = {"traits": [deep]}
    deeper = '{"a":' * 100_000 + "1" + "}" * 100_000
    event = '{"type": "identify", "traits": ' + deeper + "}"
    line = '{"type": "RECORD", "stream": "events", "record": ' + event + "}"
    large = identify(
        {"email": "large@example.com", "nested": "x" * 10_000_000, "description": "é" * 6_000_000}
    )
    content = [
        *messages(
            [
                identify({"email": "deep@example.com", "nested": deep, "address": deep, "company": deep}),
                large,
                identify({"email": "text@example.com"}, context=json.dumps({"traits": deep})),
                identify(deep),
            ]
        ),
        line,
        *messages([identify({"email": "late@example.com"})])[1:],
    ]
    outcome = cli(content)
    assert outcome.exit_code == 0, outcome.log[-2000:]
    outcome.doors(created=4, rejected=2)
    assert sorted(outcome.codes) == ["INVALID_JSON", "MISSING_KEY"]
    (row,) = org.query("SELECT Description, nested__c FROM Lead WHERE Email = 'large@example.com'")
    assert (len(row["Description"]), len(row["nested__c"])) == (32_000, 255)


# The rules of the mapping, whatever comes

NAMES = [
    "email",
    "title",
    "position",
    "jobTitle",
    "name",
    "firstName",
    "phone",
    "phones",
    "address",
    "company",
]
NAMES += ["city", "Title ", "job_title", "plan", "plan__c", "", "a.b", "address.city", "status"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)
TEXT_FIELDS = ("Email", "Title", "Phone", "FirstName", "LastName", "Company", "City", "plan__c", "Status")
SOBJECT = SObjectDescribe.from_json(
    {
        "name": "Lead",
        "fields": [
            {
                "name": name,
                "length": 4,
                "createable": True,
                "updateable": True,
                "nillable": name != "LastName",
            }
            for name in TEXT_FIELDS
        ],
    }
)


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_any_traits_make_a_record_of_fitting_values(traits: dict[str, Any]) -> None:
    notices = Notices(logging.getLogger("quiet"))
    rules = ValueRules(trim_long_values=True, reject_unknown_fields=False, notices=notices)
    mapper = TraitMapper(LEAD, {}, rules, SOBJECT, lost_case=False)
    record = mapper.record(traits)
    assert set(record) <= set(TEXT_FIELDS)
    assert all(value is None or (isinstance(value, str) and 0 < len(value) <= 4) for value in record.values())
    assert record.get("LastName", "") is not None
    assert mapper.record(traits) == record
    title = next((str(traits[n]) for n in ("title", "Title ") if _says_something(traits.get(n))), None)
    if title is not None and "Title " not in traits:
        assert record["Title"] == title.replace("\0", "").strip()[:4].strip()


SPELLED_ONCE = [name for name in NAMES if name not in {"Title ", "job_title", "plan__c", "address.city"}]


TRAIT = st.sampled_from(["ab", "cd", "é", " ", "too long", None]) | JSON


@given(st.dictionaries(st.sampled_from(SPELLED_ONCE), TRAIT, min_size=4), st.randoms(use_true_random=False))
def test_the_order_of_the_traits_does_not_decide_between_them(traits: dict[str, Any], chance: Any) -> None:
    notices = Notices(logging.getLogger("quiet"))
    rules = ValueRules(trim_long_values=True, reject_unknown_fields=False, notices=notices)
    mapper = TraitMapper(LEAD, {"plan": "Title", "x": "City"}, rules, SOBJECT, lost_case=False)
    shuffled = list(traits.items())
    chance.shuffle(shuffled)
    assert mapper.record(dict(shuffled)) == mapper.record(traits)


def _says_something(value: Any) -> bool:
    is_text = isinstance(value, str) and bool(value.replace("\0", "").strip()) and value.isascii()
    return is_text or (isinstance(value, int) and not isinstance(value, bool))


def test_an_empty_standard_trait_says_nothing_even_if_its_field_is_hidden() -> None:
    notices = Notices(logging.getLogger("quiet"))
    rules = ValueRules(trim_long_values=True, reject_unknown_fields=True, notices=notices)
    mapper = TraitMapper(LEAD, {}, rules, SOBJECT, lost_case=False)
    assert mapper.record({"rating": " ", "title": "", "city": None}) == {"City": None}
    for traits in ({"rating": "Hot"}, {"rating": None}, {"nope": ""}):
        with pytest.raises(RecordRejected, match="Lead has no field"):
            mapper.record(traits)


def test_names_from_outside_fill_neither_the_log_nor_the_memory(org: OrgClient, send: Any) -> None:
    events = [
        identify({"email": f"{n}@example.com"} | {f"key-{n}-{m}": m for m in range(130)}) for n in range(10)
    ]
    outcome = send(*events)
    outcome.doors(created=10)
    assert outcome.log.count("is left out of every record") == MOST
    assert f"More than {MOST} different notices: further ones are counted here." in outcome.log


@pytest.mark.parametrize("status", ["Working - Contacted", " Working - Contacted "])
def test_the_status_of_a_lead_is_an_ordinary_field(org: OrgClient, send: Any, status: str) -> None:
    send(identify(EMAIL | {"status": "Open - Not Contacted"}), identify(EMAIL | {"status": status})).doors(
        created=1, updated=1
    )
    assert leads(org, "Status") == [{"Status": "Working - Contacted"}]
