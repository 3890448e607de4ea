"""What each event of a story wants, after docs/events.md: gate, types, actions, streams, keys."""

from __future__ import annotations

import json
import re
from typing import Any

from chaos_oracle import GONE, Refused, Wish, as_text, blank, get, mapped, typed, units

EVENT = re.compile(r"chaos-(\d+)(?!\d)")
_ACTION = {"event": "track"}
_TICKET = _ACTION | {"object": "Ticket__c", "upsert_rules": {"properties.ticket": "Key__c"}}
_TICKET_FIELDS = {
    "properties.title": "Title__c",
    "properties.points": "Points__c",
    "properties.urgent": "Urgent__c",
    "properties.state": "State__c",
}
ACTIONS: tuple[dict[str, Any], ...] = (
    _TICKET | {"event_name": "Ticket Seen", "operation": "upsert", "field_mappings": _TICKET_FIELDS},
    _TICKET | {"event_name": "Ticket Changed", "operation": "update", "field_mappings": _TICKET_FIELDS},
    _TICKET | {"event_name": "Ticket Removed", "operation": "delete"},
    _TICKET | {"event_name": "Ticket Checked", "operation": "read"},
    _ACTION
    | {"event_name": "Issue Opened", "operation": "create", "object": "Case"}
    | {"field_mappings": {"properties.subject": "Subject", "properties.details": "Description"}},
    _ACTION
    | {"event_name": "Profile Changed", "operation": "upsert", "object": "Contact"}
    | {"upsert_rules": {"userId": "UserId__c"}}
    | {"field_mappings": {"properties.lastName": "LastName", "properties.title": "Title"}},
    _ACTION
    | {"event_name": "Profile Changed", "operation": "upsert", "object": "Ticket__c"}
    | {"upsert_rules": {"userId": "Key__c"}, "field_mappings": {"properties.title": "Title__c"}},
    _ACTION
    | {"event_name": "Contact Fixed", "operation": "update", "object": "Contact"}
    | {"field_mappings": {"properties.recordId": "Id", "properties.title": "Title"}},
    _ACTION
    | {"event_name": "Contact Seen", "operation": "upsert", "object": "Contact"}
    | {"upsert_rules": {"properties.email": "Email"}}
    | {"field_mappings": {"properties.lastName": "LastName", "properties.title": "Title"}},
    _ACTION
    | {"event_name": "Contact Gone", "operation": "delete", "object": "Contact"}
    | {"field_mappings": {"properties.recordId": "Id"}},
    _ACTION
    | {"event_name": "User Left", "operation": "delete", "object": "Lead"}
    | {"upsert_rules": {"properties.email": "Email"}},
)
ON_IDENTIFY = {
    "event": "identify",
    "operation": "upsert",
    "object": "Ticket__c",
    "upsert_rules": {"userId": "Key__c"},
    "field_mappings": {"traits.title": "Title__c"},
}
"""An action on identify, which some stories have, beside the Lead or instead of it."""
STREAMS = {
    "identifies": {"event": "identify"},
    "tickets": {"object": "Ticket__c", "operation": "upsert", "upsert_rules": {"number": "Key__c"}},
}
_KEYS = {"Key__c": 30, "UserId__c": 40, "Email": 80, "EventId__c": 100, "brand__c": 20}
_ROWS = {"identifies": "identify", "GROUPS": "group", "ticket_seen": "track"}
"""The streams of warehouse rows, and what their rows are."""

_OF_THE_TABLE = {"id", "user_id", "group_id", "received_at", "event", "event_text"}
_EMAIL = re.compile(r"[^@\s,;\x00-\x1f\x7f]+@[^@\s,;\x00-\x1f\x7f]+\.[^@\s,;\x00-\x1f\x7f]+")


def event_of(record: Any) -> int:
    """Which event of the story a record or a line is; every one carries its number."""
    found = EVENT.search(record if isinstance(record, str) else json.dumps(record))
    assert found, record
    return int(found[1])


