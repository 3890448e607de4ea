"""What is told of a run: its figures beside each other, as tables and as a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from charts import Bar, Group, bar_chart
from reports import Figures, head, table

if TYPE_CHECKING:
    from collections.abc import Sequence


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
    does_less = {each["loader"]: each["does_less"] for each in _worked(figures["peers"])}
    parts += [f"{loader} {what}" for loader, what in does_less.items()]
    if pipeline := _worked(figures["pipeline"]):
        rows = [(each["what"], f"{each['events_per_cpu_second']:,.0f}") for each in pipeline]
        parts.append(table(("without the network", "events a CPU second"), rows))
    if memory := _worked(figures["memory"]):
        rows = [
            (
                f"{each['situation']}, {each['events']:,}",
                f"{each['peak_megabytes']:.0f}",
                f"{each['seconds']:.0f}",
            )
            for each in memory
        ]
        parts.append(table(("memory: events", "MB", "s"), rows))
    parts += [f"Failed: {failure}" for failure in figures["failures"]]
    return "\n\n".join(parts)


def _head(figures: Figures) -> str:
    record = figures["milliseconds_a_record"]
    more = f" and {record:g} ms for each record that is written" if record else ""
    return f"{head(figures)} Each answer of the org takes {figures['milliseconds']:g} ms{more}."


def _loader_table(loaders: Sequence[Figures]) -> str:
    names = ("loader", "situation", "events", "s", "CPU s", "events/s", "API calls per 1,000", "MB")
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
            _times(each["times_two_call_loop"]),
        )
        for each in loaders
    ]
    return table((*names, "times the two-call loop"), rows, words=2)


def _times(times: float | None) -> str:
    return "" if times is None else f"{times:,.{0 if times >= 1 else 1}f}"


def _loaders(figures: Figures) -> list[Figures]:
    return _worked([*figures["ours"], *figures["large"], *figures["loops"], *figures["peers"]])


def _worked(runs: Sequence[Figures]) -> list[Figures]:
    return [each for each in runs if "failure" not in each]


def chart(figures: Figures) -> str:
    """Events a second as bars."""
    ours = [
        Bar(each["situation"], each["events_per_second"], "ours")
        for each in _worked([*figures["ours"], *figures["large"]])
    ]
    loops = [
        Bar(each["loader"], each["events_per_second"])
        for each in _worked(figures["loops"])
        if each["situation"] == "all new"
    ]
    peers = [
        Bar(f"{each['loader'].partition(' ')[0]}, {each['situation']}", each["events_per_second"])
        for each in _worked(figures["peers"])
    ]
    groups = [
        Group("target-salesforce-seg, whole process", ours),
        Group("Two calls an event, all new", loops),
        Group("Other targets, which take records, not events", peers),
    ]
    subtitle = (
        f"each answer of the org takes {figures['milliseconds']:g} ms; "
        f"{figures['machine']['cores']} cores; {figures['date']}"
    )
    groups = [each for each in groups if each.bars]
    return bar_chart("Sending events to Salesforce", subtitle, "events a second", groups)
