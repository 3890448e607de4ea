"""The session against the local org: what it sends, counts, renews and reads."""

from __future__ import annotations

import gzip
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from raw_server import answer

from salesforce_seg.errors import (
    ConfigurationError,
    ObjectUnavailable,
    QueryRefused,
    QuotaExhausted,
    RecordRejected,
    RunFailed,
    SalesforceError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_org_client import OrgClient

    from salesforce_seg.session import Session

APP = {"client_id": "consumer-key", "client_secret": "consumer-secret"}


@pytest.fixture
def session(org: OrgClient, connect: Callable[..., Any]) -> Session:
    logged_in: Session = connect(login_url=org.url, **APP).session
    return logged_in


def test_it_says_who_it_is(org: OrgClient, session: Session, raw: Any, to: Any) -> None:
    session.call("GET", "sobjects")
    assert org.requests()[-1]["client"] == "tap-salesforce-seg"
    server = raw(answer(200, {}))
    to(server).session.call("GET", "limits", headers={"Sforce-Query-Options": "batchSize=500"})
    headers = server.received[0].headers
    assert headers["user-agent"].startswith("tap-salesforce-seg/")
    assert headers["user-agent"].rpartition("/")[2][0].isdigit()
    assert "gzip" in headers["accept-encoding"]
    assert headers["sforce-query-options"] == "batchSize=500"
    assert "cookie" not in headers


def test_paths_may_be_resources_or_absolute(raw: Any, to: Any) -> None:
    server = raw(answer(200, {}))
    session = to(server, api_version="60.0").session
    session.call("GET", "query", params={"q": "SELECT Id FROM Lead WHERE Name = 'a+b&c'"})
    session.call("GET", "/services/data/v60.0/query/0r8-2000")
    session.call("GET", "sobjects/Lead/updated/?start=1", params={"end": "2"})
    paths = [each.path for each in server.received]
    assert paths[0] == "/services/data/v60.0/query?q=SELECT+Id+FROM+Lead+WHERE+Name+%3D+%27a%2Bb%26c%27"
    assert paths[1:] == [
        "/services/data/v60.0/query/0r8-2000",
        "/services/data/v60.0/sobjects/Lead/updated/?start=1&end=2",
    ]


def test_cookies_are_not_kept(raw: Any, to: Any) -> None:
    server = raw(answer(200, {}, {"Set-Cookie": "BrowserId=abc; path=/"}))
    session = to(server).session
    session.call("GET", "limits")
    session.call("GET", "limits")
    assert "cookie" not in server.received[1].headers


def test_gzip_answers_are_read(raw: Any, to: Any) -> None:
    packed = gzip.compress(b'{"packed": true}')
    server = raw(answer(200, packed, {"Content-Encoding": "gzip"}))
    assert to(server).session.call_json("GET", "limits") == {"packed": True}


def test_numbers_keep_their_digits_both_ways(raw: Any, to: Any) -> None:
    server = raw(answer(200, b'{"a": 1234567890123456.78, "b": 10, "c": 1.0E2}'))
    session = to(server).session
    read = session.call_json("POST", "x", json={"n": Decimal("1234567890123456.78"), "i": 10**15})
    assert read == {"a": Decimal("1234567890123456.78"), "b": 10, "c": Decimal(100)}
    assert server.received[0].body == b'{"n":1234567890123456.78,"i":1000000000000000}'


def test_an_empty_answer_is_none(org: OrgClient, session: Session) -> None:
    [lead] = org.create("Lead", [{"LastName": "Kim", "Company": "Acme"}])
    assert session.call_json("PATCH", f"sobjects/Lead/{lead}", json={"LastName": "Park"}) is None


def test_an_expired_session_is_renewed_and_the_same_request_sent_again(raw: Any, connect: Any) -> None:
    server = raw(answer())
    token = answer(200, {"access_token": "00Dsecond!token", "instance_url": server.url})
    expired = answer(401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])
    first = answer(200, {"access_token": "00Dfirst!token", "instance_url": server.url})
    server.script[:] = [first, expired, token, answer(201, {"id": "00Q"})]
    session = connect(login_url=server.url, **APP).session
    body = {"LastName": "Kim"}
    session.call(
        "POST", "sobjects/Lead", json=body, headers={"Sforce-Auto-Assign": "FALSE"}, repeatable=False
    )
    before, after = server.received[1], server.received[3]
    assert (before.method, before.path, before.body) == (after.method, after.path, after.body)
    assert before.headers.pop("authorization") == "Bearer 00Dfirst!token"
    assert after.headers.pop("authorization") == "Bearer 00Dsecond!token"
    assert before.headers == after.headers
    assert after.headers["sforce-auto-assign"] == "FALSE"


def test_a_second_refusal_in_a_row_is_a_clear_error(raw: Any, connect: Any) -> None:
    server = raw(answer())
    token = answer(200, {"access_token": "00Dtoken!of-test", "instance_url": server.url})
    expired = answer(401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])
    server.script[:] = [token, expired, token, expired]
    with pytest.raises(
        ConfigurationError, match=r"does not accept the session it has just given.*API Enabled"
    ):
        connect(login_url=server.url, **APP).session.call("GET", "limits")
    assert len(server.received) == 4


def test_threads_share_one_login_and_one_renewal(org: OrgClient, session: Session) -> None:
    def logins() -> int:
        return sum(each["path"] == "/services/oauth2/token" for each in org.requests())

    def ask(_: int) -> int:
        return session.call("GET", "limits").status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(16))) == {200}
        assert logins() == 1
        org.faults([{"path": "limits", "action": {"expire_sessions": True}}])
        org.forget_requests()
        assert set(pool.map(ask, range(32))) == {200}
    assert logins() == 1


