"""Documents, groups and tags."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from salesforce_local_org.catalog import TAGGED_OBJECTS
from salesforce_local_org.derived.rule import Row, Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from salesforce_local_org.store import Store


def _document(_store: Store, row: Row, _given: Mapping[str, Any]) -> Row:
    try:
        body = base64.b64decode(row["Body"] or "")
    except binascii.Error:
        body = b""
    return {"BodyLength": len(body)}


def _group(store: Store, _row: Row, _given: Mapping[str, Any]) -> Row:
    with store.lock:
        row = store.connection.execute("SELECT Id FROM Organization LIMIT 1").fetchone()
    return {"OwnerId": row[0] if row else store.user_id}


def _tag(store: Store, row: Row, given: Mapping[str, Any]) -> Row:
    """A tag belongs to the definition of its name and kind, which comes with the first such tag."""
    if given.get("TagDefinitionId"):
        return {}
    same_name = store.find("TagDefinition", "Name", row["Name"])
    found = next((each["Id"] for each in same_name if each["Type"] == row["Type"]), None)
    return {
        "TagDefinitionId": found or store.insert("TagDefinition", {"Name": row["Name"], "Type": row["Type"]})
    }


RULES = {
    "Document": Rule(frozenset({"Body"}), _document),
    "Group": Rule(frozenset(), _group),
}
RULES |= {f"{tagged}Tag": Rule(frozenset(), _tag) for tagged in TAGGED_OBJECTS}
