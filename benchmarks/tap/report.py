"""What is told of a run: its figures beside each other, as tables and as a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from charts import Bar, Group, bar_chart
from reports import Figures, head, table

if TYPE_CHECKING:
    from collections.abc import Sequence


def compared(figures: Figures) -> Figures:
    """The figures, with what they say beside each other: peers, the bare loop."""
    taps = figures["taps"]
    fastest = max((each["rows_per_second"] for each in taps if not each["ours"]), default=0)
    for each in taps:
        each["times_fastest_peer"] = round(each["rows_per_second"] / fastest, 2) if fastest else None
    bulk = next((each["rows_per_second"] for each in taps if each["ours"] and "Bulk" in each["api"]), 0)
    best = max((each["rows_per_second"] for each in figures["limits"].values()), default=0)
    return figures | {"share_of_bare_loop": round(bulk / best, 3) if bulk and best else None}


def tables(figures: Figures) -> str:
    """All that was measured, as Markdown."""
    parts = [_taps(figures["taps"], figures["seconds"])] if figures["taps"] else []
    if figures["limits"]:
        parts.append(_limits(figures["limits"], figures["share_of_bare_loop"]))
    if figures["memory"]:
        parts.append(_runs("memory: rows of Account", figures["memory"]))
    if figures["streams"]:
        parts.append(_runs("streams at once", figures["streams"]))
    parts += [f"{each['name']} by {each['api']} failed: {each['failure']}" for each in _failed(figures)]
    return "\n\n".join([head(figures), *parts])


def _taps(taps: Sequence[Figures], seconds: float) -> str:
    rows = [
        (
            f"{each['name']}, {each['api']}",
            f"{each['rows']:,}" + ("" if each["complete"] else f" in {seconds:.0f} s"),
            f"{each['seconds']:.1f}",
            f"{each['cpu_seconds']:.1f}",
            f"{each['rows_per_second']:,.0f}",
            f"{each['peak_megabytes']:.0f}",
            f"{each['api_calls']:,}",
            "" if each["times_fastest_peer"] is None else f"{each['times_fastest_peer']:.2f}",
        )
        for each in _worked(taps)
    ]
    return table(("tap", "rows", "s", "CPU s", "rows/s", "MB", "API calls", "times the fastest peer"), rows)


def _limits(limits: dict[str, dict[str, float]], share: float | None) -> str:
    rows = [
        (
            name,
            f"{loop['rows_per_second']:,.0f}",
            f"{loop['cores_used']:.2f}",
            f"{loop['counter_cores_used']:.2f}",
        )
        for name, loop in limits.items()
    ]
    if share is not None:
        rows.append(("ours by Bulk 2.0, whole process, beside the best of them", f"{share:.0%}", "", ""))
    return table(("bare loop: CSV bytes in, RECORD lines out", "rows/s", "cores used", "by counter"), rows)


def _runs(what: str, runs: Sequence[Figures]) -> str:
    rows = [
        (
            f"{each['api']}, {each['rows']:,}"
            if each["complete"]
            else f"{each['api']}, {each['rows']:,} (cut)",
            f"{each['rows_per_second']:,.0f}",
            f"{each['peak_megabytes']:.0f}",
            f"{each['cpu_seconds'] / each['seconds']:.2f}",
            f"{(each['server_cpu_seconds'] + each['counter_cpu_seconds']) / each['seconds']:.2f}",
        )
        for each in _worked(runs)
    ]
    return table((what, "rows/s", "MB", "cores used", "by server and counter"), rows)


def _worked(runs: Sequence[Figures]) -> list[Figures]:
    return [each for each in runs if not each["failure"]]


def _failed(figures: Figures) -> list[Figures]:
    runs = [*figures["taps"], *figures["memory"], *figures["streams"]]
    return [each for each in runs if each["failure"]]


def chart(figures: Figures) -> str:
    """Rows a second as bars, the bare loop last."""
    ours_and_peers = [
        Bar(
            f"{each['name']}, {each['api']}",
            each["rows_per_second"],
            "ours" if each["ours"] else "bar",
        )
        for each in sorted(_worked(figures["taps"]), key=lambda each: -each["rows_per_second"])
    ]
    loops = [Bar(name, loop["rows_per_second"], "limit") for name, loop in figures["limits"].items()]
    groups = [Group("Taps, whole process", ours_and_peers)]
    if loops:
        groups.append(Group("Bare loop: CSV bytes in memory to RECORD lines, nothing else", loops))
    subtitle = (
        f"{figures['rows']:,} rows, 68 fields, from one recorded server on the same machine, "
        f"{figures['machine']['cores']} cores; {figures['date']}"
    )
    return bar_chart("Reading Salesforce accounts", subtitle, "rows a second", groups)
