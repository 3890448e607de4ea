"""Bulk API 1.0 over the socket: XML and JSON jobs, batches of records and of queries, primary-key chunks."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from bulk1_jobs import NAMESPACE, Bulk1, rows, values

if TYPE_CHECKING:
    from local_org_client import OrgClient

JOB_ELEMENTS = [
    "id", "operation", "object", "createdById", "createdDate", "systemModstamp", "state", "concurrencyMode",
    "contentType", "numberBatchesQueued", "numberBatchesInProgress", "numberBatchesCompleted",
    "numberBatchesFailed", "numberBatchesTotal", "numberRecordsProcessed", "numberRetries", "apiVersion",
    "numberRecordsFailed", "totalProcessingTime", "apiActiveProcessingTime", "apexProcessingTime",
]  # fmt: skip


def test_an_xml_job_from_creation_to_close(org: OrgClient) -> None:
    bulk = Bulk1(org)
    body = (
        f'<jobInfo xmlns="{NAMESPACE}"><operation>insert</operation><object>Account</object>'
        "<concurrencyMode>Parallel</concurrencyMode><contentType>CSV</contentType></jobInfo>"
    )
    new = bulk.call("POST", "job", body)
    assert new.status_code == 201
    assert new.text.startswith(
        f'<?xml version="1.0" encoding="UTF-8"?><jobInfo\n   xmlns="{NAMESPACE}">\n <id>750'
    )
    job = values(new)
    assert list(job) == JOB_ELEMENTS
    assert (job["state"], job["apiVersion"], job["numberBatchesTotal"]) == ("Open", "62.0", "0")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z", job["createdDate"])

    batch_id = bulk.add(job["id"], "Name,Site\nA,x\n,y\n")
    batch = bulk.wait(job["id"], batch_id)
    assert list(batch) == [
        "id", "jobId", "state", "createdDate", "systemModstamp", "numberRecordsProcessed",
        "numberRecordsFailed", "totalProcessingTime", "apiActiveProcessingTime", "apexProcessingTime",
    ]  # fmt: skip
    assert (batch["numberRecordsProcessed"], batch["numberRecordsFailed"]) == ("2", "1")
    (account,) = org.query("SELECT Id FROM Account")
    result = bulk.call("GET", f"job/{job['id']}/batch/{batch_id}/result")
    assert result.headers["Content-Type"] == "text/csv"
    assert result.text.splitlines() == [
        '"Id","Success","Created","Error"',
        f'"{account["Id"]}","true","true",""',
        '"","false","false","REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"',
    ]
    assert bulk.call("GET", f"job/{job['id']}/batch/{batch_id}/request").text == "Name,Site\nA,x\n,y\n"

    closed = bulk.call(
        "POST", f"job/{job['id']}", f'<jobInfo xmlns="{NAMESPACE}"><state>Closed</state></jobInfo>'
    )
    assert (closed.status_code, values(closed)["state"]) == (200, "Closed")
    counts = values(bulk.call("GET", f"job/{job['id']}"))
    assert (counts["numberBatchesCompleted"], counts["numberRecordsProcessed"]) == ("1", "2")
    assert bulk.call("POST", f"job/{job['id']}/batch", "Name\nB\n").status_code == 400


def test_a_json_job(org: OrgClient) -> None:
    bulk = Bulk1(org, "application/json")
    body = {"operation": "insert", "object": "Account", "concurrencyMode": 0, "contentType": "JSON"}
    new = bulk.call("POST", "job", json.dumps(body))
    job = new.json()
    assert (new.status_code, new.headers["Content-Type"]) == (201, "application/json")
    assert list(job) == sorted(JOB_ELEMENTS)
    assert job["apiVersion"] == 62.0
    assert job["createdDate"].endswith(".000+0000")
    batch_id = bulk.add(job["id"], json.dumps([{"Name": "A", "NumberOfEmployees": 3}, {"Site": "x"}]))
    batch = bulk.wait(job["id"], batch_id)
    assert list(batch) == sorted(batch)
    (account,) = org.query("SELECT Id, NumberOfEmployees FROM Account")
    assert account["NumberOfEmployees"] == 3
    good, bad = bulk.call("GET", f"job/{job['id']}/batch/{batch_id}/result").json()
    assert good == {"success": True, "created": True, "id": account["Id"], "errors": []}
    assert bad == {
        "success": False,
        "created": False,
        "id": None,
        "errors": [
            {
                "extendedErrorDetails": None,
                "fields": ["Name"],
                "message": "Required fields are missing: [Name]",
                "statusCode": "REQUIRED_FIELD_MISSING",
            }
        ],
    }
    listing = bulk.call("GET", f"job/{job['id']}/batch").json()
    assert [each["id"] for each in listing["batchInfo"]] == [batch_id]
    assert bulk.call("POST", f"job/{job['id']}", '{"state": "Closed"}').json()["state"] == "Closed"


def test_a_job_described_in_json_with_batches_in_csv(org: OrgClient) -> None:
    """How Singer taps do it: everything is sent as JSON, the batches of a CSV job are answered in XML."""
    bulk = Bulk1(org, "application/json")
    body = {"operation": "queryAll", "object": "Account", "contentType": "CSV"}
    job_id = bulk.call("POST", "job", json.dumps(body)).json()["id"]
    added = bulk.call("POST", f"job/{job_id}/batch", "SELECT Id FROM Account", Content_Type="text/csv")
    assert values(added)["state"] in {"Queued", "InProgress", "Completed"}
    polled = bulk.call("GET", f"job/{job_id}/batch/{values(added)['id']}")
    assert values(polled)["jobId"] == job_id
    unknown = bulk.call("GET", "job/750000000000000AAA")
    assert (unknown.status_code, unknown.headers["Content-Type"]) == (400, "application/json")
    assert unknown.json()["exceptionCode"] == "InvalidJob"


def test_records_in_xml(org: OrgClient) -> None:
    (account,) = org.create("Account", [{"Name": "old", "Site": "x"}])
    body = (
        f'<sObjects xmlns="{NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f'<sObject><Id>{account}</Id><Name>A &amp; B</Name><Site xsi:nil="true"/></sObject>'
        "<sObject><Id>001000000000001AAA</Id><Name>x</Name></sObject></sObjects>"
    )
    answer = Bulk1(org).load("Account", "update", body, "XML")
    first, second = ET.fromstring(answer.content)
    assert {each.tag.rpartition("}")[2]: each.text for each in first} == {
        "id": account,
        "success": "true",
        "created": "false",
    }
    assert second.find(f"{{{NAMESPACE}}}errors/{{{NAMESPACE}}}statusCode") is not None
    assert org.query("SELECT Name, Site FROM Account") == [{"Name": "A & B", "Site": None}]


def test_upsert_and_delete(org: OrgClient) -> None:
    org.custom_field("Account.Key__c", externalId=True, unique=True)
    content = "Key__c,Name\r\nk1,A\r\nk2,B\r\n"
    answer = Bulk1(org).load("Account", "upsert", content, externalIdFieldName="Key__c")
    ids = [row["Id"] for row in rows(answer.content)]
    again = Bulk1(org).load("Account", "upsert", content, externalIdFieldName="Key__c")
    assert [(row["Id"], row["Created"]) for row in rows(again.content)] == [
        (ids[0], "false"),
        (ids[1], "false"),
    ]
    Bulk1(org).load("Account", "delete", f"Id\n{ids[0]}\n")
    Bulk1(org).load("Account", "hardDelete", f"Id\n{ids[1]}\n")
    assert [row["Id"] for row in org.query("SELECT Id FROM Account", all_rows=True)] == [ids[0]]


def test_relationships_in_json(org: OrgClient) -> None:
    org.custom_field("Account.Key__c", externalId=True, unique=True)
    (account,) = org.create("Account", [{"Name": "parent", "Key__c": "k1"}])
    Bulk1(org).load("Contact", "insert", json.dumps([{"LastName": "L", "Account": {"Key__c": "k1"}}]), "JSON")
    assert org.query("SELECT AccountId FROM Contact") == [{"AccountId": account}]


def test_csv_query(org: OrgClient) -> None:
    org.create("Account", [{"Name": 'say "hi"', "AnnualRevenue": 5}, {"Name": "b"}, {"Name": "c"}])
    text = Bulk1(org).query("Account", "SELECT Name, AnnualRevenue FROM Account ORDER BY Name")
    assert text.decode() == '"Name","AnnualRevenue"\n"b",""\n"c",""\n"say ""hi""","5.0"\n'
    assert Bulk1(org).query("Contact", "SELECT Id FROM Contact") == b"Records not found for this query"


