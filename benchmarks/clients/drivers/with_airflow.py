"""Drives Airflow's Salesforce hook and operators; run by its own environment's Python.

Tells each thing that worked.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from airflow.providers.salesforce.hooks.salesforce import SalesforceHook
from airflow.providers.salesforce.operators.bulk import SalesforceBulkOperator
from report import did

CONNECTION = {
    "conn_type": "salesforce",
    "login": "a@example.com",
    "password": "geheim",
    "extra": {"security_token": "TOKEN", "version": "64.0"},
}


def main() -> None:
    """Run it all."""
    os.environ["AIRFLOW_CONN_SALESFORCE_DEFAULT"] = json.dumps(CONNECTION)
    hook = SalesforceHook()
    assert hook.test_connection() == (True, "Connection successfully tested")
    did("SOAP login, test_connection")

    fields = hook.get_available_fields("Lead")
    assert {"Id", "Email", "Score__c"} <= set(fields)
    did("get_available_fields")

    leads = hook.get_object_from_salesforce("Lead", ["Id", "Email", "CreatedDate", "IsConverted"])
    everything = hook.make_query("SELECT Id FROM Lead", include_deleted=True)
    assert len(leads["records"]) == leads["totalSize"] < everything["totalSize"]
    did("get_object_from_salesforce, make_query with deleted rows")

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "leads.json"
        hook.write_object_to_file(leads["records"], str(file), fmt="json", coerce_to_timestamp=True)
        written = json.loads(file.read_text())
    assert len(written) == leads["totalSize"]
    assert isinstance(written[0]["createddate"], (int, float))
    did("write_object_to_file with timestamps")

    payload = [{"LastName": f"Airflow {number}", "Company": "A"} for number in range(50)]
    operator = SalesforceBulkOperator(
        task_id="load", operation="insert", object_name="Lead", payload=payload, external_id_field="Id"
    )
    results = operator.execute({})
    assert len(results) == 50
    assert all(each["success"] and each["created"] for each in results), results
    did("SalesforceBulkOperator insert")


main()
