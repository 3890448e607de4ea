"""Countries and states in an org that has picklists for them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from local_org_client import LocalOrgProcess, OrgClient
from target_pipe import group, identify

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgClient]:
    """An org with state and country picklists; it takes the place of the shared one in this module."""
    folder = tmp_path_factory.mktemp("places")
    (folder / "schema.json").write_text(json.dumps({"features": {"state_country_picklists": True}}))
    arguments = ("--schema", str(folder / "schema.json"))
    with LocalOrgProcess(*arguments, log=folder / "log.txt") as process, OrgClient(process.url) as client:
        yield client


ADDRESSES = [
    ({"country": "United States", "state": "California"}, ("United States", "California", "CA")),
    ({"country": "us", "state": "ca"}, ("United States", "California", "CA")),
    ({"country": "USA", "stateCode": "RI"}, ("United States", "Rhode Island", "RI")),
    ({"countryCode": "CA", "state": "quebec"}, ("Canada", "Quebec", "QC")),
    ({"country_code": "Canada"}, ("Canada", None, None)),
    ({"country": None, "state": None}, (None, None, None)),
]
REFUSED = [
    ({"country": "Atlantis"}, "Country"),
    ({"country": "United States", "state": "Quebec"}, "State"),
    ({"country": "Canada", "stateCode": "TX"}, "StateCode"),
    ({"countryCode": "XX"}, "CountryCode"),
    ({"country": "Germany", "state": "Bavaria"}, "State"),
]


def test_each_place_goes_to_its_picklist_by_label_or_code(org: OrgClient, send: Any) -> None:
    events = [
        identify({"email": f"{number}@example.com", "address": address})
        for number, (address, _) in enumerate(ADDRESSES)
    ]
    send(*events).doors(created=len(ADDRESSES))
    rows = org.query("SELECT Country, State, StateCode FROM Lead ORDER BY Email")
    assert [tuple(row.values()) for row in rows] == [expected for _, expected in ADDRESSES]
    send(*events).doors(unchanged=len(ADDRESSES))


def test_a_place_that_the_org_does_not_know_is_the_reject_reason_of_its_field(
    org: OrgClient, send: Any
) -> None:
    outcome = send(
        *(
            identify({"email": f"r{number}@example.com"} | address)
            for number, (address, _) in enumerate(REFUSED)
        ),
        identify({"email": "good@example.com", "country": "DE"}),
    )
    outcome.doors(created=1, rejected=len(REFUSED))
    assert outcome.codes == ["FIELD_INTEGRITY_EXCEPTION"] * len(REFUSED)
    assert [line["fields"] for line in outcome.rejects] == [[field] for _, field in REFUSED]


def test_a_state_without_its_country_is_looked_for_in_the_country_of_the_record(
    org: OrgClient, send: Any
) -> None:
    send(group("g1", {"name": "N", "country": "Canada"})).doors(created=1)
    send(group("g1", {"state": "Quebec"})).doors(updated=1)
    assert org.query("SELECT BillingState, BillingCountryCode FROM Account") == [
        {"BillingState": "Quebec", "BillingCountryCode": "CA"}
    ]
    outcome = send(group("g1", {"state": "Texas"}), group("g1", {"state": "Nowhere"}))
    outcome.doors(rejected=2)
    assert outcome.codes == ["FIELD_INTEGRITY_EXCEPTION"] * 2


MOVES = [
    {"country": "US", "state": "NY"},
    {"state": "Texas"},
    {"state": None},
    {"country": "Canada", "state": "Quebec"},
    {"country": None, "state": None},
    {"country": "US", "state": "RI"},
    {"state": "Ohio"},
    {"country": "Canada"},  # which has no Ohio
]


@pytest.mark.parametrize("many", range(1, len(MOVES) + 1))
def test_people_who_move_within_a_batch_end_up_where_they_would_one_by_one(
    org: OrgClient, send: Any, many: int
) -> None:
    moves = MOVES[:many]
    together, alone = (
        [identify({"email": f"{how}@moves{many}.example.com", "address": move}) for move in moves]
        for how in ("together", "alone")
    )
    rejected = send(*together).counts["rejected"]
    assert rejected == send(*alone, batch_size=1).counts["rejected"]
    rows = org.query(
        f"SELECT StateCode, State, CountryCode FROM Lead WHERE Email LIKE '%@moves{many}.example.com'"
    )
    assert len(rows) == 2
    assert rows[0] == rows[1], moves
