"""What a run costs, and how it adapts to the org's answers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from target_pipe import COMPOSITE, group, identify, messages, schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_org_client import OrgClient

DESCRIBES = 1
TOO_LONG = {
    "status": 400,
    "body": '[{"message":"Your request was running for too long","errorCode":"REQUEST_RUNNING_TOO_LONG"}]',
}


def person(n: int, **traits: Any) -> dict[str, Any]:
    return identify({"email": f"p{n:04}@example.com", "lastName": "L", "company": "C"} | traits)


def cost(outcome: Any) -> int:
    return int(outcome.counts["api_calls"]) - DESCRIBES


def test_a_thousand_people_in_five_situations(org: OrgClient, send: Any) -> None:
    new = send(*(person(n) for n in range(1000)))
    new.doors(created=1000)
    unchanged = send(*(person(n) for n in range(1000)))
    unchanged.doors(unchanged=1000)
    known = send(*(person(n, title="T") for n in range(1000)))
    known.doors(updated=1000)
    mixed = send(*(person(n, title="U") for n in range(500, 1500)))
    mixed.doors(updated=500, created=500)
    repeated = send(*(person(n % 100, title=str(n // 100)) for n in range(1000)))
    repeated.doors(updated=1000)
    groups = send(*(group(f"g{n}", {"name": "N"}) for n in range(1000)))
    groups.doors(created=1000)
    costs = [cost(each) for each in (new, known, mixed, unchanged, repeated, groups)]
    assert costs == [2, 2, 3, 1, 2, 2]


def test_contacts_are_looked_for_in_the_same_call(org: OrgClient, send: Any) -> None:
    org.create("Contact", [{"LastName": "L", "Email": f"P{n:04}@example.com"} for n in range(400)])
    outcome = send(*(person(n, title="T") for n in range(1000)), match_contacts=True)
    outcome.doors(updated=400, created=600)
    assert cost(outcome) == 2
    assert len(org.query("SELECT Id FROM Contact WHERE Title = 'T'")) == 400
    assert len(org.query("SELECT Id FROM Lead")) == 600


@pytest.mark.parametrize("status", [403, 404, 405])
def test_an_org_without_composite_gets_plain_calls(org: OrgClient, send: Any, status: int) -> None:
    body = '[{"message":"not here","errorCode":"FUNCTIONALITY_NOT_ENABLED"}]'
    org.faults([COMPOSITE | {"times": None, "action": {"status": status, "body": body}}])
    outcome = send(*(person(n) for n in range(450)))
    outcome.doors(created=450)
    assert outcome.log.count("Composite requests are refused") == 1
    writes = [each for each in org.requests() if each["path"].endswith("/composite/sobjects")]
    assert len(writes) == 3
    send(*(person(n, title="T") for n in range(450))).doors(updated=450)


def test_collections_that_composite_refuses_travel_alone(org: OrgClient, send: Any) -> None:
    refused = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
    members = [
        {"body": refused, "httpHeaders": {}, "httpStatusCode": 404, "referenceId": f"member{n}"}
        for n in range(2)
    ]
    action = {"status": 200, "body": {"compositeResponse": members}}
    org.faults([COMPOSITE | {"skip": 2, "action": action}])
    outcome = send(*(person(n) for n in range(400)), *(person(n) for n in range(400, 800)), batch_size=400)
    outcome.doors(created=800)
    assert outcome.log.count("Inside composite requests creates are refused") == 1
    alone = [each for each in org.requests() if each["path"].endswith("/composite/sobjects")]
    assert len(alone) == 4


def test_calls_get_narrower_when_the_org_cannot_keep_up_and_wider_again(org: OrgClient, send: Any) -> None:
    org.faults([COMPOSITE | {"skip": 2, "times": 1, "action": TOO_LONG}])
    outcome = send(*(person(n) for n in range(3000)))
    outcome.doors(created=3000)
    assert "Writing up to 400 records a call from now on: an answer did not come." in outcome.log
    assert "Writing up to 600 records a call again" in outcome.log


def test_a_slow_answer_makes_calls_narrower(org: OrgClient, send: Any) -> None:
    org.faults([COMPOSITE | {"skip": 2, "times": 1, "action": {"delay_seconds": 1}}])
    outcome = send(*(person(n) for n in range(10)), request_timeout=6)
    outcome.doors(created=10)
    assert "Writing up to 400 records a call from now on: the last call took 1 s." in outcome.log


def test_a_field_added_meanwhile_is_used(org: OrgClient, live: Any) -> None:
    def content() -> Iterator[Any]:
        yield schema()
        yield from messages([person(1, score="1"), person(2)])[1:]
        org.custom_field("Lead.score__c")
        time.sleep(1.1)
        yield from messages([person(3, score="3"), person(4)])[1:]

    outcome = live(content(), batch_size=2, describe_again_after=1)
    outcome.doors(created=4)
    assert org.query("SELECT score__c FROM Lead WHERE score__c != null") == [{"score__c": "3"}]


@pytest.mark.parametrize("known", [False, True])
def test_a_field_removed_meanwhile_is_left_out(org: OrgClient, live: Any, known: bool) -> None:
    org.custom_field("Lead.score__c")
    if known:
        org.create("Lead", [{"LastName": "L", "Company": "C", "Email": "p0003@example.com"}])

    def content() -> Iterator[Any]:
        yield schema()
        yield from messages([person(1, score="1"), person(2)])[1:]
        org.local("POST", "hidden", ["Lead.score__c"])
        yield from messages([person(3, score="3", title="T"), person(4)])[1:]

    outcome = live(content(), batch_size=2)
    outcome.doors(created=4 - known, updated=int(known))
    assert org.query("SELECT Title FROM Lead WHERE Email = 'p0003@example.com'") == [{"Title": "T"}]
    org.local("DELETE", "hidden")
