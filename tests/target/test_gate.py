"""Which events go to Salesforce."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from target_pipe import identify, track

from target_salesforce_seg.gate import Gate

if TYPE_CHECKING:
    from local_org_client import OrgClient

TEXTS = st.sampled_from(["", "All", "Salesforce", "providers", "true"])
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=5,
)
FLAGS = st.dictionaries(st.sampled_from(["All", "all", "Salesforce", "salesforce", "Other"]), ANY_JSON)


def is_open(record: dict[str, Any], *, always: bool = False, name: str = "Salesforce") -> bool:
    return Gate(always, name).closed_because(record) is None


@given(FLAGS, st.booleans())
def test_the_own_key_decides(flags: dict[str, Any], always: bool) -> None:
    own = flags.get("Salesforce")
    all_false = any(key.lower() == "all" and value is False for key, value in flags.items())
    expected = own if isinstance(own, bool) else isinstance(own, dict) or (always and not all_false)
    assert is_open({"integrations": flags}, always=always) == expected


@given(ANY_JSON)
def test_whatever_stands_there_never_breaks_the_gate(anything: Any) -> None:
    is_open({"integrations": anything, "context": anything, "options": anything})
    assert not is_open({"integrations": anything if anything is not None else {}}) or isinstance(
        anything, dict
    )


def test_all_true_never_opens_it() -> None:
    assert not is_open({"integrations": {"All": True}})
    assert not is_open({"integrations": {"Salesforce (Actions)": True}})


def test_older_places_are_read_only_without_integrations() -> None:
    assert is_open({"context": {"Salesforce": True}})
    assert is_open({"options": {"providers": {"Salesforce": {}}}})
    assert not is_open({"integrations": {}, "context": {"Salesforce": True}})


@pytest.mark.parametrize(
    ("flags", "settings", "reason"),
    [
        ({}, {}, "integrations.Salesforce is not true"),
        ({"All": True}, {}, "integrations.Salesforce is not true"),
        ({"salesforce": True}, {}, "integrations.Salesforce is not true"),
        ({"Salesforce": "true"}, {}, "integrations.Salesforce is not true"),
        ({"Salesforce": 1}, {}, "integrations.Salesforce is not true"),
        ({"Salesforce": False}, {"always_enabled": True}, "integrations.Salesforce is false"),
        ({"All": False}, {"always_enabled": True}, "integrations.All is false"),
        (
            {"Salesforce": True},
            {"integration_name": "Salesforce V2"},
            "integrations.Salesforce V2 is not true",
        ),
    ],
)
def test_a_closed_gate_says_why(send: Any, flags: Any, settings: Any, reason: str) -> None:
    outcome = send(*[identify({"email": "a@example.com"}, integrations=flags)] * 2, **settings)
    outcome.doors(skipped=2)
    assert f"Not for Salesforce: 2 events, because {reason}" in outcome.log
    assert outcome.counts["api_calls"] == 0


@pytest.mark.parametrize(
    ("flags", "settings"),
    [
        ({"Salesforce": {"anything": 1}}, {}),
        ({"All": False, "Salesforce": True}, {}),
        ({"All": False, "Salesforce": True}, {"always_enabled": True}),
        ({"Salesforce": 7}, {"always_enabled": True}),
        ({"Salesforce V2": True}, {"integration_name": "Salesforce V2"}),
        (None, {"always_enabled": True}),
    ],
)
def test_an_open_gate(org: OrgClient, send: Any, flags: Any, settings: Any) -> None:
    send(identify({"email": "a@example.com"}, integrations=flags), **settings).doors(created=1)
    assert len(org.query("SELECT Id FROM Lead")) == 1


def test_events_that_salesforce_has_nothing_for(send: Any) -> None:
    outcome = send(
        identify(type="page"),
        identify(type="screen"),
        identify(type="alias"),
        track("Nobody Waits"),
        always_enabled=True,
    )
    outcome.doors(skipped=4)
    assert "because page events have no counterpart in Salesforce" in outcome.log
    assert "because no action waits for this track event" in outcome.log
