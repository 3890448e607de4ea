"""REST and Bulk API 2.0 give the same rows, and each survives what can happen to it."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from local_org_client import PLAIN_CUSTOM_FIELDS

from tap_salesforce_seg.lookups import LEADING_OBJECTS

if TYPE_CHECKING:
    from local_org_client import OrgClient
    from running import Outcome, TapRunner

BEFORE = "2026-06-01T09:00:00Z"
MIDDAY = "2026-06-01T12:00:00Z"

RECORD = re.compile(r'\{"type":"RECORD","stream":"(\w+)","record":(\{.*\}),"time_extracted":"[^"]*"\}')


def record_bytes(outcome: Outcome) -> list[str]:
    """The records as they stand in their lines, in the order of stream and Id."""
    found = [
        RECORD.fullmatch(line) for line in outcome.stdout.split("\n") if line.startswith('{"type":"RECORD"')
    ]
    assert all(found)
    return sorted(f"{match[1]} {match[2]}" for match in found if match)


def fill(org: OrgClient, rows: int) -> None:
    org.clock(freeze_at=BEFORE)
    org.create("Lead", [{"LastName": f"Lead {number}", "Company": "Ltd"} for number in range(rows)])
    org.clock(freeze_at=MIDDAY)


def test_both_ways_give_the_same_bytes_for_a_whole_company(demo_org: OrgClient, demo_tap: TapRunner) -> None:
    demo_org.clock(offset_seconds=3600)
    by_rest = demo_tap.run(api_type="rest").ended()
    demo_org.forget_requests()
    by_bulk = demo_tap.run(api_type="bulk2").ended()
    assert record_bytes(by_bulk) == record_bytes(by_rest)
    assert by_bulk.state["bookmarks"].keys() == by_rest.state["bookmarks"].keys()
    jobs = [each for each in demo_org.requests() if each["path"].endswith("/jobs/query")]
    assert len(jobs) == 47 + len(LEADING_OBJECTS)  # names are read from the objects that lead to them
    assert "by REST instead" not in by_bulk.stderr


AB = [{"fullName": "A"}, {"fullName": "B"}]
FIELDS = {
    "Text": {"length": 255},
    "LongTextArea": {"length": 131072},
    "Number": {"precision": 18, "scale": 0},
    "Currency": {"precision": 18, "scale": 2},
    "Percent": {"precision": 5, "scale": 3},
    **PLAIN_CUSTOM_FIELDS,
    "MultiselectPicklist": {"valueSet": {"valueSetDefinition": {"value": AB}}},
    "Location": {"scale": 6},
}

WORDS = st.sampled_from(
    ["NA", "N/A", "NULL", "None", "NaN", "null", "true", "0", "007", "1E5", '"', "''", "a,b", "\\"]
)
TEXT = st.one_of(
    WORDS,
    st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=80),
    st.text("\r\n\t\"',\u2028\u0085x", min_size=1, max_size=20),
)
WHOLE = st.integers(-(10**15), 10**15)
ROW = st.fixed_dictionaries(
    {},
    optional={
        "Text__c": TEXT,
        "LongTextArea__c": TEXT,
        "Number__c": WHOLE,
        "Currency__c": st.decimals(-(10**9), 10**9, places=2).map(float),
        "Percent__c": st.decimals(-99, 99, places=3).map(float),
        "Checkbox__c": st.booleans(),
        "Date__c": st.dates(date(1701, 1, 1), date(3999, 12, 31)).map(str),
        "DateTime__c": st.datetimes(datetime(1701, 1, 1), datetime(3999, 12, 31)).map(
            lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        ),
        "Time__c": st.times().map(lambda time: time.strftime("%H:%M:%S.000Z")),
        "Phone__c": st.from_regex(r"\+[0-9]{3,12}", fullmatch=True),
        "Url__c": st.just("https://example.com/a?b=c&d=%20"),
        "Email__c": st.just("Zoe.O'Neil+x@example.com"),
        "MultiselectPicklist__c": st.sampled_from(["A", "B", "A;B"]),
        "Location__Latitude__s": st.decimals(-90, 90, places=6).map(float),
        "Location__Longitude__s": st.decimals(-180, 180, places=6).map(float),
        "NumberOfEmployees": st.integers(0, 10**8 - 1),
        "Street": TEXT,
        "PostalCode": st.from_regex("[0-9]{5}", fullmatch=True),
    },
)


@settings(
    max_examples=2,
    deadline=None,
    phases=(Phase.reuse, Phase.generate),  # each example is a run of the tap: shrinking would take hours
    suppress_health_check=list(HealthCheck),
)
@given(rows=st.lists(ROW, min_size=30, max_size=50))
def test_both_ways_give_the_same_bytes_for_any_value(
    org: OrgClient, tap: TapRunner, rows: list[dict[str, Any]]
) -> None:
    org.reset("none")
    tap.config["access_token"] = org.token()
    org.clock(freeze_at=BEFORE)
    for kind, metadata in FIELDS.items():
        org.custom_field(f"Lead.{kind}__c", kind, **metadata)
    written = 0
    for row in rows:
        answer = org.rest("POST", "sobjects/Lead", json={"LastName": "x", "Company": "y"} | row)
        written += answer.status_code == 201
    assert written > len(rows) // 2
    org.clock(freeze_at=MIDDAY)
    catalog = tap.discover()
    for entry in catalog["streams"]:
        entry["metadata"] = [
            {"breadcrumb": [], "metadata": {"selected": entry["tap_stream_id"] == "leads"}},
            *[item for item in entry["metadata"] if item["breadcrumb"]],
        ]
    by_rest = tap.run(catalog=catalog, api_type="rest").ended()
    by_bulk = tap.run(catalog=catalog, api_type="bulk2").ended()
    assert len(by_rest.records("leads")) == written
    assert record_bytes(by_bulk) == record_bytes(by_rest)


def test_results_of_several_pages_are_put_together(org: OrgClient, tap: TapRunner) -> None:
    fill(org, 2500)
    org.limits(BulkResultPageRecords={"Max": 1000, "Remaining": 1000})
    outcome = tap.run(catalog=tap.catalog("leads"), api_type="bulk2").ended()
    assert len({record["id"] for record in outcome.records("leads")}) == 2500
    pages = [each for each in org.requests() if each["path"].endswith("/results")]
    assert len(pages) == 3
    assert outcome.bookmark("leads") == MIDDAY


@pytest.mark.parametrize(
    "action", [{"fail_job": "InternalServerError : Retried more than fifteen times"}, {"abort_job": True}]
)
def test_a_job_that_ends_badly_is_replaced_by_rest(
    org: OrgClient, tap: TapRunner, action: dict[str, Any]
) -> None:
    fill(org, 5)
    org.faults([{"method": "POST", "path": "/jobs/query$", "times": 1, "action": action}])
    outcome = tap.run(catalog=tap.catalog("leads"), api_type="bulk2").ended()
    assert "Lead is read by REST instead: " in outcome.stderr
    assert len(outcome.records("leads")) == 5


def test_what_bulk_refuses_goes_by_rest(demo_tap: TapRunner) -> None:
    refused = {"include_objects": ["CaseStatus"], "api_type": "bulk2"}
    catalog = demo_tap.catalog("case_status", "documents", **refused)
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            if item["breadcrumb"] == ["properties", "body"]:
                item["metadata"]["selected"] = True
    outcome = demo_tap.run(catalog=catalog, **refused).ended()
    assert "CaseStatus is read by REST instead: " in outcome.stderr
    assert outcome.records("case_status")
    assert outcome.records("documents")


REFUSALS = [
    ("INVALIDFIELD", "No such column 'Rating' on entity 'Lead'."),
    ("FEATURENOTENABLED", "Cannot serialize value for 'Rating' in CSV format"),
    ("API_ERROR", "The query is of a kind that nobody has heard of"),
]


@pytest.mark.parametrize(("code", "message"), REFUSALS)
def test_whatever_bulk_refuses_for_its_own_reasons_goes_by_rest(
    org: OrgClient, tap: TapRunner, code: str, message: str
) -> None:
    fill(org, 5)
    refused = {"status": 400, "body": [{"errorCode": code, "message": message}]}
    org.faults([{"method": "POST", "path": "/jobs/query$", "times": 1, "action": refused}])
    outcome = tap.run(catalog=tap.catalog("leads"), api_type="bulk2").ended()
    assert "Lead is read by REST instead: " in outcome.stderr
    assert len(outcome.records("leads")) == 5


def test_auto_takes_bulk_where_rest_takes_too_long(org: OrgClient, tap: TapRunner) -> None:
    fill(org, 5)
    too_long = [{"message": "Your query request was running for too long.", "errorCode": "QUERY_TIMEOUT"}]
    org.faults([{"path": "/queryAll", "times": None, "action": {"status": 400, "body": too_long}}])
    outcome = tap.run(catalog=tap.catalog("leads")).ended()
    assert len(outcome.records("leads")) == 5


@pytest.mark.parametrize("path", ["/jobs/query$", "/results"])
def test_a_row_that_bulk_loses_fails_the_stream(org: OrgClient, tap: TapRunner, path: str) -> None:
    fill(org, 5)
    org.faults([{"path": path, "times": 1, "action": {"lose_rows": 1}}])
    outcome = tap.run(catalog=tap.catalog("leads"), api_type="bulk2").ended(1)
    assert "Lead: 4 rows came, but Salesforce had counted 5" in outcome.stderr
    assert outcome.bookmark("leads") is None


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        ({"close_after_bytes": 2000}, 2),
        ({"status": 503, "body": "<html>"}, 2),
        ({"expire_sessions": True}, 1),
    ],
)
def test_a_passing_fault_in_a_download_loses_nothing(
    org: OrgClient, tap: TapRunner, fault: dict[str, Any], times: int
) -> None:
    fill(org, 50)
    org.limits(BulkResultPageRecords={"Max": 20, "Remaining": 20})
    tap.config = {"login_url": org.url, "client_id": "app", "client_secret": "secret-of-app"}
    org.faults([{"path": "/results", "times": times, "action": fault}])
    outcome = tap.run(catalog=tap.catalog("leads"), api_type="bulk2").ended()
    found = [record["last_name"] for record in outcome.records("leads")]
    assert sorted(found) == sorted(f"Lead {number}" for number in range(50))


def test_auto_takes_bulk_for_many_rows_and_the_plan_says_so(org: OrgClient, tap: TapRunner) -> None:
    fill(org, 20_000)
    catalog = tap.catalog("leads", "users", columns={"leads": ["last_name", "system_modstamp"]})
    plan = tap.run("--plan", catalog=catalog).ended().stdout.splitlines()
    assert plan[1].split()[:3] == ["leads", "bulk2", "20000"]
    assert plan[2].split()[1] == "rest"
    org.forget_requests()
    outcome = tap.run(catalog=catalog).ended()
    assert len({record["id"] for record in outcome.records("leads")}) == 20_000
    assert [each for each in org.requests() if each["path"].endswith("/results")]
    calls = sum(each["api_calls"] for each in org.requests() if "describe" not in json.dumps(each))
    assert calls <= int(plan[-1].split()[2]) + 1
