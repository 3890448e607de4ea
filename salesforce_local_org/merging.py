"""Merging up to three records into one (SOAP API guide, "merge()")."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from salesforce_local_org import writes
from salesforce_local_org.rules import errors, references
from salesforce_local_org.rules.errors import RecordError
from salesforce_local_org.tables import quoted

if TYPE_CHECKING:
    from salesforce_local_org.org import Org
    from salesforce_local_org.rules.draft import Draft
    from salesforce_local_org.schema import SObject

MOST_LOSERS = 2


@dataclass(slots=True)
class Merged:
    """What a merge did."""

    master_id: str
    merged_ids: list[str] = field(default_factory=list)
    updated_related_ids: list[str] = field(default_factory=list)


def merge(org: Org, master: Draft, loser_ids: list[str], options: writes.Options) -> Merged:
    """Merge records into a master record.

    The losers go to the recycle bin with ``MasterRecordId`` set; what hung on them hangs on the master. The
    re-parented children get a new SystemModstamp but no new LastModifiedDate, as nobody edited them.

    Args:
        org: The org.
        master: The master record's id, and values to set on it.
        loser_ids: One or two records of the same object.
        options: Who merges.

    Raises:
        RecordError: Why it cannot be; whoever calls rolls back.
    """
    sobject = master.sobject
    if not sobject.mergeable:
        raise RecordError("INVALID_TYPE", f"{sobject.name} records cannot be merged")
    if not 1 <= len(loser_ids) <= MOST_LOSERS:
        text = f"1 to {MOST_LOSERS} records can be merged into the master record"
        raise RecordError("NUMBER_OUTSIDE_VALID_RANGE", text, ["recordToMergeIds"])
    master_id = str(references.existing(org, sobject, master.id or "")["Id"])
    if master.values or master.foreign_keys:
        writes.update(org, master, master_id, options)
    done = Merged(master_id)
    for loser_id in loser_ids:
        loser = references.existing(org, sobject, loser_id)
        if loser["Id"] == master_id or loser["Id"] in done.merged_ids:
            raise RecordError("INVALID_ID_FIELD", "a record cannot be merged with itself", ["Id"])
        if sobject.name == "Lead" and loser["IsConverted"]:
            raise errors.converted_lead()
        done.updated_related_ids += _reparent(org, sobject, loser["Id"], master_id)
        org.store.write(sobject, loser["Id"], {"MasterRecordId": master_id})
        org.store.delete(sobject, loser["Id"])
        done.merged_ids.append(loser["Id"])
    return done


def _reparent(org: Org, sobject: SObject, old_id: str, new_id: str) -> list[str]:
    """Hang the children of one record on another; their ids."""
    moved: list[str] = []
    for relationship in sobject.child_relationships:
        child = org.schema.object(relationship.child)
        if child is None or child.field(relationship.field) is None:
            continue
        column, stamped = quoted(relationship.field), child.field("SystemModstamp") is not None
        found = org.store.connection.execute(
            f"SELECT Id FROM {quoted(child.name)} WHERE {column} = ? AND Id != ?",  # noqa: S608
            (old_id, new_id),
        ).fetchall()
        for (child_id,) in found:
            values = {relationship.field: new_id} | ({"SystemModstamp": org.clock.stamp()} if stamped else {})
            org.store.write(child, child_id, values)
        moved += [child_id for (child_id,) in found]
    return moved
