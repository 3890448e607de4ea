"""A story by its seed: settings, people, events, and where the tap puts its states."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from chaos_wishes import ACTIONS, ON_IDENTIFY, STREAMS

if TYPE_CHECKING:
    from collections.abc import Callable

ADDRESSES = ("o'brien@chaos.example", "a%_b@chaos.example", "back\\slash@chaos.example", "+tag@chaos.example")
PEOPLE = {
    "new": 8,
    "known": 4,
    "twins": 2,
    "converted": 2,
    "lost": 1,
    "converted and open": 1,
    "deleted": 1,
    "contact": 2,
}
"""What the org knows of a person before the first event, and how often."""

GROUPS: tuple[Any, ...] = (
    "acme",
    "ACME ",
    " Acme",
    7,
    "7",
    "x' OR Name != '",
    "@{ref.id}",
    "\\",
    "ß",
    "SS",
    "😀",
)
TICKETS = ("t-1", "T-1 ", "t-2", "o'key", "%", "_", '"quoted"', "100", 100)
TEXTS = (
    *(
        "plain",
        "plain",
        "  outer space ",
        "o'brien & <b>bold</b>",
        'quote " and \\ back',
        "two\nlines",
        "cr\r\nlf",
    ),
    *("nul\0inside", "emoji 🎈", "half \ud83d pair", "@{ref.id}", "' OR Name != '", "#N/A", "=1+1", "a,b;c"),
    *("long " * 70, "é" * 300, "\u2028sep", "null", 42, 1.5, True, 0, "😀" * 150, "x" * 19 + "😀😀"),
)
ODD: tuple[Any, ...] = (None, None, "", "   ", [1], {"a": 1}, [])
NUMBERS = (5, "12.5", 0, -3.25, "many", True, 1e30, 99999, "1e3", 1.239)
FLAGS = (True, False, "true", "0", 1, "maybe", 2)
DAYS = ("2001-02-03", "2001-02-03T10:00:00Z", "yesterday", "1500-01-01")
MOMENTS = ("2026-01-31T23:59:59Z", "2026-01-31T23:59:59.5+02:00", "soon")
TIERS = ("Gold", "Silver", "Gold", "Tin", "Lead")
GATES: tuple[Any, ...] = (
    *({"Salesforce": True},) * 20,
    {"Salesforce": {}},
    {"All": False, "Salesforce": True},
    {"All": True},
    {"All": False},
    {"salesforce": True},
    {"Salesforce": "yes"},
    {"Salesforce": None},
    {"Salesforce": False},
    {},
    None,
    [],
)
LINES = ("not json chaos-{n}", '{{"no": "type", "chaos": "chaos-{n}"}}', '[1, "chaos-{n}"]')


@dataclass
class Story:
    """What happens, but for what goes wrong.

    Attributes:
        messages: stream and record; a record that is text is a line of its own.
        marks: how many messages lie before each STATE.
        people: e-mail address, and what the org knows of the person.
        contacts: external ids of contacts that are there.
    """

    seed: int
    config: dict[str, Any]
    messages: list[tuple[str, Any]] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    people: dict[str, str] = field(default_factory=dict)
    contacts: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    tickets: list[str] = field(default_factory=list)
    mixed: bool = False
    """Whether a record is reached in several ways: by e-mail, by external id and by Id."""


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
    for number in range(rng.choice((10, 30, 60, 120))):
        story.messages.append(author.message(number))
    gap = rng.choice((1, 1, 3, 10, 25))
    story.marks = [n for n in range(1, len(story.messages) + 1) if n % gap == 0]
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
    }
    config: dict[str, Any] = {name: rng.choice(values) for name, values in chosen.items()}
    more = rng.choice(([], [], [ON_IDENTIFY], [ON_IDENTIFY | {"replaces_default": True}]))
    return config | {"actions": [*ACTIONS, *more], "streams": STREAMS}


@dataclass
class Author:
    """Writes the events of a story."""

    story: Story
    rng: Random
    texts: list[Any]

    def message(self, number: int) -> tuple[str, Any]:
        """The stream and the record of one event."""
        kinds: dict[Callable[[int], tuple[str, Any]], int] = {
            self._identify: 40,
            self._group: 15,
            self._track: 90 if self.story.mixed else 30,
            self._row: 6 if self.story.config["always_enabled"] else 0,
            self._ticket_record: 8,
            self._unsent: 3,
            self._broken: 2,
        }
        return self.rng.choices(list(kinds), list(kinds.values()))[0](number)

    def _event(self, number: int, kind: str, **members: Any) -> dict[str, Any]:
        gate = self.rng.choice(GATES)
        flags = {} if gate is None else {"integrations": gate}
        return {"type": kind, "messageId": f"chaos-{number}"} | flags | members

    def _identify(self, number: int) -> tuple[str, Any]:
        rng, traits = self.rng, self._person_traits()
        event = self._event(number, "identify", userId=f"user-{rng.randint(0, 5)}")
        if rng.random() < 0.05:
            return "events", event | {"type": rng.choice(("identity", None, 7)), "traits": traits}
        if rng.random() < 0.03:
            return "events", event | {"traits": rng.choice(("text", [1], 5))}
        address = self._address()
        form = rng.random()
        if form < 0.05:
            traits["email"] = rng.choice(
                (None, "", "no address", "a b@c.example", [1], "x" * 80 + "@long.example")
            )
        elif form < 0.1:
            event["userId"] = address
            traits |= rng.choice(({}, {"email": None}, {"email": " "}))
        else:
            traits[rng.choice(("email", "email", "Email", "EMAIL"))] = address
        if rng.random() < 0.1:
            return "events", event | {"context": {"traits": traits}}
        if rng.random() < 0.08:
            traits["email"] = "good@chaos.example"
            entry = {"type": "Salesforce-Contact", "id": self._contact()}
            return "events", event | {"traits": traits, "context": {"externalId": [entry]}}
        return "events", event | {"traits": traits}

    def _contact(self) -> str:
        """What stands for the Id of a contact until the org has made it."""
        own = [each for each in self.story.contacts if self.story.mixed != each.startswith("by-id")]
        return f"<contact {self.rng.choice(own)}>"

    def _address(self) -> str:
        address = self.rng.choice(list(self.story.people))
        return self.rng.choice((address, address, address.upper(), f"  {address}", f"{address.title()}\n"))

    def _person_traits(self) -> dict[str, Any]:
        pool: dict[str, tuple[Any, ...] | list[Any]] = {
            "name": ["Ada Lovelace", "  Grace   Brewster Hopper ", "Solo", *self.texts],
            "firstName": ["Ada", *self.texts],
            "last_name": ["Lovelace", *self.texts],
            "company": ["Initech", {"name": "Globex"}, {"name": 5}, {"id": 7}, *self.texts],
            "address": [
                {"city": "Ulm", "postalCode": "89073"},
                {"zip": 7, "street": "1 Mill\nLane"},
                "one line",
            ],
            "city": self.texts,
            "zip": ["12345", 12345],
            "state": ["Bayern"],
            "rating": ["Hot", "Cold"],
            "leadSource": ["Web"],
            "numberOfEmployees": [10, "20", 1.5, 10**9],
            "score": NUMBERS,
            "flag": FLAGS,
            "born": DAYS,
            "seen": MOMENTS,
            "tier": TIERS,
            "age": [36],
            "unknownThing": ["x"],
            self.rng.choice(("testProp", "testProp__c", "TESTPROP")): self.texts,
        } | dict.fromkeys(("title", "position", "phone", "website", "description"), self.texts)
        return self._some(pool)

    def _some(self, pool: dict[str, Any]) -> dict[str, Any]:
        rng = self.rng
        wild = rng.random() < 0.4
        chosen = rng.sample(list(pool), min(len(pool), rng.randint(0, 5)))
        return {
            name: rng.choice(ODD) if wild and rng.random() < 0.2 else rng.choice(pool[name])
            for name in chosen
        }

    def _group(self, number: int) -> tuple[str, Any]:
        pool = dict.fromkeys(("phone", "website", "description", "city", "plan"), self.texts)
        pool |= {
            "employees": [5, "12", 2.5],
            "industry": ["Banking"],
            "address": [{"city": "Ulm", "country": "DE"}],
        }
        traits = self._some(pool)
        if self.rng.random() < 0.7:
            traits["name"] = self.rng.choice(["Acme Inc", *self.texts])
        key = (
            self.rng.choice(GROUPS)
            if self.rng.random() < 0.95
            else self.rng.choice((None, [1], True, "g" * 41))
        )
        return "events", self._event(number, "group", groupId=key, traits=traits)

    def _track(self, number: int) -> tuple[str, Any]:
        rng = self.rng
        often = {
            "Ticket Seen": 8,
            "Ticket Changed": 4,
            "Ticket Removed": 2,
            "Issue Opened": 6,
            "User Left": 1,
        }
        often |= {"Profile Changed": 4, "Contact Fixed": 2, "Not Wanted": 2}
        if self.story.mixed:
            often |= {"Profile Changed": 12, "Contact Seen": 12, "Contact Fixed": 12, "Contact Gone": 4}
        name = rng.choices(list(often), list(often.values()))[0]
        texts = [text for text in self.texts if isinstance(text, str)]
        properties: dict[str, Any] = self._some(
            {"title": self.texts, "points": NUMBERS, "urgent": FLAGS, "state": TIERS, "lastName": ["Doe"]}
        )
        if rng.random() < 0.95:
            properties["ticket"] = rng.choice(TICKETS)
        if name == "Issue Opened":
            properties = {"subject": f"chaos-{number} issue", "details": rng.choice(texts)}
        if name == "User Left":
            properties = {"email": self._address()}
        if name in {"Contact Fixed", "Contact Gone"}:
            properties["recordId"] = self._contact()
        if name == "Contact Seen":
            properties["email"] = f"{rng.choice(('u-0', 'U-1', 'u-9'))}@contact.example"
        spelled = rng.choice((name, name, name.upper(), f" {name} "))
        user = rng.choice(("u-0", "U-1", "u-2 ", "u-new"))
        return "events", self._event(number, "track", event=spelled, userId=user, properties=properties)

    def _row(self, number: int) -> tuple[str, Any]:
        row: dict[str, Any] = {"id": f"chaos-{number}", "user_id": "w", "email": self._address()}
        pool = {
            "first_name": self.texts,
            "last_name": self.texts,
            "title": self.texts,
            "address_city": ["Ulm", None],
        }
        pool |= {"test_prop": self.texts, "phone": self.texts, "context_ip": ["::1"]}
        return "identifies", row | self._some(pool)

    def _ticket_record(self, number: int) -> tuple[str, Any]:
        record: dict[str, Any] = {"_sdc_chaos": f"chaos-{number}"}
        record |= self._some({"title": self.texts, "points": NUMBERS, "State__c": TIERS})
        if self.rng.random() < 0.95:
            record["number"] = self.rng.choice(TICKETS)
        if self.rng.random() < 0.15:
            record["_sdc_deleted_at"] = "2026-01-01T00:00:00Z"
        return "tickets", record

    def _unsent(self, number: int) -> tuple[str, Any]:
        return "events", self._event(
            number, self.rng.choice(("page", "screen", "alias")), properties={"title": "x"}
        )

    def _broken(self, number: int) -> tuple[str, Any]:
        return "", self.rng.choice(LINES).format(n=number)
