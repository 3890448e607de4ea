"""Bulk API 2.0 query jobs over the socket: their life, their CSV and their pages."""

from __future__ import annotations

import gzip
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from bulk_jobs import error_of, parse, query, results, rows, start_query, wait
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from local_org_client import OrgClient

JOB_KEYS = [
    "id", "operation", "object", "createdById", "createdDate", "systemModstamp", "state", "concurrencyMode",
    "contentType", "apiVersion", "lineEnding", "columnDelimiter",
]  # fmt: skip


def make_accounts(org: OrgClient, count: int) -> list[str]:
    return org.create("Account", [{"Name": f"Account {number:04}"} for number in range(count)])


def test_job_from_creation_to_deletion(org: OrgClient) -> None:
    make_accounts(org, 3)
    answer = org.rest("POST", "jobs/query", json={"operation": "query", "query": "SELECT Id FROM Account"})
    new = answer.json()
    assert (answer.status_code, list(new)) == (200, JOB_KEYS)
    assert (new["state"], new["object"], new["apiVersion"]) == ("UploadComplete", "Account", 64.0)
    assert re.fullmatch(r"750\w{15}", new["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000", new["createdDate"])

    done = wait(org, "query", new["id"])
    assert (
        done.items()
        >= {
            "state": "JobComplete",
            "jobType": "V2Query",
            "numberRecordsProcessed": 3,
            "retries": 0,
            "isPkChunkingSupported": True,
            "lineEnding": "LF",
            "columnDelimiter": "COMMA",
        }.items()
    )
    assert "errorMessage" not in done

    refused = org.rest("PATCH", f"jobs/query/{new['id']}", json={"state": "Aborted"})
    assert error_of(refused) == ("INVALIDJOBSTATE", "Aborting already Completed Job not allowed")
    assert list(refused.json()[0]) == ["errorCode", "message"]
    assert org.rest("DELETE", f"jobs/query/{new['id']}").status_code == 204
    gone = org.rest("GET", f"jobs/query/{new['id']}")
    assert error_of(gone, 404) == ("NOT_FOUND", "The requested resource does not exist")


def test_result_is_quoted_csv_with_names_as_selected(org: OrgClient) -> None:
    owner = org.query("SELECT Id, Email FROM User LIMIT 1")[0]
    org.create(
        "Account",
        [
            {
                "Name": 'Größe, "quoted"\nAG',
                "AnnualRevenue": 912260031,
                "NumberOfEmployees": 30,
                "BillingLatitude": 37.7749,
                "Description": "",
            }
        ],
    )
    (record,) = org.query("SELECT Id, CreatedDate, LastModifiedDate FROM Account")
    soql = (
        "select id, Name, annualrevenue, NumberOfEmployees, BillingLatitude, Description, IsDeleted,"
        " CreatedDate, Owner.Email from account"
    )
    answer = results(org, query(org, soql))
    assert answer.headers["Content-Type"] == "text/csv; charset=UTF-8"
    header, _, row = answer.content.decode().partition("\n")
    assert header == (
        '"id","Name","annualrevenue","NumberOfEmployees","BillingLatitude","Description","IsDeleted",'
        '"CreatedDate","Owner.Email"'
    )
    created = record["CreatedDate"].replace("+0000", "Z")
    assert row == (
        f'"{record["Id"]}","Größe, ""quoted""\nAG","9.12260031E8","30","37.7749","","false",'
        f'"{created}","{owner["Email"]}"\n'
    )


def test_header_of_functions(org: OrgClient) -> None:
    text = results(org, query(org, "SELECT toLabel(Industry), format(CreatedDate) made FROM Account")).text
    assert text == '"toLabel(Industry)","made"\n'
    standard = results(org, query(org, "SELECT FIELDS(STANDARD) FROM UserRole")).text
    assert standard.startswith('"Id","Name","ParentRoleId"')


@pytest.mark.parametrize(
    ("name", "delimiter"),
    [("BACKQUOTE", "`"), ("CARET", "^"), ("COMMA", ","), ("PIPE", "|"), ("SEMICOLON", ";"), ("TAB", "\t")],
)
def test_delimiters_and_line_endings(org: OrgClient, name: str, delimiter: str) -> None:
    org.create("Account", [{"Name": f"a{delimiter}b", "Site": "x\ny"}])
    job_id = query(org, "SELECT Name, Site FROM Account", columnDelimiter=name, lineEnding="CRLF")
    text = results(org, job_id).content.decode()
    assert text == f'"Name"{delimiter}"Site"\r\n"a{delimiter}b"{delimiter}"x\ny"\r\n'


def test_pages_by_locator(org: OrgClient) -> None:
    ids = make_accounts(org, 25)
    job_id = query(org, "SELECT Id FROM Account")
    found: list[str] = []
    sizes, locator = [], None
    while locator != "null":
        page = results(org, job_id, maxRecords=10, **({"locator": locator} if locator else {}))
        assert page.content.startswith(b'"Id"\n')
        sizes.append(int(page.headers["Sforce-NumberOfRecords"]))
        assert len(parse(page.content)) == sizes[-1]
        found += [row["Id"] for row in parse(page.content)]
        locator = page.headers["Sforce-Locator"]
    assert sizes == [10, 10, 5]
    assert sorted(found) == sorted(ids)
    second = results(org, job_id, maxRecords=10)
    again = results(org, job_id, maxRecords=10, locator=second.headers["Sforce-Locator"])
    assert [row["Id"] for row in parse(again.content)] == found[10:20]


def test_rows_have_no_order_without_order_by(org: OrgClient) -> None:
    ids = make_accounts(org, 8)
    assert [row["Id"] for row in rows(org, "SELECT Id FROM Account")] != ids
    assert sorted(row["Id"] for row in rows(org, "SELECT Id FROM Account")) == ids
    names = [row["Name"] for row in rows(org, "SELECT Name FROM Account ORDER BY Name DESC")]
    assert names == [f"Account {number:04}" for number in reversed(range(8))]
    job = wait(org, "query", query(org, "SELECT Name FROM Account ORDER BY Name LIMIT 3"))
    assert (job["isPkChunkingSupported"], job["numberRecordsProcessed"]) == (False, 3)


def test_a_result_does_not_change_after_the_job(org: OrgClient) -> None:
    (account,) = make_accounts(org, 1)
    job_id = query(org, "SELECT Name FROM Account")
    org.rest("PATCH", f"sobjects/Account/{account}", json={"Name": "changed"})
    assert parse(results(org, job_id).content) == [{"Name": "Account 0000"}]


def test_deleted_rows_only_by_query_all(org: OrgClient) -> None:
    kept, deleted = make_accounts(org, 2)
    org.rest("DELETE", f"sobjects/Account/{deleted}")
    assert [row["Id"] for row in rows(org, "SELECT Id FROM Account")] == [kept]
    everything = rows(org, "SELECT Id, IsDeleted FROM Account", operation="queryAll")
    assert {row["Id"]: row["IsDeleted"] for row in everything} == {kept: "false", deleted: "true"}


def test_result_pages_for_parallel_download(org: OrgClient) -> None:
    make_accounts(org, 4)
    job_id = query(org, "SELECT Id FROM Account")
    pages = org.rest("GET", f"jobs/query/{job_id}/resultPages").json()
    assert pages["done"] is True
    assert "nextRecordsUrl" not in pages
    (page,) = pages["resultPages"]
    assert page["resultUrl"].startswith(f"/services/data/v64.0/jobs/query/{job_id}/results?locator=")
    assert len(parse(org.rest("GET", page["resultUrl"]).content)) == 4
    old = org.http(
        "GET",
        f"/services/data/v57.0/jobs/query/{job_id}/resultPages",
        headers={"Authorization": f"Bearer {org.token()}"},
    )
    assert old.status_code == 404


def test_many_result_pages_fetched_side_by_side(org: OrgClient) -> None:
    ids = make_accounts(org, 30)
    org.limits(BulkResultPageRecords={"Max": 4})
    job_id = query(org, "SELECT Id FROM Account")
    urls: list[str] = []
    listing = f"jobs/query/{job_id}/resultPages"
    sizes = []
    while listing:
        answer = org.rest("GET", listing).json()
        sizes.append(len(answer["resultPages"]))
        urls += [page["resultUrl"] for page in answer["resultPages"]]
        assert answer["done"] == ("nextRecordsUrl" not in answer)
        listing = answer.get("nextRecordsUrl", "")
    assert sizes == [5, 3]
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(lambda url: parse(org.rest("GET", url).content), urls))
    assert sorted(row["Id"] for page in pages for row in page) == ids


