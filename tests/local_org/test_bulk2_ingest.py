"""Bulk API 2.0 ingest jobs over the socket: their life, their files, and what becomes of the rows."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest
from bulk_jobs import (
    close,
    create_ingest,
    error_of,
    ingest,
    ingest_multipart,
    lines,
    result_rows,
    result_text,
    rows,
    upload,
    wait,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from local_org_client import OrgClient

JOB_KEYS = [
    "id", "operation", "object", "createdById", "createdDate", "systemModstamp", "state", "concurrencyMode",
    "contentType", "apiVersion", "contentUrl", "lineEnding", "columnDelimiter",
]  # fmt: skip


def test_job_from_creation_to_deletion(org: OrgClient) -> None:
    new = create_ingest(org, "Account")
    assert list(new) == JOB_KEYS
    assert (new["state"], new["apiVersion"]) == ("Open", 64.0)
    assert new["contentUrl"] == f"services/data/v64.0/jobs/ingest/{new['id']}/batches"

    uploaded = org.rest(
        "PUT", f"/{new['contentUrl']}", data=b"Name\nA\nB\n", headers={"Content-Type": "text/csv"}
    )
    assert (uploaded.status_code, uploaded.content) == (201, b"")
    closed = close(org, new["id"])
    assert (closed.status_code, list(closed.json())) == (200, JOB_KEYS[:10])
    assert closed.json()["state"] == "UploadComplete"

    done = wait(org, "ingest", new["id"])
    assert (
        done.items()
        >= {
            "state": "JobComplete",
            "jobType": "V2Ingest",
            "numberRecordsProcessed": 2,
            "numberRecordsFailed": 0,
            "retries": 0,
            "apexProcessingTime": 0,
        }.items()
    )
    assert "contentUrl" not in done
    assert {row["Name"] for row in org.query("SELECT Name FROM Account")} == {"A", "B"}
    assert org.rest("DELETE", f"jobs/ingest/{new['id']}").status_code == 204
    assert org.rest("GET", f"jobs/ingest/{new['id']}").status_code == 404


def test_result_files(org: OrgClient) -> None:
    content = lines("Name,AnnualRevenue,Site", "Good,912260031,a", ",5,b", '"Fine, too",,"say ""c"""')
    job = ingest(org, "Account", content)
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (3, 1)

    successful = result_text(org, job["id"], "successfulResults")
    ids = {row["Name"]: row["Id"] for row in org.query("SELECT Id, Name FROM Account")}
    header, *found = successful.splitlines()
    assert header == '"sf__Id","sf__Created",Name,AnnualRevenue,Site'
    assert sorted(found) == sorted(
        [
            f'"{ids["Good"]}","true","Good","9.12260031E8","a"',
            f'"{ids["Fine, too"]}","true","Fine, too","","say ""c"""',
        ]
    )
    assert result_text(org, job["id"], "failedResults").splitlines() == [
        '"sf__Id","sf__Error",Name,AnnualRevenue,Site',
        '"","REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --","","5","b"',
    ]
    assert result_text(org, job["id"], "unprocessedrecords") == "Name,AnnualRevenue,Site\n"


def test_results_are_not_in_the_order_of_the_file(org: OrgClient) -> None:
    job = ingest(org, "Account", lines("Name", *(f"N{number}" for number in range(8))))
    names = [row["Name"] for row in result_rows(org, job["id"], "successfulResults")]
    assert names != sorted(names)
    assert sorted(names) == [f"N{number}" for number in range(8)]


def test_update_leaves_empty_cells_and_empties_marked_ones(org: OrgClient) -> None:
    first, second = org.create(
        "Account", [{"Name": "a", "Site": "x"}, {"Name": "b", "Site": "y", "Phone": "1"}]
    )
    job = ingest(
        org, "Account", lines("Id,Name,Site,Phone", f"{first},,#N/A,", f"{second[:15]},c,,#N/A"), "update"
    )
    assert job["numberRecordsFailed"] == 0
    found = org.query("SELECT Name, Site, Phone FROM Account ORDER BY Name")
    assert found == [
        {"Name": "a", "Site": None, "Phone": None},
        {"Name": "c", "Site": "y", "Phone": None},
    ]
    created = {row["sf__Created"] for row in result_rows(org, job["id"], "successfulResults")}
    assert created == {"false"}


