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
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.append(str(Path(__file__).parent))

from behind import LocalOrg
from people import people

from salesforce_seg.describer import Describer
from salesforce_seg.exact_json import decode_json
from salesforce_seg.session import Session
from salesforce_seg.settings import ConnectionSettings
from target_salesforce_seg.catalog import Catalog
from target_salesforce_seg.classify import Incoming, classify
from target_salesforce_seg.garbage import collect_rarely
from target_salesforce_seg.intents import Intent
from target_salesforce_seg.lookup import Found
from target_salesforce_seg.notices import Notices
from target_salesforce_seg.plans import Plans
from target_salesforce_seg.resolver import Resolver
from target_salesforce_seg.settings import TargetSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

BATCH = 1000
PROFILED = 5_000
ROUNDS = 5


def lines(events: int) -> list[bytes]:
    """The RECORD messages of a tap."""
    messages = ({"type": "RECORD", "stream": "events", "record": event} for event in people(events))
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
    """Events a second of processor time, batch by batch; the best round, as others can only slow one down."""
    return max(len(all_lines) / seconds(work, all_lines) for _ in range(ROUNDS))


def seconds(work: Callable[[list[bytes]], Any], all_lines: list[bytes]) -> float:
    """Processor time of one round."""
    begin = time.process_time()
    for start in range(0, len(all_lines), BATCH):
        work(all_lines[start : start + BATCH])
    return time.process_time() - begin


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--profile", action="store_true", help="print where the time goes")
    options = parser.parse_args()
    for each in measured(options.events):
        print(f"{each['events_per_cpu_second']:>9,.0f} events/s {each['what']}")
    if options.profile:
        all_lines = lines(PROFILED)
        profile = cProfile.Profile()
        profile.runcall(seconds, steps()["parsed, gated, mapped, merged"], all_lines)
        pstats.Stats(profile).sort_stats("tottime").print_stats(30)


def measured(events: int) -> Iterator[dict[str, Any]]:
    """What one core does in a second, step upon step."""
    all_lines = lines(events)
    collect_rarely()
    for name, work in steps().items():
        yield {"what": name, "events_per_cpu_second": rate(work, all_lines)}


def steps() -> dict[str, Callable[[list[bytes]], Any]]:
    """More and more of what happens to the lines of a batch."""
    settings = TargetSettings.from_config({})
    catalog = described(settings)
    notices = Notices(logging.getLogger("notices"))
    plans = Plans(settings, catalog, notices)
    resolver = Resolver(Nobody(), catalog, notices, settings)  # type: ignore[arg-type]
    return {
        "parsed": lambda batch: [decode_json(line) for line in batch],
        "parsed, gated, mapped": lambda batch: list(intents(plans, settings, batch)),
        "parsed, gated, mapped, merged": lambda batch: pipeline(plans, resolver, settings, batch),
    }


def described(settings: TargetSettings) -> Catalog:
    """The objects of an org that has the fields that the events' own traits go to."""
    with tempfile.TemporaryDirectory() as folder, LocalOrg(Path(folder)) as org:
        config = {"login_url": org.url, "client_id": "benchmark", "client_secret": "benchmark"}
        session = Session(ConnectionSettings.from_config(config), client_name="benchmark")
        catalog = Catalog(Describer(session), settings)
        catalog.load(())
        session.close()
    return catalog


if __name__ == "__main__":
    main()