def test_empty_result_is_a_header(org: OrgClient) -> None:
    answer = results(org, query(org, "SELECT Id, Name FROM Account"))
    assert answer.content == b'"Id","Name"\n'
    assert (answer.headers["Sforce-NumberOfRecords"], answer.headers["Sforce-Locator"]) == ("0", "null")


def test_gzip_only_when_asked_for(org: OrgClient) -> None:
    make_accounts(org, 50)
    job_id = query(org, "SELECT Name FROM Account")
    path = f"jobs/query/{job_id}/results"
    plain = org.rest("GET", path, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    packed = org.rest("GET", path, headers={"Accept-Encoding": "gzip"}, stream=True)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.raw.read(decode_content=False)) == plain.content


def test_an_unfinished_job_cannot_be_deleted_but_aborted(org: OrgClient) -> None:
    org.faults([{"method": "POST", "path": "/jobs/query$", "action": {"delay_job_seconds": 60}}])
    job_id = start_query(org, "SELECT Id FROM Account")
    assert wait(org, "query", job_id, {"InProgress"})["numberRecordsProcessed"] == 0
    assert error_of(org.rest("DELETE", f"jobs/query/{job_id}")) == (
        "API_ERROR",
        "Error encountered when deleting the job because the job is not terminated",
    )
    assert error_of(org.rest("GET", f"jobs/query/{job_id}/results"))[0] == "INVALIDJOBSTATE"
    aborted = org.rest("PATCH", f"jobs/query/{job_id}", json={"state": "Aborted"})
    assert (aborted.status_code, list(aborted.json()), aborted.json()["state"]) == (
        200,
        JOB_KEYS[:10],
        "Aborted",
    )
    assert org.rest("GET", f"jobs/query/{job_id}").json()["state"] == "Aborted"
    assert org.rest("DELETE", f"jobs/query/{job_id}").status_code == 204