def test_upsert_by_external_id(org: OrgClient) -> None:
    org.custom_field("Account.Key__c", externalId=True, unique=True)
    (known,) = org.create("Account", [{"Name": "old", "Key__c": "k1"}])
    content = lines("Key__c,Name", "k1,new", "k2,other", "k3,twice", "K3,again", ",no key")
    job = ingest(org, "Account", content, "upsert", externalIdFieldName="Key__c")
    assert list(job)[6:8] == ["state", "externalIdFieldName"]
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (5, 3)
    successful = {row["Key__c"]: row for row in result_rows(org, job["id"], "successfulResults")}
    assert (successful["k1"]["sf__Id"], successful["k1"]["sf__Created"]) == (known, "false")
    assert successful["k2"]["sf__Created"] == "true"
    errors = {row["Name"]: row["sf__Error"] for row in result_rows(org, job["id"], "failedResults")}
    assert errors == {
        "twice": "DUPLICATE_VALUE:Duplicate external id specified: k3:Key__c --",
        "again": "DUPLICATE_VALUE:Duplicate external id specified: K3:Key__c --",
        "no key": "MISSING_ARGUMENT:Key__c not specified:--",
    }
    assert {row["Name"] for row in org.query("SELECT Name FROM Account")} == {"new", "other"}


def test_upsert_by_id(org: OrgClient) -> None:
    (known,) = org.create("Account", [{"Name": "old"}])
    job = ingest(
        org, "Account", lines("Id,Name", f"{known},new", ",another"), "upsert", externalIdFieldName="Id"
    )
    created = {row["Name"]: row["sf__Created"] for row in result_rows(org, job["id"], "successfulResults")}
    assert created == {"new": "false", "another": "true"}


@pytest.mark.parametrize(("operation", "left"), [("delete", True), ("hardDelete", False)])
def test_delete(org: OrgClient, operation: str, left: bool) -> None:
    gone, kept = org.create("Account", [{"Name": "gone"}, {"Name": "kept"}])
    job = ingest(org, "Account", lines("Id", gone, "001000000000000AAA"), operation)
    assert [row["sf__Id"] for row in result_rows(org, job["id"], "successfulResults")] == [gone]
    (failed,) = result_rows(org, job["id"], "failedResults")
    assert failed["sf__Error"].endswith(":--")
    assert [row["Id"] for row in org.query("SELECT Id FROM Account")] == [kept]
    in_bin = org.query(f"SELECT Id FROM Account WHERE Id = '{gone}'", all_rows=True)
    assert bool(in_bin) is left


def test_parents_by_their_own_keys(org: OrgClient) -> None:
    org.custom_field("Account.Key__c", externalId=True, unique=True)
    (account,) = org.create("Account", [{"Name": "parent", "Key__c": "k1"}])
    (lead,) = org.create("Lead", [{"LastName": "L", "Company": "C", "Email": "lead@example.com"}])
    (user,) = org.query("SELECT Id, Email FROM User WHERE IsActive = true LIMIT 1")

    job = ingest(
        org,
        "Contact",
        lines("LastName,Account.Key__c,Owner.Email", f"A,k1,{user['Email']}", "B,nope,", "C,#N/A,"),
    )
    assert job["numberRecordsFailed"] == 1
    (failed,) = result_rows(org, job["id"], "failedResults")
    assert failed["sf__Error"] == (
        "INVALID_FIELD:Foreign key external ID: nope not found for field Key__c in entity Account:--"
    )
    contacts = org.query("SELECT LastName, AccountId, OwnerId FROM Contact ORDER BY LastName")
    assert [(row["LastName"], row["AccountId"]) for row in contacts] == [("A", account), ("C", None)]
    assert contacts[0]["OwnerId"] == user["Id"]

    job = ingest(org, "Task", lines("Subject,Lead:Who.Email", "Call,lead@example.com"))
    assert job["numberRecordsFailed"] == 0
    assert org.query("SELECT WhoId FROM Task") == [{"WhoId": lead}]


