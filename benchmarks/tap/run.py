"""How fast taps read Account, all its 68 fields, from one recorded server on this machine.

    python benchmarks/tap/run.py [--rows 400000] [--seconds 600] [--meltanolabs FOLDER] [--write]

Ours by Bulk API 2.0 and by REST, singer-io's tap, Airbyte's source and, where a checkout of its source is
given, MeltanoLabs' tap; then the bare loop of the fastest libraries, ours with few and with many rows
(memory), and several streams at once. Peers and libraries are installed from PyPI into environments of their
own below ``.cache/clients``. With ``--write`` the figures go to ``docs/benchmarks`` as JSON and as a chart,
and into ``benchmarks/README.md`` as tables.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path += [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "clients")]

import report
import reports
from bench import Bench, Result
from contestants import OURS, PEERS, Tap, meltanolabs, seg

if TYPE_CHECKING:
    from collections.abc import Sequence

PARTS = ("ours", "peers", "limits", "memory", "streams")
STREAMS = ("accounts", "contacts", "leads", "opportunities")
DELAY, SLOWLY = 0.15, ", 150 ms an answer"
"""Seconds, and how tables call it: about what a real org takes to answer."""
CACHE = Path(__file__).resolve().parents[2] / ".cache" / "clients"


def main() -> int:
    """Measure what is asked for; the exit code: 1 if anything failed."""
    options = _options()
    figures = reports.surroundings() | {"rows": options.rows, "seconds": options.seconds}
    with Bench(options.cache.resolve(), options.recorded_rows) as bench:
        figures |= {
            "taps": _all(bench, _taps(options), options),
            "limits": bench.limits(options.rows) if "limits" in options.parts else {},
            "memory": _memory(bench, options) if "memory" in options.parts else [],
            "streams": _streams(bench, options) if "streams" in options.parts else [],
        }
    figures = report.compared(figures)
    tables = report.tables(figures)
    print(tables)
    if options.write:
        reports.write("tap", figures, tables, report.chart(figures), options)
    for question in dict.fromkeys(bench.unanswered):
        print(f"The recorded server had no answer to {question}", file=sys.stderr)
    runs = [*figures["taps"], *figures["memory"], *figures["streams"]]
    return int(any(each["failure"] for each in runs))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=400_000, help="rows of Account (%(default)s)")
    parser.add_argument("--seconds", type=float, default=600, help="what each run may take (%(default)s)")
    parser.add_argument("--few-rows", type=int, default=40_000, help="for memory (%(default)s)")
    parser.add_argument("--many-rows", type=int, default=4_000_000, help="for memory, streams (%(default)s)")
    parser.add_argument("--recorded-rows", type=int, default=20_000, help="rows that the server repeats")
    parser.add_argument("--meltanolabs", type=Path, metavar="FOLDER", help="a checkout of its source")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where peers are installed")
    reports.add_options(parser, PARTS)
    return parser.parse_args()


def _taps(options: argparse.Namespace) -> list[Tap]:
    taps = list(OURS) if "ours" in options.parts else []
    if "peers" in options.parts:
        taps += PEERS
        taps += meltanolabs(options.meltanolabs) if options.meltanolabs else ()
    return taps


def _all(bench: Bench, taps: Sequence[Tap], options: argparse.Namespace) -> list[dict[str, Any]]:
    return [_told(bench.measure(tap, options.rows, options.seconds)) for tap in taps]


def _memory(bench: Bench, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Ours with few and with many rows."""
    return [
        _told(bench.measure(tap, rows, options.seconds))
        for tap in OURS
        for rows in (options.few_rows, options.many_rows)
    ]


def _streams(bench: Bench, options: argparse.Namespace) -> list[dict[str, Any]]:
    """As many rows in four streams, one after the other and at once; fewer where answers take their time."""
    number, told = len(STREAMS), []
    for delay, rows, slowly in ((0.0, options.many_rows, ""), (DELAY, options.rows, SLOWLY)):
        for api, api_type in (("Bulk 2.0", "bulk2"), ("REST", "rest")):
            for what, settings in (("one after the other", {"concurrency": 1}), ("at once", {})):
                tap = Tap("tap-salesforce-seg", api, seg(api_type, STREAMS, **settings), ours=True)
                result = bench.measure(tap, rows // number, options.seconds, streams=number, delay=delay)
                told.append(_told(replace(result, api=f"{api}, {number} streams {what}{slowly}")))
    return told


def _told(result: Result) -> dict[str, Any]:
    outcome = result.failure[-300:] or f"{result.rows:,} rows, {result.rows_per_second:,.0f} a second"
    print(f"{result.name}, {result.api}: {outcome}", file=sys.stderr, flush=True)
    return reports.as_json(result)


if __name__ == "__main__":
    sys.exit(main())