def test_the_count_of_calls_is_the_orgs_own(org: OrgClient, session: Session) -> None:
    session.server_time()
    assert session.api_calls == 0
    org.forget_requests()
    session.call("GET", "sobjects")
    session.call("GET", "limits")
    with pytest.raises(SalesforceError):
        session.call("GET", "sobjects/Nothing")
    assert session.api_calls == org.api_calls() == 3
    assert session.usage is not None
    assert session.usage.allowed == 15000


def test_the_servers_clock_is_the_orgs(org: OrgClient, session: Session) -> None:
    org.clock(freeze_at="2026-01-31T23:59:58Z")
    assert session.server_time() == datetime(2026, 1, 31, 23, 59, 58, tzinfo=timezone.utc)
    org.clock(offset_seconds=-86_400)
    behind = datetime.now(timezone.utc) - session.server_time()
    assert timedelta(hours=23) < behind < timedelta(hours=25)


@pytest.mark.parametrize("date", ["", "soon", "2026-01-31", "Sat, 99 Nov 2026 00:00:00 GMT"])
def test_without_a_date_there_is_no_window(raw: Any, to: Any, date: str) -> None:
    with pytest.raises(RunFailed, match="no readable Date header"):
        to(raw(answer(200, [], {"Date": date} if date else None))).session.server_time()


def test_a_deprecation_warning_is_logged_once(raw: Any, to: Any, caplog: pytest.LogCaptureFixture) -> None:
    server = raw(answer(200, {}, {"Warning": '299 - "This API is deprecated and will be removed"'}))
    session = to(server, api_version="39.0").session
    for _ in range(3):
        session.call("GET", "limits")
    [warning] = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert "39.0" in warning.getMessage()
    assert "deprecated" in warning.getMessage()


@pytest.mark.parametrize(
    ("method", "path", "options", "error", "told"),
    [
        ("GET", "sobjects/Nothing/describe", {}, ObjectUnavailable, "NOT_FOUND"),
        ("GET", "query", {"params": {"q": "SELECT Nope FROM Lead"}}, QueryRefused, "No such column"),
        ("GET", "query", {"params": {"q": "SELECT"}}, QueryRefused, "MALFORMED_QUERY"),
        ("GET", "query", {"params": {"q": "SELECT Id FROM Nope"}}, ObjectUnavailable, "INVALID_TYPE"),
        ("POST", "sobjects/Lead", {"json": {"LastName": "Kim"}}, RecordRejected, "Company"),
        ("POST", "sobjects/Lead", {"json": {"Nope": 1}}, RecordRejected, "Nope"),
    ],
)
def test_a_refusal_is_the_exception_that_says_what_to_do(
    session: Session, method: str, path: str, options: Any, error: type[SalesforceError], told: str
) -> None:
    with pytest.raises(error) as caught:
        session.call(method, path, repeatable=method == "GET", **options)
    assert told in str(caught.value)
    assert caught.value.status in {400, 404}
    assert caught.value.code
    assert "\n" not in str(caught.value)
    assert "SELECT" not in str(caught.value).partition(":")[0], "the query string is not part of the title"


def test_a_retired_version_names_the_setting(raw: Any, to: Any) -> None:
    with pytest.raises(ConfigurationError, match="change api_version"):
        to(raw(answer(410, [{"errorCode": "GONE", "message": "gone"}])), api_version="31.0").session.call(
            "GET", "x"
        )


def ask_for_ever(session: Session) -> None:
    for _ in range(1000):
        session.call("GET", "limits")


def test_the_guard_stops_before_the_call(org: OrgClient, connect: Any) -> None:
    org.limits(DailyApiRequests={"Max": 100, "Remaining": 25})
    session = connect(login_url=org.url, **APP).session
    with pytest.raises(QuotaExhausted, match=r"quota_percent_total.*80 of the org's 100"):
        ask_for_ever(session)
    assert session.api_calls == org.api_calls() == 5


def test_one_run_takes_no_more_than_its_share(org: OrgClient, connect: Any) -> None:
    org.limits(DailyApiRequests={"Max": 100, "Remaining": 100})
    session = connect(login_url=org.url, quota_percent_per_run=10, **APP).session
    with pytest.raises(QuotaExhausted, match=r"quota_percent_per_run.*10 API calls.*10 %") as caught:
        ask_for_ever(session)
    assert caught.value.exit_code == 3
    assert session.api_calls == org.api_calls() == 10


def test_salesforce_saying_that_the_day_is_used_up_ends_the_run(org: OrgClient, connect: Any) -> None:
    org.limits(DailyApiRequests={"Max": 100, "Remaining": 0})
    connected = connect(login_url=org.url, quota_percent_total=100, **APP)
    with pytest.raises(QuotaExhausted, match="REQUEST_LIMIT_EXCEEDED"):
        connected.session.call("GET", "limits")
    assert connected.waits == []


def test_a_streamed_body_is_left_to_the_caller(org: OrgClient, session: Session, raw: Any, to: Any) -> None:
    server = raw(answer(200, b"a" * 10_000, {"Content-Type": "text/html"}))
    with to(server).session.call("GET", "sobjects/Document/015/Body", stream=True) as response:
        assert sum(map(len, response.iter_content(1000))) == 10_000
    with pytest.raises(ObjectUnavailable, match="NOT_FOUND"):
        session.call("GET", "sobjects/Document/015000000000000AAA", stream=True)
