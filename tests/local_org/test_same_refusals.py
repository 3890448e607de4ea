"""One validator behind every door: the same bad value gets the same code, whichever way it comes in."""

from __future__ import annotations

import csv
import io
import re
import time
from html import escape
from typing import TYPE_CHECKING, Any

import pytest
from bulk_jobs import ingest, result_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_org_client import OrgClient

Record = dict[str, Any]
GOOD: Record = {"LastName": "Lovelace", "Company": "Engines"}
DATA = "/services/data/v64.0"
ASYNC = "/services/async/64.0/job"
JOB = (
    '<jobInfo xmlns="http://www.force.com/2009/06/asyncapi/dataload"><operation>insert</operation>'
    "<object>Lead</object><contentType>CSV</contentType></jobInfo>"
)
SOAP = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com">'
    "<e:Header><SessionHeader><sessionId>{token}</sessionId></SessionHeader></e:Header>"
    "<e:Body><create><sObjects><type>Lead</type>{fields}</sObjects></create></e:Body></e:Envelope>"
)


def rest_code(answer: Any) -> str:
    return str(answer[0]["errorCode"])


def single(org: OrgClient, record: Record) -> str:
    return rest_code(org.rest("POST", "sobjects/Lead", json=record).json())


def collections(org: OrgClient, record: Record) -> str:
    body = {"records": [{"attributes": {"type": "Lead"}} | record]}
    (row,) = org.rest("POST", "composite/sobjects", json=body).json()
    return str(row["errors"][0]["statusCode"]) if "errors" in row else str(row["errorCode"])


def composite(org: OrgClient, record: Record) -> str:
    member = {"method": "POST", "url": f"{DATA}/sobjects/Lead", "referenceId": "lead", "body": record}
    answer = org.rest("POST", "composite", json={"compositeRequest": [member]}).json()
    return rest_code(answer["compositeResponse"][0]["body"])


def batch(org: OrgClient, record: Record) -> str:
    member = {"method": "POST", "url": "v64.0/sobjects/Lead", "richInput": record}
    answer = org.rest("POST", "composite/batch", json={"batchRequests": [member]}).json()
    return rest_code(answer["results"][0]["result"])


def tree(org: OrgClient, record: Record) -> str:
    body = {"records": [{"attributes": {"type": "Lead", "referenceId": "lead"}} | record]}
    answer = org.rest("POST", "composite/tree/Lead", json=body).json()
    return rest_code(answer) if isinstance(answer, list) else answer["results"][0]["errors"][0]["statusCode"]


def soap(org: OrgClient, record: Record) -> str:
    fields = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in texts(record).items())
    body = SOAP.format(token=org.token(), fields=fields)
    answer = org.http("POST", "/services/Soap/u/64.0", data=body.encode(), headers={"SOAPAction": '""'})
    found = re.search("<statusCode>(.*?)<", answer.text)
    assert found, answer.text
    return found[1]


def bulk2(org: OrgClient, record: Record) -> str:
    job = ingest(org, "Lead", csv_of(record))
    (row,) = result_rows(org, job["id"], "failedResults")
    return row["sf__Error"].partition(":")[0]


def bulk1(org: OrgClient, record: Record) -> str:
    def call(method: str, path: str, data: str = "", kind: str = "text/csv") -> str:
        headers = {"X-SFDC-Session": org.token(), "Content-Type": kind}
        return org.http(method, ASYNC + path, data=data.encode(), headers=headers).text

    job = element("id", call("POST", "", JOB, "application/xml"))
    batch_id = element("id", call("POST", f"/{job}/batch", csv_of(record)))
    while element("state", call("GET", f"/{job}/batch/{batch_id}")) in {"Queued", "InProgress"}:
        time.sleep(0.01)
    (row,) = csv.DictReader(io.StringIO(call("GET", f"/{job}/batch/{batch_id}/result"), newline=""))
    return row["Error"].partition(":")[0]


def element(name: str, xml: str) -> str:
    found = re.search(f"<{name}>(.*?)</{name}>", xml)
    assert found, xml
    return found[1]


def texts(record: Record) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in record.items()}


def csv_of(record: Record) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerows([list(record), list(texts(record).values())])
    return file.getvalue()


JSON_DOORS: tuple[Callable[[OrgClient, Record], str], ...] = (single, collections, composite, batch, tree)
TEXT_DOORS: tuple[Callable[[OrgClient, Record], str], ...] = (soap, bulk2, bulk1)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("LastName", None, "REQUIRED_FIELD_MISSING"),
        ("Email", "nobody", "INVALID_EMAIL_ADDRESS"),
        ("FirstName", "x" * 41, "STRING_TOO_LONG"),
        ("NumberOfEmployees", 12_345_678_901, "NUMBER_OUTSIDE_VALID_RANGE"),
        ("OwnerId", "zz", "MALFORMED_ID"),
        ("OwnerId", "005000000000000AAA", "INVALID_CROSS_REFERENCE_KEY"),
        ("GeocodeAccuracy", "Roughly", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ("EmailBouncedReason", "x", "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ("CreatedDate", "2020-01-01T00:00:00Z", "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ("Name", "x", "INVALID_FIELD_FOR_INSERT_UPDATE"),
    ],
)
def test_a_bad_value_gets_one_code(org: OrgClient, field: str, value: Any, code: str) -> None:
    record = GOOD | {field: value}

    assert {door.__name__: door(org, record) for door in JSON_DOORS + TEXT_DOORS} == {
        door.__name__: code for door in JSON_DOORS + TEXT_DOORS
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [("AnnualRevenue", "much"), ("IsUnreadByOwner", "perhaps"), ("NumberOfEmployees", "x")],
)
def test_a_value_of_another_type_is_bad_json_or_a_bad_cell(org: OrgClient, field: str, value: str) -> None:
    record = GOOD | {field: value}

    assert {door(org, record) for door in JSON_DOORS} == {"JSON_PARSER_ERROR"}
    assert {door(org, record) for door in TEXT_DOORS} == {"INVALID_TYPE_ON_FIELD_IN_RECORD"}
