"""Any record that a describe allows: written through each door, it reads back the same through each other."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import string
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import bulk1_jobs
import bulk_jobs
import pytest
from bulk1_jobs import Bulk1
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from local_org_client import PLAIN_CUSTOM_FIELDS, LocalOrgProcess, OrgClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Record = dict[str, Any]
KINDS_OF_CUSTOM_FIELDS: dict[str, Record] = {
    "Text": {"length": 60},
    "LongTextArea": {"length": 1000},
    "Number": {"precision": 14, "scale": 5},
    "Currency": {"precision": 16, "scale": 2},
    "Percent": {"precision": 8, "scale": 3},
    **PLAIN_CUSTOM_FIELDS,
    "Picklist": {"values": ["one", "two three", "vier"]},
    "MultiselectPicklist": {"values": ["a", "b", "c"]},
}
WRITABLE_OBJECTS = (
    *("Account", "AccountContactRole", "AccountTag", "Campaign", "CampaignMember", "Case", "CaseComment"),
    *("CaseContactRole", "CaseSolution", "CaseTag", "Contact", "ContactTag", "Contract", "Document", "Event"),
    *("Group", "Lead", "LeadTag", "Note", "Opportunity", "OpportunityCompetitor", "OpportunityContactRole"),
    *("OpportunityLineItem", "OpportunityLineItemSchedule", "Pricebook2", "PricebookEntry", "Product2"),
    *("Solution", "Task", "User", "UserRole", "Folder", "CampaignMemberStatus"),
)
LETTERS = st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"])
COMMON_LETTERS = st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"], max_codepoint=0xFFFF)
NAME = st.text(string.ascii_letters, min_size=1, max_size=8)
WITHOUT_SHRINKING: Record = {
    "deadline": None,
    "phases": [Phase.explicit, Phase.generate],
}
STAMP = "%Y-%m-%dT%H:%M:%S.000+0000"


class Describes:
    """What the org says of its objects, and a record of each for others to hang on."""

    def __init__(self, org: OrgClient) -> None:
        self.org = org
        self.names = {each["name"] for each in org.rest("GET", "sobjects").json()["sobjects"]}
        self._fields: dict[str, list[Record]] = {}
        self._parents = {
            name: org.query(f"SELECT Id FROM {name} LIMIT 1")[0]["Id"] for name in ("User", "Profile")
        }

    def fields(self, sobject: str) -> list[Record]:
        if sobject not in self._fields:
            described = self.org.rest("GET", f"sobjects/{sobject}/describe").json()
            self._fields[sobject] = [each for each in described["fields"] if each["createable"]]
        return self._fields[sobject]

    def required(self, sobject: str) -> Iterator[Record]:
        for each in self.fields(sobject):
            if not (each["nillable"] or each["defaultedOnCreate"] or each["type"] == "boolean"):
                yield each

    def least(self, sobject: str) -> Record:
        """The values without which no such record can be."""
        plain = {"date": "2026-03-01", "int": 1, "double": 1, "currency": 1, "email": "a@example.com"}
        return {
            each["name"]: self.parent(each["referenceTo"])
            if each["type"] == "reference"
            else each["picklistValues"][0]["value"]
            if each["picklistValues"]
            else plain.get(each["type"], "x")
            for each in self.required(sobject)
        }

    def parent(self, targets: list[str]) -> str:
        """A record of the first of these objects that this org has."""
        name = next(each for each in targets if each in self.names)
        if name not in self._parents:
            self._parents[name] = self.org.create(name, [self.least(name)])[0]
        return self._parents[name]

    def records(self, sobject: str) -> st.SearchStrategy[Record]:
        """Records with all they need, and with any of what else they may have but references."""
        base = self.least(sobject)
        needed = {each["name"] for each in self.required(sobject)} - {
            each["name"] for each in self.fields(sobject) if each["type"] == "reference"
        }
        values = {
            each["name"]: value
            for each in self.fields(sobject)
            if (value := value_of(each)) is not None and each["name"] not in MEANING_OF_THEIR_OWN
        }
        must = {name: values[name] for name in needed if name in values}
        may = {name: value for name, value in values.items() if name not in needed}
        records = st.fixed_dictionaries(must, optional=may)
        return records.map(lambda chosen: base | chosen).filter(bool)


MEANING_OF_THEIR_OWN = {"IsConverted", "IsActive", "CreatedDate", "LastModifiedDate", "Username"}
"""Fields whose value has consequences, or that only an administrator may set."""


def value_of(field: Record) -> st.SearchStrategy[Any] | None:
    """Values that the field can have, as REST shows them; None for references and compounds."""
    kind, length = field["type"], field["length"]
    active = [each["value"] for each in field["picklistValues"] if each["active"]]
    if kind == "multipicklist":
        chosen = st.lists(st.sampled_from(active), unique=True, min_size=1)
        return chosen.map(lambda values: ";".join(sorted(values, key=active.index)))
    if active:
        return st.sampled_from(active)
    if kind in {"double", "currency", "percent"}:
        largest = 10 ** min(field["precision"], 15) - 1
        if field["name"].endswith(("Latitude", "Longitude")):
            largest = min(largest, 90 * 10 ** field["scale"])
        return st.integers(-largest, largest).map(lambda units: float(units) / 10 ** field["scale"])
    if kind == "int":
        largest = 10 ** (field["digits"] or 9) - 1
        return st.integers(-largest, largest)
    return None if kind in NEVER else PLAIN_VALUES[kind] if kind in PLAIN_VALUES else texts(length)


def texts(length: int) -> st.SearchStrategy[str]:
    """Texts that need no trimming and fit: Salesforce counts UTF-16 units, two for a rare letter."""
    if length < 3:
        return st.text(COMMON_LETTERS, min_size=1, max_size=1)
    letters, ends = (LETTERS, CHARACTER) if length >= 80 else (COMMON_LETTERS, COMMON_CHARACTER)
    inside = st.text(letters | st.sampled_from(' ,"\n;'), max_size=min(length, 40) - 2)
    return st.builds("{}{}{}".format, ends, inside, ends)


CHARACTER = st.text(LETTERS, min_size=1, max_size=1)
COMMON_CHARACTER = st.text(COMMON_LETTERS, min_size=1, max_size=1)
NEVER = {"reference", "id", "address", "location"}
PLAIN_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "email": NAME.map(lambda name: f"{name}@example.com"),
    "date": st.dates(date(1700, 1, 1), date(4000, 12, 31)).map(date.isoformat),
    "datetime": st.datetimes(datetime(1700, 1, 1), datetime(4000, 12, 30)).map(lambda at: at.strftime(STAMP)),
    "time": st.times().map(lambda at: f"{at:%H:%M:%S}.{at.microsecond // 1000:03d}Z"),
    "base64": st.binary(min_size=1, max_size=300).map(lambda content: base64.b64encode(content).decode()),
}


@pytest.fixture(scope="module")
def describes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Describes]:
    folder = tmp_path_factory.mktemp("round-trip")
    fields = [
        {"object": "Lead", "name": f"{kind}__c", "type": kind} | facts
        for kind, facts in KINDS_OF_CUSTOM_FIELDS.items()
    ]
    (folder / "schema.json").write_text(json.dumps({"features": {"tagging": True}, "fields": fields}))
    process = LocalOrgProcess("--schema", str(folder / "schema.json"), log=folder / "log.txt")
    org = OrgClient(process.url)
    yield Describes(org)
    errors = org.local("GET", "errors")["errors"]
    org.close()
    assert process.stop() == 0
    assert errors == []


# ---- doors to write through: each gives the new record's id


def single(org: OrgClient, sobject: str, record: Record) -> str:
    answer = org.rest("POST", f"sobjects/{sobject}", json=record)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def collection(org: OrgClient, sobject: str, record: Record) -> str:
    return org.create(sobject, [record])[0]


def member_of_composite(org: OrgClient, sobject: str, record: Record) -> str:
    if "@{" in json.dumps(record):
        return single(org, sobject, record)
    member = {
        "method": "POST",
        "url": f"/services/data/v64.0/sobjects/{sobject}",
        "referenceId": "new",
        "body": record,
    }
    (answer,) = org.rest("POST", "composite", json={"compositeRequest": [member]}).json()["compositeResponse"]
    assert answer["httpStatusCode"] == 201, answer
    return str(answer["body"]["id"])


def tree(org: OrgClient, sobject: str, record: Record) -> str:
    node = {"attributes": {"type": sobject, "referenceId": "new"}} | record
    answer = org.rest("POST", f"composite/tree/{sobject}", json={"records": [node]})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["results"][0]["id"])


def as_csv(record: Record) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(record)
    writer.writerow([str(value).lower() if isinstance(value, bool) else value for value in record.values()])
    return text.getvalue()


def bulk_2(org: OrgClient, sobject: str, record: Record) -> str:
    job = bulk_jobs.ingest(org, sobject, as_csv(record))
    failed = bulk_jobs.result_rows(org, job["id"], "failedResults")
    assert (job["state"], failed) == ("JobComplete", [])
    (row,) = bulk_jobs.result_rows(org, job["id"], "successfulResults")
    return row["sf__Id"]


def bulk_1(org: OrgClient, sobject: str, record: Record) -> str:
    (row,) = bulk1_jobs.rows(Bulk1(org).load(sobject, "insert", as_csv(record)).content)
    assert row["Success"] == "true", row
    return row["Id"]


DOORS: list[Callable[[OrgClient, str, Record], str]] = [
    single,
    collection,
    member_of_composite,
    tree,
    bulk_2,
    bulk_1,
]


# ---- and to read through


def read_back(org: OrgClient, sobject: str, record_id: str, names: list[str]) -> list[Record]:
    """The record, as three REST resources show it."""
    listed = ", ".join(names)
    (queried,) = org.query(f"SELECT {listed} FROM {sobject} WHERE Id = '{record_id}'")
    body = {"ids": [record_id], "fields": names}
    (retrieved,) = org.rest("POST", f"composite/sobjects/{sobject}", json=body).json()
    return [org.rest("GET", f"sobjects/{sobject}/{record_id}").json(), queried, retrieved]


def text_of(value: object) -> str:
    """A value as Bulk writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return re.sub(r"\+0000$", "Z", str(value))


