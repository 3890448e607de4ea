"""HTTP itself: what every answer has, what is refused before anybody looks at it, what a call costs."""

from __future__ import annotations

import gzip
import http.client
import socket
import subprocess
import sys
import threading
import zlib

import pytest
import requests
from local_org_client import OrgClient

NOT_FOUND = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
NO_SESSION = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def test_versions_are_listed_to_anybody_and_cost_nothing(org: OrgClient) -> None:
    answer = org.http("GET", "/services/data/")

    versions = answer.json()
    assert versions[0] == {"label": "Summer '14", "url": "/services/data/v31.0", "version": "31.0"}
    assert versions[-1] == {"label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"}
    assert org.api_calls() == 0


def test_every_answer_carries_salesforces_headers(org: OrgClient) -> None:
    for path in ("sobjects", "sobjects/Nonsense"):
        headers = org.rest("GET", path).headers
        assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Robots-Tag"] == "none"
        assert headers["Cache-Control"] == "no-cache,must-revalidate,max-age=0,no-store,private"
        assert headers["Content-Type"] == "application/json;charset=UTF-8"
        assert headers["Vary"] == "Accept-Encoding"


def test_limit_info_counts_every_call_exactly_even_a_404(org: OrgClient) -> None:
    infos = [org.rest("GET", path).headers["Sforce-Limit-Info"] for path in ("limits", "nonsense", "")]

    assert infos == ["api-usage=1/15000", "api-usage=2/15000", "api-usage=3/15000"]
    assert org.api_calls() == 3


def test_the_date_header_is_the_orgs_clock(org: OrgClient) -> None:
    org.clock(freeze_at="2026-01-01T00:00:00Z")

    assert org.rest("GET", "limits").headers["Date"] == "Thu, 01 Jan 2026 00:00:00 GMT"


@pytest.mark.parametrize("scheme", ["Bearer", "OAuth", "bearer"])
def test_a_token_is_taken_under_both_its_names(org: OrgClient, scheme: str) -> None:
    answer = org.http("GET", "/services/data/v64.0", headers={"Authorization": f"{scheme} {org.token()}"})

    assert answer.status_code == 200
    assert answer.json()["sobjects"] == "/services/data/v64.0/sobjects"


def test_the_bulk_header_carries_a_session_too(org: OrgClient) -> None:
    assert org.http("GET", "/services/data/v64.0", headers={"X-SFDC-Session": org.token()}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer 00Dxx!none"}, {"Authorization": "Bearer"}, {"X-SFDC-Session": "none"}],
)
def test_a_stranger_learns_nothing_but_401(org: OrgClient, headers: dict[str, str]) -> None:
    for method, path in (("GET", "limits"), ("GET", "nonsense"), ("PUT", "limits")):
        answer = org.http(method, f"/services/data/v64.0/{path}", headers=headers)
        assert (answer.status_code, answer.json()) == (401, NO_SESSION)
        assert "Sforce-Limit-Info" not in answer.headers
    assert org.api_calls() == 0


def test_another_kind_of_authorization_is_refused_as_such(org: OrgClient) -> None:
    answer = org.http("GET", "/services/data/v64.0", headers={"Authorization": "Basic dTpw"})

    assert answer.status_code == 401
    assert answer.json() == [{"message": "INVALID_HEADER_TYPE", "errorCode": "INVALID_AUTH_HEADER"}]


@pytest.mark.parametrize("path", ["nonsense", "sobjects/Lead/describe/nonsense/x", "limits/x"])
def test_an_unknown_url_is_not_found(org: OrgClient, path: str) -> None:
    answer = org.rest("GET", path)

    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert list(answer.json()[0]) == ["errorCode", "message"]


def test_a_wrong_method_names_the_right_ones(org: OrgClient) -> None:
    answer = org.rest("PUT", "limits")

    assert answer.status_code == 405
    assert answer.json() == [
        {
            "errorCode": "METHOD_NOT_ALLOWED",
            "message": "HTTP Method 'PUT' not allowed. Allowed are HEAD,GET",
        }
    ]


