"""Events on one record apply in the order they came, whatever finds the record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from target_pipe import identify, merge, messages, track

if TYPE_CHECKING:
    from local_org_client import OrgClient


def action(event_name: str, operation: str, key: str, **mapped: str) -> dict[str, Any]:
    """An action on Contacts that are found by e-mail or by number."""
    path, field = {"email": ("properties.email", "Email"), "number": ("properties.number", "Number__c")}[key]
    mappings = {f"properties.{name}": field_name for name, field_name in mapped.items()}
    return {
        "event": "track",
        "event_name": event_name,
        "operation": operation,
        "object": "Contact",
        "upsert_rules": {path: field},
        "field_mappings": mappings,
    }


ACTIONS = [
    action("By mail", "upsert", "email", name="LastName", title="Title", new_number="Number__c"),
    action("By number", "upsert", "number", name="LastName", title="Title", new_email="Email"),
    action("Change by mail", "update", "email", title="Title", new_number="Number__c"),
    action("Change by number", "update", "number", title="Title", new_email="Email"),
    action("Gone by mail", "delete", "email"),
    action("Gone by number", "delete", "number"),
    {
        "event": "track",
        "event_name": "New",
        "operation": "create",
        "object": "Contact",
        "field_mappings": {"properties.name": "LastName", "properties.new_email": "Email"},
    },
]
MAILS = st.sampled_from(["a@example.com", "A@Example.com", "b@example.com"])
NUMBERS = st.sampled_from(["1", "2"])
EVENTS = st.builds(
    track,
    st.sampled_from([each["event_name"] for each in ACTIONS]),
    st.fixed_dictionaries(
        {"email": MAILS, "number": NUMBERS, "name": st.sampled_from(["X", "Y"])},
        optional={"title": st.sampled_from(["1", "2"]), "new_email": MAILS, "new_number": NUMBERS},
    ),
)


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each try takes a second: shrinking, minutes
)
@given(st.lists(EVENTS, min_size=2, max_size=6))
def test_a_batch_of_all_kinds_comes_to_the_same_as_its_events_one_by_one(
    org: OrgClient, send: Any, events: list[Any]
) -> None:
    results = []
    for batch_size in (1, 1000):
        org.reset()
        org.custom_field("Contact.Number__c", length=10, externalId=True)
        outcome = send(*events, batch_size=batch_size, actions=ACTIONS)
        rows = org.query("SELECT Email, Number__c, LastName, Title FROM Contact")
        folded = sorted(str({**row, "Email": (row["Email"] or "").lower()}) for row in rows)
        doors = {name: outcome.counts[name] for name in ("rejected", "created", "deleted")}
        results.append((folded, doors, sorted(outcome.codes)))
    assert results[0] == results[1]


def test_two_ways_to_one_record_in_turn(org: OrgClient, send: Any) -> None:
    org.custom_field("Contact.Number__c", length=10, externalId=True)
    org.create("Contact", [{"LastName": "X", "Email": "a@example.com", "Number__c": "1"}])
    events = [
        track("By number", {"number": "9", "name": "Nine", "title": "n"}),
        track("By mail", {"email": "a@example.com", "name": "X", "title": "1"}),
        track("By number", {"number": "1", "name": "X", "title": "2"}),
        track("By mail", {"email": "a@example.com", "name": "X", "title": "3"}),
        track("Change by number", {"number": "1", "title": "4"}),
    ]
    send(*events, actions=ACTIONS).doors(created=1, updated=4)
    assert org.query("SELECT Title FROM Contact WHERE Number__c = '1'") == [{"Title": "4"}]


@pytest.mark.parametrize("api_type", ["rest", "bulk2"])
def test_children_wait_for_parents_of_the_same_batch(org: OrgClient, run: Any, api_type: str) -> None:
    org.custom_field("Account.Key__c", length=10, externalId=True, unique=True)
    streams = {
        "firms": {"object": "Account", "operation": "upsert", "upsert_rules": {"Key__c": "Key__c"}},
        "people": {"object": "Contact", "operation": "upsert", "upsert_rules": {"Email": "Email"}},
    }

    def people(firm: str | None) -> list[Any]:
        person = {"Email": "a@example.com", "LastName": "L", "Account.Key__c": firm}
        return messages([person, person | {"Email": "b@example.com"}], "people")

    firms = messages([{"Key__c": key, "Name": key} for key in ("one", "two")], "firms")
    run([*firms, *people("one")], streams=streams, api_type=api_type).doors(created=4)
    run(people("one"), streams=streams, api_type=api_type).doors(unchanged=2)
    run(people("two"), streams=streams, api_type=api_type).doors(updated=2)
    assert org.query("SELECT Account.Name FROM Contact WHERE Account.Name = 'two'") != []
    run(people(None), streams=streams, api_type=api_type).doors(updated=2)
    assert len(org.query("SELECT Id FROM Contact WHERE AccountId = null")) == 2
    outcome = run(people("three"), streams=streams, api_type=api_type)
    outcome.doors(rejected=2)


def test_reading_changes_nothing_and_sees_what_came_before(org: OrgClient, send: Any) -> None:
    read = {
        "event": "track",
        "event_name": "Check",
        "operation": "read",
        "object": "Lead",
        "upsert_rules": {"properties.email": "Email"},
    }
    check = track("Check", {"email": "A@example.com"})
    outcome = send(check, identify({"email": "a@example.com"}), check, check, actions=[read])
    outcome.doors(created=1, unchanged=3)
    (lead,) = org.query("SELECT Id, LastModifiedDate, CreatedDate FROM Lead")
    assert lead["LastModifiedDate"] == lead["CreatedDate"]
    assert outcome.log.count("Read Lead by Email: no record.") == 1
    assert outcome.log.count(f"Read Lead by Email: {lead['Id']}.") == 2


def test_contacts_stand_in_for_leads_only_where_they_are_alone(org: OrgClient, send: Any) -> None:
    org.create("Contact", [{"LastName": "C", "Email": "a@example.com"}])
    event = identify({"email": "A@example.com", "title": "T", "company": "Ignored"})
    send(event, event, match_contacts=True, converted_leads="reject").doors(updated=1, unchanged=1)
    assert org.query("SELECT Title, LastName FROM Contact") == [{"Title": "T", "LastName": "C"}]
    assert org.query("SELECT Id FROM Lead") == []
    send(event).doors(created=1)
    send(event | {"traits": event["traits"] | {"title": "U"}}, match_contacts=True).doors(updated=1)
    assert org.query("SELECT Title FROM Lead") == [{"Title": "U"}]
    org.create("Contact", [{"LastName": "C", "Email": "b@example.com"} for _ in range(2)])
    outcome = send(identify({"email": "b@example.com"}), match_contacts=True)
    outcome.doors(rejected=1)
    assert outcome.codes == ["MULTIPLE_MATCHES"]
    assert "2 Contact records" in outcome.rejects[0]["reason"]


def test_a_contact_that_gets_its_address_from_a_lead_is_found_by_it(demo_org: OrgClient, send: Any) -> None:
    (lead, *_) = demo_org.query(
        "SELECT Email, ConvertedContactId FROM Lead WHERE IsConverted = true AND ConvertedContactId != null"
    )
    contact = f"sobjects/Contact/{lead['ConvertedContactId']}"
    assert demo_org.rest("PATCH", contact, json={"Email": "old@example.com"}).status_code == 204
    before = len(demo_org.query("SELECT Id FROM Contact"))
    events = [
        identify({"email": lead["Email"], "phone": "1"}),
        track("By mail", {"email": lead["Email"], "name": "Same", "title": "T"}),
    ]
    by_mail = action("By mail", "upsert", "email", name="LastName", title="Title")
    send(*events, actions=[by_mail]).doors(updated=2)
    assert len(demo_org.query("SELECT Id FROM Contact")) == before
    assert len(demo_org.query(f"SELECT Id FROM Contact WHERE Email = '{lead['Email']}' AND Title = 'T'")) == 1


def test_merged_records_are_followed_and_deleted_ones_are_not_revived(org: OrgClient, send: Any) -> None:
    master, loser, gone = org.create(
        "Contact",
        [{"LastName": name, "Email": f"{name}@example.com"} for name in ("master", "loser", "gone")],
    )
    merge(org, "Contact", master, loser)
    org.rest("DELETE", f"sobjects/Contact/{gone}")
    change = {
        "event": "track",
        "event_name": "Change",
        "operation": "update",
        "object": "Contact",
        "field_mappings": {"properties.id": "Id", "properties.title": "Title"},
    }
    events = [track("Change", {"id": each, "title": "T"}) for each in (loser[:15], gone, master)]
    outcome = send(*events, actions=[change])
    outcome.doors(updated=1, unchanged=1, rejected=1)
    assert outcome.codes == ["NOT_FOUND"]
    assert org.query("SELECT LastName, Title FROM Contact") == [{"LastName": "master", "Title": "T"}]


@pytest.mark.parametrize("named", ["Account.Key__c", "Account.AccountNumber"])
@pytest.mark.parametrize(
    ("moves", "stays"), [("k1 i2", 1), ("i1 k2", 1), ("k1 i2 k1", 0), ("i2 k1 i-", None)]
)
def test_the_last_name_of_a_parent_counts_however_it_is_named(
    org: OrgClient, send: Any, named: str, moves: str, stays: int | None
) -> None:
    org.custom_field("Account.Key__c", externalId=True, unique=True)
    org.custom_field("Case.Number__c", externalId=True)
    accounts = org.create("Account", [{"Name": n, "Key__c": n, "AccountNumber": n} for n in ("1", "2")])
    rules = {"operation": "upsert", "object": "Case", "upsert_rules": {"properties.n": "Number__c"}}
    actions = [
        rules | {"event": "track", "event_name": name, "field_mappings": {"properties.to": field}}
        for name, field in (("k", named), ("i", "AccountId"))
    ]
    ids = {"1": accounts[0], "2": accounts[1], "-": None}
    events = [track(how, {"n": "n", "to": ids[to] if how == "i" else to}) for how, to in moves.split()]
    send(*events, actions=actions)
    expected = None if stays is None else accounts[stays]
    assert org.query("SELECT AccountId FROM Case") == [{"AccountId": expected}]