def test_a_reset_ends_the_jobs(org: OrgClient) -> None:
    org.faults([{"method": "POST", "path": "/jobs/query$", "action": {"delay_job_seconds": 60}}])
    job_id = start_query(org, "SELECT Id FROM Account")
    org.reset()
    assert org.rest("GET", f"jobs/query/{job_id}").status_code == 404


def test_listing_jobs_page_by_page(org: OrgClient) -> None:
    ids = [start_query(org, "SELECT Id FROM Account LIMIT 1") for _ in range(3)]
    listing = org.rest("GET", "jobs/query").json()
    assert (listing["done"], listing["nextRecordsUrl"]) == (True, None)
    assert [job["id"] for job in listing["records"]] == ids
    assert {job["jobType"] for job in listing["records"]} == {"V2Query"}
    assert org.rest("GET", "jobs/query?jobType=Classic").json()["records"] == []
    assert org.rest("GET", "jobs/query?jobType=Nonsense").status_code == 400
    assert org.rest("GET", "jobs/query?queryLocator=x-1").status_code == 400
    rest = org.rest("GET", "jobs/query?queryLocator=01gLo00000001AA-2").json()
    assert [job["id"] for job in rest["records"]] == ids[2:]


def test_jobs_that_are_over_are_gone_after_seven_days(org: OrgClient) -> None:
    job_id = query(org, "SELECT Id FROM Account")
    org.clock(offset_seconds=7 * 86400 - 60)
    assert results(org, job_id).status_code == 200
    org.clock(offset_seconds=7 * 86400 + 60)
    assert org.rest("GET", f"jobs/query/{job_id}").status_code == 404


