from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from raw_server import answer

from salesforce_seg.describe import FieldDescribe, SObjectDescribe
from salesforce_seg.describer import Describer
from salesforce_seg.errors import (
    ObjectUnavailable,
    QuotaExhausted,
    RunFailed,
    SalesforceError,
    ServerUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_org_client import OrgClient

    from salesforce_seg.session import Session

HICCUP = [{"errorCode": "CustomNotAcceptable", "message": ""}]


@pytest.fixture
def session(org: OrgClient, connect: Callable[..., Any]) -> Session:
    logged_in: Session = connect(login_url=org.url, client_id="c", client_secret="s3cret-of-app").session
    return logged_in


def describe_body(name: str) -> dict[str, Any]:
    return {"name": name, "label": name, "queryable": True, "fields": [{"name": "Id", "type": "id"}]}


def member(status: int, body: Any) -> dict[str, Any]:
    return {"httpStatusCode": status, "body": body, "httpHeaders": {}, "referenceId": "x"}


def composite(*members: dict[str, Any]) -> bytes:
    return answer(200, {"compositeResponse": list(members)})


def test_all_objects_cost_one_call_in_all(session: Session) -> None:
    describer = Describer(session)
    objects = describer.objects()
    assert describer.objects() is objects
    assert session.api_calls == 1
    lead = objects["Lead"]
    assert (lead.label, lead.key_prefix, lead.queryable, lead.custom) == ("Lead", "00Q", True, False)


def test_objects_are_described_25_a_call_and_remembered(org: OrgClient, session: Session) -> None:
    describer = Describer(session)
    names = list(describer.objects())[:40]
    described = describer.describe(names)
    assert session.api_calls == org.api_calls() == 3
    assert list(described) == names
    assert all(isinstance(each, SObjectDescribe) for each in described.values())
    describer.describe([*names, *names])
    assert session.api_calls == 3
    describer.forget(names[0])
    describer.describe(names)
    assert session.api_calls == 4


def test_a_describe_tells_what_the_org_tells(org: OrgClient, session: Session) -> None:
    told = org.rest("GET", "sobjects/Lead/describe").json()
    lead = Describer(session).describe_one("Lead")
    assert [field.name for field in lead.fields] == [field["name"] for field in told["fields"]]
    camel = {
        "external_id": "externalId",
        "id_lookup": "idLookup",
        "defaulted_on_create": "defaultedOnCreate",
        "restricted_picklist": "restrictedPicklist",
        "compound_field_name": "compoundFieldName",
    }
    for field, body in zip(lead.fields, told["fields"], strict=True):
        for attribute in (
            "type",
            "length",
            "precision",
            "scale",
            "nillable",
            "createable",
            "calculated",
            *camel,
        ):
            assert getattr(field, attribute) == (
                body[camel.get(attribute, attribute)] or getattr(FieldDescribe(""), attribute)
            )
        assert [each.value for each in field.picklist_values] == [
            each["value"] for each in body["picklistValues"]
        ]
        assert list(field.reference_to) == body["referenceTo"]
    assert lead.field("EMAIL") is lead.field("email")
    assert lead.field("email") is not None
    assert lead.field("nope") is None
    assert lead.updateable


def test_one_object_that_is_missing_does_not_spoil_the_others(session: Session) -> None:
    described = Describer(session).describe(["Lead", "Nope__c", "../limits", "Account"])
    assert isinstance(described["Lead"], SObjectDescribe)
    assert isinstance(described["Account"], SObjectDescribe)
    for name in ("Nope__c", "../limits"):
        assert isinstance(described[name], ObjectUnavailable)
        assert name in str(described[name])
    with pytest.raises(ObjectUnavailable, match="Nope__c"):
        Describer(session).describe_one("Nope__c")


def test_a_describe_that_fails_in_passing_is_asked_for_again(raw: Any, to: Any) -> None:
    server = raw(
        composite(
            member(200, describe_body("A")), member(406, HICCUP), member(404, [{"errorCode": "NOT_FOUND"}])
        ),
        answer(406, HICCUP),
        answer(200, describe_body("B")),
    )
    connected = to(server)
    described = Describer(connected.session).describe(["A", "B", "C"])
    assert isinstance(described["A"], SObjectDescribe)
    assert isinstance(described["B"], SObjectDescribe)
    assert isinstance(described["C"], ObjectUnavailable)
    assert [request.method for request in server.received] == ["POST", "GET", "GET"]
    assert connected.waits != []


def test_a_describe_that_keeps_failing_stands_alone_in_its_failure(raw: Any, to: Any) -> None:
    def reply(request: Any) -> bytes:
        if request.method == "POST":
            return composite(member(200, describe_body("A")), member(406, HICCUP))
        return answer(406, HICCUP)

    described = Describer(to(raw(reply), max_retries=1).session).describe(["A", "B"])
    assert isinstance(described["A"], SObjectDescribe)
    assert isinstance(described["B"], ServerUnavailable)


@pytest.mark.parametrize("status", [400, 403, 404])
def test_without_composite_objects_are_described_one_by_one(raw: Any, to: Any, status: int) -> None:
    def reply(request: Any) -> bytes:
        if request.method == "POST":
            return answer(status, [{"errorCode": "NOT_FOUND", "message": "no composite here"}])
        return answer(200, describe_body(request.path.split("/")[-2]))

    server = raw(reply)
    names = [f"Object{number}__c" for number in range(30)]
    described = Describer(to(server).session).describe(names)
    assert [each.name for each in described.values() if isinstance(each, SObjectDescribe)] == names
    assert [request.method for request in server.received].count("POST") == 1


@pytest.mark.parametrize("body", [[], "text", None, {"sobjects": None}])
def test_an_answer_of_another_shape_is_an_error_or_nothing(raw: Any, to: Any, body: Any) -> None:
    describer = Describer(to(raw(answer(200, body))).session)
    if isinstance(body, dict):
        assert describer.objects() == {}
        return
    with pytest.raises(RunFailed, match="not a JSON object"):
        describer.objects()


def test_the_quota_guard_holds_for_describes(org: OrgClient, connect: Any) -> None:
    org.limits(DailyApiRequests={"Max": 100, "Remaining": 20})
    session = connect(login_url=org.url, client_id="c", client_secret="s3cret-of-app").session
    describer = Describer(session)
    describer.objects()
    with pytest.raises(QuotaExhausted):
        describer.describe(["Lead", "Account"])


def test_names_are_part_of_a_path_and_nothing_more(raw: Any, to: Any) -> None:
    server = raw(answer(404, [{"errorCode": "NOT_FOUND"}]))
    with pytest.raises(SalesforceError):
        Describer(to(server).session).describe_one("Lead/describe?x=1#")
    assert server.received[0].path == "/services/data/v64.0/sobjects/Lead%2Fdescribe%3Fx%3D1%23/describe"
