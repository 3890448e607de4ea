"""What is told of a run: tables for people, JSON for programs, a chart for the docs."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.append(str(Path(__file__).parents[1]))

from charts import Bar, Group, bar_chart

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROOT = Path(__file__).parents[2]
README = ROOT / "benchmarks" / "README.md"
DOCS = ROOT / "docs" / "benchmarks"
BEGIN, END = "<!-- target: begin -->", "<!-- target: end -->"

Figures = dict[str, Any]


def compared(figures: Figures) -> Figures:
    """The figures, each beside the two-call loop over one connection."""
    loop = next((each["events_per_second"] for each in _worked(figures["loops"])), 0)
    for each in _loaders(figures):
        each["times_two_call_loop"] = round(each["events_per_second"] / loop, 1) if loop else None
    return figures


def tables(figures: Figures) -> str:
    """All that was measured, as Markdown."""
    parts = [_head(figures)]
    if loaders := _loaders(figures):
        parts.append(_loader_table(loaders))
    if pipeline := _worked(figures["pipeline"]):
        rows = [(each["what"], f"{each['events_per_cpu_second']:,.0f}") for each in pipeline]
        parts.append(_table(("without the network", "events a CPU second"), rows))
    if memory := _worked(figures["memory"]):
        rows = [
            (
                f"{each['situation']}, {each['events']:,}",
                f"{each['peak_megabytes']:.0f}",
                f"{each['seconds']:.0f}",
            )
            for each in memory
        ]
        parts.append(_table(("memory: events", "MB", "s"), rows))
    parts += [f"Failed: {failure}" for failure in figures["failures"]]
    return "\n\n".join(parts)


def _head(figures: Figures) -> str:
    machine = figures["machine"]
    busy = " **Other work was using the machine, too: compare CPU seconds.**" if machine["load"] > 1 else ""
    record = figures["milliseconds_a_record"]
    more = f" and {record:g} ms for each record that is written" if record else ""
    return (
        f"{figures['date']}, {machine['cores']} cores ({machine['processor']}), Python {machine['python']};"
        f" load before the start {machine['load']:.1f}.{busy} Each answer of the org takes "
        f"{figures['milliseconds']:g} ms{more}."
    )


def _loader_table(loaders: Sequence[Figures]) -> str:
    head = ("loader", "situation", "events", "s", "CPU s", "events/s", "API calls per 1,000", "MB")
    rows = [
        (
            each["loader"],
            each["situation"],
            f"{each['events']:,}",
            f"{each['seconds']:.1f}",
            f"{each['cpu_seconds']:.1f}",
            f"{each['events_per_second']:,.{0 if each['events_per_second'] >= 100 else 1}f}",
            f"{each['calls_per_thousand']:,.{0 if each['calls_per_thousand'] >= 100 else 2}f}",
            f"{each['peak_megabytes']:.0f}",
            "" if each["times_two_call_loop"] is None else f"{each['times_two_call_loop']:,.0f}",
        )
        for each in loaders
    ]
    return _table((*head, "times the two-call loop"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = [
        "--" if name in {"loader", "situation"} or not place else "--:" for place, name in enumerate(head)
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def _loaders(figures: Figures) -> list[Figures]:
    return _worked([*figures["ours"], *figures["large"], *figures["loops"]])


def _worked(runs: Sequence[Figures]) -> list[Figures]:
    return [each for each in runs if "failure" not in each]


def chart(figures: Figures) -> str:
    """Events a second as bars."""
    bars = [
        Bar(
            each["situation"] if each["ours"] else f"{each['loader']}",
            each["events_per_second"],
            "ours" if each["ours"] else "bar",
        )
        for each in _loaders(figures)
        if each["ours"] or each["situation"] == "all new"
    ]
    groups = [
        Group("target-salesforce-seg, whole process", [each for each in bars if each.kind == "ours"]),
        Group("Two calls an event, all new", [each for each in bars if each.kind != "ours"]),
    ]
    subtitle = (
        f"each answer of the org takes {figures['milliseconds']:g} ms; "
        f"{figures['machine']['cores']} cores; {figures['date']}"
    )
    groups = [each for each in groups if each.bars]
    return bar_chart("Sending events to Salesforce", subtitle, "events a second", groups)


def write(figures: Figures, readme: Path, docs: Path) -> None:
    """Put the tables between the marks in the README, and JSON and chart into the docs."""
    docs.mkdir(parents=True, exist_ok=True)
    (docs / "target.json").write_text(json.dumps(figures, indent=2) + "\n")
    (docs / "target.svg").write_text(chart(figures))
    between = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    told = f"{BEGIN}\n{tables(figures)}\n{END}"
    readme.write_text(between.sub(lambda _: told, readme.read_text()))
