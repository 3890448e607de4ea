"""Several requests in one call, through HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from local_org_client import OrgClient

DATA = "/services/data/v64.0"
HALTED = "The transaction was rolled back since another operation in the same transaction failed."


def member(reference_id: str, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    return (
        {"referenceId": reference_id, "method": method, "url": f"{DATA}/{path}"}
        | ({"body": body} if body is not None else {})
        | more
    )


def send(org: OrgClient, *members: dict[str, Any], **more: Any) -> dict[str, dict[str, Any]]:
    answer = org.rest("POST", "composite", json={"compositeRequest": list(members)} | more)
    assert answer.status_code == 200, answer.text
    found = answer.json()["compositeResponse"]
    assert [each["referenceId"] for each in found] == [each["referenceId"] for each in members]
    return {each["referenceId"]: each for each in found}


def statuses(answers: dict[str, dict[str, Any]]) -> list[int]:
    return [each["httpStatusCode"] for each in answers.values()]


def test_members_refer_to_those_before_them(org: OrgClient) -> None:
    answers = send(
        org,
        member("account", "POST", "sobjects/Account", {"Name": "O'Hara & Söhne"}),
        member("found", "GET", "query/?q=SELECT Id, Name FROM Account WHERE Id = '@{account.id}'"),
        member(
            "contact",
            "POST",
            "sobjects/Contact",
            {"LastName": "from @{found.records[0].Name}", "AccountId": "@{found.records[0].Id}"},
        ),
        member("read", "GET", "sobjects/Contact/@{contact.id}?fields=LastName,Account.Name"),
        member("gone", "DELETE", "sobjects/Contact/@{contact.id}"),
    )
    assert statuses(answers) == [201, 200, 201, 200, 204]
    assert answers["account"]["httpHeaders"] == {
        "Location": f"{DATA}/sobjects/Account/{answers['account']['body']['id']}"
    }
    assert answers["read"]["body"]["LastName"] == "from O'Hara & Söhne"
    assert answers["gone"]["body"] is None
    assert answers["found"]["httpHeaders"] == {}


def test_a_member_whose_reference_leads_nowhere_is_halted(org: OrgClient) -> None:
    answers = send(
        org,
        member("bad", "POST", "sobjects/Account", {}),
        member("after", "PATCH", "sobjects/Account/@{bad.id}", {"Name": "x"}),
        member("unknown", "GET", "sobjects/Account/@{nobody.id}"),
        member("well", "POST", "sobjects/Account", {"Name": "x"}),
    )
    assert statuses(answers) == [400, 400, 400, 201]
    assert answers["after"]["body"] == [
        {
            "message": "Invalid reference specified. No value for bad.id found in bad",
            "errorCode": "PROCESSING_HALTED",
        }
    ]


def test_all_or_none_undoes_everything(org: OrgClient) -> None:
    answers = send(
        org,
        member("first", "POST", "sobjects/Account", {"Name": "x"}),
        member("bad", "POST", "sobjects/Contact", {}),
        member("later", "GET", "limits"),
        allOrNone=True,
    )
    assert statuses(answers) == [400, 400, 400]
    assert answers["bad"]["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    for name in ("first", "later"):
        assert answers[name]["body"] == [{"message": HALTED, "errorCode": "PROCESSING_HALTED"}]
    assert org.query("SELECT Id FROM Account") == []


def test_all_or_none_goes_for_collections_inside(org: OrgClient) -> None:
    rows = [{"attributes": {"type": "Account"}, "Name": "x"}, {"attributes": {"type": "Account"}}]
    collection = member("rows", "POST", "composite/sobjects", {"allOrNone": False, "records": rows})
    first = member("first", "POST", "sobjects/Account", {"Name": "x"})
    assert statuses(send(org, first, collection)) == [201, 200]
    assert org.query("SELECT COUNT(Id) FROM Account")[0]["expr0"] == 2
    answers = send(org, first, collection, allOrNone=True)
    assert answers["first"]["httpStatusCode"] == 400
    codes = [row["errors"][0]["statusCode"] for row in answers["rows"]["body"]]
    assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert org.query("SELECT COUNT(Id) FROM Account")[0]["expr0"] == 2


def test_a_thousand_upserts_are_one_call(org: OrgClient) -> None:
    org.token()
    before = org.api_calls()
    members = []
    for number in range(5):
        records = [
            {"attributes": {"type": "Lead"}, "LastName": "x", "Company": "y", "Email": f"{number}-{n}@x.com"}
            for n in range(200)
        ]
        members.append(member(f"m{number}", "PATCH", "composite/sobjects/Lead/Email", {"records": records}))
    answers = send(org, *members)
    assert sum(row["created"] for each in answers.values() for row in each["body"]) == 1000
    assert org.api_calls() - before == 1


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ([member(f"m{n}", "GET", "limits") for n in range(26)], "LIMIT_EXCEEDED"),
        ([member(f"m{n}", "GET", "query?q=SELECT Id FROM Lead") for n in range(6)], "INVALID_INPUT"),
        ([member("a", "GET", "limits"), member("a", "GET", "limits")], "INVALID_INPUT"),
        ([member("a b", "GET", "limits")], "INVALID_INPUT"),
        ([member("a", "TRACE", "limits")], "INVALID_INPUT"),
        ([member("a", "GET", "limits", httpHeaders={"Accept": "text/plain"})], "INVALID_INPUT"),
        ([member("a", "GET", "limits", httpHeaders={"authorization": "x"})], "INVALID_INPUT"),
        ([], "INVALID_INPUT"),
        ([5], "JSON_PARSER_ERROR"),
        ("no list", "JSON_PARSER_ERROR"),
    ],
)
def test_a_call_that_is_refused_as_a_whole(org: OrgClient, members: Any, code: str) -> None:
    answer = org.rest("POST", "composite", json={"compositeRequest": members})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_a_describe_inside_tells_its_etag_and_can_be_not_modified(org: OrgClient) -> None:
    first = send(org, member("d", "GET", "sobjects/Lead/describe"))["d"]
    assert first["body"]["name"] == "Lead"
    known = {"If-Modified-Since": first["httpHeaders"]["Last-Modified"]}
    again = send(org, member("d", "GET", "sobjects/Lead/describe", httpHeaders=known))["d"]
    assert (again["httpStatusCode"], again["body"]) == (304, None)
    unknown = send(org, member("d", "GET", "sobjects/Nonsense/describe"))["d"]
    assert unknown["body"] == [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]


def test_composites_do_not_nest_and_stay_below_the_data_path(org: OrgClient) -> None:
    answers = send(
        org,
        member("nested", "POST", "composite", {"compositeRequest": []}),
        {"referenceId": "out", "method": "POST", "url": "/_local/reset", "body": {}},
        {"referenceId": "login", "method": "POST", "url": "/services/oauth2/token", "body": {}},
    )
    assert statuses(answers) == [404, 404, 404]


# ---- batch


def test_each_request_of_a_batch_counts(org: OrgClient) -> None:
    (account,) = org.create("Account", [{"Name": "Acme"}])
    before = org.api_calls()
    requests = [
        {"method": "GET", "url": f"v64.0/sobjects/Account/{account}?fields=Name"},
        {"method": "PATCH", "url": f"v64.0/sobjects/Account/{account}", "richInput": {"Name": "Apex"}},
        {"method": "GET", "url": "v64.0/sobjects/Nonsense/1"},
        {"method": "GET", "url": f"{DATA}/query?q=SELECT Name FROM Account"},
    ]
    answer = org.rest("POST", "composite/batch", json={"batchRequests": requests}).json()
    assert answer["hasErrors"] is True
    assert [each["statusCode"] for each in answer["results"]] == [200, 204, 404, 200]
    assert answer["results"][1]["result"] is None
    assert answer["results"][3]["result"]["records"][0]["Name"] == "Apex"
    assert org.api_calls() - before == 4


def test_a_batch_may_halt_at_the_first_error(org: OrgClient) -> None:
    requests = [
        {"method": "POST", "url": "v64.0/sobjects/Account", "richInput": {}},
        {"method": "POST", "url": "v64.0/sobjects/Account", "richInput": {"Name": "x"}},
    ]
    body = {"batchRequests": requests, "haltOnError": True}
    answer = org.rest("POST", "composite/batch", json=body).json()
    assert [each["statusCode"] for each in answer["results"]] == [400, 412]
    assert org.query("SELECT Id FROM Account") == []


# ---- tree


def node(sobject: str, reference_id: str, **values: Any) -> dict[str, Any]:
    return {"attributes": {"type": sobject, "referenceId": reference_id}} | values


def test_a_tree_is_created_with_its_branches(org: OrgClient) -> None:
    tree = node(
        "Account",
        "a",
        Name="Acme",
        Contacts={"records": [node("Contact", "c", LastName="x"), node("Contact", "d", LastName="y")]},
        Opportunities={
            "records": [node("Opportunity", "o", Name="Deal", StageName="New", CloseDate="2026-05-06")]
        },
    )
    answer = org.rest(
        "POST", "composite/tree/Account", json={"records": [tree, node("Account", "b", Name="B")]}
    )
    assert answer.status_code == 201
    assert answer.json()["hasErrors"] is False
    found = {each["referenceId"]: each["id"] for each in answer.json()["results"]}
    assert list(found) == ["a", "b", "c", "d", "o"]
    rows = org.query("SELECT AccountId FROM Contact") + org.query("SELECT AccountId FROM Opportunity")
    assert {row["AccountId"] for row in rows} == {found["a"]}


def test_a_tree_with_one_bad_leaf_creates_nothing(org: OrgClient) -> None:
    leaf = node("Contact", "c", LastName="x", Email="12")
    tree = node("Account", "a", Name="Acme", Contacts={"records": [leaf]})
    answer = org.rest("POST", "composite/tree/Account", json={"records": [tree]})
    assert answer.status_code == 400
    assert answer.json() == {
        "hasErrors": True,
        "results": [
            {
                "referenceId": "c",
                "errors": [
                    {
                        "statusCode": "INVALID_EMAIL_ADDRESS",
                        "message": "Email: invalid email address: 12",
                        "fields": ["Email"],
                    }
                ],
            }
        ],
    }
    assert org.query("SELECT Id FROM Account") == []


@pytest.mark.parametrize(
    "records",
    [
        [node("Account", f"r{n}", Name="x") for n in range(201)],
        [node("Account", "a", Name="x"), node("Account", "a", Name="y")],
        [{"Name": "x"}],
        [{"attributes": {"type": "Account"}, "Name": "x"}],
        [node("Contact", "a", LastName="x")],
        "records",
    ],
)
def test_a_tree_of_the_wrong_shape(org: OrgClient, records: Any) -> None:
    answer = org.rest("POST", "composite/tree/Account", json={"records": records})
    assert answer.status_code == 400
    assert org.query("SELECT Id FROM Account") == []
