"""Going wrong on purpose: every action, before and after, and how often."""

from __future__ import annotations

import http.client
import socket
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from local_org_client import OrgClient

ACCOUNT = "sobjects/Account"


def statuses(org: OrgClient, count: int, path: str = "limits") -> list[int]:
    return [org.rest("GET", path).status_code for _ in range(count)]


def accounts(org: OrgClient) -> int:
    return len(org.query("SELECT Id FROM Account"))


def test_any_answer_can_be_ordered(org: OrgClient) -> None:
    body = '[{"message":"Server too busy","errorCode":"SERVER_UNAVAILABLE"}]'
    org.faults([{"action": {"status": 503, "headers": {"Retry-After": "7"}, "body": body}}])

    answer = org.rest("GET", "limits")

    assert (answer.status_code, answer.headers["Retry-After"], answer.text) == (503, "7", body)
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert org.api_calls() == 0
    assert statuses(org, 1) == [200]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("<html>busy</html>", "text/html"),
        ({"a": 1}, "application/json"),
        ([1], "application/json"),
        ("", "text/html"),
    ],
)
def test_a_body_is_sent_as_what_it_is(org: OrgClient, body: Any, kind: str) -> None:
    org.faults([{"action": {"status": 502, "body": body}}])

    answer = org.rest("GET", "limits")

    assert answer.headers["Content-Type"] == f"{kind};charset=UTF-8"
    assert answer.text == body if isinstance(body, str) else answer.json() == body


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, [503, 200, 200, 200, 200]),
        ({"times": 2}, [503, 503, 200, 200, 200]),
        ({"skip": 2}, [200, 200, 503, 200, 200]),
        ({"times": None}, [503, 503, 503, 503, 503]),
        ({"times": 0}, [200, 200, 200, 200, 200]),
        ({"times": None, "every": 2}, [200, 503, 200, 503, 200]),
        ({"times": 1, "skip": 1, "every": 2}, [200, 200, 503, 200, 200]),
        ({"method": "POST"}, [200] * 5),
        ({"method": "get"}, [503, 200, 200, 200, 200]),
        ({"path": "/limits$"}, [503, 200, 200, 200, 200]),
        ({"path": "/sobjects"}, [200] * 5),
    ],
)
def test_a_rule_hits_as_often_as_it_says(org: OrgClient, rule: dict[str, Any], expected: list[int]) -> None:
    org.faults([rule | {"action": {"status": 503}}])

    assert statuses(org, 5) == expected


def test_a_rule_may_look_at_the_query_string(org: OrgClient) -> None:
    org.faults([{"path": "limits.*q=1", "times": None, "action": {"status": 503}}])

    assert [org.rest("GET", f"limits?q={number}").status_code for number in (0, 1)] == [200, 503]


def test_a_rule_may_look_at_the_length_of_the_body(org: OrgClient) -> None:
    org.faults([{"path": "/composite$", "longer_than": 100, "times": None, "action": {"status": 414}}])
    member = {"method": "GET", "url": f"/services/data/v{org.version}/limits", "referenceId": "a"}
    answers = [
        org.rest("POST", "composite", json={"compositeRequest": [member] * count}).status_code
        for count in (0, 2)
    ]

    assert answers == [400, 414]


def test_the_first_rule_that_fits_is_the_only_one_used(org: OrgClient) -> None:
    org.faults([{"action": {"status": status}} for status in (500, 502)])
    org.faults([{"action": {"status": 503}}])

    assert statuses(org, 4) == [500, 502, 503, 200]


def test_rules_are_listed_and_removed(org: OrgClient) -> None:
    org.faults([{"times": 3, "action": {"status": 500}}])
    statuses(org, 1)

    assert org.local("GET", "faults") == [
        {
            "method": None,
            "path": "",
            "skip": 0,
            "every": 1,
            "times": 2,
            "when": "before",
            "action": {"status": 500},
        }
    ]
    assert org.local("DELETE", "faults") == []
    assert statuses(org, 1) == [200]


