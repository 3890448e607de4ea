"""The benchmark of the tap runs, and the server it measures against repeats its recording as it says."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
RECORDED, ROWS = 300, 1_000
DATA = "/services/data/v62.0"


@pytest.fixture(scope="module")
def server_url() -> Iterator[str]:
    command = [sys.executable, str(BENCHMARKS / "tap" / "recorded_server.py")]
    with subprocess.Popen(
        [*command, f"--rows={ROWS}", f"--recorded-rows={RECORDED}"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        word, _, url = process.stdout.readline().strip().partition(" ")
        try:
            assert word == "ready"
            yield url
        finally:
            process.terminate()


def by_rest(server_url: str, where: str = "") -> list[dict[str, Any]]:
    query = {"q": f"SELECT Id, Name, SystemModstamp, PhotoUrl FROM Account{where}"}
    answer = requests.get(f"{server_url}{DATA}/queryAll", params=query, timeout=60).json()
    rows = answer["records"]
    while following := answer.get("nextRecordsUrl"):
        answer = requests.get(server_url + following, timeout=60).json()
        rows += answer["records"]
    assert answer["totalSize"] == len(rows)
    return list(rows)


def by_bulk(server_url: str) -> list[dict[str, str]]:
    body = {"operation": "queryAll", "query": "SELECT Id, Name, SystemModstamp, PhotoUrl FROM Account"}
    jobs = f"{server_url}{DATA}/jobs/query"
    job = requests.post(jobs, json=body, timeout=60).json()["id"]
    assert requests.get(f"{jobs}/{job}", timeout=60).json()["numberRecordsProcessed"] == ROWS
    rows, locator = [], ""
    while locator != "null":
        page = requests.get(
            f"{jobs}/{job}/results", params={"maxRecords": 170, "locator": locator or None}, timeout=60
        )
        read = list(csv.DictReader(io.StringIO(page.text, newline="")))
        assert len(read) == int(page.headers["Sforce-NumberOfRecords"])
        rows += read
        locator = page.headers["Sforce-Locator"]
    return rows


def test_rows_are_repeated_the_same_by_both_apis_each_with_its_own_id_and_date(server_url: str) -> None:
    rest, bulk = by_rest(server_url), by_bulk(server_url)
    assert len({row["Id"] for row in rest}) == len({row["SystemModstamp"] for row in rest}) == ROWS
    assert [row["Name"] for row in rest] == [rest[number % RECORDED]["Name"] for number in range(ROWS)]
    assert all(row["Id"] in row["PhotoUrl"] and row["Id"] in row["attributes"]["url"] for row in rest)
    names = ("Id", "Name", "PhotoUrl")
    assert [[row[name] for name in names] for row in rest] == [[row[name] for name in names] for row in bulk]
    assert [row["SystemModstamp"][:23] for row in rest] == [row["SystemModstamp"][:23] for row in bulk]


@pytest.mark.parametrize("number", [0, RECORDED - 1, RECORDED, ROWS - 1])
@pytest.mark.parametrize("operator", [">=", ">", "<", "<="])
def test_a_window_has_the_rows_that_are_in_it(server_url: str, number: int, operator: str) -> None:
    rows = by_rest(server_url)
    for field, quote in (("SystemModstamp", ""), ("Id", "'")):
        bound = rows[number][field]
        wanted = {
            ">=": [row["Id"] for row in rows if row[field] >= bound],
            ">": [row["Id"] for row in rows if row[field] > bound],
            "<": [row["Id"] for row in rows if row[field] < bound],
            "<=": [row["Id"] for row in rows if row[field] <= bound],
        }[operator]
        found = by_rest(server_url, f" WHERE {field} {operator} {quote}{bound}{quote} ORDER BY Id")
        assert [row["Id"] for row in found] == wanted


@pytest.mark.parametrize("beginning", ["", "/services/data/"])
def test_the_requests_of_a_batch_begin_at_the_version_or_at_the_root(server_url: str, beginning: str) -> None:
    wanted = {"method": "GET", "url": f"{beginning}v62.0/sobjects/Account/describe"}
    form = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"}
    token = requests.post(f"{server_url}/services/oauth2/token", form, timeout=60).json()["access_token"]
    answer = requests.post(
        f"{server_url}{DATA}/composite/batch",
        json={"batchRequests": [wanted, wanted]},
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    ).json()
    assert not answer["hasErrors"]
    assert [each["result"]["name"] for each in answer["results"]] == ["Account", "Account"]


def test_what_is_not_recorded_is_refused_and_told(server_url: str) -> None:
    query = {"q": "SELECT Id FROM Account WHERE Name = 'Acme'"}
    answer = requests.get(f"{server_url}{DATA}/query", params=query, timeout=60)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "MALFORMED_QUERY")
    counts = requests.get(f"{server_url}/_recorded/counts", timeout=60).json()
    assert "WHERE Name = 'Acme'" in counts["unanswered"][-1]


def test_the_benchmark_measures_our_tap_and_reports(tmp_path: Path) -> None:
    docs, readme, rows = tmp_path / "docs", tmp_path / "README.md", 3_000
    readme.write_text("Before.\n<!-- tap: begin -->\nold\n<!-- tap: end -->\nAfter.\n")
    command = [sys.executable, str(BENCHMARKS / "tap" / "run.py"), f"--rows={rows}", "--recorded-rows=500"]
    options = ["--only", "ours", "--write", f"--docs={docs}", f"--readme={readme}"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, "no answer" in done.stderr) == (0, False), done.stderr
    figures = json.loads((docs / "tap.json").read_text())
    assert [(each["api"], each["rows"], each["complete"]) for each in figures["taps"]] == [
        ("Bulk 2.0", rows, True),
        ("REST", rows, True),
    ]
    assert all(each["columns"] >= 68 and each["peak_megabytes"] > 20 for each in figures["taps"])
    written = readme.read_text()
    assert written.startswith("Before.\n<!-- tap: begin -->\n")
    assert written.endswith("<!-- tap: end -->\nAfter.\n")
    assert f"| tap-salesforce-seg, REST | {rows:,} |" in written
    assert "old" not in written
    bars = [each for each in ET.parse(docs / "tap.svg").iter() if each.tag.endswith("rect")]
    widths = [float(each.attrib["width"]) for each in bars]
    rates = sorted((each["rows_per_second"] for each in figures["taps"]), reverse=True)
    assert widths == pytest.approx([widths[0] * rate / rates[0] for rate in rates], abs=0.1)
