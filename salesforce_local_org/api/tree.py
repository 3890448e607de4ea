"""``/composite/tree``: records with their children, created all or none (REST guide, "sObject Tree")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from salesforce_local_org import writes
from salesforce_local_org.api.http import ApiError, Request, Response, Router, json_response
from salesforce_local_org.api.records import find_object, row_error
from salesforce_local_org.rules import draft
from salesforce_local_org.rules.errors import RecordError

if TYPE_CHECKING:
    from salesforce_local_org.org import Org
    from salesforce_local_org.schema import ChildRelationship, SObject

router = Router()

_MOST_RECORDS, _MOST_LEVELS, _MOST_TYPES = 200, 5, 5


@dataclass(slots=True)
class _Node:
    """A record of the tree, and which record it hangs on by which lookup."""

    sobject: SObject
    reference_id: str
    values: dict[str, Any]
    parent: _Node | None = None
    lookup: str = ""
    id: str = ""


@router.route("POST", "/services/data/v{version}/composite/tree/{sobject}")
def create_tree(request: Request) -> Response:
    """Create trees of records: 201 with every id, or 400 with the records at fault and nothing created."""
    sobject = find_object(request)
    nodes = _nodes(request.org, sobject, request.json_object())
    options = writes.Options.of(request)
    failed: list[dict[str, Any]] = []
    try:
        with request.org.store.transaction():
            for node in nodes:
                failed += _create(request.org, node, options)
            _undo_if_any(failed)
    except _RolledBackError:
        return json_response({"hasErrors": True, "results": failed}, 400)
    results = [{"referenceId": node.reference_id, "id": node.id} for node in nodes]
    return json_response({"hasErrors": False, "results": results}, 201)


class _RolledBackError(Exception):
    """Leaves the transaction: a record failed."""


def _undo_if_any(failed: list[dict[str, Any]]) -> None:
    if failed:
        raise _RolledBackError


def _create(org: Org, node: _Node, options: writes.Options) -> list[dict[str, Any]]:
    """Create a node's record; the error, if it has one. A child of a record that failed is passed over."""
    try:
        read = draft.read(node.sobject, node.values)
        if node.parent:
            if not node.parent.id:
                return []
            read.values[node.lookup] = node.parent.id
        node.id = writes.create(org, read, options)
    except RecordError as error:
        return [{"referenceId": node.reference_id, "errors": row_error(error)["errors"]}]
    return []


def _nodes(org: Org, sobject: SObject, body: dict[str, Any]) -> list[_Node]:
    """The records of all trees, level by level, checked for the tree's limits."""
    level = [_node(org, sobject, record) for record in _records(body)]
    nodes: list[_Node] = []
    depth = 0
    while level:
        depth += 1
        nodes += level
        if depth > _MOST_LEVELS or len(nodes) > _MOST_RECORDS:
            raise _bad(f"A tree has at most {_MOST_LEVELS} levels and {_MOST_RECORDS} records")
        level = [child for node in level for child in _children(org, node)]
    if len({node.sobject.name for node in nodes}) > _MOST_TYPES:
        raise _bad(f"A tree has at most {_MOST_TYPES} kinds of records")
    seen: set[str] = set()
    for node in nodes:
        if node.reference_id in seen:
            raise _bad(f"Duplicate ReferenceId provided in the request: {node.reference_id}")
        seen.add(node.reference_id)
    return nodes


def _children(org: Org, node: _Node) -> list[_Node]:
    """The children in a record's value, which are taken out of it."""
    found: list[_Node] = []
    for name in list(node.values):
        relationship = _relationship(node.sobject, name) if isinstance(node.values[name], dict) else None
        child = org.schema.object(relationship.child) if relationship else None
        if relationship and child and "records" in node.values[name]:
            for record in _records(node.values.pop(name)):
                each = _node(org, child, record)
                each.parent, each.lookup = node, relationship.field
                found.append(each)
    return found


def _relationship(sobject: SObject, name: str) -> ChildRelationship | None:
    return next(
        (each for each in sobject.child_relationships if (each.name or "").lower() == name.lower()), None
    )


def _node(org: Org, sobject: SObject, record: dict[str, Any]) -> _Node:
    attributes = record.get("attributes")
    if not isinstance(attributes, dict):
        raise _bad("Include a non-null attributes with type and referenceId in each record")
    kind, reference_id = attributes.get("type"), attributes.get("referenceId")
    if not isinstance(reference_id, str) or not reference_id:
        raise _bad("Include a reference ID for each record")
    if not isinstance(kind, str) or org.schema.object(kind) is not sobject:
        raise ApiError(400, "INVALID_TYPE", f"{kind} is not the type {sobject.name} that stands here")
    return _Node(sobject, reference_id, dict(record))


def _records(body: dict[str, Any]) -> list[dict[str, Any]]:
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
        raise ApiError(400, "JSON_PARSER_ERROR", "Cannot deserialize records: an array of objects is needed")
    return records


def _bad(message: str) -> ApiError:
    return ApiError(400, "INVALID_INPUT", message)