def test_jobs_count_against_their_own_limits(org: OrgClient) -> None:
    make_accounts(org, 200)
    org.limits(DailyBulkV2QueryJobs={"Max": 2, "Remaining": 2})
    before = org.rest("GET", "limits").json()
    query(org, "SELECT Id FROM Account")
    after = org.rest("GET", "limits").json()
    assert after["DailyBulkV2QueryJobs"] == {"Max": 2, "Remaining": 1}
    assert after["DailyBulkApiBatches"] == before["DailyBulkApiBatches"]
    query(org, "SELECT Id FROM Account")
    body = {"operation": "query", "query": "SELECT Id FROM Account"}
    refused = error_of(org.rest("POST", "jobs/query", json=body))
    assert refused == ("LIMIT_EXCEEDED", "Max bulk v2 query jobs (2) per 24 hrs has been reached (2)")
    org.limits(DailyBulkV2QueryJobs={"Remaining": 2}, DailyBulkV2QueryFileStorageMB={"Remaining": 0})
    code, message = error_of(org.rest("POST", "jobs/query", json=body))
    assert code == "LIMIT_EXCEEDED"
    assert re.fullmatch(
        r"Max bulk v2 query result size stored \(\d+\) kb per 24 hrs has been exceeded", message
    )


def test_each_call_costs_one_api_call(org: OrgClient) -> None:
    make_accounts(org, 2)
    job_id = query(org, "SELECT Id FROM Account")
    org.forget_requests()
    results(org, job_id)
    assert org.api_calls() == 1


@pytest.mark.parametrize(
    ("action", "state", "message"),
    [
        ({"fail_job": "Retried more than 15 times"}, "Failed", "Retried more than 15 times"),
        ({"abort_job": True}, "Aborted", None),
    ],
)
@pytest.mark.parametrize(
    "rule", [{"method": "POST", "path": "/jobs/query$"}, {"method": "GET", "path": "/jobs/query/750"}]
)
def test_a_job_can_be_made_to_fail(
    org: OrgClient, action: dict[str, object], state: str, message: str | None, rule: dict[str, str]
) -> None:
    make_accounts(org, 2)
    org.faults([rule | {"action": action}])
    job_id = start_query(org, "SELECT Id FROM Account")
    job = wait(org, "query", job_id, {"Failed", "Aborted"})
    assert (job["state"], job.get("errorMessage")) == (state, message)
    assert org.rest("GET", f"jobs/query/{job_id}/results").status_code == 400


def test_rows_can_be_made_to_get_lost(org: OrgClient) -> None:
    make_accounts(org, 10)
    job_id = query(org, "SELECT Id FROM Account")
    org.faults([{"method": "GET", "path": "/results", "action": {"lose_rows": 3}}])
    page = results(org, job_id, maxRecords=6)
    assert (len(parse(page.content)), page.headers["Sforce-NumberOfRecords"]) == (3, "6")
    assert len(parse(results(org, job_id, maxRecords=6).content)) == 6
    org.faults([{"method": "POST", "path": "/jobs/query$", "action": {"lose_rows": 3}}])
    job_id = start_query(org, "SELECT Id FROM Account")
    assert wait(org, "query", job_id)["numberRecordsProcessed"] == 10
    page = results(org, job_id)
    assert (len(parse(page.content)), page.headers["Sforce-NumberOfRecords"]) == (7, "7")


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\ufffe\uffff", exclude_categories=["Cs"]), max_size=60
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(TEXTS, min_size=1, max_size=8),
    revenue=st.integers(-(10**17), 10**17),
    latitude=st.floats(-90, 90),
)
def test_bulk_gives_what_rest_gives(org: OrgClient, texts: list[str], revenue: int, latitude: float) -> None:
    ids = org.create(
        "Account",
        [
            {"Name": "n", "Description": text, "AnnualRevenue": revenue, "BillingLatitude": latitude}
            for text in texts
        ],
    )
    soql = "SELECT Id, Description, AnnualRevenue, BillingLatitude FROM Account"
    by_rest = {row["Id"]: row for row in org.query(soql)}
    by_bulk = {row["Id"]: row for row in rows(org, soql)}
    assert by_rest.keys() == by_bulk.keys() >= set(ids)
    for record_id, row in by_bulk.items():
        expected = by_rest[record_id]
        assert row["Description"] == (expected["Description"] or "")
        assert float(row["AnnualRevenue"]) == expected["AnnualRevenue"]
        assert float(row["BillingLatitude"]) == expected["BillingLatitude"]
        assert re.fullmatch(r"-?\d+\.\d+(E-?\d+)?", row["AnnualRevenue"])