def test_json_query_has_dates_in_milliseconds(org: OrgClient) -> None:
    (account,) = org.create("Account", [{"Name": "A"}])
    opportunity = {"Name": "O", "StageName": "Prospecting", "CloseDate": "2026-02-03", "AccountId": account}
    org.create("Opportunity", [opportunity])
    org.clock(freeze_at="2026-01-01T00:00:01Z")
    org.create("Opportunity", [opportunity])
    soql = (
        "SELECT Id, CloseDate, CreatedDate, Amount, Account.Name FROM Opportunity"
        " WHERE CreatedDate < 2026-01-02T00:00:00Z"
    )
    (row,) = json.loads(Bulk1(org).query("Opportunity", soql, "JSON"))
    assert row["attributes"]["type"] == "Opportunity"
    assert (row["CreatedDate"], row["CloseDate"], row["Amount"]) == (1767225601000, 1770076800000, None)
    assert row["Account"]["Name"] == "A"
    assert json.loads(Bulk1(org).query("Case", "SELECT Id FROM Case", "JSON")) == []


def test_xml_query(org: OrgClient) -> None:
    org.create("Account", [{"Name": "A & B"}])
    root = ET.fromstring(Bulk1(org).query("Account", "SELECT Name, Site, Owner.Name FROM Account", "XML"))
    (record,) = root
    assert [each.tag.rpartition("}")[2] for each in record] == ["type", "Name", "Site", "Owner"]
    assert record.findtext(f"{{{NAMESPACE}}}Name") == "A & B"


