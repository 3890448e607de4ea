"""A Segment warehouse in PostgreSQL, read by tap-postgres, written to Salesforce."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from loaders import PostgresServer, loader

if TYPE_CHECKING:
    from pathlib import Path

    from local_org_client import OrgClient

EVENT_COLUMNS = """
    id varchar PRIMARY KEY, received_at timestamptz NOT NULL, sent_at timestamptz, "timestamp" timestamptz,
    original_timestamp timestamptz, uuid_ts timestamptz, anonymous_id varchar, user_id varchar,
    context_library_name varchar, to_salesforce boolean
"""
TABLES = f"""
CREATE SCHEMA segment;
CREATE TABLE segment.identifies ({EVENT_COLUMNS}, email varchar, first_name varchar, last_name varchar,
    company_name varchar, company_industry varchar, address_city varchar, score numeric);
CREATE TABLE segment.users (id varchar PRIMARY KEY, received_at timestamptz NOT NULL, uuid_ts timestamptz,
    to_salesforce boolean, email varchar, first_name varchar, last_name varchar, company_name varchar,
    company_industry varchar, address_city varchar, score numeric);
CREATE TABLE segment.groups ({EVENT_COLUMNS}, group_id varchar, name varchar, industry varchar,
    employees bigint, address_city varchar);
CREATE TABLE segment.tracks ({EVENT_COLUMNS}, event varchar, event_text varchar);
CREATE TABLE segment.issue_submitted ({EVENT_COLUMNS}, event varchar, event_text varchar, subject varchar,
    details varchar);
"""
FIRST_WAVE = """
INSERT INTO segment.identifies (id, received_at, user_id, to_salesforce, email, first_name, last_name,
    company_name, address_city, score) VALUES
('i1', '2026-05-01 10:00Z', 'u1', true, 'zoe@example.com', 'Zoë', 'O''Neill', '東京 Ltd', 'Köln', 87.5),
('i2', '2026-05-01 10:01Z', 'u2', false, 'not-for-you@example.com', 'No', 'Body', 'None', NULL, NULL),
('i3', '2026-05-01 10:02Z', 'u3', true, NULL, 'No', 'E-mail', 'None', NULL, NULL);
INSERT INTO segment.users (id, received_at, to_salesforce, email, first_name, last_name, company_name,
    address_city, score) VALUES
('u1', '2026-05-01 10:00Z', true, 'zoe@example.com', 'Zoë', 'O''Neill', '東京 Ltd', 'Köln', 87.5);
INSERT INTO segment.groups (id, received_at, user_id, to_salesforce, group_id, name, industry, employees)
VALUES ('g1', '2026-05-01 10:03Z', 'u1', true, 'acc-1', 'Initech', 'Banking', 120);
INSERT INTO segment.tracks (id, received_at, user_id, to_salesforce, event, event_text) VALUES
('t1', '2026-05-01 10:04Z', 'u1', true, 'issue_submitted', 'Issue Submitted'),
('t2', '2026-05-01 10:05Z', 'u1', true, 'page_printed', 'Page Printed');
INSERT INTO segment.issue_submitted (id, received_at, user_id, to_salesforce, event, event_text, subject,
    details) VALUES
