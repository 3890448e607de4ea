"""What an org has stored, read past its API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from salesforce_local_org.org import Org

Rows = dict[str, list[dict[str, Any]]]


def all_rows(org: Org) -> Rows:
    """Every row of every object, those in the recycle bin too."""
    rows: Rows = {}
    for sobject in org.schema:
        cursor = org.store.connection.execute(f'SELECT * FROM "{sobject.name}" ORDER BY Id')
        names = [column[0] for column in cursor.description]
        rows[sobject.name] = [dict(zip(names, row, strict=True)) for row in cursor]
    return rows


def by_email(rows: Rows, sobject: str, email: str, *, deleted: bool = False) -> list[dict[str, Any]]:
    """The rows of an object with an address, either the living or the deleted ones."""
    return [row for row in rows[sobject] if row["Email"] == email and row["IsDeleted"] == deleted]
