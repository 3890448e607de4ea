"""The page at ``/``: what it shows, and that nothing in the org can get out of its place in it."""

from __future__ import annotations

import re
import shutil
import subprocess
from html import escape, unescape
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from pathlib import Path

    import requests
    from local_org_client import OrgClient

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HOSTILE = "</textarea></title><script>alert(1)</script><img src=x onerror=alert(1)>\"' & café"
TAGS = {"!doctype", "a", "body", "button", "div", "form", "h1", "h2", "head", "header", "html", "meta", "p"}
TAGS |= {"section", "style", "table", "td", "textarea", "th", "title", "tr"}


def tags(page: requests.Response) -> set[str]:
    return {name.lower() for name in re.findall(r"<\s*/?\s*([^\s>/]+)", page.text)}


def text(page: requests.Response) -> str:
    return unescape(re.sub(r"<[^>]*>", " ", page.text))


def test_the_overview_shows_objects_requests_and_the_days_api_requests(org: OrgClient) -> None:
    org.create("Lead", [{"LastName": "A", "Company": "B"}, {"LastName": "C", "Company": "D"}])
    org.rest("GET", "limits?seen=1")

    page = org.http("GET", "/")

    assert page.headers["Content-Type"] == "text/html;charset=UTF-8"
    seen = re.sub(r"\s+", " ", text(page))
    assert "API Requests, Last 24 Hours 2 (15,000 max)" in seen
    assert "Lead 2 " in seen
    assert "/services/data/v64.0/limits?seen=1 200 1 python-requests" in seen
    assert "Organization Edition Developer Edition" in seen
    assert org.api_calls() == 2
    assert not any(entry["path"] == "/" for entry in org.requests())


def test_a_record_is_found_by_its_links(org: OrgClient) -> None:
    (account,) = org.create("Account", [{"Name": "Larch & Sons", "NumberOfEmployees": 12345}])

    listing = org.http("GET", "/_page/object?name=Account")
    record = org.http("GET", f"/_page/record?id={account}")

    assert f'href="/_page/record?id={account}"' in listing.text
    assert re.search(r"NumberOfEmployees\s+Employees\s+12345\s", text(record))
    assert "Larch & Sons" in text(record)
    assert "Larch &amp; Sons" in record.text


def test_the_soql_box_answers(org: OrgClient) -> None:
    org.create("Account", [{"Name": f"A{number}"} for number in range(3)])

    statement = "SELECT Name, Owner.Name, (SELECT LastName FROM Contacts) FROM Account ORDER BY Name"
    rows = org.http("GET", "/_page/query?q=" + quote(statement))
    count = org.http("GET", "/_page/query?q=" + quote("SELECT COUNT() FROM Account"))
    wrong = org.http("GET", "/_page/query?q=" + quote("SELECT Nonsense FROM Account"))
    empty = org.http("GET", "/_page/query")

    assert re.findall(r"\bA\d\b", text(rows)) == ["A0", "A1", "A2"]
    assert "3 rows" in text(rows)
    assert "Owner.Name" in text(rows)
    assert "3 rows" in text(count)
    assert "No such column 'Nonsense' on entity 'Account'" in text(wrong)
    assert [page.status_code for page in (rows, count, wrong, empty)] == [200] * 4


@pytest.mark.parametrize(
    "path",
    ["/_page/object?name=x", "/_page/object", "/_page/record?id=x", "/_page/record", "/_page/nonsense"],
)
def test_what_is_not_there(org: OrgClient, path: str) -> None:
    assert org.http("GET", path).status_code == 404


def test_every_object_can_be_looked_at(demo_org: OrgClient) -> None:
    names = re.findall(r'href="/_page/object\?name=(\w+)"', demo_org.http("GET", "/").text)

    assert len(names) > 48
    for name in names:
        listing = demo_org.http("GET", f"/_page/object?name={name}")
        assert listing.status_code == 200
        assert 'class="error"' not in listing.text
        for record in re.findall(r'href="/_page/record\?id=(\w+)"', listing.text)[:1]:
            assert demo_org.http("GET", f"/_page/record?id={record}").status_code == 200


def test_no_record_gets_out_of_its_cell(org: OrgClient) -> None:
    (account,) = org.create("Account", [{"Name": HOSTILE, "Description": HOSTILE}])
    org.http(
        "GET",
        f"/services/{quote(HOSTILE)}?{HOSTILE}",
        headers={"User-Agent": HOSTILE.encode().decode("latin-1")},
    )

    pages = [
        org.http("GET", "/"),
        org.http("GET", "/_page/object?name=Account"),
        org.http("GET", f"/_page/record?id={account}"),
        org.http("GET", "/_page/query?q=" + quote(HOSTILE)),
        org.http("GET", "/_page/object?name=" + quote(HOSTILE)),
    ]

    for page in pages:
        assert tags(page) <= TAGS
        assert "script" not in page.headers["Content-Security-Policy"]
        assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert HOSTILE in text(pages[2])


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
def test_a_browser_shows_records_and_runs_nothing(org: OrgClient, tmp_path: Path) -> None:
    attack = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
    (account,) = org.create("Account", [{"Name": attack}])
    assert CHROMIUM

    browser = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}"]
    page = f"{org.url}/_page/record?id={account}"
    seen = subprocess.run(
        [*browser, "--dump-dom", page], capture_output=True, text=True, timeout=60, check=True
    )

    assert f"<title>Account {account}</title>" in seen.stdout
    assert escape(attack, quote=False) in seen.stdout
    assert "<img" not in seen.stdout


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(q=st.text(max_size=80))
def test_whatever_stands_in_the_box_stays_in_it(org: OrgClient, q: str) -> None:
    page = org.http("GET", "/_page/query", params={"q": q})

    assert page.status_code == 200
    assert tags(page) <= TAGS
