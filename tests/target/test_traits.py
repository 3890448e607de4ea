"""Traits become fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from target_pipe import group, identify

from target_salesforce_seg.mapping.names import split_name
from target_salesforce_seg.paths import MISSING, find, normalised

if TYPE_CHECKING:
    from local_org_client import OrgClient

EMAIL = {"email": "a@example.com"}


def lead(org: OrgClient, *fields: str) -> dict[str, Any]:
    """The only Lead."""
    (row,) = org.query(f"SELECT {', '.join(fields)} FROM Lead")
    return row


def account(org: OrgClient, *fields: str) -> dict[str, Any]:
    """The only Account."""
    (row,) = org.query(f"SELECT {', '.join(fields)} FROM Account")
    return row


@given(st.text())
def test_splitting_a_name_loses_no_word(name: str) -> None:
    first, rest = split_name(name)
    assert [first, *rest.split()] == (name.split() or [""])
    assert " " not in first


@given(st.text(alphabet="aB_ ", min_size=1), st.integers())
def test_a_name_is_found_whatever_its_spelling(name: str, value: int) -> None:
    assert find({name: value}, name) == value
    assert find({name.upper(): value}, name) == value
    assert find({normalised(name): value}, name) == value
    assert find({name: value}, name + "x") is MISSING


@pytest.mark.parametrize(
    ("traits", "first", "last"),
    [
        ({"name": "  Ada   King  of Lovelace "}, "Ada", "King of Lovelace"),
        ({"name": "Cher"}, "Cher", "n/a"),
        ({"name": "Ada King", "lastName": "Lovelace"}, "Ada", "Lovelace"),
        ({"name": "Ada King", "firstName": "Augusta"}, "Augusta", "King"),
        ({"first_name": "Ada", "last_name": "King"}, "Ada", "King"),
        ({"name": "", "firstName": " ", "lastName": "King"}, None, "King"),
        ({}, None, "n/a"),
        ({"name": 42, "lastName": ["King"]}, None, "n/a"),
    ],
)
def test_names(org: OrgClient, send: Any, traits: dict, first: Any, last: str) -> None:
    send(identify(EMAIL | traits)).doors(created=1)
    assert lead(org, "FirstName", "LastName") == {"FirstName": first, "LastName": last}


@pytest.mark.parametrize(
    ("company", "expected"),
    [
        ("Initech", "Initech"),
        ({"name": "Initech", "id": 666}, "Initech"),
        ({"id": 666}, "n/a"),
        ({"name": ["Initech"]}, "n/a"),
        (["Initech"], "n/a"),
        (7, "n/a"),
        (" ", "n/a"),
        (None, "n/a"),
    ],
)
def test_companies(org: OrgClient, send: Any, company: Any, expected: str) -> None:
    send(identify(EMAIL | {"company": company})).doors(created=1)
    assert lead(org, "Company") == {"Company": expected}


def test_address_object_and_flat_traits(org: OrgClient, send: Any) -> None:
    traits = {
        "address": {"city": "Berlin", "zip": "10115"},
        "city": "Paris",
        "country": "DE",
        "postal_code": " ",
    }
    send(identify(EMAIL | traits)).doors(created=1)
    assert lead(org, "City", "Country", "PostalCode", "Street") == {
        "City": "Berlin",
        "Country": "DE",
        "PostalCode": "10115",
        "Street": None,
    }


def test_an_address_that_is_no_object_is_left_out_and_said(org: OrgClient, send: Any) -> None:
    outcome = send(identify(EMAIL | {"address": "Main Street 1, Berlin", "city": "Berlin"}))
    outcome.doors(created=1)
    assert lead(org, "City", "Street") == {"City": "Berlin", "Street": None}
    assert "`address` has a shape that no field of Lead takes: it is left out." in outcome.log


def test_fields_of_rudderstacks_table_and_the_company_object(org: OrgClient, send: Any) -> None:
    traits = {
        "mobilePhone": "1",
        "salutation": "Dr.",
        "status": "Working - Contacted",
        "leadSource": "Web",
        "company": {
            "name": "Initech",
            "industry": "Banking",
            "employee_count": "120",
            "annualRevenue": 150000,
        },
    }
    send(identify(EMAIL | traits)).doors(created=1)
    assert lead(
        org,
        "MobilePhone",
        "Salutation",
        "Status",
        "LeadSource",
        "Industry",
        "NumberOfEmployees",
        "AnnualRevenue",
    ) == {
        "MobilePhone": "1",
        "Salutation": "Dr.",
        "Status": "Working - Contacted",
        "LeadSource": "Web",
        "Industry": "Banking",
        "NumberOfEmployees": 120,
        "AnnualRevenue": 150000,
    }


def test_other_accessors_of_segments_libraries(org: OrgClient, send: Any) -> None:
    traits = {"position": "CEO", "phones": ["1", "2"], "websites": ["https://a.example"], "background": "old"}
    send(identify(EMAIL | traits)).doors(created=1)
    assert lead(org, "Title", "Phone", "Website", "Description") == {
        "Title": "CEO",
        "Phone": "1",
        "Website": "https://a.example",
        "Description": "old",
    }


def test_custom_traits_keep_their_casing_and_get_one_suffix(org: OrgClient, send: Any) -> None:
    org.custom_field("Lead.testProp__c")
    org.custom_field("Lead.snake_case__c")
    org.custom_field("Lead.Given__c")
    org.custom_field("Lead.Two_Words__c")
    org.custom_field("Lead.Opted__c", "Checkbox", defaultValue="true")
    org.custom_field("Lead.Score__c", "Number", precision=18, scale=0)
    org.custom_field("Lead.Place__c", "Location", displayLocationInDecimal=True, scale=5)
    traits = {
        "Place__Latitude__s": 47.5,
        "place__longitude__s": 19,
        "testProp": "a",
        "snake_case": "b",
        "Given__c": "c",
        "Two Words": "d",
        "opted": False,
        "score": 0,
    }
    outcome = send(identify(EMAIL | traits))
    outcome.doors(created=1)
    assert lead(org, "testProp__c", "snake_case__c", "Given__c", "Two_Words__c", "Opted__c", "Score__c") == {
        "testProp__c": "a",
        "snake_case__c": "b",
        "Given__c": "c",
        "Two_Words__c": "d",
        "Opted__c": False,
        "Score__c": 0,
    }
    assert lead(org, "Place__Latitude__s", "Place__Longitude__s") == {
        "Place__Latitude__s": 47.5,
        "Place__Longitude__s": 19,
    }
    assert "left out" not in outcome.log


def test_a_custom_field_of_the_users_own_wins_over_a_standard_one_of_the_same_name(
    org: OrgClient, send: Any
) -> None:
    org.custom_field("Lead.industry__c")
    send(identify(EMAIL | {"industry": "Banking", "fax": "1"})).doors(created=1)
    assert lead(org, "industry__c", "Industry", "Fax") == {
        "industry__c": "Banking",
        "Industry": None,
        "Fax": "1",
    }


def test_unknown_fields_are_dropped_and_said_once_per_field(org: OrgClient, send: Any) -> None:
    events = [identify({"email": f"{n}@example.com", "nope": n, "never": n}) for n in range(3)]
    outcome = send(*events)
    outcome.doors(created=3)
    said = "Lead has no field nope__c that this user can see: `nope` is left out of every record."
    assert outcome.log.count(said) == 2
    assert f"3 times: {said}" in outcome.log
    assert "never__c" in outcome.log


def test_unknown_fields_can_be_rejects(org: OrgClient, send: Any) -> None:
    outcome = send(
        identify(EMAIL | {"nope": 1}), identify({"email": "b@example.com"}), unknown_fields="reject"
    )
    outcome.doors(created=1, rejected=1)
    (line,) = outcome.rejects
    assert (line["code"], line["fields"], line["object"], line["operation"]) == (
        "INVALID_FIELD",
        ["nope__c"],
        "Lead",
        "upsert",
    )
    assert "nope__c" in line["reason"]


def test_read_only_fields_count_as_unknown(org: OrgClient, send: Any) -> None:
    outcome = send(identify(EMAIL | {"alias": "x"}), trait_fields={"alias": "Name"})
    outcome.doors(created=1)
    assert "Lead.Name is read-only: `alias` is left out" in outcome.log


def test_a_field_that_only_an_update_can_write_is_left_out_of_a_create(org: OrgClient, send: Any) -> None:
    event = identify(EMAIL | {"bounce": "no such user"})
    settings = {"trait_fields": {"bounce": "EmailBouncedReason"}}
    outcome = send(event, **settings)
    outcome.doors(created=1)
    assert "A create cannot write Lead.EmailBouncedReason: it is left out." in outcome.log
    send(event, **settings).doors(updated=1)
    assert lead(org, "EmailBouncedReason") == {"EmailBouncedReason": "no such user"}


def test_reserved_traits_go_to_a_field_of_their_name_or_nowhere(org: OrgClient, send: Any) -> None:
    org.custom_field("Lead.age__c", "Number", precision=18, scale=0)
    traits = {"age": 42, "gender": "f", "avatar": "x", "birthday": "2000-01-01", "createdAt": "x", "id": "1"}
    outcome = send(identify(EMAIL | traits | {"username": "ada"}), unknown_fields="reject")
    outcome.doors(created=1)
    assert lead(org, "age__c") == {"age__c": 42}


def test_values_are_cut_to_the_orgs_own_lengths(org: OrgClient, send: Any) -> None:
    org.custom_field("Lead.short__c", length=5)
    outcome = send(
        identify(EMAIL | {"title": "t" * 200, "short": "abcdefgh", "name": "F" * 50 + " " + "L" * 90})
    )
    outcome.doors(created=1)
    assert lead(org, "Title", "short__c", "FirstName", "LastName") == {
        "Title": "t" * 128,
        "short__c": "abcde",
        "FirstName": "F" * 40,
        "LastName": "L" * 80,
    }
    assert "Lead.Title takes 128 characters: longer values are cut." in outcome.log
    send(identify(EMAIL | {"title": "t" * 200})).doors(unchanged=1)


def test_cutting_can_be_switched_off(org: OrgClient, send: Any) -> None:
    outcome = send(identify(EMAIL | {"title": "t" * 200}), trim_long_values=False)
    outcome.doors(rejected=1)
    assert (outcome.codes, outcome.rejects[0]["fields"]) == (["STRING_TOO_LONG"], ["Title"])


def test_a_mistyped_value_is_one_reject_and_poisons_nothing(org: OrgClient, send: Any) -> None:
    org.custom_field("Lead.score__c", "Number", precision=18, scale=0)
    org.custom_field("Lead.since__c", "Date")
    outcome = send(
        identify({"email": "a@example.com", "score": "many"}),
        identify({"email": "b@example.com", "since": "yesterday"}),
        identify({"email": "c@example.com", "score": "12", "since": "2026-01-31T10:00:00Z"}),
        identify({"email": "d@example.com", "score": {"a": 1}, "title": ["x"]}),
    )
    outcome.doors(created=2, rejected=2)
    assert outcome.codes == ["INVALID_TYPE_ON_FIELD_IN_RECORD"] * 2
    assert [line["fields"] for line in outcome.rejects] == [["score__c"], ["since__c"]]
    assert org.query("SELECT Email, score__c, since__c, Title FROM Lead ORDER BY Email") == [
        {"Email": "c@example.com", "score__c": 12, "since__c": "2026-01-31", "Title": None},
        {"Email": "d@example.com", "score__c": None, "since__c": None, "Title": None},
    ]
    assert "`score` has a shape" in outcome.log


def test_trait_fields(org: OrgClient, send: Any) -> None:
    org.custom_field("Lead.Team__c")
    org.custom_field("Account.Team__c")
    settings = {
        "trait_fields": {
            "jobRole": "Title",
            "identify": {"company.team": "Team__c", "phone": None},
            "group": {"squad": "Team__c"},
        }
    }
    send(
        identify(
            EMAIL | {"title": "x", "job_role": "CTO", "company": {"team": "A"}, "phone": "1", "squad": "z"}
        ),
        group("1", {"name": "N", "squad": "B", "phone": "2"}),
        **settings,
    ).doors(created=2)
    assert lead(org, "Title", "Team__c", "Phone") == {"Title": "CTO", "Team__c": "A", "Phone": None}
    assert account(org, "Team__c", "Phone") == {"Team__c": "B", "Phone": "2"}


def test_lead_lookup_fields_are_combined_with_and(org: OrgClient, send: Any) -> None:
    org.custom_field("Lead.Plan__c")
    settings = {"lead_lookup_fields": {"email": "Email", "plan": "Plan__c"}}
    send(identify(EMAIL | {"plan": "Pro"}), identify(EMAIL | {"plan": "Free"}), **settings).doors(created=2)
    send(identify(EMAIL | {"plan": " pro ", "title": "T"}), **settings).doors(updated=1)
    assert org.query("SELECT Plan__c, Title FROM Lead ORDER BY Plan__c") == [
        {"Plan__c": "Free", "Title": None},
        {"Plan__c": "Pro", "Title": "T"},
    ]
    outcome = send(identify(EMAIL), **settings)
    outcome.doors(rejected=1)
    assert outcome.codes == ["MISSING_KEY"]
    assert "`plan`" in outcome.rejects[0]["reason"]


def test_a_lead_found_by_user_id(org: OrgClient, send: Any) -> None:
    org.custom_field("Lead.User_Id__c")
    settings = {"lead_lookup_fields": {"userId": "User_Id__c"}}
    send(identify({"title": "A"}, userId=7), identify({"title": "B"}, userId="7"), **settings).doors(
        created=1, updated=1
    )
    assert lead(org, "User_Id__c", "Title", "Email") == {"User_Id__c": "7", "Title": "B", "Email": None}


@pytest.mark.parametrize(
    ("billing", "shipping", "cities"),
    [
        (True, False, ("X", None)),
        (False, True, (None, "X")),
        (True, True, ("X", "X")),
        (False, False, (None, None)),
    ],
)
def test_billing_and_shipping(org: OrgClient, send: Any, billing: bool, shipping: bool, cities: Any) -> None:
    outcome = send(
        group("1", {"name": "N", "address": {"city": "X"}, "country": "DE"}),
        send_address_as_billing=billing,
        send_address_as_shipping=shipping,
        unknown_fields="reject",
    )
    outcome.doors(created=1)
    row = account(org, "BillingCity", "ShippingCity", "BillingCountry", "ShippingCountry")
    assert (row["BillingCity"], row["ShippingCity"]) == cities
    assert (row["BillingCountry"], row["ShippingCountry"]) == tuple("DE" if city else None for city in cities)


def test_custom_traits_of_a_group(org: OrgClient, send: Any) -> None:
    org.custom_field("Account.mascot__c")
    send(group(813, {"name": "N", "mascot": "husky", "industry": "Banking", "employees": "12"})).doors(
        created=1
    )
    assert account(org, "AccountNumber", "mascot__c", "Industry", "NumberOfEmployees") == {
        "AccountNumber": "813",
        "mascot__c": "husky",
        "Industry": "Banking",
        "NumberOfEmployees": 12,
    }


def test_fill_required(org: OrgClient, send: Any) -> None:
    send(identify(EMAIL | {"lastName": "King", "company": "Initech"})).doors(created=1)
    send(identify(EMAIL | {"title": "T"})).doors(updated=1)
    assert lead(org, "LastName", "Company") == {"LastName": "King", "Company": "Initech"}
    send(identify(EMAIL | {"title": "U", "company": "Other"}), fill_required="always").doors(updated=1)
    assert lead(org, "LastName", "Company") == {"LastName": "n/a", "Company": "Other"}
    outcome = send(identify({"email": "b@example.com"}), fill_required="never")
    outcome.doors(rejected=1)
    assert outcome.codes == ["REQUIRED_FIELD_MISSING"]
    assert sorted(outcome.rejects[0]["fields"]) == ["Company", "LastName"]
