"""The recycle bin: deletes that cascade, undelete, 15 days until a record is gone, and the log of deletions.

A delete takes the children of each cascading relationship along, all under one operation number, so that an
undelete brings back exactly what went. Other lookups to a deleted record are emptied (their rows get a new
SystemModstamp, not a new LastModifiedDate), and filled again by an undelete.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from salesforce_local_org.clock import format_stamp
from salesforce_local_org.tables import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from salesforce_local_org.schema import ChildRelationship, SObject
    from salesforce_local_org.store import Store

DAYS_IN_BIN = 15


def delete(store: Store, sobject: SObject, record_id: str) -> None:
    """Delete a record and, below it, whatever cascades."""
    operation = store.next_number("_delete")
    stamp = store.clock.stamp()
    waiting = [(sobject, record_id)]
    while waiting:
        each, each_id = waiting.pop()
        _remove(store, each, each_id, operation, stamp)
        for relationship in each.child_relationships:
            child = store.schema.object(relationship.child)
            if child is None:
                continue
            found = _children(store, child, relationship, each_id)
            if relationship.cascade_delete:
                waiting += [(child, child_id) for child_id in found]
            else:
                _clear_lookups(store, child, relationship.field, found, stamp)
                store.connection.executemany(
                    "INSERT INTO _cleared_lookups VALUES (?, ?, ?, ?, ?)",
                    [(operation, child.name, child_id, relationship.field, each_id) for child_id in found],
                )


def undelete(store: Store, sobject: SObject, record_id: str) -> bool:
    """Bring back a record and everything of the same delete; False if it is not in the bin."""
    row = store.connection.execute(
        "SELECT operation FROM _deleted WHERE object = ? AND id = ? AND in_bin", (sobject.name, record_id)
    ).fetchone()
    if row is None:
        return False
    (operation,) = row
    stamp = store.clock.stamp()
    gone = store.connection.execute(
        "SELECT object, id FROM _deleted WHERE operation = ? AND in_bin", (operation,)
    ).fetchall()
    if operation == 0:
        gone = [(sobject.name, record_id)]
    for name, each_id in gone:
        _set_deleted(store, _known(store, name), each_id, deleted=False, stamp=stamp)
        store.connection.execute("DELETE FROM _deleted WHERE object = ? AND id = ?", (name, each_id))
    for name, each_id, field, value in store.connection.execute(
        "SELECT object, id, field, value FROM _cleared_lookups WHERE operation = ?", (operation,)
    ).fetchall():
        store.connection.execute(
            f"UPDATE {quoted(name)} SET {quoted(field)} = ?, SystemModstamp = ?"  # noqa: S608
            f" WHERE Id = ? AND {quoted(field)} IS NULL",
            (value, stamp, each_id),
        )
    store.connection.execute("DELETE FROM _cleared_lookups WHERE operation = ?", (operation,))
    return True


def erase(store: Store, sobject: SObject, record_id: str) -> None:
    """Remove a record for good; what a delete takes along goes for good too."""
    if store.get(sobject, record_id) is not None:
        delete(store, sobject, record_id)
        (operation,) = store.connection.execute(
            "SELECT operation FROM _deleted WHERE object = ? AND id = ?", (sobject.name, record_id)
        ).fetchone()
        _empty(store, "in_bin AND operation = ?", operation)
    else:
        _empty(store, "in_bin AND object = ? AND id = ?", sobject.name, record_id)


def purge(store: Store) -> None:
    """Remove for good what has been in the bin for longer than Salesforce keeps it."""
    limit = format_stamp(store.clock.now() - timedelta(days=DAYS_IN_BIN))
    _empty(store, "in_bin AND deleted_date < ?", limit)


def deletions(store: Store, sobject: SObject, start: str, end: str) -> list[tuple[str, str]]:
    """The (id, deletedDate) of records deleted in a span of stored stamps, both ends included."""
    return store.connection.execute(
        "SELECT id, deleted_date FROM _deleted"
        " WHERE object = ? AND deleted_date BETWEEN ? AND ? ORDER BY deleted_date, id",
        (sobject.name, start, end),
    ).fetchall()


def is_deleted(store: Store, sobject: SObject, record_id: str) -> bool:
    """Whether there was such a record and it was deleted, in the bin or for good."""
    found = store.connection.execute(
        "SELECT 1 FROM _deleted WHERE object = ? AND id = ?", (sobject.name, record_id)
    ).fetchone()
    return found is not None


def log_rows_born_deleted(store: Store, sobject: SObject, rows: Iterable[dict[str, Any]]) -> None:
    """Log records that were written as deleted already: a seed's history."""
    store.connection.executemany(
        "INSERT OR REPLACE INTO _deleted VALUES (?, ?, ?, 0, 1)",
        [
            (sobject.name, row["Id"], row.get("SystemModstamp") or store.clock.stamp())
            for row in rows
            if row["IsDeleted"]
        ],
    )


def _remove(store: Store, sobject: SObject, record_id: str, operation: int, stamp: str) -> None:
    softly = sobject.soft_deletes
    if softly:
        _set_deleted(store, sobject, record_id, deleted=True, stamp=stamp)
    else:
        store.connection.execute(f"DELETE FROM {quoted(sobject.name)} WHERE Id = ?", (record_id,))  # noqa: S608
    store.connection.execute(
        "INSERT OR REPLACE INTO _deleted VALUES (?, ?, ?, ?, ?)",
        (sobject.name, record_id, stamp, operation, softly),
    )


def _set_deleted(store: Store, sobject: SObject, record_id: str, *, deleted: bool, stamp: str) -> None:
    values: dict[str, Any] = {"IsDeleted": int(deleted)}
    values |= {
        name: value
        for name, value in (
            ("SystemModstamp", stamp),
            ("LastModifiedDate", stamp),
            ("LastModifiedById", store.user_id),
        )
        if sobject.field(name)
    }
    store.write(sobject, record_id, values)


def _children(store: Store, child: SObject, relationship: ChildRelationship, parent_id: str) -> list[str]:
    alive = " AND IsDeleted = 0" if child.soft_deletes else ""
    rows = store.connection.execute(
        f"SELECT Id FROM {quoted(child.name)} WHERE {quoted(relationship.field)} = ?{alive}",  # noqa: S608
        (parent_id,),
    )
    return [child_id for (child_id,) in rows]


def _clear_lookups(store: Store, child: SObject, field: str, found: list[str], stamp: str) -> None:
    lookup = child.field(field)
    if lookup is None or not lookup.nillable:
        found.clear()
    stamped = {"SystemModstamp": stamp} if child.field("SystemModstamp") else {}
    for child_id in found:
        store.write(child, child_id, {field: None} | stamped)


def _empty(store: Store, condition: str, *values: Any) -> None:
    gone = store.connection.execute(
        f"SELECT object, id FROM _deleted WHERE {condition}",  # noqa: S608
        values,
    ).fetchall()
    for name, record_id in gone:
        store.connection.execute(f"DELETE FROM {quoted(name)} WHERE Id = ?", (record_id,))  # noqa: S608
        store.connection.execute(
            "UPDATE _deleted SET in_bin = 0 WHERE object = ? AND id = ?", (name, record_id)
        )


def _known(store: Store, name: str) -> SObject:
    sobject = store.schema.object(name)
    assert sobject is not None, name
    return sobject
