"""simple-salesforce, unmodified, loads and queries in bulk: both APIs, as its own documentation shows."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceGeneralError, SalesforceMalformedRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_org_client import OrgClient

POLL_SECONDS = 0.01


class PlainHttpAdapter(HTTPAdapter):
    """simple-salesforce always writes https; this sends what is for this machine as plain http."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        assert request.url is not None
        assert urlsplit(request.url).hostname == "127.0.0.1"
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, *args, **kwargs)


@pytest.fixture
def client(org: OrgClient) -> Iterator[Salesforce]:
    with requests.Session() as session:
        session.mount("https://127.0.0.1", PlainHttpAdapter())
        yield Salesforce(instance_url=org.url, session_id=org.token(), session=session, version="64.0")


def parse(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_bulk2_loads_and_queries(org: OrgClient, client: Salesforce) -> None:
    org.custom_field("Contact.Key__c", externalId=True, unique=True)
    contacts = [{"LastName": f"L{number}", "Key__c": f"k{number}"} for number in range(5)]
    (inserted,) = client.bulk2.Contact.insert(records=contacts, wait=POLL_SECONDS)
    assert (inserted["numberRecordsProcessed"], inserted["numberRecordsFailed"]) == (5, 0)
    successful = parse(client.bulk2.Contact.get_successful_records(inserted["job_id"]))
    ids = {row["Key__c"]: row["sf__Id"] for row in successful}
    assert len(ids) == 5

    (updated,) = client.bulk2.Contact.update(
        records=[{"Id": ids["k0"], "LastName": "changed"}], wait=POLL_SECONDS
    )
    assert updated["numberRecordsFailed"] == 0
    (upserted,) = client.bulk2.Contact.upsert(
        records=[{"Key__c": "k1", "LastName": "again"}, {"Key__c": "new", "LastName": "new"}],
        external_id_field="Key__c",
        wait=POLL_SECONDS,
    )
    created = parse(client.bulk2.Contact.get_successful_records(upserted["job_id"]))
    assert {row["Key__c"]: row["sf__Created"] for row in created} == {"k1": "false", "new": "true"}
    (failed,) = client.bulk2.Contact.insert(records=[{"LastName": "", "Key__c": "x"}], wait=POLL_SECONDS)
    assert failed["numberRecordsFailed"] == 1
    (reason,) = parse(client.bulk2.Contact.get_failed_records(failed["job_id"]))
    assert reason["sf__Error"].startswith("REQUIRED_FIELD_MISSING:")
    client.bulk2.Contact.delete(records=[{"Id": ids["k2"]}], wait=POLL_SECONDS)
    client.bulk2.Contact.hard_delete(records=[{"Id": ids["k3"]}], wait=POLL_SECONDS)

    pages = list(client.bulk2.Contact.query("SELECT LastName FROM Contact", max_records=2, wait=POLL_SECONDS))
    assert [len(parse(page)) for page in pages] == [2, 2]
    found = {row["LastName"] for page in pages for row in parse(page)}
    assert found == {"changed", "again", "new", "L4"}
    everything = "".join(client.bulk2.Contact.query_all("SELECT Id FROM Contact", wait=POLL_SECONDS))
    assert len(parse(everything)) == 5


def test_bulk2_refusals(client: Salesforce) -> None:
    with pytest.raises(SalesforceMalformedRequest, match="compound data not supported"):
        list(client.bulk2.Account.query("SELECT BillingAddress FROM Account", wait=POLL_SECONDS))


def test_bulk1_loads_and_queries(org: OrgClient, client: Salesforce) -> None:
    org.custom_field("Contact.Key__c", externalId=True, unique=True)
    contacts = [{"LastName": f"L{number}", "Key__c": f"k{number}"} for number in range(5)]
    inserted = client.bulk.Contact.insert(contacts, batch_size=2)
    assert [row["success"] for row in inserted] == [True] * 5
    ids = [row["id"] for row in inserted]
    updated = client.bulk.Contact.update([{"Id": ids[0], "LastName": "changed"}])
    assert updated == [{"success": True, "created": False, "id": ids[0], "errors": []}]
    upserted = client.bulk.Contact.upsert([{"Key__c": "new", "LastName": "new"}], "Key__c")
    assert upserted[0]["created"] is True
    failed = client.bulk.Contact.insert([{"Key__c": "x"}], include_detailed_results=True)
    assert (failed[0]["success"], failed[0]["Key__c"]) == (False, "x")
    assert failed[0]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    client.bulk.Contact.delete([{"Id": ids[1]}])
    client.bulk.Contact.hard_delete([{"Id": ids[2]}])

    found = client.bulk.Contact.query("SELECT LastName FROM Contact", wait=POLL_SECONDS)
    assert {row["LastName"] for row in found} == {"changed", "L3", "L4", "new"}
    everything = client.bulk.Contact.query_all(
        "SELECT Id FROM Contact", lazy_operation=True, wait=POLL_SECONDS
    )
    assert sum(len(page) for page in everything) == 5
    with pytest.raises(SalesforceGeneralError, match="No such column 'Nope'"):
        client.bulk.Contact.query("SELECT Nope FROM Contact", wait=POLL_SECONDS)
