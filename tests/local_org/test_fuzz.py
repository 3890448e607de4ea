"""Any bytes on any endpoint: always an answer, always one that Salesforce could give, never a 500."""

from __future__ import annotations

import os
import re
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from salesforce_local_org.api import app

if TYPE_CHECKING:
    import requests
    from local_org_client import OrgClient

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "150"))
SECONDS_TO_WAIT = 20
FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)

NAMES = re.findall(
    r"\w+",
    "Account Lead Contact User Task Profile Name Organization AccountTag Document Id id Email "
    "Name IsDeleted CreatedDate OwnerId Owner Address BillingAddress ParentId Parent "
    "AnnualRevenue NumberOfEmployees Body FolderId attributes type records allOrNone "
    "compositeRequest batchRequests method url referenceId httpHeaders body operation object "
    "query externalIdFieldName lineEnding columnDelimiter contentType state Aborted "
    "UploadComplete CSV insert upsert FullName Metadata label length precision referenceTo "
    "valueSet formula fields sobjects in q defaultLimit halt richInput collateSubrequests start "
    "end ids locator maxRecords jobType queryLocator concurrencyMode explain columns updateOnly "
    "fieldList overallLimit spellCorrection where orderBy ",
)
TEXTS = (
    "SELECT Id FROM Account WHERE Name LIKE '%a%' ORDER BY Id LIMIT 5",
    "SELECT COUNT() FROM Lead",
    "SELECT FIELDS(ALL) FROM Account LIMIT 200",
    "FIND {a} IN ALL FIELDS RETURNING Account(Id, Name)",
    "@{ref.id}",
    "/services/data/v64.0/sobjects/Account",
    "/services/data/v64.0/query?q=SELECT Id FROM Account",
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00.000+0000",
    "001000000000000AAA",
    "a@example.com",
    "#N/A",
    "Account.Score__c",
    "Formula",
    "true",
    "-1",
    "99999999999999999999999",
    "1e400",
    "\x00",
    "\u2028",
    "💧",
    "'",
    '"',
    "\\",
)
METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS")
HEADERS = {
    "Sforce-Query-Options": ("batchSize=0", "batchSize=abc", "batchSize=200"),
    "Sforce-Auto-Assign": ("FALSE", "x"),
    "Sforce-Duplicate-Rule-Header": ("allowSave=true", ";;"),
    "Sforce-Call-Options": ("client=", "client=x,defaultNamespace=", "="),
    "If-Modified-Since": ("Thu, 01 Jan 2026 00:00:00 GMT", "Thu, 01 Jan 99999 00:00:00 GMT", "-"),
    "If-Unmodified-Since": ("Thu, 01 Jan 1998 00:00:00 GMT", "0"),
    "If-None-Match": ("*", '"x"', ","),
    "Content-Type": (
        "application/json",
        "text/csv",
        "application/xml",
        "multipart/form-data; boundary=b",
        "x/y;;",
    ),
    "Content-Encoding": ("gzip", "identity", "x"),
    "Accept-Encoding": ("gzip", "*;q=0"),
    "Accept": ("application/xml", "*/*"),
    "Sforce-Enable-PKChunking": ("true", "chunkSize=x; parent=", "chunkSize=0; startRow=1"),
    "X-SFDC-Session": ("x",),
}
NOT_FUZZED = re.compile("/_local/(stop|reset|faults|clock)")

words = st.sampled_from(NAMES) | st.sampled_from(TEXTS) | st.text(max_size=20)
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=5),
    max_leaves=12,
)


