"""What the user configured instead of the defaults: actions on events, and streams of plain records.

Rules: Segment's "Salesforce Destination", Custom Actions and Upsert Actions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from salesforce_seg.errors import ConfigurationError
from target_salesforce_seg.events import SENT_TYPES
from target_salesforce_seg.mapping.parents import is_parent_notation

OPERATIONS = ("create", "update", "upsert", "delete", "read")
_API_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_IN_BRACKETS = re.compile(r"\[(\d+)\]")
_ACTION_KEYS = (
    "event",
    "event_name",
    "operation",
    "object",
    "upsert_rules",
    "field_mappings",
    "replaces_default",
)
_STREAM_KEYS = ("event", "object", "operation", "upsert_rules")
GENERATED_FIELDS = frozenset(
    {
        "id",
        "isdeleted",
        "createdbyid",
        "createddate",
        "lastmodifiedbyid",
        "lastmodifieddate",
        "systemmodstamp",
        "lastactivitydate",
        "lastvieweddate",
        "lastreferenceddate",
        "masterrecordid",
    }
)
"""Fields that Salesforce fills in itself, so that no record can be created with them; in lower case."""


@dataclass(frozen=True, slots=True)
class Action:
    """One configured action.

    Attributes:
        event: identify, group or track.
        event_name: the track event it waits for; empty for identify and group.
        operation: create, update, upsert, delete or read.
        object: API name.
        upsert_rules: paths in the event, and the fields that find the record; all must match.
        field_mappings: paths in the event, and the fields to write.
        replaces_default: whether the Lead of an identify, or the Account of a group, is not written.
        setting: where it stands in the config, for messages.
    """

    event: str
    operation: str
    object: str
    event_name: str = ""
    upsert_rules: Mapping[str, str] = field(default_factory=dict)
    field_mappings: Mapping[str, str] = field(default_factory=dict)
    replaces_default: bool = False
    setting: str = "actions"

    @property
    def id_path(self) -> str | None:
        """The path whose value is the record's Id, if one is mapped."""
        return next((path for path, name in self.field_mappings.items() if name.lower() == "id"), None)


@dataclass(frozen=True, slots=True)
class StreamRule:
    """What the records of a stream are: events of one type, or plain records of one object."""

    event: str = ""
    object: str = ""
    operation: str = ""
    upsert_rules: Mapping[str, str] = field(default_factory=dict)
    setting: str = "streams"


def is_api_name(text: object) -> bool:
    """Whether a value can be the API name of an object or field."""
    return isinstance(text, str) and _API_NAME.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def comparable(name: str) -> str:
    """An event name without case and extra spaces."""
    return " ".join(name.split()).casefold()


def parse_actions(config: Sequence[Any]) -> tuple[Action, ...]:
    """Read the setting ``actions``.

    Raises:
        ConfigurationError: An action cannot be carried out as it stands.
    """
    return tuple(_action(f"actions[{index}]", entry) for index, entry in enumerate(config))


def parse_streams(config: Mapping[str, Any]) -> dict[str, StreamRule]:
    """Read the setting ``streams``.

    Raises:
        ConfigurationError: A stream is neither events nor records of an object, or both.
    """
    return {stream: _stream(f"streams.{stream}", entry) for stream, entry in config.items()}


def _action(where: str, entry: Any) -> Action:
    values = _known(where, entry, _ACTION_KEYS)
    event = _one_of(where, "event", values.get("event"), SENT_TYPES)
    event_name = values.get("event_name") or ""
    if event == "track" and not (isinstance(event_name, str) and event_name.strip()):
        raise ConfigurationError(f"{where}: a track action needs event_name, the event it waits for.")
    if event != "track" and event_name:
        raise ConfigurationError(
            f"{where}: event_name is for track only; an {event} action runs on every {event}."
        )
    action = Action(
        event=event,
        event_name=event_name,
        operation=_one_of(where, "operation", values.get("operation"), OPERATIONS),
        object=_object(where, values.get("object")),
        upsert_rules=_paths(where, "upsert_rules", values.get("upsert_rules")),
        field_mappings=_paths(where, "field_mappings", values.get("field_mappings")),
        replaces_default=_flag(where, "replaces_default", values.get("replaces_default")),
        setting=where,
    )
    _check(action)
    return action


