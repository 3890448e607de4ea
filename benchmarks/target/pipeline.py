"""How many events a second one core reads, gates, classifies, maps and merges, the network left out.

    .venv/bin/python benchmarks/target/pipeline.py [--events 20000] [--profile]

The objects are those of a local org's describe. Nobody is known to it, so that every event makes a create.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import logging
import pstats
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from salesforce_seg.answers import decode_json
from salesforce_seg.describe import Describer
from salesforce_seg.session import Session
from salesforce_seg.settings import ConnectionSettings
from target_salesforce_seg.catalog import Catalog
from target_salesforce_seg.classify import Incoming, classify
from target_salesforce_seg.intents import Intent
from target_salesforce_seg.lookup import Found
from target_salesforce_seg.notices import Notices
from target_salesforce_seg.plans import Plans
from target_salesforce_seg.resolver import Resolver
from target_salesforce_seg.settings import TargetSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

BATCH = 1000
FIELDS = ("plan__c", "signupSource__c", "lastSeenAt__c", "score__c", "newsletter__c")


def an_event(number: int, chance: random.Random) -> dict[str, Any]:
    """An identify of about 1.2 KB with 19 traits, as an SDK of Segment sends it."""
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
            "title": "Head of Computing",
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


def lines(events: int) -> list[bytes]:
    """The RECORD messages of a tap."""
    chance = random.Random(7)
    messages = ({"type": "RECORD", "stream": "events", "record": an_event(n, chance)} for n in range(events))
    return [json.dumps(message).encode() for message in messages]


class Nobody:
    """Answers lookups as an org that knows nobody, without being asked over a network."""

    def ask(self, questions: Iterable[Any]) -> list[Found]:
        """What each question finds: nothing."""
        return [Found() for _ in questions]


def pipeline(plans: Plans, resolver: Resolver, settings: TargetSettings, batch: Iterable[bytes]) -> Any:
    """From lines to the writes of one batch."""
    return resolver.resolve(intents(plans, settings, batch)).writes


def intents(plans: Plans, settings: TargetSettings, batch: Iterable[bytes]) -> Iterable[Intent]:
    """From lines to what their events want."""
    for place, line in enumerate(batch):
        message = decode_json(line)
        event = classify(Incoming(message["stream"], message["record"]), settings)
        plans.check_wanted(event)
        yield from (each for each in plans.of(place, event) if isinstance(each, Intent))


def rate(work: Callable[[list[bytes]], Any], all_lines: list[bytes]) -> float:
    """Events a second of processor time, batch by batch."""
    begin = time.process_time()
    for start in range(0, len(all_lines), BATCH):
        work(all_lines[start : start + BATCH])
    return len(all_lines) / (time.process_time() - begin)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--profile", action="store_true", help="print where the time goes")
    options = parser.parse_args()
    settings = TargetSettings.from_config({})
    with subprocess.Popen(
        [sys.executable, "-m", "salesforce_local_org", "serve", "--port=0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as org:
        assert org.stdout is not None
        url = org.stdout.readline().split()[1]
        try:
            catalog = described(url, settings)
        finally:
            org.terminate()
    notices = Notices(logging.getLogger("notices"))
    plans = Plans(settings, catalog, notices)
    resolver = Resolver(Nobody(), catalog, notices, settings)  # type: ignore[arg-type]
    all_lines = lines(options.events)
    print(f"{len(all_lines)} events of {sum(map(len, all_lines)) // len(all_lines)} bytes")
    measured: dict[str, Callable[[list[bytes]], Any]] = {
        "parsed": lambda batch: [decode_json(line) for line in batch],
        "parsed, gated, mapped": lambda batch: list(intents(plans, settings, batch)),
        "parsed, gated, mapped, merged": lambda batch: pipeline(plans, resolver, settings, batch),
    }
    for name, work in measured.items():
        print(f"{rate(work, all_lines):>9,.0f} events/s {name}")
    if options.profile:
        profile = cProfile.Profile()
        profile.runcall(rate, measured["parsed, gated, mapped, merged"], all_lines[:5000])
        pstats.Stats(profile).sort_stats("tottime").print_stats(30)


def described(url: str, settings: TargetSettings) -> Catalog:
    """The objects of an org, with the custom fields that the events' traits go to."""
    config = {"login_url": url, "username": "user@example.com", "password": "secret"}
    session = Session(ConnectionSettings.from_config(config), client_name="benchmark")
    kinds = {"lastSeenAt__c": "DateTime", "score__c": "Number", "newsletter__c": "Checkbox"}
    for name in FIELDS:
        kind = kinds.get(name, "Text")
        more: dict[str, Any] = {"Text": {"length": 80}, "Number": {"precision": 18, "scale": 2}}.get(kind, {})
        metadata = {"type": kind, "label": name, **more}
        if kind == "Checkbox":
            metadata["defaultValue"] = "false"
        body = {"FullName": f"Lead.{name}", "Metadata": metadata}
        session.call_json("POST", "tooling/sobjects/CustomField", json=body)
    catalog = Catalog(Describer(session), settings)
    catalog.load(())
    session.close()
    return catalog


if __name__ == "__main__":
    main()