def test_a_post_can_stand_for_another_method(org: OrgClient) -> None:
    assert org.rest("POST", "limits?_HttpMethod=GET").json()["DailyApiRequests"]["Max"] == 15000


@pytest.mark.parametrize(
    ("version", "status"),
    [("30.0", 410), ("7.0", 410), ("31.0", 200), ("68.0", 200), ("69.0", 404), ("64.1", 404), ("x", 404)],
)
def test_versions_end_at_both_ends(org: OrgClient, version: str, status: int) -> None:
    assert org.rest("GET", f"/services/data/v{version}/limits").status_code == status


@pytest.mark.parametrize(("version", "warns"), [("31.0", True), ("40.0", True), ("41.0", False)])
def test_deprecated_versions_warn(org: OrgClient, version: str, warns: bool) -> None:
    headers = org.rest("GET", f"/services/data/v{version}/limits").headers

    assert headers.get("Warning", "").startswith("299 - ") == warns


def test_paths_take_any_case_and_a_slash_at_the_end(org: OrgClient) -> None:
    assert org.rest("GET", "/services/DATA/v64.0/LIMITS/").status_code == 200


def test_head_is_get_without_a_body(org: OrgClient) -> None:
    answer = org.rest("HEAD", "limits")

    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 0


def test_answers_are_compressed_when_asked(org: OrgClient) -> None:
    plain = org.rest("GET", "sobjects", headers={"Accept-Encoding": "identity"})
    packed = org.rest("GET", "sobjects", headers={"Accept-Encoding": "gzip"})

    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) < len(plain.content) / 5
    assert packed.json() == plain.json()


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_requests_may_be_compressed(org: OrgClient, coding: str, pack: object) -> None:
    assert callable(pack)
    body = pack(b'{"attributes":{"type":"Account"},"Name":"Packed"}')
    headers = {"Content-Encoding": coding, "Content-Type": "application/json"}

    answer = org.rest("POST", "sobjects/Account", data=body, headers=headers)

    assert answer.status_code == 201, answer.text
    assert org.query("SELECT Name FROM Account") == [{"Name": "Packed"}]


@pytest.mark.parametrize(
    ("coding", "body", "status"),
    [("gzip", b"not gzip", 400), ("gzip", gzip.compress(b"{}" * 99, mtime=0)[:-9], 400), ("br", b"x", 415)],
)
def test_a_body_that_is_not_what_it_says_is_refused(
    org: OrgClient, coding: str, body: bytes, status: int
) -> None:
    answer = org.rest("POST", "sobjects/Account", data=body, headers={"Content-Encoding": coding})

    assert answer.status_code == status
    assert set(answer.json()[0]) == {"message", "errorCode"}


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "sobjects/Account", "application/x-www-form-urlencoded"),
        ("POST", "sobjects/Account", "multipart/related; boundary=x"),
        ("POST", "composite/sobjects", "multipart/form-data; boundary=x"),
        ("POST", "composite", "application/xml"),
        ("POST", "jobs/query", "text/plain"),
    ],
)
def test_a_body_of_another_kind_is_415(org: OrgClient, method: str, path: str, kind: str) -> None:
    answer = org.rest(method, path, data=b'{"Name": "N"}', headers={"Content-Type": kind})

    text = f"MediaType of '{kind.partition(';')[0]}' is not supported by this resource"
    assert answer.status_code == 415
    assert answer.json() == [{"message": text, "errorCode": "UNSUPPORTED_MEDIA_TYPE"}]


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_over_50_mb_is_refused_in_salesforces_words(org: OrgClient, packed: bool) -> None:
    body = b" " * (52_428_800 + 1)
    headers = {"Content-Encoding": "gzip"} if packed else {}

    answer = org.rest("POST", "composite", data=gzip.compress(body, 1) if packed else body, headers=headers)

    assert answer.status_code == 400
    text = "Maximum size of request reached. Maximum size of request is 52428800 bytes."
    assert answer.json() == [{"message": text, "errorCode": "JSON_PARSER_ERROR"}]