def read(config: dict[str, Any], stream: str, record: Any) -> list[Wish]:
    """What an event wants; nothing if it is not for Salesforce.

    Raises:
        Refused: It cannot be read at all.
    """
    if isinstance(record, str):
        raise Refused("INVALID_JSON" if record.startswith("not") else "INVALID_MESSAGE")
    event = event_of(record)
    if stream == "tickets":
        return [_of_rule(event, "delete" if record.get("_sdc_deleted_at") else "upsert", config, record)]
    kind = _ROWS.get(stream) or record.get("type")
    if kind in {"page", "screen", "alias"} or not _gate(config, record, row=stream in _ROWS):
        return []
    if kind not in {"identify", "group", "track"}:
        raise Refused("UNKNOWN_TYPE" if isinstance(kind, str) else "MISSING_TYPE")
    traits: dict[str, Any] = {}
    if stream in _ROWS:
        own = _row_traits(config, record)
        record = {name.replace("group_id", "groupId"): value for name, value in record.items()}
        record |= {"properties": own, "messageId": record["id"], "event": record.get("event_text")}
        traits = {} if kind == "track" else own
    elif kind != "track":
        traits = _traits(record)
    seen = record | {"traits": traits}
    actions = [each for each in config["actions"] if _waits_for(each, kind, record)]
    wishes = [_of_action(event, each, config, seen) for each in actions]
    if kind == "track" or any(each.get("replaces_default") for each in actions):
        return wishes
    if kind == "group":
        return [*wishes, _account(event, config, record, traits)]
    external = get(record, "context.externalId")
    if isinstance(external, list):
        return wishes + [_contact(event, config, entry["id"], traits) for entry in external]
    return [*wishes, _lead(event, config, record, traits, row=stream == "identifies")]


def _traits(record: dict[str, Any]) -> dict[str, Any]:
    traits = record.get("traits")
    if traits is not None and not isinstance(traits, dict):
        raise Refused("INVALID_TRAITS")
    traits = traits or get(record, "context.traits")
    return traits if isinstance(traits, dict) else {}


def _waits_for(action: dict[str, Any], kind: str, record: dict[str, Any]) -> bool:
    if action["event"] != kind:
        return False
    name = " ".join(str(record.get("event")).split())
    return kind != "track" or name.casefold() == action["event_name"].casefold()


def _gate(config: dict[str, Any], record: dict[str, Any], *, row: bool) -> bool:
    column = record.get(config["gate_column"]) if row else None
    if column is not None:
        return bool(column)
    flags = record.get("integrations")
    flags = flags if isinstance(flags, dict) else {}
    own = flags.get("Salesforce")
    if isinstance(own, (bool, dict)):
        return own is not False
    closed = any(key.lower() == "all" and value is False for key, value in flags.items())
    return bool(config.get("always_enabled")) and not closed


