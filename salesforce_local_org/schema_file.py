"""The schema file: what makes a local org look like somebody's own org.

Keys, all optional: ``features`` (name: true or false), ``objects``, ``fields`` (of any object; with
``visible: false`` a field is hidden, as field-level security does), ``validation_rules``,
``duplicate_rules``, ``assignment_rules``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from salesforce_local_org import catalog, custom, features, formula
from salesforce_local_org.formula_functions import FormulaError
from salesforce_local_org.schema import AssignmentRule, DuplicateRule, ValidationRule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from salesforce_local_org.org import Org
    from salesforce_local_org.schema import Schema, SObject

Entry = dict[str, Any]

_KEYS: dict[str, frozenset[str]] = {
    "objects": frozenset({"name", "label", "pluralLabel", "nameField", "fields"}),
    "fields": frozenset(
        {
            "object",
            "name",
            "label",
            "type",
            "visible",
            "length",
            "precision",
            "scale",
            "required",
            "unique",
            "caseSensitive",
            "externalId",
            "defaultValue",
            "formula",
            "values",
            "valueSet",
            "restricted",
            "referenceTo",
            "relationshipName",
            "deleteConstraint",
            "reparentableMasterDetail",
            "displayFormat",
        }
    ),
    "validation_rules": frozenset({"object", "name", "condition", "message", "field"}),
    "duplicate_rules": frozenset({"object", "name", "fields", "match_object", "action", "message"}),
    "assignment_rules": frozenset({"object", "owner"}),
}
_DUPLICATE_ACTIONS = {"block": True, "alert": False}


def read_schema_file(path: Path) -> dict[str, Any]:
    """The content of a schema file, YAML or JSON.

    Raises:
        ValueError: It cannot be read, or it is no object.
    """
    import yaml  # noqa: PLC0415  few orgs have such a file

    try:
        text = path.read_text("utf-8")
        data = json.loads(text) if path.suffix.lower() == ".json" else yaml.safe_load(text)
    except OSError as error:
        raise ValueError(str(error.strerror)) from error
    except (ValueError, yaml.YAMLError) as error:
        raise ValueError(" ".join(f"neither YAML nor JSON: {error}".split())) from error
    if not isinstance(data, dict):
        raise ValueError("expected an object with features, objects, fields ...")  # noqa: TRY004 - not a bug
    return data


def without_known(schema: Schema, data: Mapping[str, Any]) -> dict[str, Any]:
    """A schema file without the objects and fields that are there: a database that is opened again has them.

    Args:
        schema: What is there.
        data: The file's content.
    """
    fields = data.get("fields") or []
    objects = data.get("objects") or []
    if not isinstance(fields, list) or not isinstance(objects, list):
        return dict(data)
    new_objects, of_known_objects = [], []
    for entry in objects:
        if isinstance(entry, dict) and schema.object(str(entry.get("name"))):
            inside = [each for each in entry.get("fields") or [] if isinstance(each, dict)]
            of_known_objects += [each | {"object": entry["name"]} for each in inside]
        else:
            new_objects.append(entry)
    remaining = (_without_type_if_known(schema, entry) for entry in of_known_objects + fields)
    return dict(data) | {"objects": new_objects, "fields": [entry for entry in remaining if entry]}


def _without_type_if_known(schema: Schema, entry: Any) -> Any:
    sobject = schema.object(str(entry.get("object"))) if isinstance(entry, dict) else None
    if sobject is None or "type" not in entry or sobject.field(str(entry.get("name"))) is None:
        return entry
    return {key: entry[key] for key in ("object", "name", "visible")} if "visible" in entry else None


def apply_schema_file(org: Org, data: Mapping[str, Any]) -> None:
    """Change an org's objects, fields, features and rules as a schema file says.

    Features bring records of their own (currencies, record types): apply the file before the base records
    are written.

    Args:
        org: The org.
        data: The file's content.

    Raises:
        ValueError: Saying which entry cannot be, and why.
    """
    unknown = sorted(map(str, set(data) - {"features", *_KEYS}))
    if unknown:
        raise ValueError(f"unknown key {unknown[0]!r}; there are {', '.join(['features', *_KEYS])}")
    switch_features(org, data.get("features") or {})
    with org.store.transaction():
        for name, apply in _APPLIERS.items():
            for number, entry in enumerate(_entries(data, name), 1):
                _apply(org, f"{name}, entry {number}", entry, _KEYS[name], apply)


def switch_features(org: Org, wanted: object) -> None:
    """Switch features on or off; one that is on already stays on.

    Raises:
        ValueError: There is no such feature, or its value is neither true nor false.
    """
    if not isinstance(wanted, dict) or not all(isinstance(each, bool) for each in wanted.values()):
        raise ValueError("features: expected names of features, each true or false")
    catalog.switch_on(org.schema, wanted)
    features.add_fields(org.schema)
    org.store.refresh()


def _entries(data: Mapping[str, Any], name: str) -> list[Entry]:
    entries = data.get(name) or []
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise ValueError(f"{name}: expected a list of objects")
    return entries


def _apply(
    org: Org, where: str, entry: Entry, keys: frozenset[str], apply: Callable[[Org, Entry], None]
) -> None:
    _check_keys(where, entry, keys)
    try:
        apply(org, entry)
    except (FormulaError, custom.DefinitionError, KeyError, TypeError) as error:
        text = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise ValueError(f"{where}: {text}") from error


def _check_keys(where: str, entry: Entry, keys: frozenset[str]) -> None:
    unknown = sorted(map(str, set(entry) - keys))
    if unknown:
        raise ValueError(f"{where}: unknown key {unknown[0]!r}; there are {', '.join(sorted(keys))}")


def _add_object(org: Org, entry: Entry) -> None:
    sobject = custom.add_object(org, entry)
    for field in _entries(entry, "fields"):
        _check_keys(f"{sobject.name}, field {field.get('name')!r}", field, _KEYS["fields"])
        _add_field(org, field | {"object": sobject.name})


def _add_field(org: Org, entry: Entry) -> None:
    sobject = _object(org, entry)
    if "type" in entry:
        custom.add_field(org, sobject, entry)
    elif "visible" not in entry or not _has_field(sobject, str(entry.get("name"))):
        raise custom.DefinitionError("INVALID_FIELD", f"{sobject.name} has no field {entry.get('name')!r}")
    if entry.get("visible") is False:
        org.store.hide_field(sobject, str(entry["name"]))


def _has_field(sobject: SObject, name: str) -> bool:
    return any(each.name.lower() == name.lower() for each in sobject.fields + sobject.hidden_fields)


def _add_validation_rule(org: Org, entry: Entry) -> None:
    sobject = _object(org, entry)
    rule = ValidationRule(
        sobject.name, str(entry["name"]), str(entry["condition"]), str(entry["message"]), entry.get("field")
    )
    formula.condition_sql(org.schema, sobject, rule.condition, "record", org.clock.now())
    org.schema.validation_rules.append(rule)


def _add_duplicate_rule(org: Org, entry: Entry) -> None:
    sobject = _object(org, entry)
    other = _object(org, {"object": entry.get("match_object", sobject.name)})
    for name in entry["fields"]:
        for each in (sobject, other):
            if each.field(name) is None:
                raise custom.DefinitionError("INVALID_FIELD", f"{each.name} has no field {name!r}")
    action = entry.get("action", "block")
    if action not in _DUPLICATE_ACTIONS:
        raise custom.DefinitionError("INVALID_FIELD", f"action {action!r} is neither block nor alert")
    rule = DuplicateRule(
        sobject.name, str(entry["name"]), list(entry["fields"]), other.name, _DUPLICATE_ACTIONS[action]
    )
    rule.message = str(entry.get("message", rule.message))
    org.schema.duplicate_rules.append(rule)


def _add_assignment_rule(org: Org, entry: Entry) -> None:
    org.schema.assignment_rules.append(AssignmentRule(_object(org, entry).name, str(entry["owner"])))


def _object(org: Org, entry: Entry) -> SObject:
    sobject = org.schema.object(str(entry["object"]))
    if sobject is None:
        raise custom.DefinitionError("INVALID_TYPE", f"there is no object {entry['object']!r}")
    return sobject


_APPLIERS: dict[str, Callable[[Org, Entry], None]] = {
    "objects": _add_object,
    "fields": _add_field,
    "validation_rules": _add_validation_rule,
    "duplicate_rules": _add_duplicate_rule,
    "assignment_rules": _add_assignment_rule,
}
