"""The columns of a query, in the shape that the Salesforce CLI lays its tables out by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from local_org_client import OrgClient

PLAIN: dict[str, Any] = {
    "aggregate": False,
    "apexType": None,
    "booleanType": False,
    "custom": False,
    "foreignKeyName": None,
    "insertable": False,
    "joinColumns": [],
    "numberType": False,
    "textType": False,
    "updatable": False,
}


def column(name: str, **facts: Any) -> dict[str, Any]:
    return PLAIN | {"columnName": name, "displayName": name} | facts


ID = column("Id", apexType="Id")
NAME = column("Name", apexType="String", textType=True, insertable=True, updatable=True)
LAST_NAME = NAME | {"columnName": "LastName", "displayName": "LastName"}
FULL_NAME = NAME | {"insertable": False, "updatable": False}


@pytest.mark.parametrize(
    ("soql", "columns"),
    [
        ("select id, name from Account", [ID, NAME]),
        (
            "SELECT Name, (SELECT LastName, Owner.Name FROM Contacts) FROM Account",
            [
                NAME,
                column(
                    "Contacts",
                    aggregate=True,
                    joinColumns=[
                        LAST_NAME,
                        column("Owner", foreignKeyName="OwnerId", joinColumns=[FULL_NAME]),
                    ],
                ),
            ],
        ),
        (
            "SELECT Account.Owner.Name, Account.Name FROM Contact",
            [
                column(
                    "Account",
                    foreignKeyName="AccountId",
                    joinColumns=[
                        column("Owner", foreignKeyName="OwnerId", joinColumns=[FULL_NAME]),
                        NAME,
                    ],
                )
            ],
        ),
        (
            "SELECT CampaignId, AVG(Amount), MAX(Name) latest FROM Opportunity GROUP BY CampaignId",
            [
                column("CampaignId", apexType="Id", insertable=True, updatable=True),
                column("expr0", aggregate=True, displayName="avg(Amount)", numberType=True),
                column("latest", aggregate=True, displayName="max(Name)"),
            ],
        ),
    ],
)
def test_columns_of_a_query(org: OrgClient, soql: str, columns: list[dict[str, Any]]) -> None:
    answer = org.rest("GET", f"query?q={quote(soql)}&columns=true").json()

    assert answer["columnMetadata"] == columns
    assert set(answer) == {"columnMetadata", "entityName", "groupBy", "idSelected", "keyPrefix"}
