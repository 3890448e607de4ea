"""Writes the events of a story: of every kind, in every shape, with odd and hostile values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from chaos_story import Story

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
BRANDS: tuple[Any, ...] = ("north", "North ", "south", "south", "")
SHARED: tuple[Any, ...] = (
    {"integrations": {"Salesforce": True}},
    {"integrations": {"All": True}, "context": {"ip": "::1"}},
    {"context": {"traits": {"title": "of the batch"}}},
    {},
)
"""What a batch of the HTTP API says for all its events."""

LINES = ("not json chaos-{n}", '{{"no": "type", "chaos": "chaos-{n}"}}', '[1, "chaos-{n}"]')


@dataclass
class Author:
    """Writes the events of a story."""

    story: Story
    rng: Random
    texts: list[Any]

    def write(self) -> None:
        """Write one line: an event, or several in a batch of the HTTP API."""
        begin = len(self.story.messages)
        if self.rng.random() >= 0.06:
            self.story.messages.append(self.message(begin))
            return
        shared = self.rng.choice(SHARED)
        kinds = (self._identify, self._identify, self._group, self._track)
        numbers = range(begin, begin + self.rng.randint(2, 4))
        own = [self.rng.choice(kinds)(number)[1] for number in numbers]
        self.story.messages += [("events", _under(shared, event)) for event in own]
        self.story.batches[begin] = (len(own), shared, own)

    def message(self, number: int) -> tuple[str, Any]:
        """The stream and the record of one event."""
        kinds: dict[Callable[[int], tuple[str, Any]], int] = {
            self._identify: 40,
            self._group: 15,
            self._track: 90 if self.story.mixed else 30,
            self._row: 6,
            self._group_row: 2,
            self._track_row: 3,
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
        if rng.random() < 0.9:
            traits["brand"] = rng.choice(BRANDS)
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
            "nick": self.texts,
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
        pool: dict[str, Any] = dict.fromkeys(
            ("phone", "website", "description", "city", "plan", "nick"), self.texts
        )
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
            "Ticket Checked": 3,
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
        pool |= {"test_prop": self.texts, "phone": self.texts, "context_ip": ["::1"], "nick": self.texts}
        return "identifies", row | {"brand": self.rng.choice(BRANDS)} | self._gated(self._some(pool))

    def _group_row(self, number: int) -> tuple[str, Any]:
        row = {"id": f"chaos-{number}", "group_id": self.rng.choice(GROUPS), "received_at": "2026-01-01"}
        pool = {"name": self.texts, "phone": self.texts, "address_city": ["Ulm", None], "plan": self.texts}
        return "GROUPS", row | self._gated(self._some(pool))

    def _track_row(self, number: int) -> tuple[str, Any]:
        row = {"id": f"chaos-{number}", "event": "ticket_seen", "event_text": "Ticket Seen"}
        pool = {"title": self.texts, "points": NUMBERS, "state": TIERS}
        row["ticket"] = self.rng.choice(TICKETS)
        return "ticket_seen", row | self._gated(self._some(pool))

    def _gated(self, row: dict[str, Any]) -> dict[str, Any]:
        column = self.story.config["gate_column"]
        return row | {column: self.rng.choice((True, True, True, False, None))} if column else row

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


def _under(shared: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """An event of a batch with what the batch says for all, under its own."""
    whole = dict(event)
    for name, common in shared.items():
        own = event.get(name)
        if own is None:
            whole[name] = common
        elif isinstance(own, dict):
            whole[name] = common | own
    return whole
