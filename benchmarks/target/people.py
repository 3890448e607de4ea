"""The events that are sent: identifies of made-up people as an SDK of Segment sends them, and groups."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SCHEMA = """
fields:
- {object: Lead, name: plan__c, type: Text, length: 80}
- {object: Lead, name: signupSource__c, type: Text, length: 80}
- {object: Lead, name: lastSeenAt__c, type: DateTime}
- {object: Lead, name: score__c, type: Number, precision: 18, scale: 2}
- {object: Lead, name: newsletter__c, type: Checkbox}
"""
"""Fields of the org that the events' own traits go to."""

EVENTS_A_PERSON = 10
NEAR = 1_000
"""Among so many events in a row come the ten of one person."""

FIRST_OF_MANY = 10_000_000
"""The first of ninety million numbers that all have eight digits."""


def identify(number: int, chance: random.Random, title: str = "Head of Computing") -> dict[str, Any]:
    """An identify of about 1.3 KB with 16 traits."""
    return {
        "type": "identify",
        "messageId": f"ajs-{chance.getrandbits(128):032x}",
        "anonymousId": f"{chance.getrandbits(128):032x}",
        "userId": f"user-{number:07d}",
        "channel": "client",
        "version": 2,
        "writeKey": "ab" * 16,
        "timestamp": "2026-01-31T12:34:56.789Z",
        "originalTimestamp": "2026-01-31T12:34:56.700Z",
        "sentAt": "2026-01-31T12:34:56.750Z",
        "receivedAt": "2026-01-31T12:34:56.800Z",
        "context": {
            "ip": "203.0.113.7",
            "locale": "en-GB",
            "library": {"name": "analytics.js", "version": "2.11.1"},
            "page": {"path": "/signup", "url": "https://www.example.com/signup", "title": "Sign up"},
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
        },
        "traits": {
            "email": f"person.{number:07d}@example.com",
            "firstName": "Ada",
            "lastName": f"King {number}",
            "title": title,
            "phone": "+44 20 7946 0000",
            "website": "https://www.example.com",
            "company": {"name": "Initech", "industry": "Banking", "employee_count": 120},
            "address": {
                "street": "1 Main Street",
                "city": "Köln",
                "postalCode": "50667",
                "country": "Germany",
            },
            "leadSource": "Web",
            "plan": "pro",
            "signupSource": "campaign",
            "lastSeenAt": "2026-01-31T12:34:56.789Z",
            "score": 42.5,
            "newsletter": True,
            "createdAt": "2025-06-01T00:00:00Z",
            "age": 36,
        },
        "integrations": {"All": True, "Salesforce": True},
    }


def group(number: int, chance: random.Random) -> dict[str, Any]:
    """A group event of a made-up company."""
    event = identify(number, chance)
    company = {
        "name": f"Initech {number}",
        "industry": "Banking",
        "employees": 120,
        "phone": "+44 20 7946 0000",
        "website": "https://www.example.com",
        "address": event["traits"]["address"],
    }
    return event | {"type": "group", "groupId": f"company-{number:07d}", "traits": company}


def people(events: int, *, title: str = "Head of Computing") -> Iterator[dict[str, Any]]:
    """One identify of each of so many people."""
    chance = random.Random(7)
    return (identify(number, chance, title) for number in range(events))


def groups(events: int) -> Iterator[dict[str, Any]]:
    """One group event of each of so many companies."""
    chance = random.Random(7)
    return (group(number, chance) for number in range(events))


def ten_each(events: int) -> Iterator[dict[str, Any]]:
    """Ten identifies of each person, all about the same time, each with another title."""
    chance = random.Random(7)
    near = min(NEAR, events)
    for number in range(events):
        first = number // near * near // EVENTS_A_PERSON
        person = first + number % (near // EVENTS_A_PERSON)
        yield identify(person, chance, title=f"Head of Computing {number}")


def not_for_salesforce(events: int) -> Iterator[dict[str, Any]]:
    """Identifies whose gate is closed."""
    return (event | {"integrations": {"All": True}} for event in people(events))


def lead(event: dict[str, Any]) -> dict[str, Any]:
    """What is to become of an identify: the fields of a Lead."""
    traits = event["traits"]
    return {
        "Email": traits["email"],
        "FirstName": traits["firstName"],
        "LastName": traits["lastName"],
        "Title": traits["title"],
        "Phone": traits["phone"],
        "Website": traits["website"],
        "Company": traits["company"]["name"],
        "Industry": traits["company"]["industry"],
        "NumberOfEmployees": traits["company"]["employee_count"],
        "Street": traits["address"]["street"],
        "City": traits["address"]["city"],
        "PostalCode": traits["address"]["postalCode"],
        "Country": traits["address"]["country"],
        "LeadSource": traits["leadSource"],
        "plan__c": traits["plan"],
        "score__c": traits["score"],
    }


def write_messages(path: Path, events: Iterable[dict[str, Any]]) -> None:
    """Write events as a tap does: a schema, records, a state after every thousand and at the end."""
    number = 0
    with path.open("wb") as file:
        file.write(_schema_message("events", {"groupId": ""} | identify(0, random.Random(7))))
        for number, event in enumerate(events, 1):
            file.write(_record_message("events", event))
            if number % NEAR == 0:
                file.write(_state_message(number))
        file.write(_line({"type": "STATE", "value": {"events": number, "done": True}}))


def write_records(path: Path, stream: str, records: Iterable[dict[str, Any]]) -> None:
    """Write any records as a tap does that knows no state: a schema by the first of them, and all."""
    with path.open("wb") as file:
        for number, record in enumerate(records):
            if not number:
                file.write(_schema_message(stream, record))
            file.write(_record_message(stream, record))


def endless_messages(event: dict[str, Any], events: int) -> Iterator[bytes]:
    """As many messages as are wanted, without keeping any: events of people who differ by their number.

    Args:
        event: The event of the one who has the number FIRST_OF_MANY.
        events: How many. All have numbers of as many digits.

    Yields:
        A thousand messages at a time, and the state after them.
    """
    number = str(FIRST_OF_MANY)
    ids = {"messageId": f"ajs-{number:0>32}", "anonymousId": f"{number:0>32}"}
    pattern, first = _record_message("events", event | ids), number.encode()
    yield _schema_message("events", event)
    for start in range(0, events, NEAR):
        end = min(start + NEAR, events)
        numbers = range(FIRST_OF_MANY + start, FIRST_OF_MANY + end)
        yield b"".join([pattern.replace(first, b"%d" % each) for each in numbers])
        yield _state_message(end)


def _schema_message(stream: str, example: dict[str, Any]) -> bytes:
    schema = {"type": "object", "properties": {name: _schema(each) for name, each in example.items()}}
    return _line({"type": "SCHEMA", "stream": stream, "key_properties": [], "schema": schema})


def _record_message(stream: str, record: dict[str, Any]) -> bytes:
    return _line({"type": "RECORD", "stream": stream, "record": record})


def _state_message(number: int) -> bytes:
    return _line({"type": "STATE", "value": {"events": number}})


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode() + b"\n"


def _schema(example: Any) -> dict[str, Any]:
    """What a tap would say of a column: types, every one of them nullable, objects with their members."""
    if isinstance(example, list):
        return {"type": ["array", "null"], "items": _schema(example[0])}
    if isinstance(example, dict):
        return {
            "type": ["object", "null"],
            "properties": {key: _schema(each) for key, each in example.items()},
        }
    kinds = {bool: "boolean", int: "integer", float: "number"}
    return {"type": [kinds.get(type(example), "string"), "null"]}
