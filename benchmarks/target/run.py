"""How fast the target sends events to an org that answers after 150 ms, and what it costs in API calls.

    python benchmarks/target/run.py [--events 20000] [--loop-events 100] [--memory-events 1000000] [--write]

This project's target in six situations and with a large load, and the loop of two calls an event
(``two_calls.py``), over one connection and over ten, all against one stand-in for an org (``quick_org.py``);
then the target alone, with what it does to an event and without a network (``pipeline.py``); then its memory
with few and with many events. With ``--write`` the figures go to ``docs/benchmarks`` as JSON and as a chart,
and into ``benchmarks/README.md`` as tables.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path += [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "clients")]

import peers
import people
import pipeline
import report
import reports
from bench import HERE, Bench, Result, file_pieces
from measured import FailedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PARTS = ("ours", "large", "loops", "peers", "pipeline", "memory")
CONNECTIONS = (1, 10)
CACHE = Path(__file__).resolve().parents[2] / ".cache" / "clients"


def main() -> int:
    """Measure what is asked for; the exit code: 1 if anything failed."""
    options = _options()
    figures = reports.surroundings() | {
        "milliseconds": options.milliseconds,
        "milliseconds_a_record": options.milliseconds_a_record,
    }
    runs = {part: [] for part in PARTS} | {
        part: list(_told(_MEASURED[part](options))) for part in options.parts
    }
    figures |= runs | {
        "failures": [each["failure"] for part in runs.values() for each in part if "failure" in each]
    }
    figures = report.compared(figures)
    tables = report.tables(figures)
    print(tables)
    if options.write:
        reports.write("target", figures, tables, report.chart(figures), options)
    return int(bool(figures["failures"]))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=20_000, help="in each situation (%(default)s)")
    parser.add_argument("--large-events", type=int, default=200_000, help="of the large load (%(default)s)")
    parser.add_argument("--loop-events", type=int, default=100, help="for the two-call loop (%(default)s)")
    parser.add_argument("--memory-events", type=int, default=1_000_000, help="the most (%(default)s)")
    parser.add_argument("--milliseconds", type=float, default=150, help="of each answer (%(default)s)")
    parser.add_argument("--milliseconds-a-record", type=float, default=0, help="and of each record written")
    for peer in peers.PEERS:
        parser.add_argument(
            f"--{peer.option}", type=Path, metavar="FOLDER", help=f"source of {peer.name}'s target"
        )
    parser.add_argument("--cache", type=Path, default=CACHE, help="where peers are installed")
    reports.add_options(parser, PARTS)
    return parser.parse_args()


def _ours(options: argparse.Namespace) -> Iterator[Result]:
    """The six situations. What an org knows is what the situation before has written."""
    events = options.events
    half, tenth = events // 2, events // people.EVENTS_A_PERSON
    situations: tuple[tuple[str, bool, Iterable[dict[str, Any]], dict[str, int]], ...] = (
        ("all new", True, people.people(events), {"created": events}),
        ("all known, one change each", False, people.people(events, title="Director"), {"updated": events}),
        ("all unchanged", False, people.people(events, title="Director"), {"unchanged": events}),
        (
            "half new, half known and changed",
            True,
            _half_known(events),
            {"created": events - half, "updated": half},
        ),
        ("ten events a person", True, people.ten_each(events), {"created": tenth, "updated": events - tenth}),
        ("groups, all new", True, people.groups(events), {"created": events}),
    )
    with _bench(options) as bench:
        for name, fresh, sent, expected in situations:
            if fresh:
                bench.forget()
            if name.startswith("half"):
                _feed(bench, people.people(half), {"created": half})
            yield _feed(bench, sent, expected, name)


def _half_known(events: int) -> Iterator[dict[str, Any]]:
    """Known and new people in turns."""
    known = people.people(events // 2, title="Director")
    new = (each for number, each in enumerate(people.people(events)) if number >= events // 2)
    for pair in zip(known, new, strict=False):
        yield from pair
    yield from new


def _large(options: argparse.Namespace) -> Iterator[Result]:
    """So many new people that the target changes to Bulk API 2.0."""
    with _bench(options) as bench:
        sent = people.people(options.large_events)
        yield _feed(bench, sent, {"created": options.large_events}, "large load, all new (Bulk API 2.0)")


def _loops(options: argparse.Namespace) -> Iterator[Result]:
    with _bench(options) as bench:
        path = bench.folder / "loop.jsonl"
        people.write_messages(path, people.people(options.loop_events))
        for connections in CONNECTIONS:
            bench.forget()
            at_once = "one connection" if connections == 1 else f"{connections} connections"
            command = [sys.executable, str(HERE / "two_calls.py"), bench.url, str(path)]
            command += [str(options.loop_events), str(connections)]
            for situation in ("all new", "all known") if connections == 1 else ("all new",):
                name = f"two-call loop, {at_once}"
                yield bench.measured(name, situation, command, (), events=options.loop_events)


def _peers(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Other people's targets of which the source is at hand."""
    given = [(peer, source) for peer in peers.PEERS if (source := getattr(options, peer.option))]
    if given:
        with _bench(options) as bench:
            for peer, source in given:
                yield from _to_failure(peers.results(bench, peer, source.resolve(), options))


