"""Conditions: text, null, NOT, IN, LIKE, multi-select, ids, booleans, semi-joins; and ORDER BY."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from local_org_client import OrgClient

COMPANIES = ["Acme", "acme", "ACMÉ", "O'Neil \\ Sons", "50% off_sale", "tab\there", None]


@pytest.fixture
def people(org: OrgClient) -> OrgClient:
    """Contacts whose Department is one of COMPANIES, named by its place there."""
    org.create("Contact", [{"LastName": str(n), "Department": each} for n, each in enumerate(COMPANIES)])
    return org


def places(org: OrgClient, condition: str) -> str:
    rows = org.query(f"SELECT LastName FROM Contact WHERE {condition} ORDER BY LastName")
    return "".join(each["LastName"] for each in rows)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("Department = 'acme'", "01"),
        ("Department = 'acmé'", "2"),
        ("Department != 'ACME'", "23456"),
        ("Department <> 'ACME'", "23456"),
        ("(NOT Department = 'ACME')", "23456"),
        ("NOT(Department LIKE 'a%')", "3456"),
        ("Department IN ('ACME', 'acmé', null)", "0126"),
        ("Department NOT IN ('ACME', 'nobody')", "23456"),
        ("department not   in ('ACME', null)", "2345"),
        ("Department = null", "6"),
        ("Department = ''", "6"),
        ("Department != NULL", "012345"),
        (r"Department = 'O\'Neil \\ Sons'", "3"),
        (r"Department = '\u004f\'NEIL \\ sons'", "3"),
        (r"Department = 'tab\there'", "5"),
        ("Department LIKE 'a%'", "012"),
        ("Department LIKE '%É'", "2"),
        ("Department LIKE 'acm_'", "012"),
        (r"Department LIKE '50\% off\_%'", "4"),
        (r"Department LIKE '%\\%'", "3"),
        ("Department LIKE '%'", "012345"),
        ("Department > 'acme'", "235"),
        ("Department >= 'acme' AND Department < 'b'", "012"),
        ("LastName = '1' OR LastName = '2' OR LastName = '3'", "123"),
        ("(LastName = '1' OR LastName = '2') AND Department = 'acme'", "1"),
        ("LastName = '1' OR (Department != null AND LastName > '4')", "15"),
        ("NOT(LastName = '1' OR LastName = '2')", "03456"),
    ],
)
def test_text_conditions(people: OrgClient, condition: str, expected: str) -> None:
    assert places(people, condition) == expected


def test_parents_that_are_not_there(org: OrgClient) -> None:
    account = org.create("Account", [{"Name": "A"}])[0]
    org.create("Contact", [{"LastName": "0", "AccountId": account}, {"LastName": "1"}])

    assert places(org, "Account.Name = null") == "1"
    assert places(org, "Account.Name != 'A'") == "1"
    assert places(org, "Account.IsDeleted = false") == "01"
    assert places(org, "Account.IsDeleted != null") == ""
    assert places(org, "Account.IsDeleted = null") == "01"
    assert places(org, "Account.Name = 'A' OR LastName = '1'") == "01"
    assert [each["LastName"] for each in org.query("SELECT LastName FROM Contact ORDER BY Account.Name")] == [
        "1",
        "0",
    ]


def test_ids_in_every_form(org: OrgClient) -> None:
    one, two = org.create("Account", [{"Name": "1"}, {"Name": "2"}])
    org.create("Contact", [{"LastName": "0", "AccountId": one}, {"LastName": "1", "AccountId": two}])

    assert places(org, f"AccountId = '{one}'") == "0"
    assert places(org, f"AccountId = '{one[:15]}'") == "0"
    assert places(org, f"AccountId = '{one.lower()}'") == "0"
    assert places(org, f"AccountId IN ('{one[:15]}', '{two}')") == "01"
    assert places(org, f"AccountId > '{one}'") == "1"
    assert places(org, f"AccountId NOT IN ('{one}')") == "1"
    assert places(org, f"Account.Id = '{two}'") == "1"


def test_long_lists(org: OrgClient) -> None:
    ids = org.create("Lead", [{"LastName": "L", "Company": f"Ünit {number}"} for number in range(400)])

    by_id = ", ".join(f"'{each}'" for each in ids[:300])
    by_name = ", ".join(f"'ünit {number}'" for number in range(300))
    chain = " OR ".join(f"Company = 'ünit {number}'" for number in range(700))

    assert len(org.query(f"SELECT Id FROM Lead WHERE Id IN ({by_id})")) == 300
    assert len(org.query(f"SELECT Id FROM Lead WHERE Company IN ({by_name})")) == 300
    url = f"/services/data/v64.0/query?q=SELECT count() FROM Lead WHERE {chain}"
    member = {"method": "GET", "referenceId": "q", "url": url}
    answer = org.rest("POST", "composite", json={"compositeRequest": [member]}).json()
    assert answer["compositeResponse"][0]["body"]["totalSize"] == 400


def test_numbers_and_booleans(org: OrgClient) -> None:
    org.create(
        "Lead",
        [
            {"LastName": "0", "Company": "C", "AnnualRevenue": 10, "NumberOfEmployees": 3},
            {"LastName": "1", "Company": "C", "AnnualRevenue": -2, "IsUnreadByOwner": False},
        ],
    )

    def found(condition: str) -> list[str]:
        return [
            each["LastName"]
            for each in org.query(f"SELECT LastName FROM Lead WHERE {condition} ORDER BY LastName")
        ]

    assert found("AnnualRevenue = 10.0") == ["0"]
    assert found("AnnualRevenue > -2.5 AND AnnualRevenue <= 1e1") == ["0", "1"]
    assert found("AnnualRevenue < +.5") == ["1"]
    assert found("NumberOfEmployees IN (3, 99999999999999999999)") == ["0"]
    assert found("IsUnreadByOwner = false") == ["1"]
    assert found("IsUnreadByOwner != FALSE") == ["0"]
    assert found("IsUnreadByOwner = null") == ["1"]
    assert found("IsUnreadByOwner IN (true, null)") == ["0", "1"]


def test_multi_select_picklists(org: OrgClient) -> None:
    org.custom_field(
        "Contact.Likes__c",
        "MultiselectPicklist",
        visibleLines=4,
        valueSet={"valueSetDefinition": {"value": [{"fullName": each, "label": each} for each in "ABCD"]}},
    )
    values = ["A;B", "A;B;C", "C", "B;D", None]
    org.create("Contact", [{"LastName": str(n), "Likes__c": each} for n, each in enumerate(values)])

    assert places(org, "Likes__c = 'B;A'") == "0"
    assert places(org, "Likes__c != 'A;B'") == "1234"
    assert places(org, "Likes__c INCLUDES ('A;B', 'D')") == "013"
    assert places(org, "Likes__c EXCLUDES ('A;B', 'D')") == "24"
    assert places(org, "Likes__c = null") == "4"


def test_semi_joins_and_anti_joins(org: OrgClient) -> None:
    accounts = org.create("Account", [{"Name": name} for name in "012"])
    org.create(
        "Contact", [{"LastName": "x", "AccountId": accounts[0]}, {"LastName": "y", "AccountId": accounts[1]}]
    )
    org.create("Contact", [{"LastName": "without"}])

    def found(condition: str) -> str:
        return "".join(
            each["Name"] for each in org.query(f"SELECT Name FROM Account WHERE {condition} ORDER BY Name")
        )

    assert found("Id IN (SELECT AccountId FROM Contact)") == "01"
    assert found("Id NOT IN (SELECT AccountId FROM Contact)") == "2"
    assert found("Id NOT IN (SELECT AccountId FROM Contact WHERE LastName = 'x') AND Name > '1'") == "2"
    assert found("Id IN (SELECT AccountId FROM Contact) AND OwnerId IN (SELECT Id FROM User)") == "01"


def test_polymorphic_conditions(org: OrgClient) -> None:
    lead = org.create("Lead", [{"LastName": "Lee", "Company": "C"}])[0]
    contact = org.create("Contact", [{"LastName": "Con"}])[0]
    org.create(
        "Task", [{"Subject": "0", "WhoId": lead}, {"Subject": "1", "WhoId": contact}, {"Subject": "2"}]
    )

    def found(condition: str) -> str:
        return "".join(
            each["Subject"]
            for each in org.query(f"SELECT Subject FROM Task WHERE {condition} ORDER BY Subject")
        )

    assert found("Who.Type = 'Lead'") == "0"
    assert found("Who.Type IN ('Lead', 'Contact')") == "01"
    assert found("Who.Name = 'con'") == "1"
    assert found("Who.Type != 'Lead'") == "12"


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("Department", "6401235"),
        ("Department DESC", "6532104"),
        ("Department ASC NULLS LAST", "4012356"),
        ("Department DESC NULLS LAST", "5321046"),
        ("Department DESC nulls first, LastName DESC", "6532104"),
        ("LastName DESC", "6543210"),
    ],
)
def test_order(people: OrgClient, order: str, expected: str) -> None:
    second = "" if "LastName" in order else ", LastName"
    second += " DESC" if second and "DESC" in order else ""
    rows = people.query(f"SELECT LastName FROM Contact ORDER BY {order}{second}")

    assert "".join(each["LastName"] for each in rows) == expected


def test_picklists_sort_as_they_are_listed_and_lookups_have_nulls_first(org: OrgClient) -> None:
    account = org.create("Account", [{"Name": "A"}])[0]
    ratings = ["Cold", "Hot", None, "Warm"]
    org.create(
        "Account", [{"Name": f"{n}", "Rating": each, "ParentId": account} for n, each in enumerate(ratings)]
    )

    by_rating = org.query("SELECT Rating FROM Account WHERE ParentId != null ORDER BY Rating")
    by_parent = org.query("SELECT ParentId FROM Account ORDER BY ParentId DESC NULLS LAST")

    assert [each["Rating"] for each in by_rating] == [None, "Hot", "Warm", "Cold"]
    assert by_parent[0]["ParentId"] is None


def test_limit_and_offset(people: OrgClient) -> None:
    def found(limits: str) -> str:
        return "".join(
            each["LastName"]
            for each in people.query(f"SELECT LastName FROM Contact ORDER BY LastName {limits}")
        )

    assert found("LIMIT 2") == "01"
    assert found("LIMIT 2 OFFSET 3") == "34"
    assert found("OFFSET 5") == "56"
    assert found("LIMIT 0") == ""


def test_clauses_that_change_no_rows_are_taken(people: OrgClient) -> None:
    for clause in (
        "FOR VIEW",
        "FOR REFERENCE",
        "FOR UPDATE",
        "UPDATE TRACKING",
        "UPDATE VIEWSTAT",
        "ALL ROWS",
    ):
        assert len(people.query(f"SELECT Id FROM Contact LIMIT 3 {clause}")) == 3
    assert len(people.query("SELECT Id FROM Contact USING SCOPE everything WITH SECURITY_ENFORCED")) == 7
    assert len(people.query("SELECT Id FROM Contact USING SCOPE mine")) == 7
