"""What is sent again, what is not, and how long is waited: against servers that fail in every way."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw_server import FallSilent, answer

from salesforce_seg.errors import RecordRejected, RunFailed, SalesforceError, ServerUnavailable
from salesforce_seg.retries import LONGEST_RETRY_AFTER, LONGEST_WAIT, Backoff, seconds_in

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD = answer(200, {"ok": True})
HTML = answer(200, b"<html>Down for maintenance</html>", {"Content-Type": "text/html; charset=UTF-8"})


def error(status: int, code: str, message: str = "") -> bytes:
    return answer(status, [{"errorCode": code, "message": message}])


PASSING = {
    "server busy": error(503, "SERVER_UNAVAILABLE", "Server too busy"),
    "busy as an object": answer(503, {"errorCode": "SERVER_UNAVAILABLE", "message": "Server too busy"}),
    "busy as a page": answer(503, b"<html>", {"Content-Type": "text/html"}),
    "edge 502": answer(502, b"<html>", {"Content-Type": "text/html"}),
    "edge 504, empty": answer(504),
    "edge 420": answer(420, b"<html>", {"Content-Type": "text/html"}),
    "unknown": error(500, "UNKNOWN_EXCEPTION", "An unexpected error occurred"),
    "too long": error(400, "REQUEST_RUNNING_TOO_LONG", "Your request was running for too long"),
    "concurrent": error(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."),
    "too many requests": answer(429),
    "describe hiccup": error(406, "CustomNotAcceptable"),
    "request time-out": answer(408),
    "locked": error(400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"),
    "maintenance page": HTML,
    "not JSON": answer(200, b"{"),
    "cut in the middle": GOOD[:-3],
    "cut in the head": GOOD[:40],
    "closed at once": b"",
    "no HTTP": b"\x15\x03\x01\x00\x02\x02\x16",
    "half a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{",
    "not gzip": answer(200, b"not gzip", {"Content-Encoding": "gzip"}),
}
UNPROCESSED = {"concurrent", "too many requests", "describe hiccup", "edge 420", "locked"}
"""Failures in which Salesforce has surely done nothing."""


@pytest.mark.parametrize("name", PASSING)
def test_a_repeatable_request_outlives_it(raw: Any, to: Any, name: str) -> None:
    server = raw(PASSING[name], PASSING[name], GOOD)
    connected = to(server)
    assert connected.session.call_json("GET", "limits") == {"ok": True}
    assert len(server.received) == 3
    assert len(connected.waits) == 2
    assert connected.waits[1] == 2 * connected.waits[0]


@pytest.mark.parametrize("name", PASSING)
def test_a_create_is_sent_again_only_if_surely_nothing_was_done(raw: Any, to: Any, name: str) -> None:
    server = raw(PASSING[name], GOOD)
    session = to(server).session
    body = {"LastName": "Kim"}
    if name in UNPROCESSED:
        assert session.call_json("POST", "sobjects/Lead", json=body, repeatable=False) == {"ok": True}
        return
    with pytest.raises(ServerUnavailable, match="Whether the write took effect is not known") as caught:
        session.call_json("POST", "sobjects/Lead", json=body, repeatable=False)
    assert caught.value.outcome_unknown
    assert len(server.received) == 1


@pytest.mark.parametrize("repeatable", [True, False])
def test_a_connection_that_is_refused_may_always_be_tried_again(raw: Any, to: Any, repeatable: bool) -> None:
    server = raw(GOOD)
    connected = to(server, max_retries=3)
    server.close()
    with pytest.raises(ServerUnavailable, match=r"refuses connections.*Tried 4 times") as caught:
        connected.session.call("POST", "sobjects/Lead", json={}, repeatable=repeatable)
    assert not caught.value.outcome_unknown
    assert connected.waits == [1.0, 2.0, 4.0]


@pytest.mark.parametrize(("repeatable", "tries"), [(True, 2), (False, 1)])
def test_a_silent_server_ends_in_a_clear_error(raw: Any, to: Any, repeatable: bool, tries: int) -> None:
    server = raw(None)
    session = to(server, timeout=0.2, max_retries=1).session
    with pytest.raises(ServerUnavailable, match=r"did not answer within 0\.2 s") as caught:
        session.call("POST", "sobjects/Lead", json={}, repeatable=repeatable)
    assert caught.value.outcome_unknown is not repeatable
    assert len(server.received) == tries


def test_a_server_that_falls_silent_in_the_middle(raw: Any, to: Any) -> None:
    server = raw(FallSilent(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"))
    with pytest.raises(ServerUnavailable, match=r"stopped answering|did not answer"):
        to(server, timeout=0.2, max_retries=0).session.call_json("GET", "limits")


def test_after_all_tries_the_error_says_what_and_how_often(raw: Any, to: Any) -> None:
    server = raw(PASSING["server busy"])
    connected = to(server)
    with pytest.raises(ServerUnavailable) as caught:
        connected.session.call(
            "GET", "query", params={"q": "SELECT Email FROM Lead WHERE Email = 'ada@x.org'"}
        )
    assert str(caught.value).startswith(
        "GET /services/data/v64.0/query: SERVER_UNAVAILABLE: Server too busy (HTTP 503)."
    )
    assert "Tried 6 times" in str(caught.value)
    assert "ada@x.org" not in str(caught.value)
    assert (caught.value.status, caught.value.code) == (503, "SERVER_UNAVAILABLE")
    assert connected.waits == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_max_retries_zero_means_one_try(raw: Any, to: Any) -> None:
    server = raw(PASSING["server busy"])
    with pytest.raises(ServerUnavailable):
        to(server, max_retries=0).session.call("GET", "limits")
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (error(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "no"), RecordRejected),
        (error(400, "MALFORMED_QUERY", "unexpected token"), SalesforceError),
        (error(403, "INSUFFICIENT_ACCESS", "no"), SalesforceError),
        (answer(400, b"<html>", {"Content-Type": "text/html"}), SalesforceError),
        (answer(418, b"{"), RunFailed),
        (answer(400, b""), SalesforceError),
        (answer(400, b'"text"'), SalesforceError),
        (answer(404, [7, None]), SalesforceError),
    ],
)
def test_what_does_not_pass_is_told_at_once(
    raw: Any, to: Any, reply: bytes, expected: type[Exception]
) -> None:
    server = raw(reply)
    connected = to(server)
    with pytest.raises(expected):
        connected.session.call("GET", "limits")
    assert connected.waits == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_is_not_followed_anywhere(raw: Any, to: Any, status: int, method: str) -> None:
    other = raw(GOOD)
    for location in (f"{other.url}/services/data/v64.0/limits", "/elsewhere", "https://evil.example/x"):
        server = raw(answer(status, headers={"Location": location}))
        with pytest.raises(RunFailed, match="The session is not sent there"):
            to(server).session.call(method, "limits")
        assert len(server.received) == 1
    assert other.received == []


@pytest.mark.parametrize(
    ("header", "waits"),
    [("7", 7.0), ("0", 1.0), ("100000", LONGEST_RETRY_AFTER), ("soon", 1.0), ("", 1.0), ("-5", 1.0)],
)
def test_retry_after_is_honoured_within_reason(raw: Any, to: Any, header: str, waits: float) -> None:
    server = raw(answer(503, headers={"Retry-After": header}), GOOD)
    connected = to(server)
    connected.session.call("GET", "limits")
    assert connected.waits == [waits]


def test_retry_after_may_be_a_date() -> None:
    soon = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=100), usegmt=True)
    assert 80 < seconds_in(soon) <= 100
    assert seconds_in("Mon, 01 Jan 2001 00:00:00 GMT") == 0
    assert seconds_in("Mon, 01 Jan 2001 00:00:00") == 0


@given(st.integers(2, 400), st.floats(0, 1), st.floats(0.1, 10), st.text())
def test_no_wait_is_longer_than_it_should_be(
    attempt: int, jitter: float, first_wait: float, retry_after: str
) -> None:
    backoff = Backoff(5, jitter=lambda: jitter)
    waited = backoff.wait_before(attempt, first_wait, retry_after)
    assert 0 <= waited <= max(LONGEST_WAIT, LONGEST_RETRY_AFTER)


def test_the_real_jitter_spreads_the_waits() -> None:
    backoff = Backoff(5)
    waits = {backoff.wait_before(3) for _ in range(50)}
    assert len(waits) > 40
    assert all(0 <= wait <= 2 for wait in waits)


def test_faults_of_the_local_org_are_outlived(org: Any, connect: Callable[..., Any]) -> None:
    org.faults(
        [
            {
                "path": "limits",
                "action": {"status": 503, "body": "<html>", "headers": {"Content-Type": "text/html"}},
            },
            {"path": "limits", "action": {"close_after_bytes": 0}},
            {"path": "limits", "action": {"close_after_bytes": 200}},
            {"path": "limits", "action": {"expire_sessions": True}},
        ]
    )
    session = connect(login_url=org.url, client_id="c", client_secret="s3cret-of-app").session
    assert "DailyApiRequests" in session.call_json("GET", "limits")
