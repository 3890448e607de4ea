"""What is no SOQL, or asks for what there is not, is refused with Salesforce's code, frame and words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from local_org_client import OrgClient


def refusal(org: OrgClient, soql: str) -> tuple[str, str]:
    """The code and the message a statement is refused with."""
    answer = org.rest("GET", "query", params={"q": soql})
    assert answer.status_code == 400, answer.text
    (error,) = answer.json()
    assert list(error) == ["message", "errorCode"]
    return error["errorCode"], error["message"]


NO_SUCH_COLUMN = (
    "No such column '{}' on entity '{}'. If you are attempting to use a custom field, be sure to append the"
    " '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate"
    " names."
)


@pytest.mark.parametrize(
    ("soql", "code", "message"),
    [
        (
            "select count() from XYZZY",
            "INVALID_TYPE",
            (
                "\nselect count() from XYZZY\n                    ^\nERROR at Row:1:Column:21\n"
                "sObject type 'XYZZY' is not supported. If you are attempting to use a custom object, be sure"
                " to append the '__c' after the entity name. Please reference your WSDL or the describe call"
                " for the appropriate names."
            ),
        ),
        (
            "SELECT Id, DeveloperName, IsActive FROM Account WHERE Id IN ('1','2')",
            "INVALID_FIELD",
            "\nSELECT Id, DeveloperName, IsActive FROM Account\n           ^\nERROR at Row:1:Column:12\n"
            + NO_SUCH_COLUMN.format("DeveloperName", "Account"),
        ),
        (
            "SELECT Id\nFROM Account\nWHERE  Owner.Shoe = 4 AND Name = 'x'",
            "INVALID_FIELD",
            "\nWHERE  Owner.Shoe = 4 AND Name\n       ^\nERROR at Row:3:Column:8\n"
            + NO_SUCH_COLUMN.format("Shoe", "User"),
        ),
        (
            "SELECT Id FROM Account WHERE",
            "MALFORMED_QUERY",
            (
                "\nSELECT Id FROM Account WHERE\n                            ^\nERROR at Row:1:Column:29\n"
                "unexpected token: '<EOF>'"
            ),
        ),
    ],
)
def test_the_frame_points_at_the_place(org: OrgClient, soql: str, code: str, message: str) -> None:
    assert refusal(org, soql) == (code, message)


def test_the_frame_shows_a_piece_of_a_long_statement(org: OrgClient) -> None:
    fields = [each["name"] for each in org.rest("GET", "sobjects/Account/describe").json()["fields"]]
    fields[30] = "Nothing"

    code, message = refusal(org, f"SELECT {', '.join(fields)} FROM Account")

    _, piece, caret, where, text = message.split("\n")
    place = len("SELECT " + ", ".join(fields[:30]) + ", ")
    assert code == "INVALID_FIELD"
    assert piece.index("Nothing") == caret.index("^") <= 48
    assert piece.endswith(f"Nothing, {fields[31]}, {fields[32]}")
    assert where == f"ERROR at Row:1:Column:{place + 1}"
    assert text.startswith("No such column 'Nothing' on entity 'Account'.")


@pytest.mark.parametrize(
    ("soql", "token"),
    [
        ("SELECT Id, FROM Account", "FROM"),
        ("SELECT FROM Account", "FROM"),
        ("SELECT Id Account", "<EOF>"),
        ("SELECT * FROM Account", "*"),
        ("DELETE FROM Account", "DELETE"),
        ("SELECT Id FROM Account WHERE Name = 'a' AND Name = 'b' OR Name = 'c'", "OR"),
        ("SELECT Id FROM Account WHERE Name = 'a' OR Name = 'b' AND Name = 'c'", "AND"),
        ("SELECT Id FROM Account WHERE NOT Name = 'a' AND Name = 'b'", "AND"),
        ("SELECT Id FROM Account WHERE Name = 'a' AND NOT Name = 'b'", "NOT"),
        ("SELECT Id FROM Account WHERE (Name = 'a'", "<EOF>"),
        ("SELECT Id FROM Account WHERE Name = 'a')", ")"),
        ('SELECT Id FROM Account WHERE Name = "a"', '"'),
        ("SELECT Id FROM Account WHERE Name = 'a", "'"),
        ("SELECT Id FROM Account WHERE Name == 'a'", "="),
        ("SELECT Id FROM Account WHERE Name IN ()", ")"),
        ("SELECT Id FROM Account WHERE Name IN 'a'", "'a'"),
        ("SELECT Id FROM Account WHERE Name IN :names", ":"),
        ("SELECT Id FROM Account WHERE Name = Site + 'a'", "+"),
        ("SELECT Id FROM Account WHERE Name BETWEEN 'a' AND 'b'", "BETWEEN"),
        ("SELECT Id FROM Account ORDER BY", "<EOF>"),
        ("SELECT Id FROM Account LIMIT", "<EOF>"),
        ("SELECT Id FROM Account LIMIT x", "x"),
        ("SELECT Id FROM Account LIMIT -1", "-1"),
        ("SELECT Id FROM Account LIMIT 1.5", "1.5"),
        ("SELECT Id FROM Account LIMIT 1 WHERE Name = 'a'", "WHERE"),
        ("SELECT Id FROM Account OFFSET 1 LIMIT 1", "LIMIT"),
        ("SELECT Id FROM Account GROUP", "GROUP"),
        ("SELECT Id FROM Account;", ";"),
        ("SELECT Id FROM Account a b", "b"),
        ("SELECT Id FROM Account USING SCOPE nobody", "nobody"),
        ("SELECT Id FROM Account WITH MAGIC", "MAGIC"),
        ("SELECT (SELECT Id FROM Contacts FROM Account", "FROM"),
    ],
)
def test_what_is_no_soql_is_an_unexpected_token(org: OrgClient, soql: str, token: str) -> None:
    code, message = refusal(org, soql)

    assert code == "MALFORMED_QUERY"
    assert message.endswith(f"unexpected token: '{token}'")


REFUSED = {
    "INVALID_FIELD": {
        "SELECT Id, Name, id FROM Account": "duplicate field selected: Id",
        "SELECT FIELDS(STANDARD), Id FROM Account": "duplicate field selected: Id",
        "SELECT Owner.Name, Owner.name FROM Account": "duplicate field selected: Owner.Name",
        "SELECT Boss.Name FROM Account": "Didn't understand relationship 'Boss' in field path.",
        "SELECT Who.Industry FROM Task": "No such column 'Industry' on entity 'Name'.",
        "SELECT Id FROM Account WHERE Description = 'x'": "field 'Description' can not be filtered",
        "SELECT Id FROM Account WHERE BillingAddress = 'x'": "Distance expressions",
        "SELECT Description FROM Account GROUP BY Description": "can not be grouped",
        "SELECT Id FROM Account WHERE Name = 5": "must be of type string and should be enclosed",
        "SELECT Id FROM Account WHERE AnnualRevenue = '5'": "must be of type double and should not",
        "SELECT Id FROM Account WHERE NumberOfEmployees = 1.5": "must be of type int and should not",
        "SELECT Id FROM Account WHERE IsDeleted = 'true'": "must be of type boolean and should not",
        "SELECT SUM(Name) FROM Account": "does not support aggregate operator SUM",
        "SELECT MAX(IsDeleted) FROM Account": "does not support aggregate operator MAX",
        "SELECT Who.Name, TYPEOF Who WHEN Lead THEN Id END FROM Task": "duplicate field selected",
        "SELECT (SELECT Id FROM Contacts), (SELECT Name FROM Contacts) FROM Account": "duplicate",
    },
    "MALFORMED_QUERY": {
        "SELECT Id Name FROM Account": "only aggregate expressions use field aliasing",
        "SELECT Id FROM Account ORDER BY Description": "field 'Description' can not be sorted",
        r"SELECT Id FROM Account WHERE Name = 'a\q'": r"Invalid string literal",
        r"SELECT Id FROM Account WHERE Name = 'a\%'": r"Invalid string literal",
        r"SELECT Id FROM Account WHERE Name = '\u12g4'": r"Invalid string literal",
        "SELECT Id FROM Account WHERE Name = '" + "x" * 4_001 + "'": "4000 characters",
        "SELECT FIELDS(ALL) FROM Account": "must have a LIMIT of at most 200",
        "SELECT FIELDS(ALL) FROM Account LIMIT 201": "must have a LIMIT of at most 200",
        "SELECT FIELDS(CUSTOM) FROM Account LIMIT 9": "must result in at least one field",
        "SELECT FIELDS(SOME) FROM Account LIMIT 9": "ALL, CUSTOM or STANDARD",
        "SELECT SHOUT(Name) FROM Account": "Invalid aggregate function: SHOUT",
        "SELECT CALENDAR_YEAR(CreatedDate) FROM Account": "Field must be grouped or aggregated",
        "SELECT Name, COUNT(Id) FROM Account": "Field must be grouped or aggregated: Name",
        "SELECT FIELDS(ALL), COUNT(Id) FROM Account GROUP BY Id LIMIT 5": "must be grouped",
        "SELECT COUNT(Id) FROM Account LIMIT 5": "LIMIT",
        "SELECT COUNT() FROM Account ORDER BY Name": "ORDER BY",
        "SELECT COUNT(), Name FROM Account": "COUNT()",
        "SELECT COUNT(Id) n, MAX(Name) n FROM Account": "duplicate alias: n",
        "SELECT Name FROM Account GROUP BY Name ORDER BY Type": "must be grouped or aggregated",
        "SELECT Name FROM Account GROUP BY ROLLUP(Name, Type, Rating, Site)": "ROLLUP takes",
        "SELECT Id FROM Account WHERE COUNT(Id) > 1": "WHERE",
        "SELECT Id FROM Account HAVING COUNT(Id) > 1": "HAVING",
        "SELECT TYPEOF Owner WHEN User THEN Id END FROM Account": "polymorphic",
        "SELECT TYPEOF Who WHEN Lead THEN toLabel(Rating) END FROM Task": "functions",
        "SELECT (SELECT COUNT() FROM Contacts) FROM Account": "only root queries support aggregate",
        "SELECT (SELECT Id FROM Contacts OFFSET 1) FROM Account": "OFFSET",
        "SELECT Id FROM Account group": "unexpected token: 'group'",
    },
    "INVALID_TYPE": {
        "SELECT (SELECT Id FROM Boats) FROM Account": "Didn't understand relationship 'Boats'",
        "SELECT TYPEOF Who WHEN Case THEN Id END FROM Task": "'Case'",
    },
    "INVALID_TYPE_FOR_OPERATION": {
        "SELECT Id FROM Name": "entity type Name does not support query",
    },
    "INVALID_QUERY_FILTER_OPERATOR": {
        "SELECT Id FROM Account WHERE Id = 'abc'": "invalid ID field: abc",
        "SELECT Id FROM Account WHERE Id LIKE '001%'": "invalid operator on id",
        "SELECT Id FROM Account WHERE IsDeleted > true": "invalid operator on bool",
        "SELECT Id FROM Account WHERE Name INCLUDES ('a')": "invalid operator",
    },
    "NUMBER_OUTSIDE_VALID_RANGE": {
        "SELECT Id FROM Account OFFSET 2001": "Maximum SOQL offset allowed is 2000",
    },
}


@pytest.mark.parametrize(
    ("soql", "code", "message"),
    [(soql, code, text) for code, texts in REFUSED.items() for soql, text in texts.items()],
)
def test_what_the_org_cannot_answer_is_refused(org: OrgClient, soql: str, code: str, message: str) -> None:
    found, text = refusal(org, soql)

    assert (found, message in text) == (code, True), text


@pytest.mark.parametrize(
    ("condition", "code", "message"),
    [
        ("Name IN (SELECT AccountId FROM Contact)", "MALFORMED_QUERY", "must be an id or reference field"),
        ("Id IN (SELECT LastName FROM Contact)", "MALFORMED_QUERY", "can only query id fields"),
        ("Id IN (SELECT OwnerId FROM Contact)", "INVALID_FIELD", "should point to the same object type"),
        ("Id IN (SELECT Account.ParentId FROM Contact)", "MALFORMED_QUERY", "can only query id fields"),
        (
            "Id IN (SELECT AccountId, Id FROM Contact)",
            "MALFORMED_QUERY",
            "only select one id or reference field",
        ),
        ("Id IN (SELECT COUNT() FROM Contact)", "MALFORMED_QUERY", "only select one id or reference field"),
        ("Id IN (SELECT ParentId FROM Account)", "MALFORMED_QUERY", "should not be on the same object type"),
        ("Id IN (SELECT WhatId FROM Task)", "MALFORMED_QUERY", "'Task' is not supported for semi join"),
        ("Id IN (SELECT AccountId FROM Contact ORDER BY Name)", "MALFORMED_QUERY", "ORDER BY is not allowed"),
        ("Id IN (SELECT AccountId FROM Contact LIMIT 1)", "MALFORMED_QUERY", "LIMIT is not allowed"),
        ("Owner.Id IN (SELECT OwnerId FROM Contact)", "MALFORMED_QUERY", "left operand"),
        ("Name = 'a' OR Id IN (SELECT AccountId FROM Contact)", "MALFORMED_QUERY", "top level"),
        ("(NOT Id IN (SELECT AccountId FROM Contact))", "MALFORMED_QUERY", "top level"),
        (
            "Id IN (SELECT AccountId FROM Contact WHERE Id IN (SELECT ContactId FROM Case))",
            "MALFORMED_QUERY",
            "top level",
        ),
        (
            " AND ".join(
                f"Id IN (SELECT AccountId FROM {each})" for each in ("Contact", "Opportunity", "Case")
            ),
            "MALFORMED_QUERY",
            "Maximum number of semi join sub-selects",
        ),
    ],
)
def test_semi_joins_that_soql_forbids(org: OrgClient, condition: str, code: str, message: str) -> None:
    found, text = refusal(org, f"SELECT Id FROM Account WHERE {condition}")

    assert (found, message in text) == (code, True), text


def test_limits_of_a_statement(org: OrgClient) -> None:
    def run(soql: str) -> tuple[str, str]:
        url = f"/services/data/v64.0/query?q={soql}"
        member = {"method": "GET", "referenceId": "q", "url": url}
        answer = org.rest("POST", "composite", json={"compositeRequest": [member]}).json()
        body = answer["compositeResponse"][0]["body"]
        return (body[0]["errorCode"], body[0]["message"]) if isinstance(body, list) else ("", "")

    brackets = "(" * 2_000 + "Name = 'a'" + ")" * 2_000
    children = ", ".join("(SELECT Id FROM Contacts)" for _ in range(21))

    assert run("SELECT Id FROM Account WHERE Name != '" + "x" * 100_000 + "'")[0] == "MALFORMED_QUERY"
    assert run(f"SELECT Id FROM Account WHERE {brackets}")[0] == "QUERY_TOO_COMPLICATED"
    assert run("SELECT Id FROM Account WHERE Name != '((((((('") == ("", "")
    assert run("SELECT " + ".".join(["Parent"] * 5) + ".Name FROM Account") == ("", "")
    assert "5 levels" in run("SELECT " + ".".join(["Parent"] * 6) + ".Name FROM Account")[1]
    assert run(f"SELECT {children} FROM Account")[0] == "INVALID_FIELD"


WORDS = [
    "SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "IN", "LIKE", "LIMIT", "GROUP BY", "ORDER BY", "HAVING",
    "FOR", "TYPEOF", "WHEN", "THEN", "END", "COUNT()", "FIELDS(ALL)", "MAX(Name)", "Account", "Contact",
    "Task", "Id", "Name", "Owner.Name", "Who.Type", "Contacts", "CreatedDate", "(", ")", ",", "=", "!=", ">",
    "'x'", "5", "null", "true", "TODAY", "LAST_N_DAYS:9999", "2026-01-01", "9999-99-99T99:99:99Z", "USD5",
    "\\", "'", '"', "{", "}", "%",
]  # fmt: skip
statements = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=8).map(
        lambda words: f"SELECT Id FROM Account WHERE {' '.join(words)}"
    ),
    st.lists(st.sampled_from(WORDS), max_size=8).map(lambda words: f"SELECT {' '.join(words)} FROM Account"),
)


def test_any_text_is_answered_as_salesforce_answers(org: OrgClient) -> None:
    @settings(max_examples=250, deadline=None)
    @given(statements, st.sampled_from(["query", "queryAll", "search"]))
    def answered(text: str, resource: str) -> None:
        answer = org.rest("GET", resource, params={"q": text})
        assert answer.status_code in {200, 400}
        if answer.status_code == 400:
            assert list(answer.json()[0]) == ["message", "errorCode"]

    answered()
