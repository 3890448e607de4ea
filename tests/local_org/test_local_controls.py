"""The org's own controls: reset, clock, limits, request log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from local_org_client import OrgClient


def test_reset_gives_a_fresh_org(org: OrgClient) -> None:
    org.clock(freeze_at="2020-01-01T00:00:00Z")
    org.create("Account", [{"Name": "Old"}])
    org.custom_field("Account.Old__c")
    org.limits(DailyApiRequests={"Max": 20, "Remaining": 10})
    org.faults([{"times": None, "action": {"status": 503}}])
    token = org.token()

    org.reset()

    stale = org.http("GET", "/services/data/v64.0/limits", headers={"Authorization": f"Bearer {token}"})
    assert stale.status_code == 401
    assert org.query("SELECT Id FROM Account") == []
    assert "Old__c" not in {
        each["name"] for each in org.rest("GET", "sobjects/Account/describe").json()["fields"]
    }
    assert org.rest("GET", "limits").json()["DailyApiRequests"]["Max"] == 15000
    assert org.clock() > "2026"


def test_reset_to_the_demo_company_is_the_same_each_time(org: OrgClient) -> None:
    def names() -> list[dict[str, Any]]:
        org.reset("demo")
        return org.query("SELECT Name FROM Account ORDER BY Id")

    assert names() == names()


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ({"freeze_at": "2026-01-01T00:00:00Z"}, "2026-01-01T00:00:00.000Z"),
        ({"freeze_at": "2026-01-01T02:00:00+02:00"}, "2026-01-01T00:00:00.000Z"),
        ({"freeze_at": "2026-01-01T00:00:00.900Z"}, "2026-01-01T00:00:00.000Z"),
    ],
)
def test_a_frozen_clock_stamps_what_is_written(
    org: OrgClient, setting: dict[str, Any], expected: str
) -> None:
    assert org.clock(**setting) == expected
    org.create("Account", [{"Name": "A"}])

    assert org.query("SELECT SystemModstamp FROM Account") == [
        {"SystemModstamp": expected.replace(".000Z", ".000+0000")}
    ]


def test_a_shifted_clock_gives_a_late_row_an_old_stamp(org: OrgClient) -> None:
    org.create("Account", [{"Name": "first"}])
    org.clock(offset_seconds=-600)
    org.create("Account", [{"Name": "late"}])
    org.clock()

    rows = org.query("SELECT Name FROM Account ORDER BY SystemModstamp")
    assert [row["Name"] for row in rows] == ["late", "first"]


def test_the_daily_limit_refuses_and_comes_back_a_day_later(org: OrgClient) -> None:
    org.limits(DailyApiRequests={"Max": 5, "Remaining": 1})

    last = org.rest("GET", "limits")
    refused = org.rest("GET", "limits")

    assert last.headers["Sforce-Limit-Info"] == "api-usage=5/5"
    assert refused.status_code == 403
    assert refused.json() == [
        {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
    ]
    assert refused.headers["Sforce-Limit-Info"] == "api-usage=5/5"
    org.clock(offset_seconds=86_400 + 60)
    assert org.rest("GET", "limits").headers["Sforce-Limit-Info"] == "api-usage=1/5"


def test_the_request_log_tells_what_came_and_what_it_cost(org: OrgClient) -> None:
    org.rest("GET", "limits?x=%20y", headers={"Sforce-Call-Options": "client=tap/1.0, defaultNamespace=n"})
    org.rest("GET", "nonsense", headers={"User-Agent": "browser"})
    org.http("GET", "/services/data", headers={"User-Agent": "nobody"})

    assert org.requests()[1:] == [
        {
            "method": "GET",
            "path": "/services/data/v64.0/limits",
            "query": "x=%20y",
            "status": 200,
            "api_calls": 1,
            "client": "tap/1.0",
        },
        {
            "method": "GET",
            "path": "/services/data/v64.0/nonsense",
            "query": "",
            "status": 404,
            "api_calls": 1,
            "client": "browser",
        },
        {
            "method": "GET",
            "path": "/services/data",
            "query": "",
            "status": 200,
            "api_calls": 0,
            "client": "nobody",
        },
    ]
    org.forget_requests()
    assert org.requests() == []
    assert org.api_calls() == 0
    assert org.rest("GET", "limits").headers["Sforce-Limit-Info"] == "api-usage=3/15000"


def test_logins_and_the_orgs_own_controls_cost_nothing(org: OrgClient) -> None:
    org.token()
    org.requests()

    assert [entry["path"] for entry in org.requests()] == ["/services/oauth2/token"]
    assert org.api_calls() == 0


def test_a_composite_is_one_call_and_a_batch_is_one_for_each_member(org: OrgClient) -> None:
    url = "/services/data/v64.0/limits"
    members = [{"method": "GET", "url": url, "referenceId": f"r{number}"} for number in range(5)]
    org.rest("POST", "composite", json={"compositeRequest": members})
    batch = [{"method": "GET", "url": "v64.0/limits"} for _ in range(5)]
    org.rest("POST", "composite/batch", json={"batchRequests": batch})

    assert [entry["api_calls"] for entry in org.requests()[-2:]] == [1, 5]
    assert org.rest("GET", "limits").headers["Sforce-Limit-Info"] == "api-usage=7/15000"


@pytest.mark.parametrize(
    ("control", "body"),
    [
        ("reset", {"seed": "nonsense"}),
        ("reset", {"seed": "demo", "scale": 0}),
        ("reset", {"seed": "demo", "scale": True}),
        ("reset", {"sed": "demo"}),
        ("reset", []),
        ("clock", {"freeze_at": "soon"}),
        ("clock", {"freeze_at": 5}),
        ("clock", {"offset_seconds": "5"}),
        ("clock", {"offset_seconds": 1e300}),
        ("clock", {"freeze_at": "2026-01-01T00:00:00Z", "offset_seconds": 5}),
        ("clock", "x"),
        ("limits", {"Nonsense": {"Max": 1}}),
        ("limits", {"DailyApiRequests": 5}),
        ("limits", {"DailyApiRequests": {}}),
        ("limits", {"DailyApiRequests": {"Max": -1}}),
        ("limits", {"DailyApiRequests": {"Max": 5, "Remaining": 6}}),
        ("limits", {"DailyApiRequests": {"Used": 5}}),
        ("login", {"soap_login": "no"}),
        ("login", {"jwt_public_key": 5}),
        ("login", {"nonsense": True}),
    ],
)
def test_a_control_that_makes_no_sense_says_why_and_does_nothing(
    org: OrgClient, control: str, body: object
) -> None:
    org.create("Account", [{"Name": "stays"}])

    answer = org.http("POST", f"/_local/{control}", json=body)

    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] in {"INVALID_LOCAL_CONTROL", "JSON_PARSER_ERROR"}
    assert answer.json()[0]["message"]
    assert len(org.query("SELECT Id FROM Account")) == 1


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 403),
        ("evil.example:80", 403),
        ("[", 403),
        ("localhost:1", 200),
        ("[::1]:1", 200),
        ("127.0.0.1", 200),
    ],
)
def test_another_sites_name_cannot_lead_to_the_controls(org: OrgClient, host: str, status: int) -> None:
    assert org.http("GET", "/_local/status", headers={"Host": host}).status_code == status


def test_another_sites_page_cannot_use_the_controls(org: OrgClient) -> None:
    for origin, status in (("https://example.com", 403), ("null", 403), (org.url, 200)):
        answer = org.http("POST", "/_local/reset", headers={"Origin": origin})
        assert answer.status_code == status


@pytest.mark.parametrize("path", ["/_local/nonsense", "/_local/", "/_local"])
def test_a_control_that_does_not_exist(org: OrgClient, path: str) -> None:
    assert org.http("GET", path).status_code == 404


def test_what_is_hidden_is_seen_again_as_it_was(org: OrgClient) -> None:
    org.create("Lead", [{"LastName": "A", "Company": "Ltd", "Rating": "Hot"}])
    before = org.rest("GET", "sobjects/Lead/describe").json()["fields"]

    assert org.local("POST", "hidden", ["Lead.Rating", "Lead.Title", "Case"]) == [
        "Lead.Rating",
        "Lead.Title",
        "Case",
    ]
    hidden = {each["name"] for each in before} - {
        each["name"] for each in org.rest("GET", "sobjects/Lead/describe").json()["fields"]
    }
    org.local("DELETE", "hidden")

    assert hidden == {"Rating", "Title"}
    assert org.rest("GET", "sobjects/Lead/describe").json()["fields"] == before
    assert org.query("SELECT Rating FROM Lead") == [{"Rating": "Hot"}]
    assert org.rest("GET", "sobjects/Case").status_code == 200


def test_only_an_array_of_names_can_be_hidden(org: OrgClient) -> None:
    assert org.http("POST", "/_local/hidden", json={"Lead": True}).status_code == 400


def test_pages_can_be_made_small(org: OrgClient) -> None:
    org.create("Account", [{"Name": f"A{number}"} for number in range(5)])
    org.limits(QueryPageRecords={"Max": 2})

    first = org.rest("GET", "query?q=SELECT+Id+FROM+Account").json()

    assert (first["totalSize"], len(first["records"]), first["done"]) == (5, 2, False)
    assert len(org.query("SELECT Id FROM Account")) == 5


def test_an_apps_own_allotment_shows_beside_the_orgs(org: OrgClient) -> None:
    org.limits(PerAppApiRequests={"Max": 250, "Remaining": 240}, DailyApiRequests={"Remaining": 14_000})

    header = org.rest("GET", "sobjects").headers["Sforce-Limit-Info"]

    assert header == "api-usage=1001/15000; per-app-api-usage=11/250(appName=local-app)"