def test_a_uri_over_16_kb_is_414_and_headers_on_top_are_431(org: OrgClient) -> None:
    uri = org.rest("GET", "query?q=" + "x" * 16_384)
    head = org.rest("GET", "query?q=" + "x" * 9_000, headers={"X-Long": "y" * 8_000})

    assert (uri.status_code, head.status_code) == (414, 431)
    assert "html" in uri.headers["Content-Type"]
    assert [entry["status"] for entry in org.requests()[-2:]] == [414, 431]


def test_a_connection_is_kept_for_the_next_request(org: OrgClient) -> None:
    connection = http.client.HTTPConnection(org.url.removeprefix("http://"))
    connection.request("GET", "/services/data")
    first_socket = connection.sock
    connection.getresponse().read()
    connection.request("GET", "/services/data")
    assert connection.getresponse().read()
    assert connection.sock is first_socket
    connection.close()


@pytest.mark.parametrize(
    "junk", [b"\x00\xff\xfe junk\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n", b"EHLO x\r\n\r\n"]
)
def test_bytes_that_are_not_http_are_refused_and_hurt_nobody(org: OrgClient, junk: bytes) -> None:
    host, _, port = org.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(junk)
        answer = b""
        while piece := line.recv(65_536):
            answer += piece

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"errorCode":"MALFORMED_REQUEST"' in answer
    assert org.rest("GET", "limits").status_code == 200


def test_a_slow_request_holds_up_nobody(org: OrgClient) -> None:
    org.faults([{"path": "limits", "action": {"hang": True}}])
    connection = http.client.HTTPConnection(org.url.removeprefix("http://"))
    connection.request(
        "GET", "/services/data/v64.0/limits", headers={"Authorization": f"Bearer {org.token()}"}
    )

    others = [threading.Thread(target=lambda: org.http("GET", "/services/data")) for _ in range(5)]
    for other in others:
        other.start()
    for other in others:
        other.join(30)
    assert not any(other.is_alive() for other in others)
    connection.close()


def test_too_many_long_requests_at_once_are_refused(org: OrgClient) -> None:
    org.limits(ConcurrentLongRequests={"Max": 1})
    org.clock(freeze_at="2026-01-01T00:00:00Z")
    org.faults([{"path": "recordCount", "action": {"hang": True}}])
    hanging = http.client.HTTPConnection(org.url.removeprefix("http://"))
    token = {"Authorization": f"Bearer {org.token()}"}
    hanging.request("GET", "/services/data/v64.0/limits/recordCount", headers=token)
    while not any(entry["path"].endswith("recordCount") for entry in org.requests()):
        pass

    assert org.rest("GET", "limits").status_code == 200
    org.clock(freeze_at="2026-01-01T00:00:20Z")
    answer = org.rest("GET", "limits")
    hanging.close()

    assert answer.status_code == 403
    text = "ConcurrentPerOrgLongTxn Limit exceeded."
    assert answer.json() == [{"message": text, "errorCode": "REQUEST_LIMIT_EXCEEDED"}]


BROKEN = """
import re, sys
from salesforce_local_org.api import app
from salesforce_local_org.api.http import Response, Route
from salesforce_local_org.cli import run

def rows():
    yield b"half an answer"
    raise ValueError("a defect in the middle")

def half(request):
    return Response(200, rows())

for path, answer in (("/services/broken", lambda request: 1 / 0), ("/services/half", half)):
    app.routes().insert(0, Route("GET", re.compile(path), answer, needs_session=False))
sys.exit(run(["serve", "--port=0"]))
"""


def test_a_defect_of_the_org_is_salesforces_500_and_is_kept_for_whoever_looks() -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", BROKEN], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        with OrgClient(server.stdout.readline().split()[1]) as client:
            broken = client.http("GET", "/services/broken")
            with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
                client.http("GET", "/services/half")
            errors = client.local("GET", "errors")["errors"]
    finally:
        server.terminate()
        server.communicate(timeout=30)

    assert broken.status_code == 500
    assert broken.json()[0]["errorCode"] == "UNKNOWN_EXCEPTION"
    assert ["ZeroDivisionError" in errors[0], "a defect in the middle" in errors[1]] == [True, True]