@pytest.mark.parametrize(("when", "written"), [("before", 0), ("after", 1)])
def test_a_write_takes_effect_or_not(org: OrgClient, when: str, written: int) -> None:
    org.faults([{"method": "POST", "path": ACCOUNT, "when": when, "action": {"status": 500}}])

    assert org.rest("POST", ACCOUNT, json={"Name": "A"}).status_code == 500
    assert accounts(org) == written


@pytest.mark.parametrize(("when", "written"), [("before", 0), ("after", 1)])
def test_a_connection_is_cut_before_or_after_the_write(org: OrgClient, when: str, written: int) -> None:
    org.faults([{"method": "POST", "path": ACCOUNT, "when": when, "action": {"close_after_bytes": 0}}])

    with pytest.raises(requests.ConnectionError):
        org.rest("POST", ACCOUNT, json={"Name": "A"})
    assert accounts(org) == written
    cut = next(entry for entry in org.requests() if entry["path"].endswith("Account"))
    assert cut["status"] is None


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_body_is_cut_in_the_middle(org: OrgClient, when: str) -> None:
    org.faults([{"path": "sobjects$", "when": when, "action": {"close_after_bytes": 1000}}])
    connection = http.client.HTTPConnection(org.url.removeprefix("http://"))
    token = {"Authorization": f"Bearer {org.token()}"}
    connection.request("GET", "/services/data/v64.0/sobjects", headers=token)
    answer = connection.getresponse()

    with pytest.raises(http.client.IncompleteRead) as error:
        answer.read()
    assert len(error.value.partial) == 1000
    connection.close()


def test_an_ordered_body_is_cut_too(org: OrgClient) -> None:
    org.faults([{"action": {"status": 200, "body": "0123456789", "close_after_bytes": 4}}])
    connection = http.client.HTTPConnection(org.url.removeprefix("http://"))
    connection.request("GET", "/services/data")

    with pytest.raises(http.client.IncompleteRead) as error:
        connection.getresponse().read()
    assert error.value.partial == b"0123"
    connection.close()


@pytest.mark.parametrize(("when", "written"), [("before", 0), ("after", 1)])
def test_an_answer_never_comes(org: OrgClient, when: str, written: int) -> None:
    token = org.token()
    org.faults([{"method": "POST", "path": ACCOUNT, "when": when, "action": {"hang": True}}])

    with pytest.raises(requests.ReadTimeout):
        org.http(
            "POST",
            f"/services/data/v64.0/{ACCOUNT}",
            json={"Name": "A"},
            headers={"Authorization": f"Bearer {token}"},
            timeout=0.5,
        )
    assert accounts(org) == written


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_answer_comes_late(org: OrgClient, when: str) -> None:
    org.faults([{"when": when, "action": {"delay_seconds": 0.5}}])
    headers = {"Authorization": f"Bearer {org.token()}"}

    with pytest.raises(requests.ReadTimeout):
        org.http("GET", "/services/data/v64.0/limits", headers=headers, timeout=0.1)
    assert org.rest("GET", "limits").status_code == 200


@pytest.mark.parametrize(("when", "status"), [("before", 401), ("after", 201)])
def test_all_sessions_end(org: OrgClient, when: str, status: int) -> None:
    org.faults([{"method": "POST", "path": ACCOUNT, "when": when, "action": {"expire_sessions": True}}])

    assert org.rest("POST", ACCOUNT, json={"Name": "A"}).status_code == status
    assert statuses(org, 1) == [401]


def test_query_locators_end(org: OrgClient) -> None:
    org.create("Account", [{"Name": f"A{number}"} for number in range(300)])
    headers = {"Sforce-Query-Options": "batchSize=200"}
    first = org.rest("GET", "query?q=SELECT+Id+FROM+Account", headers=headers).json()
    assert org.rest("GET", first["nextRecordsUrl"]).status_code == 200
    org.faults([{"path": "/query/", "action": {"expire_locators": True}}])

    answer = org.rest("GET", first["nextRecordsUrl"])

    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_jobs_are_purged(org: OrgClient) -> None:
    job = org.rest("POST", "jobs/query", json={"operation": "query", "query": "SELECT Id FROM Lead"}).json()
    while org.rest("GET", f"jobs/query/{job['id']}").json()["state"] != "JobComplete":
        pass
    org.faults([{"path": "/results", "action": {"purge_jobs": True}}])

    assert org.rest("GET", f"jobs/query/{job['id']}/results").status_code == 404
    assert org.rest("GET", f"jobs/query/{job['id']}").json()[0]["errorCode"] == "NOT_FOUND"


