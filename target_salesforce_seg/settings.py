"""The settings of the target, declared once; the connection's are in :mod:`salesforce_seg.settings`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from salesforce_seg.errors import ConfigurationError
from salesforce_seg.settings import REPORT_PATH, Setting
from target_salesforce_seg.actions import Action, StreamRule, is_api_name, parse_actions, parse_streams
from target_salesforce_seg.events import SENT_TYPES
from target_salesforce_seg.gate import Gate

EVERY_OBJECT = "*"
_TEXT_MAP = {"additionalProperties": {"type": ["string", "null"]}}

TARGET_SETTINGS: tuple[Setting, ...] = (
    Setting(
        "always_enabled",
        "boolean",
        "Send every event. Otherwise only events with integrations.Salesforce: true (or an object there) go.",
        default=False,
    ),
    Setting(
        "integration_name",
        "string",
        "The key in an event's integrations that opens the gate; its case counts.",
        default="Salesforce",
    ),
    Setting(
        "gate_column",
        "string",
        "A column of warehouse rows that opens the gate for them when it is true, as integrations does for "
        "events.",
    ),
    Setting(
        "lead_lookup_fields",
        "object",
        "Traits that find a Lead, each with its field; several must all match.",
        default={"email": "Email"},
        schema=_TEXT_MAP,
    ),
    Setting(
        "send_address_as_billing",
        "boolean",
        "Send the address of a group event to the Account's billing address.",
        default=True,
    ),
    Setting(
        "send_address_as_shipping",
        "boolean",
        "Send the address of a group event to the Account's shipping address.",
        default=False,
    ),
    Setting(
        "fill_required",
        "string",
        "When a missing LastName or Company becomes n/a: when a record is created, always (also over real "
        "values, as Segment documents), or never.",
        default="create",
        allowed=("create", "always", "never"),
    ),
    Setting(
        "trait_fields",
        "object",
        'Traits and the fields they go to, for all events ({"jobRole": "Title"}) or by event type '
        '({"identify": {"jobRole": "Title"}}). A null leaves the trait out.',
        schema={"examples": [{"jobRole": "Title"}]},
    ),
    Setting(
        "trim_long_values",
        "boolean",
        "Cut texts to the length of their field. Otherwise such an event is rejected. Keys are never cut.",
        default=True,
    ),
    Setting(
        "unknown_fields",
        "string",
        "What to do with a trait whose field the org does not have: drop the trait, or reject the event.",
        default="drop",
        allowed=("drop", "reject"),
    ),
    Setting(
        "converted_leads",
        "string",
        "What to do with an event on a converted Lead: update the Contact it became, or reject the event.",
        default="contact",
        allowed=("contact", "reject"),
    ),
    Setting(
        "multiple_matches",
        "string",
        "What to do when several records match: reject the event, or write to the newest, the oldest or "
        "all of them.",
        default="reject",
        allowed=("reject", "newest", "oldest", "all"),
    ),
    Setting(
        "actions",
        "array",
        "What to do on certain events: a list of {event, event_name, operation, object, upsert_rules, "
        "field_mappings, replaces_default}, as Segment's Custom Actions. The Lead of an identify and the "
        "Account of a group are written too, unless replaces_default is true.",
        schema={
            "items": {"type": "object"},
            "examples": [
                [
                    {
                        "event": "track",
                        "event_name": "Issue Submitted",
                        "operation": "create",
                        "object": "Case",
                        "field_mappings": {"properties.title": "Subject"},
                    }
                ]
            ],
        },
    ),
    Setting(
        "streams",
        "object",
        "What the records of a stream are, if neither they nor the stream's name say so: warehouse rows "
        '({"crm_people": {"event": "identify"}}), or plain records of an object '
        '({"cases": {"object": "Case", "operation": "upsert", "upsert_rules": {"number": "Number__c"}}}), '
        "which have no gate; under upsert, one with a value in _sdc_deleted_at is deleted.",
        schema={
            "additionalProperties": {"type": "object"},
            "examples": [{"crm_people": {"event": "identify"}}],
        },
    ),
    Setting(
        "match_contacts",
        "boolean",
        "Update the Contact of a person who is no Lead, found by the fields that find the Lead, instead of "
        "creating a Lead.",
        default=False,
    ),
    Setting(
        "event_id_field",
        "object",
        "External-id fields that take the messageId of the event that creates a record, so that no event "
        'creates one twice: by object ({"Case": "Event_Id__c"}), or one name for all objects that have it '
        '(also {"*": "Event_Id__c"}). For creates that nothing else finds again.',
        schema={
            "type": ["object", "string", "null"],
            "additionalProperties": {"type": "string"},
            "examples": [{"Case": "Event_Id__c"}, "Event_Id__c"],
        },
    ),
    Setting(
        "api_type",
        "string",
        "Which API writes: rest writes up to 1,000 records a call, bulk2 uses Bulk API 2.0 jobs, auto uses "
        "jobs for large loads.",
        default="auto",
        allowed=("auto", "rest", "bulk2"),
    ),
    Setting(
        "batch_size",
        "integer",
        "Events that are looked up, merged and written together; state follows each batch. Without it, "
        "1,000, and 20,000 in large loads, unless api_type is rest.",
        schema={"minimum": 1},
    ),
    Setting(
        "describe_again_after",
        "integer",
        "Seconds after which a run asks again which fields the objects have.",
        default=1800,
        schema={"minimum": 1},
    ),
    Setting(
        "rejects_path",
        "string",
        "File to which events that could not be written are appended, one JSON object a line.",
        default="rejected-events.jsonl",
    ),
    Setting("fail_on_rejects", "boolean", "End with exit code 1 when an event was rejected.", default=False),
    Setting(
        "auto_assign", "boolean", "Run the org's assignment rules on records that are created.", default=False
    ),
    Setting(
        "allow_duplicates",
        "boolean",
        "Save records that the org's duplicate rules warn about.",
        default=False,
    ),
    Setting("summary_path", "string", "File for the counts of the run, as one JSON object."),
    REPORT_PATH,
)


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """The target's settings of one run, checked."""

    always_enabled: bool = False
    integration_name: str = "Salesforce"
    gate_column: str = ""
    lead_lookup_fields: Mapping[str, str] = field(default_factory=lambda: {"email": "Email"})
    send_address_as_billing: bool = True
    send_address_as_shipping: bool = False
    fill_required: str = "create"
    trait_fields: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    """By event type."""
    trim_long_values: bool = True
    unknown_fields: str = "drop"
    converted_leads: str = "contact"
    multiple_matches: str = "reject"
    actions: tuple[Action, ...] = ()
    streams: Mapping[str, StreamRule] = field(default_factory=dict)
    match_contacts: bool = False
    event_id_field: Mapping[str, str] = field(default_factory=dict)
    """By object; under ``*`` for all that have it."""
    api_type: str = "auto"
    batch_size: int | None = None
    describe_again_after: int = 1800
    rejects_path: str = "rejected-events.jsonl"
    fail_on_rejects: bool = False
    auto_assign: bool = False
    allow_duplicates: bool = False
    summary_path: str = ""
    report_path: str = ""
    gate: Gate = field(init=False)

    def __post_init__(self) -> None:
        gate = Gate(self.always_enabled, self.integration_name, self.gate_column)
        object.__setattr__(self, "gate", gate)

    @property
    def writes_contacts(self) -> bool:
        """Whether what is meant for a Lead may be written to a Contact."""
        return self.converted_leads == "contact" or self.match_contacts

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> TargetSettings:
        """Check and complete the target's part of a config that fits its JSON schema.

        Raises:
            ConfigurationError: A setting makes no sense; the message names it.
        """
        names = {setting.name for setting in TARGET_SETTINGS}
        values = {name: config[name] for name in names if config.get(name) not in (None, "")}
        for name, parse in _PARSERS.items():
            if name in values:
                values[name] = parse(values[name])
        return cls(**values)


