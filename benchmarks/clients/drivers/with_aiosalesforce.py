"""Drives aiosalesforce; run by its own environment's Python. Tells each thing that worked."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress

import httpx
from aiosalesforce import Salesforce
from aiosalesforce.auth import ClientCredentialsFlow, SoapLogin
from aiosalesforce.exceptions import MoreThanOneRecordError, NotFoundError
from report import did

BASE_URL = "https://acme.my.salesforce.com"


async def records(salesforce: Salesforce) -> None:
    rows = [row async for row in salesforce.query("SELECT Id, Owner.Name FROM Account ORDER BY Name")]
    total = [row async for row in salesforce.query("SELECT Id FROM Account", include_all_records=True)]
    assert 0 < len(rows) < len(total)
    assert rows[0]["Owner"]["Name"]
    did("query, queryAll")

    record_id = await salesforce.sobject.create("Lead", {"LastName": "Aio", "Company": "A"})
    await salesforce.sobject.update("Lead", record_id, {"Company": "B"})
    assert (await salesforce.sobject.get("Lead", record_id, fields=["Company"]))["Company"] == "B"
    await salesforce.sobject.delete("Lead", record_id)
    with suppress(NotFoundError):
        await salesforce.sobject.get("Lead", record_id)
        raise AssertionError("a deleted record is still there")
    did("create, read, update, delete")

    upserted = await salesforce.sobject.upsert(
        "Lead", "ada.byron@example.com", "Email", {"LastName": "Byron"}
    )
    assert upserted.created is False, upserted
    with suppress(MoreThanOneRecordError):
        await salesforce.sobject.upsert("Lead", "duplicate@example.com", "Email", {"LastName": "D"})
        raise AssertionError("two records with one e-mail were upserted")
    did("upsert, 300 for two records")


async def composite(salesforce: Salesforce) -> None:
    async with salesforce.composite(all_or_none=True, autoraise=True) as request:
        account = request.sobject.create("Account", {"Name": "Composite"})
        # orjson writes a reference, which is a subclass of str, without its @{}: so it is made a str first.
        account_id = str(account.reference.id)
        contact = request.sobject.create("Contact", {"LastName": "C", "AccountId": account_id})
    row = await salesforce.sobject.get("Contact", contact.id)
    assert row["AccountId"] == account.id
    async with salesforce.composite.batch(halt_on_error=True, autoraise=True) as batch:
        query = batch.query("SELECT Id FROM Account WHERE Name = 'Composite'")
    assert [each["Id"] for each in query.records] == [account.id]
    did("composite with references, composite batch")


async def bulk(salesforce: Salesforce) -> None:
    leads = [{"LastName": f"Bulk {number}", "Company": "A"} for number in range(500)]
    loaded = await salesforce.bulk_v2.insert("Lead", [*leads, {"LastName": None, "Company": "A"}])
    assert (len(loaded.successful_results), len(loaded.failed_results)) == (500, 1), loaded.jobs
    assert loaded.failed_results[0]["sf__Error"].startswith("REQUIRED_FIELD_MISSING:")
    ids = [{"Id": row["sf__Id"]} for row in loaded.successful_results]
    deleted = await salesforce.bulk_v2.delete("Lead", ids)
    assert len(deleted.successful_results) == 500
    did("Bulk 2.0 insert and delete")


async def main() -> None:
    """Run it all."""
    async with httpx.AsyncClient(verify=ssl.create_default_context(), timeout=60) as client:
        by_soap = Salesforce(client, BASE_URL, SoapLogin("a@example.com", "secret", "TOKEN"), version="64.0")
        await by_soap.get_limits()
        did("SOAP login")
        salesforce = Salesforce(client, BASE_URL, ClientCredentialsFlow("3MVG9", "geheim"), version="64.0")
        limits = await salesforce.get_limits()
        assert limits["DailyApiRequests"]["Remaining"] > 0
        did("client-credentials login, limits")
        await records(salesforce)
        await composite(salesforce)
        await bulk(salesforce)


asyncio.run(main())