('t1', '2026-05-01 10:04Z', 'u1', true, 'issue_submitted', 'Issue Submitted', 'It "burns"', E'since\nnoon');
"""
SECOND_WAVE = """
INSERT INTO segment.identifies (id, received_at, user_id, to_salesforce, email, last_name, company_name)
VALUES ('i4', '2026-05-02 10:00Z', 'u1', true, 'zoe@example.com', 'Adams', '東京 Ltd');
UPDATE segment.users SET last_name = 'Adams', received_at = '2026-05-02 10:00Z' WHERE id = 'u1';
"""


class Warehouse:
    """tap-postgres over the schema ``segment``, piped into the target, run after run."""

    def __init__(self, postgres: PostgresServer, org: OrgClient, directory: Path) -> None:
        self._tap = loader("tap-postgres")
        self._directory = directory
        tap = postgres.settings | {"filter_schemas": ["segment"]}
        target = {
            "instance_url": org.url,
            "access_token": org.token(),
            "gate_column": "to_salesforce",
            "event_id_field": {"Case": "Event_Id__c"},
            "rejects_path": str(directory / "rejects.jsonl"),
            "summary_path": str(directory / "summary.json"),
            "actions": [
                {
                    "event": "track",
                    "event_name": "Issue Submitted",
                    "operation": "create",
                    "object": "Case",
                    "field_mappings": {"properties.subject": "Subject", "properties.details": "Description"},
                }
            ],
        }
        self._write("tap.json", tap)
        self._write("target.json", target)
        self._write("catalog.json", self._catalog())

    def _write(self, name: str, content: Any) -> None:
        (self._directory / name).write_text(json.dumps(content))

    def _catalog(self) -> dict[str, Any]:
        """The tables of events, incremental by the column that Segment documents for it."""
        discover = [self._tap, "--config", self._directory / "tap.json", "--discover"]
        answer = subprocess.run(discover, capture_output=True, check=True)
        catalog: dict[str, Any] = json.loads(answer.stdout)
        for stream in catalog["streams"]:
            root = next(each["metadata"] for each in stream["metadata"] if not each["breadcrumb"])
            root["selected"] = True
            root["replication-method"] = stream["replication_method"] = "INCREMENTAL"
            root["replication-key"] = stream["replication_key"] = "received_at"
        return catalog

    def run(self) -> dict[str, Any]:
        """One run; the target's summary."""
        here = self._directory
        state = ["--state", here / "state.json"] if (here / "state.json").exists() else []
        tap = subprocess.Popen(
            [self._tap, "--config", here / "tap.json", "--catalog", here / "catalog.json", *state],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        target = subprocess.run(
            [sys.executable, "-m", "target_salesforce_seg", "--config", here / "target.json"],
            stdin=tap.stdout,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        tap.communicate()
        assert tap.returncode == 0
        assert target.returncode == 0, target.stderr
        (here / "state.json").write_text(target.stdout.strip().splitlines()[-1])
        return json.loads((here / "summary.json").read_text())


def test_a_segment_warehouse_goes_to_salesforce(
    postgres: PostgresServer, org: OrgClient, tmp_path: Path
) -> None:
    org.custom_field("Lead.score__c", "Number", precision=18, scale=2)
    org.custom_field("Case.Event_Id__c", externalId=True, unique=True)
    postgres.execute(TABLES)
    postgres.execute(FIRST_WAVE)
    warehouse = Warehouse(postgres, org, tmp_path)

    first = warehouse.run()

    leads = org.query("SELECT FirstName, LastName, Company, Email, City, score__c FROM Lead")
    assert leads == [
        {
            "FirstName": "Zoë",
            "LastName": "O'Neill",
            "Company": "東京 Ltd",
            "Email": "zoe@example.com",
            "City": "Köln",
            "score__c": 87.5,
        }
    ]
    accounts = org.query("SELECT Name, AccountNumber, Industry, NumberOfEmployees FROM Account")
    assert accounts == [
        {"Name": "Initech", "AccountNumber": "acc-1", "Industry": "Banking", "NumberOfEmployees": 120}
    ]
    cases = org.query("SELECT Subject, Description FROM Case")
    assert cases == [{"Subject": 'It "burns"', "Description": "since\nnoon"}]
    assert (first["events"], first["not_for_salesforce"], first["rejected"]) == (8, 2, 2)
    rejects = map(json.loads, (tmp_path / "rejects.jsonl").read_text().splitlines())
    # The table tracks has no properties: of them a Case cannot be made.
    assert {(each["stream"], each["code"]) for each in rejects} == {
        ("segment-identifies", "MISSING_KEY"),
        ("segment-tracks", "NOTHING_TO_CREATE"),
    }

    postgres.execute(SECOND_WAVE)
    second = warehouse.run()

    # tap-postgres reads the last row of each table again; no Case comes twice, and NULL clears nothing.
    (lead,) = org.query("SELECT FirstName, LastName, City FROM Lead")
    assert lead == {"FirstName": "Zoë", "LastName": "Adams", "City": "Köln"}
    assert len(org.query("SELECT Id FROM Case")) == 1
    assert second["written"] == 1
