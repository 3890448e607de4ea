"""Drives salesforce-bulk; run by its own environment's Python. Tells each thing that worked."""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress

from report import did
from salesforce_bulk import CsvDictsAdapter, SalesforceBulk
from salesforce_bulk.salesforce_bulk import BulkBatchFailed
from salesforce_bulk.util import IteratorBytesIO

SECONDS_BETWEEN_LOOKS = 0.2


def load(bulk: SalesforceBulk, job: str, rows: list[dict[str, str]]) -> list[tuple[str, str, str, str]]:
    """Post rows as one batch and wait; a result a row."""
    batch = bulk.post_batch(job, CsvDictsAdapter(iter(rows)))
    bulk.wait_for_batch(job, batch, sleep_interval=SECONDS_BETWEEN_LOOKS)
    bulk.close_job(job)
    return bulk.get_batch_results(batch, job)


def queried(bulk: SalesforceBulk, job: str, soql: str) -> bytes:
    """Everything a query batch gives."""
    batch = bulk.query(job, soql)
    bulk.close_job(job)
    bulk.wait_for_batch(job, batch, sleep_interval=SECONDS_BETWEEN_LOOKS)
    return b"".join(IteratorBytesIO(part).read() for part in bulk.get_all_results_for_query_batch(batch, job))


def write_and_read(bulk: SalesforceBulk) -> None:
    """Insert, query, update and delete Leads."""
    rows = [{"LastName": f"Bulk {number}", "Company": "A"} for number in range(200)]
    results = load(bulk, bulk.create_insert_job("Lead"), [*rows, {"LastName": "", "Company": "A"}])
    assert [result.success for result in results] == ["true"] * 200 + ["false"], results
    assert results[-1].error.startswith("REQUIRED_FIELD_MISSING:"), results[-1]
    ids = [result.id for result in results[:-1]]
    did("insert, results in order")

    found = csv.DictReader(
        io.StringIO(
            queried(
                bulk,
                bulk.create_query_job("Lead"),
                "SELECT Id, LastName FROM Lead WHERE LastName LIKE 'Bulk %'",
            ).decode()
        )
    )
    assert sorted(row["Id"] for row in found) == sorted(ids)
    did("query as CSV")

    text = queried(
        bulk, bulk.create_query_job("Account", contentType="JSON"), "SELECT Id, CreatedDate FROM Account"
    )
    assert isinstance(json.loads(text)[0]["CreatedDate"], int), text[:200]
    did("query as JSON")

    updated = load(bulk, bulk.create_update_job("Lead"), [{"Id": each, "Title": "Dr."} for each in ids])
    deleted = load(bulk, bulk.create_delete_job("Lead"), [{"Id": each} for each in ids])
    assert all(result.success == "true" and result.created == "false" for result in updated + deleted)
    did("update, delete")


def read_by_chunks(bulk: SalesforceBulk) -> None:
    """Query with PK chunking: the first batch only makes the others."""
    job = bulk.create_query_job("Contact", pk_chunking=100_000)
    batch = bulk.query(job, "SELECT Id FROM Contact")
    with suppress(BulkBatchFailed):
        bulk.wait_for_batch(job, batch, sleep_interval=SECONDS_BETWEEN_LOOKS)
    assert bulk.batch_state(batch, job, reload=True) == "NotProcessed"
    chunks = [each["id"] for each in bulk.get_batch_list(job) if each["id"] != batch]
    assert chunks
    for chunk in chunks:
        bulk.wait_for_batch(job, chunk, sleep_interval=SECONDS_BETWEEN_LOOKS)
    bulk.close_job(job)
    did("query by PK chunking")


def main() -> None:
    """Run it all."""
    bulk = SalesforceBulk(
        username="a@example.com",
        password="geheim",
        security_token="TOKEN",
        API_version="64.0",
        domain="login",
    )
    did("SOAP login")
    write_and_read(bulk)
    read_by_chunks(bulk)

    job = bulk.create_insert_job("Lead")
    bulk.abort_job(job)
    assert bulk.job_state(job) == "Aborted"
    did("abort a job")


main()