def check(org: OrgClient, sobject: str, record_id: str, record: Record) -> None:
    binary = {name for name in record if sobject == "Document" and name == "Body"}
    wanted = {name: value for name, value in record.items() if name not in binary}
    for found in read_back(org, sobject, record_id, list(wanted)):
        assert {name: found[name] for name in wanted} == wanted
    for name in binary:
        content = org.rest("GET", f"sobjects/{sobject}/{record_id}/{name}").content
        assert base64.b64encode(content).decode() == record[name]
    soql = f"SELECT {', '.join(wanted)} FROM {sobject} WHERE Id = '{record_id}'"
    (by_bulk_2,) = bulk_jobs.rows(org, soql)
    (by_bulk_1,) = bulk1_jobs.rows(Bulk1(org).query(sobject, soql))
    for row in (by_bulk_2, by_bulk_1):
        for name, value in wanted.items():
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                assert float(row[name]) == value
            else:
                assert row[name] == text_of(value)


def test_no_object_that_can_be_written_is_forgotten(describes: Describes) -> None:
    every = describes.org.rest("GET", "sobjects").json()["sobjects"]
    createable = {each["name"] for each in every if each["createable"]}
    forgotten = createable - set(WRITABLE_OBJECTS)
    assert all(name.endswith("Tag") for name in forgotten), forgotten


@pytest.mark.parametrize("sobject", WRITABLE_OBJECTS)
def test_every_object_takes_what_its_describe_allows(describes: Describes, sobject: str) -> None:
    org = describes.org

    @given(record=describes.records(sobject), door=st.sampled_from(DOORS))
    @settings(max_examples=6, **WITHOUT_SHRINKING)
    def written_and_read(record: Record, door: Callable[[OrgClient, str, Record], str]) -> None:
        if door in {bulk_1, bulk_2} and sobject == "Document":
            record = {name: value for name, value in record.items() if name != "Body"}
        check(org, sobject, door(org, sobject, record), record)

    written_and_read()


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_every_door_takes_the_same_leads(
    describes: Describes, door: Callable[[OrgClient, str, Record], str]
) -> None:
    org = describes.org

    @given(record=describes.records("Lead"))
    @settings(max_examples=15, **WITHOUT_SHRINKING)
    def written_and_read(record: Record) -> None:
        check(org, "Lead", door(org, "Lead", record), record)

    written_and_read()
