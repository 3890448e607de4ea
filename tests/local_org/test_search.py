"""SOSL: ``/search`` and ``/parameterizedSearch``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from local_org_client import OrgClient


@pytest.fixture
def people(org: OrgClient) -> OrgClient:
    org.create(
        "Lead",
        [
            {"FirstName": "Ada", "LastName": "Lovelace", "Company": "Engines", "Email": "ada@example.com"},
            {"FirstName": "Ada", "LastName": "Byron", "Company": "Lovelace & Co", "Phone": "+44 555 0100"},
            {"LastName": "Babbage", "Company": "Engines", "Email": "charles@example.com"},
        ],
    )
    org.create("Contact", [{"FirstName": "Ada", "LastName": "Lovelace"}])
    return org


def found(org: OrgClient, sosl: str) -> list[dict[str, Any]]:
    answer = org.rest("GET", "search/", params={"q": sosl})
    assert answer.status_code == 200, answer.text
    records: list[dict[str, Any]] = answer.json()["searchRecords"]
    return records


@pytest.mark.parametrize(
    ("sosl", "names"),
    [
        ("FIND {ada lovelace} RETURNING Lead(LastName)", ["Lovelace", "Byron"]),
        ("FIND {ada lovelace} IN NAME FIELDS RETURNING Lead(LastName)", ["Lovelace"]),
        ('FIND {"ada lovelace"} RETURNING Lead(LastName), Contact(LastName)', ["Lovelace", "Lovelace"]),
        ("FIND {ada@example.com} IN EMAIL FIELDS RETURNING Lead(LastName)", ["Lovelace"]),
        ("find {0100} in phone fields returning lead(lastname)", ["Byron"]),
        ("FIND {engin*} RETURNING Lead(LastName ORDER BY LastName)", ["Babbage", "Lovelace"]),
        ("FIND {engin} RETURNING Lead(LastName)", []),
        ("FIND {byr?n OR babbage} RETURNING Lead(LastName)", ["Byron", "Babbage"]),
        ("FIND {engines AND NOT ada} RETURNING Lead(LastName)", ["Babbage"]),
        ("FIND {(byron OR lovelace) ada} RETURNING Lead(LastName WHERE Email != null)", ["Lovelace"]),
        ("FIND {ada} RETURNING Lead(LastName ORDER BY LastName DESC LIMIT 1)", ["Lovelace"]),
        ("FIND {ada} RETURNING Lead(LastName), Contact(LastName) LIMIT 2", ["Lovelace", "Byron"]),
    ],
)
def test_search(people: OrgClient, sosl: str, names: list[str]) -> None:
    assert [each["LastName"] for each in found(people, sosl)] == names


def test_without_objects_or_fields_there_are_ids(people: OrgClient) -> None:
    everywhere = found(people, "FIND {lovelace} IN NAME FIELDS")
    leads = found(people, "FIND {lovelace} IN NAME FIELDS RETURNING Lead")

    assert {each["attributes"]["type"] for each in everywhere} == {"Lead", "Contact"}
    assert [list(each) for each in leads] == [["attributes", "Id"]]


def test_deleted_records_are_not_found(people: OrgClient) -> None:
    lead = found(people, "FIND {babbage} RETURNING Lead")[0]["Id"]
    people.rest("DELETE", f"sobjects/Lead/{lead}")

    assert found(people, "FIND {babbage} RETURNING Lead") == []


def test_parameterized_search(people: OrgClient) -> None:
    by_url = people.rest(
        "GET",
        "parameterizedSearch/",
        params={
            "q": "ada",
            "sobject": "Lead",
            "Lead.fields": "id,LastName",
            "Lead.where": "Email != null",
            "in": "ALL",
        },
    ).json()
    by_body = people.rest(
        "POST",
        "parameterizedSearch",
        json={
            "q": "ada",
            "fields": ["LastName"],
            "sobjects": [{"name": "Contact"}, {"name": "Lead", "limit": 1}],
        },
    ).json()
    fields_only = people.rest(
        "GET", "parameterizedSearch", params={"q": "babbage", "fields": "Id,LastName"}
    ).json()

    assert [list(each) for each in by_url["searchRecords"]] == [["attributes", "Id", "LastName"]]
    assert [each["attributes"]["type"] for each in by_body["searchRecords"]] == ["Contact", "Lead"]
    assert [each["LastName"] for each in fields_only["searchRecords"]] == ["Babbage"]


def test_old_versions_answer_an_array(people: OrgClient) -> None:
    answer = people.rest("GET", "/services/data/v36.0/search?q=FIND+{ada}+RETURNING+Contact")

    assert [each["attributes"]["type"] for each in answer.json()] == ["Contact"]


@pytest.mark.parametrize(
    ("sosl", "message"),
    [
        ("FIND ada", "No search term found. The search term must be enclosed in braces."),
        ("", "No search term found. The search term must be enclosed in braces."),
        ("FIND {a}", "search term must be longer than one character"),
        ("FIND {ada} IN SHOE FIELDS", "unexpected token: 'SHOE'"),
        ("FIND {ada} RETURNING", "unexpected token: '<EOF>'"),
        ("FIND {ada} RETURNING Lead(Id LIMIT x)", "unexpected token: 'x'"),
    ],
)
def test_what_is_no_sosl_is_refused(people: OrgClient, sosl: str, message: str) -> None:
    answer = people.rest("GET", "search", params={"q": sosl})

    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "MALFORMED_SEARCH"
    assert message in answer.json()[0]["message"]


@pytest.mark.parametrize("body", [{}, {"q": ""}, {"q": "ada", "sobjects": "Lead"}, {"q": 3}])
def test_a_parameterized_search_of_the_wrong_shape_is_refused(
    people: OrgClient, body: dict[str, Any]
) -> None:
    answer = people.rest("POST", "parameterizedSearch", json=body)

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "MALFORMED_SEARCH")