def _check(action: Action) -> None:
    where, rules, mappings = action.setting, action.upsert_rules, action.field_mappings
    others = [name for name in mappings.values() if name.lower() != "id"]
    problem = {
        "create": (action.id_path or rules)
        and "create takes neither upsert_rules nor an Id; use upsert or update.",
        "upsert": action.id_path
        and "upsert creates what it does not find, so Id cannot be mapped; use update.",
        "update": not (action.id_path or rules) and "update needs a field mapping to Id, or upsert_rules.",
        "delete": not (action.id_path or rules) and "delete needs a field mapping to Id, or upsert_rules.",
        "read": not (action.id_path or rules) and "read needs a field mapping to Id, or upsert_rules.",
    }[action.operation]
    if problem:
        raise ConfigurationError(f"{where}: {problem}")
    if action.operation == "upsert" and not rules:
        raise ConfigurationError(
            f"{where}: upsert needs upsert_rules, the paths and fields that find the record."
        )
    if action.operation in {"create", "update"} and not others:
        raise ConfigurationError(
            f"{where}: {action.operation} needs field_mappings, the paths and fields to write."
        )
    if action.operation in {"delete", "read"} and others:
        raise ConfigurationError(
            f"{where}: {action.operation} writes nothing: field_mappings can only map Id."
        )
    if action.event == "track" and action.replaces_default:
        raise ConfigurationError(
            f"{where}: replaces_default is for identify and group; track has no default."
        )


def _stream(where: str, entry: Any) -> StreamRule:
    values = _known(where, entry, _STREAM_KEYS)
    if values.get("event"):
        if values.get("object") or values.get("operation") or values.get("upsert_rules"):
            raise ConfigurationError(
                f"{where}: give either event, or object with operation and upsert_rules."
            )
        return StreamRule(event=_one_of(where, "event", values["event"], SENT_TYPES), setting=where)
    rule = StreamRule(
        object=_object(where, values.get("object")),
        operation=_one_of(where, "operation", values.get("operation"), OPERATIONS[:-1]),
        upsert_rules=_paths(where, "upsert_rules", values.get("upsert_rules")),
        setting=where,
    )
    if rule.operation == "upsert" and not rule.upsert_rules:
        raise ConfigurationError(
            f"{where}: upsert needs upsert_rules, the columns and fields that find the record."
        )
    if rule.operation == "create" and rule.upsert_rules:
        raise ConfigurationError(f"{where}: create takes no upsert_rules; use upsert.")
    return rule


def _known(where: str, entry: Any, keys: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(entry, Mapping):
        raise ConfigurationError(f"{where} must be an object with {', '.join(keys)}.")
    unknown = next((key for key in entry if key not in keys), None)
    if unknown is not None:
        raise ConfigurationError(f"{where}: unknown key `{unknown}`; there are {', '.join(keys)}.")
    return entry


def _one_of(where: str, key: str, value: Any, allowed: tuple[str, ...]) -> str:
    text = value.strip().lower() if isinstance(value, str) else value
    if text not in allowed:
        raise ConfigurationError(f"{where}: {key} must be one of {', '.join(allowed)}, not {value!r}.")
    return str(text)


def _flag(where: str, key: str, value: Any) -> bool:
    if not isinstance(value, bool | None):
        raise ConfigurationError(f"{where}: {key} must be true or false, not {value!r}.")
    return bool(value)


def _object(where: str, value: Any) -> str:
    if not is_api_name(value):
        raise ConfigurationError(
            f"{where}: object must be the API name of a Salesforce object, not {value!r}."
        )
    return str(value)


def _paths(where: str, key: str, value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{where}: {key} must be an object of paths and fields.")
    for path, name in value.items():
        is_name = is_api_name(name) or (key == "field_mappings" and is_parent_notation(str(name)))
        if not path.strip(" .") or not is_name:
            raise ConfigurationError(
                f"{where}: {key} maps `{path}` to {name!r}: give a path, and the API name of a field."
            )
        if key == "upsert_rules" and name.lower() in GENERATED_FIELDS:
            raise ConfigurationError(
                f"{where}: upsert_rules cannot use {name}: Salesforce makes it up, so no record can be "
                "created with it. To find a record by its Id, map Id in field_mappings."
            )
    return {_IN_BRACKETS.sub(r".\1", path).lstrip("."): name for path, name in value.items()}
