"""Records that an event names itself: RudderStack's externalId, reverse ETL, parents by an external id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from target_pipe import group, identify, messages, track

if TYPE_CHECKING:
    from local_org_client import OrgClient


def named(*entries: dict[str, Any], **context: Any) -> dict[str, Any]:
    """A context with external ids."""
    return {"externalId": list(entries)} | context


def test_identifier_type_finds_the_record_or_creates_it_with_the_pair(org: OrgClient, send: Any) -> None:
    org.custom_field("Contact.Key__c", externalId=True, unique=True)
    entry = {"type": "Salesforce-Contact", "id": "k1", "identifierType": "key__c"}
    event = identify({"lastName": "Gibbs"}, userId=None, context=named(entry))
    send(event).doors(created=1)
    send(event).doors(unchanged=1)
    send(event | {"traits": {"title": "CEO"}}).doors(updated=1)
    assert org.query("SELECT Key__c, LastName, Title FROM Contact") == [
        {"Key__c": "k1", "LastName": "Gibbs", "Title": "CEO"}
    ]
    (contact,) = [row["Id"] for row in org.query("SELECT Id FROM Contact")]
    by_id = entry | {"id": contact, "identifierType": "Id"}
    send(event | {"traits": {"title": "CTO"}, "context": named(by_id)}).doors(updated=1)
    outcome = send(
        event | {"context": named(entry | {"id": None})},
        event | {"context": named(entry | {"identifierType": "Nope__c"})},
        event | {"context": named(entry | {"identifierType": "Description"})},
    )
    outcome.doors(rejected=3)
    assert outcome.codes == ["MISSING_KEY", "INVALID_FIELD", "INVALID_FIELD"]
    assert [line["operation"] for line in outcome.rejects] == ["upsert"] * 3


@pytest.mark.parametrize("useless", [{"a": 1}, [], True, 1.5])
def test_an_id_that_can_be_none_creates_nothing(org: OrgClient, send: Any, useless: Any) -> None:
    org.custom_field("Contact.Key__c", externalId=True, unique=True)
    entry = {"type": "Salesforce-Contact", "id": useless}
    event = identify({"lastName": "Gibbs"}, userId=None, context=named(entry))
    outcome = send(event)
    outcome.doors(rejected=1)
    assert outcome.codes == ["MALFORMED_ID"]
    if not isinstance(useless, float):
        by_key = send(event | {"context": named(entry | {"identifierType": "Key__c"})})
        by_key.doors(rejected=1)
        assert by_key.codes == ["INVALID_TYPE_ON_FIELD_IN_RECORD"]
    assert org.query("SELECT Id FROM Contact") == []


def test_reverse_etl_sends_the_traits_as_they_are(org: OrgClient, send: Any) -> None:
    org.custom_field("Lead.Key__c", externalId=True)
    entries = (
        {"type": "SALESFORCE-lead", "id": 7, "identifierType": "Key__c"},
        {"type": "Salesforce-Contact", "id": "x", "identifierType": "Key__c"},
    )
    traits = {
        "Id": "00Q000000000001AAA",
        "LastName": "King",
        "Company": "C",
        "name": "not a field",
        "Title": "T",
    }
    event = identify(traits, userId=None, context=named(*entries, mappedToDestination=True))
    outcome = send(event)
    outcome.doors(created=1)
    assert "Lead.Name is read-only: `name` is left out" in outcome.log
    send(event | {"traits": {"Title": None, "LastName": ""}}).doors(updated=1)
    assert org.query("SELECT Key__c, LastName, Company, Title FROM Lead") == [
        {"Key__c": "7", "LastName": "King", "Company": "C", "Title": None}
    ]
    outcome = send(event | {"context": named({"type": "Salesforce-Lead"}, mappedToDestination="yes")})
    outcome.doors(rejected=1)
    assert outcome.codes == ["MISSING_KEY"]


def test_a_parent_is_named_by_an_external_id(org: OrgClient, run: Any, send: Any) -> None:
    org.custom_field("Account.Key__c", externalId=True, unique=True)
    accounts = org.create("Account", [{"Name": key, "Key__c": key} for key in ("a1", "a2")])
    streams = {"people": {"object": "Contact", "operation": "upsert", "upsert_rules": {"email": "Email"}}}
    rows = [
        {"email": "a@example.com", "LastName": "A", "Account.Key__c": "a1"},
        {"email": "b@example.com", "LastName": "B", "account": {"key__c": "a2"}},
        {"email": "c@example.com", "LastName": "C", "Account.Key__c": "none"},
        {"email": "d@example.com", "LastName": "D", "Nobody.Key__c": "a1"},
    ]
    outcome = run(messages(rows, "people"), streams=streams)
    outcome.doors(created=3, rejected=1)
    assert "Contact has no field Nobody.Key__c" in outcome.log
    parents = {row["Email"]: row["AccountId"] for row in org.query("SELECT Email, AccountId FROM Contact")}
    assert parents == {
        "a@example.com": accounts[0],
        "b@example.com": accounts[1],
        "d@example.com": None,
    }
    run(messages([rows[0] | {"Account.Key__c": None}], "people"), streams=streams).doors(updated=1)
    assert org.query("SELECT AccountId FROM Contact WHERE Email = 'a@example.com'") == [{"AccountId": None}]
    action = {
        "event": "track",
        "event_name": "Joined",
        "operation": "upsert",
        "object": "Contact",
        "upsert_rules": {"properties.emails[0]": "Email"},
        "field_mappings": {"properties.team.key": "Account.Key__c", "properties.last.name": "LastName"},
    }
    joined = {"emails": ["a@example.com"], "team": {"key": "a2"}, "last.name": "Dotted"}
    send(track("Joined", joined), actions=[action]).doors(updated=1)
    assert org.query("SELECT LastName, AccountId FROM Contact WHERE Email = 'a@example.com'") == [
        {"LastName": "Dotted", "AccountId": accounts[1]}
    ]


def test_a_parent_is_looked_up_by_a_field_that_is_no_external_id(org: OrgClient, run: Any, send: Any) -> None:
    (account,) = org.create("Account", [{"Name": "A", "AccountNumber": "813"}])
    org.create("Account", [{"Name": name, "AccountNumber": "twice"} for name in "BC"])
    streams = {"people": {"object": "Contact", "operation": "upsert", "upsert_rules": {"email": "Email"}}}
    numbers = {"a": "813", "b": "none", "c": "twice", "d": None, "e": 813}
    rows = [
        {"email": f"{name}@example.com", "LastName": "L", "Account.AccountNumber": number}
        for name, number in numbers.items()
    ]
    outcome = run(messages(rows, "people"), streams=streams)
    outcome.doors(created=3, rejected=2)
    assert [(line["code"], line["fields"]) for line in outcome.rejects] == [
        ("INVALID_FIELD", ["Account.AccountNumber"]),
        ("MULTIPLE_MATCHES", ["Account.AccountNumber"]),
    ]
    found = org.query("SELECT Email, AccountId FROM Contact ORDER BY Email")
    assert [row["AccountId"] for row in found] == [account, None, account]
    run(messages([rows[0], rows[4]], "people"), streams=streams).doors(unchanged=2)
    action = {
        "event": "identify",
        "replaces_default": True,
        "operation": "upsert",
        "object": "Contact",
        "upsert_rules": {"traits.email": "Email"},
        "field_mappings": {"traits.team": "Account.AccountNumber", "traits.lastName": "LastName"},
    }
    member = identify({"email": "new@example.com", "lastName": "L", "team": "new"})
    send(group("new", {"name": "New"}), member, actions=[action]).doors(created=2)
    (row,) = org.query("SELECT Account.Name FROM Contact WHERE Email = 'new@example.com'")
    assert row["Account"]["Name"] == "New"


def test_a_parent_of_one_of_several_objects_is_named_with_its_object(org: OrgClient, run: Any) -> None:
    org.custom_field("Lead.Key__c", externalId=True, unique=True)
    (lead,) = org.create("Lead", [{"LastName": "L", "Company": "C", "Key__c": "k"}])
    streams = {"tasks": {"object": "Task", "operation": "create"}}
    rows = [{"Subject": "call", "Lead:Who.Key__c": "k"}, {"Subject": "mail", "Who.Key__c": "k"}]
    outcome = run(messages(rows, "tasks"), streams=streams)
    outcome.doors(created=2)
    assert "Task has no field Who.Key__c" in outcome.log
    assert org.query("SELECT Subject, WhoId FROM Task ORDER BY Subject") == [
        {"Subject": "call", "WhoId": lead},
        {"Subject": "mail", "WhoId": None},
    ]


@pytest.mark.parametrize(("rule", "unchanged"), [("Id", 1), ("Email", 2)])
def test_a_read_action_looks_up_changes_nothing_and_reports(
    org: OrgClient, send: Any, rule: str, unchanged: int
) -> None:
    (contact,) = org.create("Contact", [{"LastName": "King", "Email": "a@example.com"}])
    places = {"Id": "field_mappings", "Email": "upsert_rules"}
    keys = {"Id": [contact, "no Id"], "Email": ["A@example.com", "nobody@example.com"]}
    action = {
        "event": "track",
        "event_name": "Checked",
        "operation": "read",
        "object": "Contact",
        places[rule]: {"properties.key": rule},
    }
    events = [track("Checked", {"key": value}) for value in keys[rule]]
    outcome = send(*events, track("Checked"), actions=[action])
    outcome.doors(unchanged=unchanged, rejected=3 - unchanged)
    assert f"Read Contact by {rule}: {contact}." in outcome.log
    assert ("Read Contact by Email: no record." in outcome.log) == (rule == "Email")
    assert org.query("SELECT LastName, Email FROM Contact") == [
        {"LastName": "King", "Email": "a@example.com"}
    ]


def test_several_external_ids_are_several_writes_of_one_event(org: OrgClient, send: Any) -> None:
    org.custom_field("Contact.plan__c")
    (contact,) = org.create("Contact", [{"LastName": "Before", "Title": "T"}])
    external = [
        {"type": "Salesforce-Contact", "id": contact},
        {"type": "HubSpot-contacts", "id": "1"},
        {"type": "Salesforce-Case"},
        {"type": "Salesforce-Lead"},
        {"type": "Salesforce-Nope__c"},
        {"type": "Salesforce-../../limits"},
    ]
    traits = {"FirstName": "John", "LastName": "Gibbs", "plan": "pro", "Subject": "S", "Status": "New"}
    event = identify(traits, userId=None, context={"externalId": external[:4]})
    send(event).doors(created=1)
    assert org.query("SELECT FirstName, LastName, plan__c, Title FROM Contact") == [
        {"FirstName": "John", "LastName": "Gibbs", "plan__c": "pro", "Title": "T"}
    ]
    assert org.query("SELECT Subject FROM Case") == [{"Subject": "S"}]
    assert org.query("SELECT LastName, Company FROM Lead") == [{"LastName": "Gibbs", "Company": "n/a"}]
    outcome = send(event | {"context": {"externalId": [external[0], external[4]]}})
    outcome.doors(rejected=1)
    assert [(line["object"], line["operation"]) for line in outcome.rejects] == [("Nope__c", "create")]
    send(event | {"context": {"externalId": external[5:]}}).doors(rejected=1)
    send(event | {"context": {"externalId": {"type": "Salesforce-contact", "id": contact}}}).doors(
        unchanged=1
    )
    missing = [
        {"type": "Salesforce-Contact", "id": contact[:-4] + "9" + "AAA"},
        {"type": "Salesforce-Contact", "id": 7},
    ]
    outcome = send(event | {"context": {"externalId": missing}})
    outcome.doors(rejected=1)
    assert [line["object"] for line in outcome.rejects] == ["Contact", "Contact"]


def test_a_new_contact_gets_a_placeholder_for_its_last_name(org: OrgClient, send: Any) -> None:
    send(
        identify({"email": "a@example.com"}, context={"externalId": [{"type": "Salesforce-Contact"}]})
    ).doors(created=1)
    assert org.query("SELECT LastName FROM Contact") == [{"LastName": "n/a"}]


@pytest.mark.parametrize("prefix", ["SALESFORCE_OAUTH-", "salesforce_oauth_sandbox-", "Salesforce-"])
def test_entries_of_each_salesforce_destination_of_rudderstack_count(
    org: OrgClient, send: Any, prefix: str
) -> None:
    entry = {"type": f"{prefix}Contact", "id": "j@example.com", "identifierType": "Email"}
    traits = {"LastName": "Doe", "Email": "other@example.com"}
    event = identify(traits, userId=None, context=named(entry, mappedToDestination="true"))
    send(event).doors(created=1)
    outcome = send(event)
    outcome.doors(unchanged=1)
    assert "Contact.Email finds the record: what another trait says for it is left out." in outcome.log
    assert org.query("SELECT LastName, Email FROM Contact") == [{"LastName": "Doe", "Email": "j@example.com"}]
    assert org.query("SELECT Id FROM Lead") == []


def test_what_is_mapped_to_another_destination_is_not_for_salesforce(org: OrgClient, send: Any) -> None:
    entry = {"type": "HubSpot-contacts", "id": "j@example.com", "identifierType": "email"}
    traits = {"email": "j@example.com"}
    event = identify(traits, context=named(entry, mappedToDestination=True))
    outcome = send(event, event | {"context": {"mappedToDestination": True}})
    outcome.doors(skipped=2)
    assert "it is mapped to records of another destination (mappedToDestination)" in outcome.log
    action = {"event": "identify", "operation": "upsert", "object": "Contact"}
    action |= {"upsert_rules": {"traits.email": "Email"}, "field_mappings": {"traits.email": "LastName"}}
    send(event, actions=[action]).doors(created=1)
    assert org.query("SELECT Id FROM Lead") == []


def test_nothing_is_created_that_its_key_would_not_find_again(org: OrgClient, send: Any) -> None:
    """Salesforce makes up Name and Id: a new record would not have what it was looked for by."""
    org.create("Lead", [{"LastName": "Lee", "FirstName": "Ann", "Company": "C", "Email": "a@example.com"}])
    (known,) = [row["Id"] for row in org.query("SELECT Id FROM Lead")]
    traits = {"name": "Ann Lee", "title": "VP"}
    send(identify(traits), lead_lookup_fields={"name": "Name"}).doors(updated=1)
    send(identify({"id": known, "title": "CEO"}), lead_lookup_fields={"id": "Id"}).doors(updated=1)
    by_name = named({"type": "Salesforce-Contact", "id": "Bo Li", "identifierType": "Name"})
    for settings, event in (
        ({"lead_lookup_fields": {"name": "Name"}}, identify(traits | {"name": "Bo Li"})),
        ({"lead_lookup_fields": {"id": "Id"}}, identify(traits | {"id": "00Q000000000001AAA"})),
        ({}, identify(traits, context=by_name)),
    ):
        outcome = send(event, **settings)
        outcome.doors(rejected=1)
        assert outcome.codes == ["INVALID_FIELD_FOR_INSERT_UPDATE"]
        assert "none can be created with it" in outcome.rejects[0]["reason"]
    assert len(org.query("SELECT Id FROM Lead")) == 1
    assert org.query("SELECT Id FROM Contact") == []


@pytest.mark.parametrize(
    ("traits", "settings"),
    [
        ({"email": "a@example.com", "Email": "b@example.com"}, {}),
        ({"email": "a@example.com", "workEmail": "b@example.com"}, {"trait_fields": {"workEmail": "Email"}}),
    ],
)
@pytest.mark.parametrize("match_contacts", [False, True])
def test_what_finds_the_record_is_what_is_written(
    org: OrgClient, send: Any, traits: dict[str, Any], settings: dict[str, Any], match_contacts: bool
) -> None:
    if match_contacts:
        org.create("Contact", [{"LastName": "King", "Email": "a@example.com"}])
    event = identify(traits | {"lastName": "King"})
    first = {"unchanged": 1} if match_contacts else {"created": 1}
    send(event, match_contacts=match_contacts, **settings).doors(**first)
    send(event, match_contacts=match_contacts, **settings).doors(unchanged=1)
    people = org.query("SELECT Email FROM Lead") + org.query("SELECT Email FROM Contact")
    assert people == [{"Email": "a@example.com"}]


def test_no_trait_takes_the_number_of_a_group_away(org: OrgClient, send: Any) -> None:
    event = group("813", {"name": "Teemo", "number": "814"})
    for door in ("created", "unchanged"):
        send(event, trait_fields={"group": {"number": "AccountNumber"}}).doors(**{door: 1})
    assert org.query("SELECT AccountNumber FROM Account") == [{"AccountNumber": "813"}]


def test_an_action_may_give_the_record_that_it_finds_another_key(org: OrgClient, send: Any) -> None:
    org.create("Contact", [{"LastName": "King", "Email": "old@example.com"}])
    action = {"event": "track", "event_name": "Moved", "operation": "upsert", "object": "Contact"}
    action |= {
        "upsert_rules": {"properties.old": "Email"},
        "field_mappings": {"properties.new": "Email", "properties.name": "LastName"},
    }
    moved = [
        track("Moved", {"old": old, "new": "new@example.com", "name": "King"})
        for old in ("old@example.com", "unknown@example.com")
    ]
    send(*moved, actions=[action]).doors(updated=1, created=1)
    assert org.query("SELECT Email FROM Contact ORDER BY Email") == [
        {"Email": "new@example.com"},
        {"Email": "unknown@example.com"},
    ]