def test_a_field_vanishes_between_two_requests(org: OrgClient) -> None:
    org.create("Lead", [{"LastName": "A", "Company": "Ltd", "Rating": "Hot"}])
    org.faults([{"path": "/query", "action": {"hide": ["Lead.Rating", "Lead.Nonsense", "Nonsense"]}}])

    answer = org.rest("GET", "query?q=SELECT+Rating+FROM+Lead")

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_FIELD")
    assert "Rating" not in described(org, "Lead")
    assert org.query("SELECT LastName FROM Lead") == [{"LastName": "A"}]


def test_an_object_vanishes_between_two_requests(org: OrgClient) -> None:
    account = {"Name": "A"}
    org.create("Account", [account])
    org.faults([{"path": "/query", "action": {"hide": ["Account"]}}])

    answer = org.rest("GET", "query?q=SELECT+Name+FROM+Account")

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_TYPE")
    assert org.rest("GET", "sobjects/Account/describe").status_code == 404
    org.local("DELETE", "hidden")
    assert org.query("SELECT Name FROM Account") == [account]


def described(org: OrgClient, sobject: str) -> list[str]:
    return [each["name"] for each in org.rest("GET", f"sobjects/{sobject}/describe").json()["fields"]]


def test_rows_are_locked(org: OrgClient) -> None:
    (account,) = org.create("Account", [{"Name": "A"}])
    org.faults([{"method": "PATCH", "times": None, "action": {"lock_rows": True}}])

    alone = org.rest("PATCH", f"{ACCOUNT}/{account}", json={"Name": "B"})
    records = [{"attributes": {"type": "Account"}, "id": account, "Name": "B"}]
    among = org.rest("PATCH", "composite/sobjects", json={"records": records})

    assert alone.status_code == 400
    assert alone.json()[0]["errorCode"] == "UNABLE_TO_LOCK_ROW"
    assert among.json()[0]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
    org.local("DELETE", "faults")
    assert org.query("SELECT Name FROM Account") == [{"Name": "A"}]


def test_a_page_loses_rows(org: OrgClient) -> None:
    org.create("Account", [{"Name": f"A{number}"} for number in range(5)])
    org.faults([{"path": "/query", "action": {"lose_rows": 2}}])

    answer = org.rest("GET", "query?q=SELECT+Id+FROM+Account").json()

    assert (answer["totalSize"], len(answer["records"])) == (5, 3)


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"action": {}},
        {"action": {"explode": True}},
        {"action": {"status": "503"}},
        {"action": {"status": 99}},
        {"action": {"hang": "yes"}},
        {"action": {"delay_seconds": -1}},
        {"action": {"hide": "Lead"}},
        {"action": {"headers": {"Bad Name": "x"}}},
        {"action": {"headers": {"X": "a\r\nb"}}},
        {"action": {"hang": True}, "path": "("},
        {"action": {"hang": True}, "skip": -1},
        {"action": {"hang": True}, "every": 0},
        {"action": {"hang": True}, "when": "later"},
        {"action": {"hang": True}, "nonsense": 1},
        "x",
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(org: OrgClient, rule: object) -> None:
    good = {"times": None, "action": {"status": 503}}

    answer = org.http("POST", "/_local/faults", json=[good, rule])

    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "INVALID_LOCAL_CONTROL"
    assert statuses(org, 1) == [200]


def test_a_client_that_leaves_in_the_middle_of_its_request_hurts_nobody(org: OrgClient) -> None:
    host, _, port = org.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as line:
        line.sendall(b"POST /services/oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")

    assert statuses(org, 1) == [200]