def _pipeline(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """What one core does; then all that the process does but to start, with an org that answers at once."""
    yield from pipeline.measured(options.events)
    with Bench(0) as bench:
        expected = {"created": options.events}
        new = _feed(bench, people.people(options.events), expected, "all new")
        unchanged = _feed(
            bench, people.people(options.events), {"unchanged": options.events}, "all unchanged"
        )
        sent = people.not_for_salesforce(options.events)
        gated = _feed(bench, sent, {"not_for_salesforce": options.events}, "gate closed")
        start = _feed(bench, people.not_for_salesforce(1), {"not_for_salesforce": 1}).cpu_seconds
    for each in (new, unchanged, gated):
        rate = each.events / (each.cpu_seconds - start)
        yield {"what": f"whole process, {each.situation}", "events_per_cpu_second": rate}


def _memory(options: argparse.Namespace) -> Iterator[Result]:
    """So many different people who are known and unchanged, and as many whose events stay outside.

    Neither side keeps them: one is made and known, and by rule whoever is like that one but for a number.
    """
    most = options.memory_events
    known = people.identify(people.FIRST_OF_MANY, random.Random(7))
    with Bench(0) as bench:
        bench.ours("one known", people.endless_messages(known, 1), {"created": 1})
        bench.know_everybody_like(people.FIRST_OF_MANY)
        for name, event, door in (
            ("all unchanged", known, "unchanged"),
            ("gate closed", known | {"integrations": {"All": True}}, "not_for_salesforce"),
        ):
            for events in sorted({most // 100, most // 10, most} - {0}):
                yield bench.ours(name, people.endless_messages(event, events), {door: events})


def _bench(options: argparse.Namespace) -> Bench:
    return Bench(options.milliseconds, options.milliseconds_a_record)


def _feed(
    bench: Bench, events: Iterable[dict[str, Any]], expected: dict[str, int], situation: str = ""
) -> Result:
    path = bench.folder / "events.jsonl"
    people.write_messages(path, events)
    return bench.ours(situation, file_pieces(path), {door: most for door, most in expected.items() if most})


_MEASURED = {
    "ours": _ours,
    "large": _large,
    "loops": _loops,
    "peers": _peers,
    "pipeline": _pipeline,
    "memory": _memory,
}


def _told(results: Iterator[Result] | Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The results as JSON, each told as it comes."""
    for result in _to_failure(results):
        told = reports.as_json(result) if isinstance(result, Result) else result
        print(
            *(f"{value:,}" if isinstance(value, int) else value for value in told.values()), file=sys.stderr
        )
        yield told


def _to_failure(results: Iterator[Any]) -> Iterator[Any]:
    """The results; what fails ends them and is the last of them."""
    try:
        yield from results
    except FailedError as error:
        yield {"failure": str(error)}


if __name__ == "__main__":
    sys.exit(main())
