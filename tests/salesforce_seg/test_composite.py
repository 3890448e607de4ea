from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw_server import answer

from salesforce_seg import composite, sobject_collections, soql
from salesforce_seg.composite import SubRequest, SubResponse
from salesforce_seg.errors import ConfigurationError, Remedy, RunFailed, ServerUnavailable
from salesforce_seg.sobject_collections import RowResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_org_client import OrgClient

    from salesforce_seg.session import Session


@pytest.fixture
def session(org: OrgClient, connect: Callable[..., Any]) -> Session:
    logged_in: Session = connect(login_url=org.url, client_id="c", client_secret="s3cret-of-app").session
    return logged_in


def lead(number: int, **more: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Lead"}, "LastName": f"Kim {number}", "Company": "Acme"} | more


def test_a_thousand_records_are_one_call(org: OrgClient, session: Session) -> None:
    parts = [[lead(200 * part + row) for row in range(200)] for part in range(5)]
    responses = composite.send(session, [sobject_collections.create(session, part) for part in parts])
    assert session.api_calls == org.api_calls() == 1
    rows = [row for each in responses for row in sobject_collections.row_results(each, 200)]
    assert all(row.success and len(row.id) == 18 and row.created is None for row in rows)
    assert [each["Name"] for each in org.query("SELECT Name FROM Lead ORDER BY Id LIMIT 3")]
    assert org.query("SELECT COUNT(Id) n FROM Lead")[0]["n"] == 1000


def test_each_row_has_its_own_outcome(org: OrgClient, session: Session) -> None:
    good, bad = lead(1), {"attributes": {"type": "Lead"}, "LastName": "Kim"}
    for send in (
        lambda request: composite.send(session, [request])[0],
        lambda request: composite.send_alone(session, request),
    ):
        rows = sobject_collections.row_results(
            send(sobject_collections.create(session, [good, bad, good])), 3
        )
        assert [row.success for row in rows] == [True, False, True]
        assert rows[1].id == ""
        assert rows[1].errors[0].code == "REQUIRED_FIELD_MISSING"
        assert rows[1].errors[0].fields == ("Company",)
        assert rows[1].remedy is Remedy.REJECT_RECORD
    rows = sobject_collections.row_results(
        composite.send(session, [sobject_collections.create(session, [good, bad], all_or_none=True)])[0], 2
    )
    assert [row.success for row in rows] == [False, False]
    assert rows[0].remedy is Remedy.RETRY_ROW


def test_update_upsert_and_delete(org: OrgClient, session: Session) -> None:
    first, second = org.create(
        "Lead", [{"LastName": "Kim", "Company": "Acme"}, {"LastName": "Lee", "Company": "B"}]
    )
    update = sobject_collections.update(
        session, [{"attributes": {"type": "Lead"}, "id": first, "City": "Seoul"}]
    )
    upsert = sobject_collections.upsert(
        session, "Lead", "Email", [lead(9, Email="nine@example.com"), lead(8, Email="eight@example.com")]
    )
    delete = sobject_collections.delete(session, [second, second])
    updated, upserted, deleted = composite.send(session, [update, upsert, delete])
    assert sobject_collections.row_results(updated, 1) == [RowResult(first, success=True)]
    assert [row.created for row in sobject_collections.row_results(upserted, 2)] == [True, True]
    gone = sobject_collections.row_results(deleted, 2)
    assert gone[0] == RowResult(second, success=True)
    assert gone[1].errors[0].code == "ENTITY_IS_DELETED"
    assert gone[1].remedy is Remedy.REROUTE
    again = composite.send_alone(session, upsert)
    assert [row.created for row in sobject_collections.row_results(again, 2)] == [False, False]
    assert {each["City"] for each in org.query("SELECT City FROM Lead")} == {"Seoul", None}


def test_a_refused_collection_is_an_error_of_every_row(org: OrgClient, session: Session) -> None:
    del org
    poison = sobject_collections.create(session, [lead(1), lead(2, Company={"an": "object"})])
    for response in (composite.send(session, [poison])[0], composite.send_alone(session, poison)):
        assert not response.ok
        assert response.remedy is Remedy.SPLIT
        rows = sobject_collections.row_results(response, 2)
        assert {row.errors[0].code for row in rows} == {"JSON_PARSER_ERROR"}
        assert str(response.error("Creating leads")).startswith("Creating leads: JSON_PARSER_ERROR")


def test_a_query_longer_than_a_url_travels_in_the_body(org: OrgClient, session: Session) -> None:
    [wanted] = org.create("Lead", [{"LastName": "Kim", "Company": "Acme", "Email": "kim@example.com"}])
    emails = [f"person{number}.with.quite.a.long.name@example.com" for number in range(1000)]
    query = soql.select(["Id"], "Lead", where=soql.isin("Email", [*emails, "kim@example.com"]))
    assert len(query) > 30_000
    [response] = composite.send(session, [composite.query(session, query)])
    assert [row["Id"] for row in response.body["records"]] == [wanted]


def test_deleted_rows_only_when_asked_for(org: OrgClient, session: Session) -> None:
    [gone] = org.create("Lead", [{"LastName": "Kim", "Company": "Acme"}])
    composite.send_alone(session, sobject_collections.delete(session, [gone]))
    query = soql.select(["Id"], "Lead")
    living, all_rows = composite.send(
        session, [composite.query(session, query), composite.query(session, query, all_rows=True)]
    )
    assert (living.body["totalSize"], all_rows.body["totalSize"]) == (0, 1)


def test_members_may_refer_to_each_other(org: OrgClient, session: Session) -> None:
    account = SubRequest(
        "POST", session.resource("sobjects/Account"), {"Name": "Acme"}, reference_id="newAccount"
    )
    contact = SubRequest(
        "POST", session.resource("sobjects/Contact"), {"LastName": "Kim", "AccountId": "@{newAccount.id}"}
    )
    responses = composite.send(session, [account, contact])
    assert [each.status for each in responses] == [201, 201]
    assert responses[0].reference_id == "newAccount"
    assert org.query("SELECT Account.Name FROM Contact")[0]["Account"]["Name"] == "Acme"


def test_headers_belong_to_their_member(raw: Any, to: Any) -> None:
    members = [{"httpStatusCode": 200, "body": [], "httpHeaders": {}, "referenceId": "x"}] * 2
    server = raw(answer(200, {"compositeResponse": members}))
    session = to(server).session
    rows = [{"attributes": {"type": "Lead"}, "id": "00Q000000000001AAA"}]
    quiet = sobject_collections.update(session, rows, headers={"Sforce-Auto-Assign": "FALSE"})
    composite.send(session, [quiet, sobject_collections.update(session, rows)])
    sent = server.received[0].body.decode()
    assert sent.count('"httpHeaders":{"Sforce-Auto-Assign":"FALSE"}') == 1
    assert '"allOrNone":false,"collateSubrequests":false' in sent


@given(st.lists(st.booleans(), max_size=120))
def test_no_composite_exceeds_the_limits_and_none_is_needless(kinds: list[bool]) -> None:
    requests = [
        SubRequest("GET", f"/{number}", counts_as_collection=kind) for number, kind in enumerate(kinds)
    ]
    parts = list(composite.batches(requests))
    assert [each for part in parts for each in part] == requests
    for part in parts:
        assert 0 < len(part) <= 25
        assert sum(each.counts_as_collection for each in part) <= 5
    for part, following in pairwise(parts):
        full = len(part) == 25 or sum(each.counts_as_collection for each in part) == 5
        assert full
        assert len(part) == 25 or following[0].counts_as_collection


@pytest.mark.parametrize("size", [0, 201])
def test_a_collection_holds_at_most_200(to: Any, raw: Any, size: int) -> None:
    session = to(raw(answer())).session
    with pytest.raises(ValueError, match="1 to 200"):
        sobject_collections.create(session, [lead(1)] * size)
    with pytest.raises(ValueError, match="1 to 200"):
        sobject_collections.delete(session, ["00Q000000000001AAA"] * size)


def test_a_composite_is_only_repeated_when_every_member_may_be(raw: Any, to: Any) -> None:
    for kind, outcome_unknown, tries in (
        (sobject_collections.create, True, 1),
        (sobject_collections.update, False, 2),
    ):
        server = raw(answer(503))
        session = to(server, max_retries=1).session
        read = composite.query(session, "SELECT Id FROM Lead")
        with pytest.raises(ServerUnavailable) as caught:
            composite.send(session, [read, kind(session, [lead(1)])])
        assert caught.value.outcome_unknown is outcome_unknown
        assert len(server.received) == tries


@pytest.mark.parametrize("body", [{}, [], {"compositeResponse": []}, {"compositeResponse": "x"}])
def test_answers_that_are_missing_are_an_error(raw: Any, to: Any, body: Any) -> None:
    session = to(raw(answer(200, body))).session
    with pytest.raises(RunFailed, match="1 answers were due"):
        composite.send(session, [composite.query(session, "SELECT Id FROM Lead")])


@pytest.mark.parametrize("body", [None, [], {}, [{"success": True}] * 3])
def test_rows_without_an_answer_are_an_error(body: Any) -> None:
    with pytest.raises(RunFailed, match="2 records were sent"):
        sobject_collections.row_results(SubResponse(200, body), 2)


def test_parts_of_another_shape_are_an_error(raw: Any, to: Any) -> None:
    for member in ({}, [], None, {"httpStatusCode": "200"}):
        session = to(raw(answer(200, {"compositeResponse": [member]}))).session
        with pytest.raises(RunFailed, match="no status"):
            composite.send(session, [composite.query(session, "SELECT Id FROM Lead")])
    with pytest.raises(RunFailed, match="no object"):
        sobject_collections.row_results(SubResponse(200, [{"success": True}, 1]), 2)


def test_what_concerns_the_whole_run_is_raised(raw: Any, to: Any) -> None:
    session = to(raw(answer(403, [{"errorCode": "API_DISABLED_FOR_ORG", "message": "no"}]))).session
    with pytest.raises(ConfigurationError, match="API Enabled"):
        composite.send_alone(session, composite.query(session, "SELECT Id FROM Lead"))
    session = to(raw(answer(503)), max_retries=0).session
    assert (
        composite.send_alone(session, composite.query(session, "SELECT Id FROM Lead")).remedy is Remedy.RETRY
    )
    with pytest.raises(ServerUnavailable):
        composite.send_alone(session, sobject_collections.create(session, [lead(1)]))