def _row_traits(config: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    traits: dict[str, Any] = {}
    for name, value in row.items():
        is_own = name in _OF_THE_TABLE or name == config["gate_column"]
        if value is None or is_own or name.startswith(("_sdc_", "context_")):
            continue
        head, _, rest = name.partition("_")
        if head == "address":
            traits.setdefault("address", {})[rest] = value
        else:
            traits[name] = value
    return traits


def _attempt(wish: Wish, fill: Any) -> Wish:
    try:
        fill(wish)
    except Refused as refused:
        wish.refused = refused.args[0]
    return wish


def _lead(event: int, config: dict[str, Any], record: Any, traits: Any, *, row: bool = False) -> Wish:
    def fill(wish: Wish) -> None:
        user = get(record, "userId")
        places = [
            get(traits, "email"),
            user if isinstance(user, str) and _EMAIL.fullmatch(user.strip()) else GONE,
            get(record, "context.traits.email"),
        ]
        rules = {"Email": next((value for value in places if not blank(value)), GONE)}
        if "brand" in (config.get("lead_lookup_fields") or {}):
            rules["brand__c"] = get(traits, "brand")
        _match(wish, rules)
        wish.fields = _keep_key(wish, mapped(config, "Lead", traits, row=row))
        _fill_required(wish, config)
        if config.get("converted_leads") != "reject" or config.get("match_contacts"):
            try:
                wish.as_contact = _keep_key(wish, mapped(config, "Contact", traits, row=row))
            except Refused as refused:
                wish.as_contact = refused

    return _attempt(Wish(event, "Lead", "upsert"), fill)


def _keep_key(wish: Wish, fields: dict[str, Any]) -> dict[str, Any]:
    """Without a null for what the record is found by: it is not to be cleared."""
    return {name: value for name, value in fields.items() if value is not None or name not in wish.way}


def _fill_required(wish: Wish, config: dict[str, Any]) -> None:
    fill = config.get("fill_required", "create")
    if fill != "never":
        wish.placeholders = ("LastName", "Company") if wish.sobject == "Lead" else ("LastName",)
    if fill == "always" and wish.sobject == "Lead":
        wish.fields = dict.fromkeys(wish.placeholders, "n/a") | wish.fields


def _account(event: int, config: dict[str, Any], record: Any, traits: Any) -> Wish:
    def fill(wish: Wish) -> None:
        number = get(record, "groupId")
        if isinstance(number, bool) or not isinstance(number, (str, int)) or blank(number):
            raise Refused("MISSING_KEY")
        _match(wish, {"AccountNumber": number})
        wish.fields = mapped(config, "Account", traits, row=False)

    return _attempt(Wish(event, "Account", "upsert"), fill)


def _contact(event: int, config: dict[str, Any], record_id: str, traits: Any) -> Wish:
    def fill(wish: Wish) -> None:
        wish.way, wish.key = ("Id",), (record_id,)
        wish.fields = mapped(config, "Contact", traits, row=False)

    return _attempt(Wish(event, "Contact", "update"), fill)


def _of_action(event: int, action: dict[str, Any], config: dict[str, Any], record: Any) -> Wish:
    def fill(wish: Wish) -> None:
        mappings = action.get("field_mappings", {})
        values = {name: get(record, path) for path, name in mappings.items() if name != "Id"}
        given = {name: value for name, value in values.items() if value is None or not blank(value)}
        by_id = next((path for path, name in mappings.items() if name == "Id"), "")
        if by_id:
            wish.way, wish.key = ("Id",), (get(record, by_id),)
        elif action["operation"] == "create" and config.get("event_id_field"):
            _match(wish, {"EventId__c": record["messageId"]})
        elif action["operation"] != "create":
            rules = {name: get(record, path) for path, name in action["upsert_rules"].items()}
            _match(wish, rules)
        wish.fields = typed(config, wish.sobject, given)

    return _attempt(Wish(event, action["object"], action["operation"]), fill)


def _of_rule(event: int, operation: str, config: dict[str, Any], record: dict[str, Any]) -> Wish:
    def fill(wish: Wish) -> None:
        _match(wish, {"Key__c": record.get("number", GONE)})
        if operation != "delete":
            names = {
                "title": "Title__c",
                "Title__c": "Title__c",
                "points": "Points__c",
                "State__c": "State__c",
            }
            values = {
                names.get(name, name): value
                for name, value in record.items()
                if name != "number" and not name.startswith("_sdc_")
            }
            wish.fields = typed(config, "Ticket__c", values)

    return _attempt(Wish(event, "Ticket__c", operation), fill)


def _match(wish: Wish, rules: dict[str, Any]) -> None:
    values = []
    for name, value in rules.items():
        if blank(value):
            raise Refused("MISSING_KEY")
        if isinstance(value, (list, dict)):
            raise Refused("INVALID_TYPE_ON_FIELD_IN_RECORD")
        text = as_text(value)
        if units(text) > _KEYS.get(name, 40):
            raise Refused("STRING_TOO_LONG")
        if name == "Email" and not _EMAIL.fullmatch(text):
            raise Refused("INVALID_EMAIL_ADDRESS")
        values.append(text)
    wish.way, wish.key_values = tuple(rules), tuple(values)
    wish.key = tuple(value.lower() for value in values)