@dataclass
class Call:
    """One request, made up."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def on(self, org: OrgClient) -> requests.Response:
        headers = {"Authorization": f"Bearer {org.token()}"} | self.headers
        return org.http(
            self.method,
            self.path,
            headers=headers,
            data=self.body,
            timeout=SECONDS_TO_WAIT,
            allow_redirects=False,
        )


def filled(pattern: str, draw: st.DrawFn) -> str:
    """A path that a route takes, with something in each of its places."""
    path = pattern.removesuffix("/?")
    path = path.replace(r"(?P<version>\d+\.\d)", "64.0").replace(r"v(?P<version>[^/]+)", "v64.0")
    while match := re.search(r"\(\?P<\w+>[^)]*\)", path):
        path = path[: match.start()] + quote(draw(words) or "x", safe="") + path[match.end() :]
    return path


def csv(draw: st.DrawFn) -> bytes:
    rows = draw(st.lists(st.lists(words, max_size=4), max_size=4))
    return (
        draw(st.sampled_from(("\n", "\r\n"))).join(",".join(row) for row in rows).encode("utf-8", "replace")
    )


def xml(draw: st.DrawFn) -> bytes:
    name = draw(
        st.sampled_from(("login", "merge", "convertLead", "create", "undelete", "jobInfo", "batchInfo", "x"))
    )
    inner = f"<{name}><ids>{draw(st.integers())}</ids><sObjects><type>Lead</type></sObjects></{name}>"
    return f"<Envelope><Header/><Body>{inner}</Body></Envelope>".encode()


@st.composite
def calls(draw: st.DrawFn) -> Call:
    route = draw(
        st.sampled_from([each for each in app.routes() if not NOT_FUZZED.match(each.pattern.pattern)])
    )
    query = draw(st.dictionaries(words, words | st.integers().map(str), max_size=3))
    path = filled(route.pattern.pattern, draw) + (f"?{urlencode(query, errors='replace')}" if query else "")
    names = draw(st.lists(st.sampled_from(sorted(HEADERS)), max_size=3, unique=True))
    kind = draw(st.integers(0, 9))
    if kind < 6:
        body = app.json_response(draw(values)).body
        assert isinstance(body, bytes)
    else:
        body = csv(draw) if kind == 6 else xml(draw) if kind == 7 else draw(st.binary(max_size=60))
    headers = {name: draw(st.sampled_from(HEADERS[name])) for name in names}
    method = route.method if draw(st.integers(0, 9)) else draw(st.sampled_from(METHODS))
    return Call(method, path, headers, body)


LEAD = {"attributes": {"type": "Lead"}, "LastName": "L", "Company": "C", "Email": "a@example.com"}
ACCOUNT = {
    "Name": "A",
    "NumberOfEmployees": 5,
    "AnnualRevenue": 1.5,
    "ParentId": None,
    "Owner": {"Username": "x"},
}
FIELD = {"FullName": "Lead.F__c", "Metadata": {"type": "Number", "label": "F", "precision": 18, "scale": 0}}
PICKLIST = {"valueSetDefinition": {"value": [{"fullName": "a", "label": "a", "default": False}]}}
MEMBERS = [
    {
        "method": "POST",
        "url": "/services/data/v64.0/sobjects/Account",
        "referenceId": "a",
        "body": {"Name": "A"},
    },
    {
        "method": "PATCH",
        "url": "/services/data/v64.0/sobjects/Account/@{a.id}",
        "referenceId": "b",
        "body": {"Description": "@{a.id}"},
        "httpHeaders": {"Sforce-Auto-Assign": "FALSE"},
    },
    {"method": "GET", "url": "/services/data/v64.0/query?q=SELECT Id FROM Account", "referenceId": "c"},
]
TREE = {
    "attributes": {"type": "Account", "referenceId": "r"},
    "Name": "A",
    "Contacts": {"records": [{"attributes": {}}]},
}
GOOD: list[tuple[str, str, Any]] = [
    ("POST", "sobjects/Account", ACCOUNT),
    (
        "POST",
        "sobjects/Task",
        {"Subject": "S", "ActivityDate": "2026-01-01", "WhoId": None, "Status": "Completed"},
    ),
    (
        "POST",
        "sobjects/Event",
        {"Subject": "S", "StartDateTime": "2026-01-01T00:00:00Z", "DurationInMinutes": 5},
    ),
    ("POST", "sobjects/Document", {"Name": "D", "Body": "YQ==", "FolderId": "005000000000000AAA"}),
    ("PATCH", "sobjects/Lead/Email/a@example.com", {"LastName": "L", "Company": "C"}),
    ("POST", "composite/sobjects", {"allOrNone": False, "records": [LEAD, LEAD]}),
    ("PATCH", "composite/sobjects", {"allOrNone": True, "records": [LEAD | {"id": "00Q000000000000AAA"}]}),
    ("PATCH", "composite/sobjects/Lead/Email", {"records": [LEAD]}),
    ("POST", "composite/sobjects/Account", {"ids": ["001000000000000AAA"], "fields": ["Name"]}),
    ("POST", "composite", {"allOrNone": False, "collateSubrequests": False, "compositeRequest": MEMBERS}),
    (
        "POST",
        "composite/batch",
        {"haltOnError": False, "batchRequests": [{"method": "GET", "url": "v64.0/limits"}]},
    ),
    ("POST", "composite/tree/Account", {"records": [TREE]}),
    ("POST", "tooling/sobjects/CustomField", FIELD),
    (
        "POST",
        "tooling/sobjects/CustomField",
        FIELD | {"Metadata": {"type": "Picklist", "valueSet": PICKLIST}},
    ),
    (
        "POST",
        "tooling/sobjects/CustomField",
        FIELD | {"Metadata": {"type": "Text", "length": 5, "formula": "Name"}},
    ),
    (
        "POST",
        "parameterizedSearch",
        {"q": "a", "fields": ["Id"], "sobjects": [{"name": "Account", "limit": 5}]},
    ),
    ("POST", "jobs/query", {"operation": "query", "query": "SELECT Id FROM Account", "lineEnding": "LF"}),
    ("POST", "jobs/ingest", {"operation": "upsert", "object": "Lead", "externalIdFieldName": "Email"}),
    ("POST", "/services/async/64.0/job", {"operation": "query", "object": "Account", "contentType": "JSON"}),
]


def mutated(value: Any, draw: st.DrawFn) -> Any:
    """A JSON value with something else in one of its places."""
    inside = value if isinstance(value, dict) else dict(enumerate(value)) if isinstance(value, list) else {}
    if not inside or draw(st.integers(0, 3)) == 0:
        return draw(values)
    key = draw(st.sampled_from(list(inside)))
    change = draw(st.integers(0, 5))
    if change == 0:
        inside = {name: each for name, each in inside.items() if name != key}
    elif change == 1 and isinstance(value, dict):
        inside = inside | {draw(words): draw(values)}
    else:
        inside = inside | {key: mutated(inside[key], draw)}
    return list(inside.values()) if isinstance(value, list) else inside


@st.composite
def nearly_good_calls(draw: st.DrawFn) -> Call:
    method, path, body = draw(st.sampled_from(GOOD))
    for _ in range(draw(st.integers(1, 2))):
        body = mutated(body, draw)
    content = app.json_response(body).body
    assert isinstance(content, bytes)
    full = path if path.startswith("/") else f"/services/data/v64.0/{path}"
    return Call(method, full, {"Content-Type": "application/json"}, content)


def assert_salesforce_shaped(call: Call, answer: requests.Response) -> None:
    """An error is an error as that door of Salesforce sends it."""
    assert answer.status_code < 500 or (answer.status_code == 500 and "/soap/" in call.path.lower())
    if answer.status_code < 400 or call.method == "HEAD":
        return
    kind = answer.headers["Content-Type"]
    if "/soap/" in call.path.lower():
        assert ET.fromstring(answer.content).find(".//faultstring") is not None
    elif kind.startswith("text/html"):
        assert call.path.startswith("/_page/") or answer.status_code in {414, 431}
    elif "xml" in kind:
        assert "exceptionCode" in answer.text
    else:
        body: Any = answer.json()
        entries = body if isinstance(body, list) else [body]
        for entry in entries:
            assert {"errorCode", "message"} <= set(entry) or set(entry) in (
                {"error", "error_description"},
                {"exceptionCode", "exceptionMessage"},
                {"hasErrors", "results"},
            )


@FUZZ
@given(call=calls())
def test_any_call_is_answered_as_salesforce_could(org: OrgClient, call: Call) -> None:
    org.forget_requests()
    org.limits(DailyApiRequests={"Max": 10**9, "Remaining": 10**9})

    assert_salesforce_shaped(call, call.on(org))
    assert org.local("GET", "errors")["errors"] == []


@FUZZ
@given(call=nearly_good_calls())
def test_a_call_with_one_thing_wrong_is_answered_as_salesforce_could(org: OrgClient, call: Call) -> None:
    org.forget_requests()
    org.limits(DailyApiRequests={"Max": 10**9, "Remaining": 10**9})

    assert_salesforce_shaped(call, call.on(org))
    assert org.local("GET", "errors")["errors"] == []


@FUZZ
@given(path=st.text(max_size=60), method=st.sampled_from(METHODS), body=st.binary(max_size=60))
def test_any_path_is_answered(org: OrgClient, path: str, method: str, body: bytes) -> None:
    call = Call(method, "/services/data/v64.0/" + quote(path, safe="/%?=&", errors="replace"), body=body)

    assert_salesforce_shaped(call, call.on(org))


@settings(FUZZ, max_examples=min(EXAMPLES, 100))
@given(
    junk=st.binary(max_size=200), head=st.sampled_from((b"", b"GET /services/data", b"POST / HTTP/1.1\r\n"))
)
def test_any_bytes_on_the_line_hurt_nobody(org: OrgClient, junk: bytes, head: bytes) -> None:
    host, _, port = org.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=SECONDS_TO_WAIT) as line:
        line.sendall(head + junk)
        line.shutdown(socket.SHUT_WR)
        while line.recv(65_536):
            pass
    assert org.http("GET", "/services/data").status_code == 200


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"a":' * 100_000, b'"\\ud800"', b"NaN", b"9" * 5000, b'{"a":1e999}']
)
@pytest.mark.parametrize(
    "path", ["sobjects/Account", "composite/sobjects", "composite", "jobs/ingest", "jobs/query"]
)
def test_json_that_breaks_parsers(org: OrgClient, path: str, body: bytes) -> None:
    call = Call("POST", f"/services/data/v64.0/{path}", {"Content-Type": "application/json"}, body)
    answer = call.on(org)

    assert answer.status_code == 400
    assert_salesforce_shaped(call, answer)