def test_a_file_written_as_the_job_says(org: OrgClient) -> None:
    content = b'Name|Site\r\nA|"x\r\ny"\r\n"B|C"|\r\n'
    job = ingest(org, "Account", content, lineEnding="CRLF", columnDelimiter="PIPE")
    assert (job["state"], job["numberRecordsFailed"]) == ("JobComplete", 0)
    found = org.query("SELECT Name, Site FROM Account ORDER BY Name")
    assert found == [{"Name": "A", "Site": "x\r\ny"}, {"Name": "B|C", "Site": None}]
    assert result_text(org, job["id"], "unprocessedrecords") == "Name|Site\r\n"
    job = ingest(org, "Account", b'Name\r\n"A\nB"\r\n', lineEnding="CRLF")
    assert job["errorMessage"].endswith("Current LineEnding setting is CRLF")


def test_a_job_takes_one_file(org: OrgClient) -> None:
    job_id = create_ingest(org, "Account")["id"]
    assert upload(org, job_id, "Name\nA\n").status_code == 201
    code, message = error_of(upload(org, job_id, "Name\nB\n"))
    assert code == "BULK_API_ERROR"
    assert message == (
        f"Found multiple contents for job: <{job_id[:15]}>, please 'Close' / 'Abort' / 'Delete' the current"
        " Job then create a new Job and make sure you only do 'PUT' once on a given Job."
    )
    close(org, job_id)
    wait(org, "ingest", job_id)
    assert error_of(upload(org, job_id, "Name\nB\n"))[0] == "INVALIDJOBSTATE"
    assert error_of(close(org, job_id))[0] == "INVALIDJOBSTATE"
    refused = org.rest("PATCH", f"jobs/ingest/{job_id}", json={"state": "Aborted"})
    assert error_of(refused) == ("INVALIDJOBSTATE", "Aborting already Completed Job not allowed")
    assert [row["Name"] for row in org.query("SELECT Name FROM Account")] == ["A"]


def test_closing_a_job_without_a_file_fails_it(org: OrgClient) -> None:
    job_id = create_ingest(org, "Account")["id"]
    assert close(org, job_id).status_code == 200
    assert wait(org, "ingest", job_id)["state"] == "Failed"


def test_an_open_job(org: OrgClient) -> None:
    job_id = create_ingest(org, "Account")["id"]
    assert error_of(org.rest("DELETE", f"jobs/ingest/{job_id}"))[0] == "API_ERROR"
    assert error_of(org.rest("GET", f"jobs/ingest/{job_id}/successfulResults"))[0] == "INVALIDJOBSTATE"
    assert org.rest("PATCH", f"jobs/ingest/{job_id}", json={"state": "Nonsense"}).status_code == 400
    upload(org, job_id, "Name\nA\n")
    assert org.rest("PATCH", f"jobs/ingest/{job_id}", json={"state": "Aborted"}).json()["state"] == "Aborted"
    assert org.rest("GET", f"jobs/query/{job_id}").status_code == 404


def test_multipart_in_one_request(org: OrgClient) -> None:
    answer = ingest_multipart(org, {"object": "Account", "operation": "insert"}, 'Name,Site\n"A\n--x",1\nB,2')
    assert (answer.status_code, answer.json()["state"]) == (200, "UploadComplete")
    job = wait(org, "ingest", answer.json()["id"])
    assert (job["state"], job["numberRecordsProcessed"], job["numberRecordsFailed"]) == ("JobComplete", 2, 0)
    assert [row["Name"] for row in org.query("SELECT Name FROM Account ORDER BY Name")] == ["A\n--x", "B"]

    too_long = ingest_multipart(org, {"object": "Account", "operation": "insert"}, "Name\n" + "A\n" * 50_000)
    assert error_of(too_long)[0] == "API_ERROR"
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    for body in (
        b"",
        b"--x\r\n\r\n{}\r\n--x--",
        b'--x\r\ncontent-disposition: form-data; name="job"\r\n\r\n{}',
    ):
        assert org.rest("POST", "jobs/ingest", data=body, headers=headers).status_code == 400


def test_assignment_rules_are_taken(org: OrgClient) -> None:
    job = ingest(org, "Lead", lines("LastName,Company", "L,C"), assignmentRuleId="01Q000000000001AAA")
    assert (job["state"], job["numberRecordsFailed"]) == ("JobComplete", 0)
    assert job["assignmentRuleId"] == "01Q000000000001AAA"


