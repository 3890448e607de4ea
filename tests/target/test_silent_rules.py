"""What holds where the documents are silent: one test a line of the interface's list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from target_pipe import convert, group, identify, messages, track

from salesforce_seg.errors import ConfigurationError

if TYPE_CHECKING:
    from local_org_client import OrgClient

EMAIL = {"email": "a@example.com"}


def leads(org: OrgClient, *fields: str) -> list[dict[str, Any]]:
    return org.query(f"SELECT {', '.join(fields)} FROM Lead ORDER BY CreatedDate, Id")


def converted_lead(org: OrgClient) -> dict[str, Any]:
    """A Lead of the demo company that became a Contact, and is the only one with its e-mail address."""
    rows = org.query(
        "SELECT Id, Email, Title, ConvertedContactId FROM Lead "
        "WHERE IsConverted = true AND Email != null AND ConvertedContactId != null ORDER BY Id"
    )
    emails = [row["Email"] for row in org.query("SELECT Email FROM Lead WHERE Email != null")]
    return next(row for row in rows if emails.count(row["Email"]) == 1)


def one(org: OrgClient, soql: str) -> dict[str, Any]:
    (row,) = org.query(soql)
    return row


def test_null_clears_and_absent_empty_and_null_columns_leave(org: OrgClient, run: Any, send: Any) -> None:
    org.custom_field("Lead.flag__c")
    full = EMAIL | {"title": "T", "phone": "1", "website": "https://a.example", "flag": "x", "firstName": "F"}
    send(identify(full)).doors(created=1)
    send(identify(EMAIL | {"title": None, "phone": "", "flag": None, "company": None})).doors(updated=1)
    row = {"email": "a@example.com", "website": None, "first_name": "G", "title": None}
    run(
        messages([row], "identifies"), streams={"identifies": {"event": "identify"}}, always_enabled=True
    ).doors(updated=1)
    assert leads(org, "Title", "Phone", "Website", "flag__c", "FirstName", "Company") == [
        {
            "Title": None,
            "Phone": "1",
            "Website": "https://a.example",
            "flag__c": None,
            "FirstName": "G",
            "Company": "n/a",
        }
    ]


def test_an_empty_text_in_a_trait_of_a_standard_fields_own_name_leaves_it(org: OrgClient, send: Any) -> None:
    send(identify(EMAIL | {"mobilePhone": "1", "numberOfEmployees": 5})).doors(created=1)
    send(identify(EMAIL | {"mobilePhone": "", "numberOfEmployees": " "})).doors(unchanged=1)
    send(identify(EMAIL | {"mobilePhone": None})).doors(updated=1)
    assert leads(org, "MobilePhone", "NumberOfEmployees") == [{"MobilePhone": None, "NumberOfEmployees": 5}]


@pytest.mark.parametrize("known", [False, True])
def test_a_null_does_not_clear_the_key_that_finds_the_record(org: OrgClient, send: Any, known: bool) -> None:
    if known:
        send(identify(EMAIL)).doors(created=1)
    event = identify({"email": None, "title": "T"}, userId="a@example.com")
    send(event).doors(**{"updated" if known else "created": 1})
    send(event).doors(unchanged=1)
    assert leads(org, "Email", "Title") == [{"Email": "a@example.com"} | {"Title": "T"}]


def test_null_in_a_plain_record_clears(org: OrgClient, run: Any) -> None:
    (lead,) = org.create("Lead", [{"LastName": "L", "Company": "C", "Title": "T", "Phone": "1"}])
    streams = {"leads": {"object": "Lead", "operation": "update"}}
    run(messages([{"Id": lead, "Title": None}], "leads"), streams=streams).doors(updated=1)
    assert leads(org, "Title", "Phone") == [{"Title": None, "Phone": "1"}]


def test_a_null_in_an_action_clears(org: OrgClient, send: Any) -> None:
    send(identify(EMAIL | {"title": "T", "phone": "1"}))
    action = {
        "event": "identify",
        "replaces_default": True,
        "operation": "upsert",
        "object": "Lead",
        "upsert_rules": {"traits.email": "Email"},
        "field_mappings": {"traits.title": "Title", "traits.phone": "Phone", "traits.fax": "Fax"},
    }
    send(identify(EMAIL | {"title": None, "phone": ""}), actions=[action]).doors(updated=1)
    assert leads(org, "Title", "Phone") == [{"Title": None, "Phone": "1"}]


@pytest.mark.parametrize(
    ("event", "code", "field"),
    [
        (identify({"email": "x" * 70 + "@example.com"}), "STRING_TOO_LONG", "Email"),
        (identify({"email": "not an address"}), "INVALID_EMAIL_ADDRESS", "Email"),
        (identify({"email": {"home": "a@example.com"}}), "INVALID_TYPE_ON_FIELD_IN_RECORD", "Email"),
        (group("g" * 41, {"name": "N"}), "STRING_TOO_LONG", "AccountNumber"),
        (group({"id": 1}, {"name": "N"}), "MISSING_KEY", "AccountNumber"),
        (group(True, {"name": "N"}), "MISSING_KEY", "AccountNumber"),
        (group(None, {"name": "N"}), "MISSING_KEY", "AccountNumber"),
    ],
)
def test_keys_are_never_cut_and_useless_ones_are_rejects(
    org: OrgClient, send: Any, event: Any, code: str, field: str
) -> None:
    outcome = send(event)
    outcome.doors(rejected=1)
    assert (outcome.codes, outcome.rejects[0]["fields"]) == ([code], [field])
    assert org.query("SELECT Id FROM Lead") == org.query("SELECT Id FROM Account") == []


def test_wrong_shapes_are_left_out_and_the_rest_is_written(org: OrgClient, send: Any) -> None:
    org.custom_field("Lead.nested__c")
    shapes = {"name": ["Ada"], "company": [1], "address": "street", "nested": {"a": 1}, "title": "T"}
    outcome = send(identify(EMAIL | shapes))
    outcome.doors(created=1)
    assert leads(org, "LastName", "Company", "Street", "nested__c", "Title") == [
        {"LastName": "n/a", "Company": "n/a", "Street": None, "nested__c": None, "Title": "T"}
    ]
    for trait in ("name", "company", "address", "nested"):
        assert f"`{trait}` has a shape that no field of Lead takes" in outcome.log


def test_a_known_account_needs_no_name_and_a_new_one_does(org: OrgClient, send: Any) -> None:
    send(group("1", {"name": "One"})).doors(created=1)
    outcome = send(group("1", {"phone": "1"}), group("2", {"phone": "2"}))
    outcome.doors(updated=1, rejected=1)
    assert (outcome.codes, outcome.rejects[0]["fields"]) == (["REQUIRED_FIELD_MISSING"], ["Name"])
    assert org.query("SELECT Name, Phone FROM Account") == [{"Name": "One", "Phone": "1"}]


def test_an_open_lead_wins_over_a_converted_one(demo_org: OrgClient, send: Any) -> None:
    old = converted_lead(demo_org)
    (lead,) = demo_org.create("Lead", [{"LastName": "Open", "Company": "C", "Email": old["Email"]}])
    send(identify({"email": old["Email"], "title": "new"})).doors(updated=1)
    assert one(demo_org, f"SELECT Title FROM Lead WHERE Id = '{lead}'") == {"Title": "new"}
    assert one(demo_org, f"SELECT Title FROM Lead WHERE Id = '{old['Id']}'") == {"Title": old["Title"]}


def test_a_converted_lead_becomes_an_update_of_its_contact(demo_org: OrgClient, send: Any) -> None:
    old = converted_lead(demo_org)
    contact = f"SELECT LastName, Title, MailingCity FROM Contact WHERE Id = '{old['ConvertedContactId']}'"
    name = one(demo_org, contact)["LastName"]
    event = identify({"email": old["Email"].upper(), "title": "new", "company": "X", "city": "Ulm"})
    send(event).doors(updated=1)
    assert one(demo_org, contact) == {"LastName": name, "Title": "new", "MailingCity": "Ulm"}
    send(event).doors(unchanged=1)
    rejected = send(event, converted_leads="reject")
    rejected.doors(rejected=1)
    assert rejected.codes == ["CANNOT_UPDATE_CONVERTED_LEAD"]
    assert old["Id"] in rejected.rejects[0]["reason"]


def test_a_converted_lead_without_a_contact_is_a_reject(org: OrgClient, send: Any) -> None:
    org.create("Lead", [{"LastName": "L", "Company": "C", "IsConverted": True} | {"Email": "a@example.com"}])
    outcome = send(identify(EMAIL))
    outcome.doors(rejected=1)
    assert outcome.codes == ["CANNOT_UPDATE_CONVERTED_LEAD"]


def test_a_deleted_lead_is_not_revived(org: OrgClient, send: Any) -> None:
    (lead,) = org.create("Lead", [{"LastName": "L", "Company": "C", "Email": "a@example.com"}])
    org.rest("DELETE", f"sobjects/Lead/{lead}")
    send(identify(EMAIL)).doors(created=1)
    rows = org.query("SELECT Id, IsDeleted FROM Lead", all_rows=True)
    assert sorted((row["Id"] == lead, row["IsDeleted"]) for row in rows) == [(False, False), (True, True)]


@pytest.mark.parametrize(
    ("event", "email"),
    [
        (identify({"title": "T"}, userId="ada@example.com"), "ada@example.com"),
        (identify({"title": "T"}, context={"traits": {"email": "ctx@example.com"}}), "ctx@example.com"),
        (identify({"title": "T"}, userId="ada"), None),
        (identify({"title": "T", "email": ""}, userId=None), None),
        (identify({"title": "T", "email": None}), None),
    ],
)
def test_an_identify_without_an_email_is_a_reject(org: OrgClient, send: Any, event: Any, email: Any) -> None:
    outcome = send(event)
    if email:
        outcome.doors(created=1)
        assert leads(org, "Email", "Title") == [{"Email": email, "Title": "T"}]
        return
    outcome.doors(rejected=1)
    assert (outcome.codes, outcome.rejects[0]["fields"]) == (["MISSING_KEY"], ["Email"])
    assert leads(org, "Id") == []


def test_a_delete_action_finds_its_record(org: OrgClient, send: Any) -> None:
    (case,) = org.create("Case", [{"Subject": "S"}])
    org.create("Lead", [{"LastName": "L", "Company": "C", "Email": "a@example.com"}])
    actions = [
        {
            "event": "track",
            "event_name": "Case Closed",
            "operation": "delete",
            "object": "Case",
            "field_mappings": {"properties.caseId": "Id"},
        },
        {
            "event": "track",
            "event_name": "User Left",
            "operation": "delete",
            "object": "Lead",
            "upsert_rules": {"properties.email": "Email"},
        },
    ]
    events = [
        {"type": "track", "event": "Case Closed", "properties": {"caseId": case}},
        {"type": "track", "event": "User Left", "properties": {"email": "A@Example.com"}},
    ]
    send(*events, always_enabled=True, actions=actions).doors(deleted=2)
    assert org.query("SELECT Id FROM Case") == leads(org, "Id") == []
    send(*events, always_enabled=True, actions=actions).doors(unchanged=2)


def test_plain_records_have_no_gate(org: OrgClient, run: Any) -> None:
    streams = {"cases": {"object": "Case", "operation": "create"}}
    run(messages([{"Subject": "S", "integrations": {"All": False}}], "cases"), streams=streams).doors(
        created=1
    )
    assert org.query("SELECT Subject FROM Case") == [{"Subject": "S"}]


def test_who_may_not_see_contacts_writes_leads_all_the_same(org: OrgClient, send: Any) -> None:
    action = {"event": "track", "event_name": "Trial", "operation": "upsert", "object": "Lead"}
    action |= {"upsert_rules": {"properties.email": "Email"}, "field_mappings": {"properties.title": "Title"}}
    (lead,) = org.create("Lead", [{"LastName": "L", "Company": "C", "Email": "was@example.com"}])
    convert(org, lead)
    org.local("POST", "hidden", ["Contact"])
    try:
        events = [track("Trial", {"email": f"{name}@example.com", "title": "T"}) for name in ("new", "was")]
        outcome = send(*events, identify({"email": "was@example.com", "title": "T"}), actions=[action])
        outcome.doors(created=1, rejected=2)
        assert outcome.codes == ["CANNOT_UPDATE_CONVERTED_LEAD"] * 2
        assert "which is deleted or hidden from this user" in outcome.rejects[0]["reason"]
        with pytest.raises(ConfigurationError, match=r"^match_contacts: Describing Contact: NOT_FOUND"):
            send(*events, actions=[action], match_contacts=True)
    finally:
        org.local("DELETE", "hidden")