def test_primary_key_chunks(org: OrgClient) -> None:
    ids = org.create(
        "Account", [{"Name": f"A{number}", "Site": "x" if number < 4 else None} for number in range(10)]
    )
    bulk = Bulk1(org)
    job_id = bulk.create("Account", "query", Sforce_Enable_PKChunking="chunkSize=3; parent=Account")
    first = bulk.add(job_id, "SELECT Id FROM Account WHERE Site = 'x'")
    assert bulk.wait(job_id, first)["state"] == "NotProcessed"
    listing = ET.fromstring(bulk.call("GET", f"job/{job_id}/batch").content)
    batches = [{each.tag.rpartition("}")[2]: each.text for each in info} for info in listing]
    assert [batches[0]["id"], batches[0]["state"]] == [first, "NotProcessed"]
    assert len(batches) == 5
    found = []
    for batch in batches[1:]:
        info = bulk.wait(job_id, batch["id"])
        assert info["state"] == "Completed"
        found.append(int(info["numberRecordsProcessed"]))
    assert found == [3, 1, 0, 0]

    bulk = Bulk1(org)
    job_id = bulk.create(
        "Account", "query", Sforce_Enable_PKChunking=f"true; chunkSize=100; startRow={ids[7]}"
    )
    bulk.wait(job_id, bulk.add(job_id, "SELECT Id FROM Account"))
    (_, chunk) = ET.fromstring(bulk.call("GET", f"job/{job_id}/batch").content)
    assert bulk.wait(job_id, str(chunk.findtext(f"{{{NAMESPACE}}}id")))["numberRecordsProcessed"] == "3"

    bulk = Bulk1(org)
    job_id = bulk.create("Account", "query", Sforce_Enable_PKChunking="true")
    batch_id = bulk.add(job_id, "SELECT Id FROM Account ORDER BY Name")
    assert bulk.wait(job_id, batch_id)["state"] == "Completed"


def test_an_aborted_job(org: OrgClient) -> None:
    org.faults([{"method": "POST", "path": "/batch$", "action": {"delay_job_seconds": 60}}])
    bulk = Bulk1(org)
    job_id = bulk.create("Account", "insert")
    batch_id = bulk.add(job_id, "Name\nA\n")
    bulk.media = "application/xml"
    aborted = bulk.call("POST", f"job/{job_id}", "<jobInfo><state>Aborted</state></jobInfo>")
    assert values(aborted)["state"] == "Aborted"
    assert bulk.wait(job_id, batch_id)["state"] == "NotProcessed"
    again = bulk.call("POST", f"job/{job_id}", "<jobInfo><state>Closed</state></jobInfo>")
    assert values(again)["exceptionCode"] == "InvalidJobState"
    assert org.query("SELECT Id FROM Account") == []


def test_batches_count_against_their_limit(org: OrgClient) -> None:
    org.limits(DailyBulkApiBatches={"Max": 5, "Remaining": 1})
    bulk = Bulk1(org)
    job_id = bulk.create("Account", "insert")
    bulk.wait(job_id, bulk.add(job_id, "Name\nA\n"))
    refused = bulk.call("POST", f"job/{job_id}/batch", "Name\nB\n")
    assert (
        values(refused).items()
        >= {
            "exceptionCode": "ExceededQuota",
            "exceptionMessage": "ApiBatchItems Limit exceeded.",
        }.items()
    )


def test_a_batch_can_be_made_to_fail(org: OrgClient) -> None:
    org.faults([{"method": "POST", "path": "/batch$", "action": {"fail_job": "InternalServerError : boom"}}])
    bulk = Bulk1(org)
    job_id = bulk.create("Account", "insert")
    info = bulk.wait(job_id, bulk.add(job_id, "Name\nA\nB\nC\nD\n"))
    assert (info["state"], info["stateMessage"]) == ("Failed", "InternalServerError : boom")
    assert info["numberRecordsProcessed"] == "2"


def test_bulk_1_jobs_show_in_the_lists_of_bulk_2(org: OrgClient) -> None:
    job_id = Bulk1(org).create("Account", "query", "JSON")
    (job,) = org.rest("GET", "jobs/query?jobType=Classic").json()["records"]
    assert (job["id"], job["jobType"], job["contentType"]) == (job_id, "Classic", "JSON")