def test_listing(org: OrgClient) -> None:
    job_id = create_ingest(org, "Account")["id"]
    (listed,) = org.rest("GET", "jobs/ingest").json()["records"]
    assert (listed["id"], listed["jobType"], listed["state"]) == (job_id, "V2Ingest", "Open")
    assert org.rest("GET", "jobs/query").json()["records"] == []


def test_locked_rows_fail_with_their_reason(org: OrgClient) -> None:
    (account,) = org.create("Account", [{"Name": "a"}])
    org.faults([{"method": "PATCH", "path": "/jobs/ingest", "action": {"lock_rows": True}}])
    job = ingest(org, "Account", lines("Id,Name", f"{account},b"), "update")
    assert (job["state"], job["numberRecordsFailed"]) == ("JobComplete", 1)
    (failed,) = result_rows(org, job["id"], "failedResults")
    assert failed["sf__Error"] == (
        f"UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record or 1 records: {account}:--"
    )
    assert failed["sf__Id"] == account


@pytest.mark.parametrize(
    ("action", "state"),
    [({"fail_job": "InternalServerError : boom"}, "Failed"), ({"abort_job": True}, "Aborted")],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_job_can_be_made_to_end_half_way(
    org: OrgClient, action: dict[str, Any], state: str, method: str
) -> None:
    org.faults([{"method": method, "path": "/jobs/ingest", "action": action}])
    job = ingest(org, "Account", lines("Name", *(f"N{number}" for number in range(10))))
    assert (job["state"], job["numberRecordsProcessed"]) == (state, 5)
    assert job.get("errorMessage") == action.get("fail_job")
    written = {row["Name"] for row in org.query("SELECT Name FROM Account")}
    unprocessed = {row["Name"] for row in result_rows(org, job["id"], "unprocessedrecords")}
    assert written == {f"N{number}" for number in range(5)}
    assert unprocessed == {f"N{number}" for number in range(5, 10)}


def test_an_aborted_job_leaves_its_rows_unprocessed(org: OrgClient) -> None:
    org.faults([{"method": "PATCH", "path": "/jobs/ingest", "action": {"delay_job_seconds": 60}}])
    job_id = create_ingest(org, "Account")["id"]
    upload(org, job_id, lines("Name", "A", "B"))
    close(org, job_id)
    wait(org, "ingest", job_id, {"InProgress"})
    assert org.rest("PATCH", f"jobs/ingest/{job_id}", json={"state": "Aborted"}).status_code == 200
    assert org.query("SELECT Id FROM Account") == []
    assert result_text(org, job_id, "unprocessedrecords") == 'Name\n"A"\n"B"\n'


def test_big_files_use_one_batch_for_ten_thousand_rows(org: OrgClient) -> None:
    org.limits(DailyBulkApiBatches={"Max": 10, "Remaining": 2})
    job = ingest(org, "Account", lines("Name", *(f"N{number}" for number in range(10_001))))
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (10_001, 0)
    assert org.rest("GET", "limits").json()["DailyBulkApiBatches"] == {"Max": 10, "Remaining": 0}
    names = {row["Name"] for row in result_rows(org, job["id"], "successfulResults")}
    assert len(names) == 10_001
    job_id = create_ingest(org, "Account")["id"]
    upload(org, job_id, "Name\nA\n")
    assert error_of(close(org, job_id)) == ("EXCEEDEDQUOTA", "ExceededQuota : ApiBatchItems Limit exceeded.")


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r\ufffe\uffff", exclude_categories=["Cs"]),
    min_size=1,
    max_size=60,
).filter(lambda text: text.strip() and text != "#N/A")


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXTS, min_size=1, max_size=6))
def test_what_is_loaded_reads_back_the_same(org: OrgClient, texts: list[str]) -> None:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([["Name", "Description"], *(["n", text] for text in texts)])
    job = ingest(org, "Account", file.getvalue())
    assert job["numberRecordsFailed"] == 0, result_text(org, job["id"], "failedResults")
    ids = [row["sf__Id"] for row in result_rows(org, job["id"], "successfulResults")]
    wanted = sorted(text.strip() for text in texts)
    by_rest = {row["Id"]: row["Description"] for row in org.query("SELECT Id, Description FROM Account")}
    by_bulk = {row["Id"]: row["Description"] for row in rows(org, "SELECT Id, Description FROM Account")}
    assert sorted(by_rest[each] for each in ids) == wanted
    assert sorted(by_bulk[each] for each in ids) == wanted