def _lookup_fields(value: Mapping[str, Any]) -> dict[str, str]:
    wrong = next(
        (trait for trait, target in value.items() if not isinstance(target, str) or not target), None
    )
    if wrong is not None:
        raise ConfigurationError(f"lead_lookup_fields: `{wrong}` needs the API name of a Lead field.")
    return dict(value) or {"email": "Email"}


def _trait_fields(value: Mapping[str, Any]) -> dict[str, dict[str, str | None]]:
    by_type: dict[str, dict[str, str | None]] = {event_type: {} for event_type in SENT_TYPES}
    for name, target in value.items():
        chosen = {name: target}
        types: tuple[str, ...] = SENT_TYPES
        if isinstance(target, Mapping):
            if name not in SENT_TYPES:
                raise ConfigurationError(
                    f"trait_fields: `{name}` is no event type; use {', '.join(SENT_TYPES)}."
                )
            chosen, types = dict(target), (name,)
        for trait, sobject_field in chosen.items():
            if not isinstance(sobject_field, str | None):
                raise ConfigurationError(f"trait_fields: `{trait}` needs the API name of a field, or null.")
        for event_type in types:
            by_type[event_type] |= chosen
    return by_type


def _event_id_fields(value: Mapping[str, Any] | str) -> dict[str, str]:
    fields = {EVERY_OBJECT: value} if isinstance(value, str) else dict(value)
    wrong = next((sobject for sobject, name in fields.items() if not is_api_name(name)), None)
    if wrong is not None:
        raise ConfigurationError(f"event_id_field: {fields[wrong]!r} is no API name of a field.")
    return fields


_PARSERS: dict[str, Callable[[Any], Any]] = {
    "lead_lookup_fields": _lookup_fields,
    "trait_fields": _trait_fields,
    "event_id_field": _event_id_fields,
    "actions": parse_actions,
    "streams": parse_streams,
}
