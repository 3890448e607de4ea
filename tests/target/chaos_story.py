"""A story by its seed: settings, people, events, and where the tap puts its states."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from chaos_author import TEXTS, Author
from chaos_wishes import ACTIONS, ON_IDENTIFY, STREAMS

ADDRESSES = ("o'brien@chaos.example", "a%_b@chaos.example", "back\\slash@chaos.example", "+tag@chaos.example")
PEOPLE = {
    "new": 8,
    "known": 4,
    "twins": 2,
    "converted": 2,
    "lost": 1,
    "converted and open": 1,
    "deleted": 1,
    "merged": 2,
    "merged and converted": 1,
    "contact": 2,
}
"""What the org knows of a person before the first event, and how often."""


@dataclass
class Story:
    """What happens, but for what goes wrong.

    Attributes:
        messages: stream and record of each event, in whole; a record that is text is a line of its own.
        batches: where a batch of the HTTP API begins: how many events it has, what it says for all of them,
            and what each of its events says itself.
        marks: how many events lie before each STATE.
        people: e-mail address, and what the org knows of the person.
        contacts: external ids of contacts that are there.
    """

    seed: int
    config: dict[str, Any]
    messages: list[tuple[str, Any]] = field(default_factory=list)
    batches: dict[int, tuple[int, dict[str, Any], list[Any]]] = field(default_factory=dict)
    marks: list[int] = field(default_factory=list)
    people: dict[str, str] = field(default_factory=dict)
    contacts: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    tickets: list[str] = field(default_factory=list)
    mixed: bool = False
    """Whether a record is reached in several ways: by e-mail, by external id and by Id."""
    merges: bool = False
    """Whether the contact by-id-1 was merged into by-id-0 before the first event."""
    merged: dict[str, str] = field(default_factory=dict)
    """The Ids of contacts that were merged, and of those they were merged into."""

    def cut(self, first: int) -> None:
        """Leave out all but the first events."""
        self.messages = self.messages[:first]
        self.marks = [mark for mark in self.marks if mark <= first]
        self.batches = {begin: batch for begin, batch in self.batches.items() if begin + batch[0] <= first}

    def lines(self) -> list[range]:
        """The events of each line of the tap."""
        found: list[range] = []
        place = 0
        while place < len(self.messages):
            found.append(range(place, place + self.batches.get(place, (1,))[0]))
            place = found[-1].stop
        return found


def tell(seed: int, *, astral: bool = True, mixed: bool | None = None) -> Story:
    """Make up a story.

    Args:
        seed: the same story for the same seed.
        astral: whether long texts may hold emoji.
        mixed: see Story; None lets the seed decide.
    """
    rng = Random(seed)
    story = Story(seed, _config(rng))
    story.mixed = rng.random() < 0.3 if mixed is None else mixed
    names = [f"p{number}@chaos.example" for number in range(rng.randint(1, 5))]
    for address in (*names, *rng.sample(ADDRESSES, rng.randint(0, 2))):
        story.people[address] = rng.choices(list(PEOPLE), list(PEOPLE.values()))[0]
    story.contacts = [*(f"u-{number}" for number in range(rng.randint(1, 3))), "by-id-0", "by-id-1"]
    story.accounts = rng.sample(["acme", "7", "ß"], rng.randint(0, 2))
    story.tickets = rng.sample(["t-1", "t-2", "%"], rng.randint(0, 2))
    author = Author(
        story, rng, [each for each in TEXTS if astral or not isinstance(each, str) or each.isascii()]
    )
    story.merges = rng.random() < 0.3
    length = rng.choice((10, 30, 60, 120))
    while len(story.messages) < length:
        author.write()
    gap = rng.choice((1, 1, 3, 10, 25))
    story.marks = [line.stop for line in story.lines() if line.stop % gap == 0]
    if rng.random() < 0.8 and len(story.messages) not in story.marks:
        story.marks.append(len(story.messages))
    return story


def _config(rng: Random) -> dict[str, Any]:
    chosen = {
        "always_enabled": (False, False, True),
        "multiple_matches": ("reject", "newest", "oldest", "all"),
        "converted_leads": ("contact", "contact", "reject"),
        "fill_required": ("create", "create", "always"),
        "unknown_fields": ("drop", "drop", "drop", "reject"),
        "trim_long_values": (True, True, False),
        "send_address_as_billing": (True, False),
        "send_address_as_shipping": (False, True),
        "batch_size": (5, 7, 10, 20, 50),
        "match_contacts": (False, False, True),
        "event_id_field": ({}, {"Case": "EventId__c"}, "EventId__c"),
        "api_type": ("rest", "rest", "auto", "bulk2"),
        "trait_fields": (
            {},
            {"nick": "Fax"},
            {"nick": "Fax", "identify": {"score": None}, "group": {"plan": None}},
        ),
        "lead_lookup_fields": ({}, {}, {"email": "Email", "brand": "brand__c"}),
        "gate_column": ("", "to_sf"),
    }
    config: dict[str, Any] = {name: rng.choice(values) for name, values in chosen.items()}
    more = rng.choice(([], [], [ON_IDENTIFY], [ON_IDENTIFY | {"replaces_default": True}]))
    return config | {"actions": [*ACTIONS, *more], "streams": STREAMS}
