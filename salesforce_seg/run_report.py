"""A run's summary as one page for people: ``--report FILE.html`` of both plugins.

``python -m salesforce_seg.run_report summary.json > report.html`` draws it after the fact.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salesforce_seg.report_page import element, number, page, plots, section, stacked, table, tiles

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET
    from collections.abc import Iterator, Mapping

Summary = dict[str, Any]

STREAM_MEASURES = {"rows": "rows", "deletes": "deletes", "api_calls": "API calls", "seconds": "seconds"}

DOORS = {
    "written": "written",
    "unchanged": "unchanged",
    "not_for_salesforce": "not for Salesforce",
    "rejected": "rejected",
}

FIGURES = {"events": "events", **DOORS, "api_calls": "API calls", "seconds": "seconds"}

REASONS = {
    "rejected_because": "Rejected, by reason",
    "not_for_salesforce_because": "Not for Salesforce, by reason",
}


def report(summary: Mapping[str, Any]) -> str:
    """The page.

    Args:
        summary: What ``summary_path`` says, of either plugin.

    Returns:
        HTML that needs nothing else.
    """
    given = dict(summary)
    name = str(given.get("plugin", "run"))
    parts = [*_heading(name, given), *_failed(given), *_quota(given), *_doors(given), *_objects(given)]
    return page(f"{name}: run report", [*parts, *_reasons(given), *_streams(given)])


def _heading(name: str, summary: Summary) -> Iterator[ET.Element]:
    kind, outcome = _outcome(summary)
    yield element("h1", name)
    ended = summary.get("ended_at")
    yield element("p", *([f"Ended {ended}: "] if ended else []), element("span", outcome, class_=kind))
    yield tiles(_figures(summary))


def _outcome(summary: Summary) -> tuple[str, str]:
    """A class, and how the run went in a few words."""
    streams = summary.get("streams", {})
    troubles = {
        "streams failed": len(summary.get("failed", ())),
        "streams not complete": sum(
            not each["complete"] for name, each in streams.items() if name not in summary["failed"]
        ),
        "events rejected": summary.get("rejected", 0),
        "events not settled": summary.get("not_settled", 0),
    }
    told = ", ".join(f"{what}: {number(count)}" for what, count in troubles.items() if count)
    return ("bad", told) if told else ("good", "all done")


def _figures(summary: Summary) -> dict[str, float]:
    streams = summary.get("streams")
    if streams is None:
        return {head: summary[key] for key, head in FIGURES.items() if key in summary}
    figures: dict[str, float] = {
        "streams read": sum(each["complete"] for each in streams.values()),
        **{what: sum(each[what] for each in streams.values()) for what in ("rows", "deletes")},
    }
    return figures | {"API calls": summary["api_calls"], "seconds": summary["seconds"]}


def _failed(summary: Summary) -> Iterator[ET.Element]:
    if summary.get("failed"):
        yield section("Failed", table(("stream", "why"), summary["failed"].items()))


def _quota(summary: Summary) -> Iterator[ET.Element]:
    """API requests of the last 24 hours, which Salesforce tells with each answer (``Sforce-Limit-Info``)."""
    requests = summary.get("api_requests")
    if not requests:
        return
    used, allowed = requests["used"], requests["allowed"]
    ours = min(summary["api_calls"], used)
    share = f"{used / allowed:.2%}" if allowed else "all"
    yield section(
        "The org's API requests of 24 hours",
        stacked((("others", used - ours), ("c1", ours)), allowed),
        element(
            "p",
            f"{number(used)} of {number(allowed)} used ({share}): {number(ours)} by this run, "
            f"{number(used - ours)} before it or by others.",
            class_="quiet",
        ),
    )


def _doors(summary: Summary) -> Iterator[ET.Element]:
    if "events" in summary:
        rows = [(head, (summary[door],)) for door, head in DOORS.items()]
        yield section("Events, by the door they left through", plots(("door", "events"), rows, _most(rows)))


def _objects(summary: Summary) -> Iterator[ET.Element]:
    """What became of each object's records, on one scale."""
    objects = summary.get("objects")
    if objects:
        measures = list(dict.fromkeys(measure for counts in objects.values() for measure in counts))
        rows = [(name, [counts.get(each, 0) for each in measures]) for name, counts in objects.items()]
        most = [max(_most(rows))] * len(measures)
        yield section("Records, by object", plots(("object", *measures), rows, most))


def _reasons(summary: Summary) -> Iterator[ET.Element]:
    for key, heading in REASONS.items():
        if summary.get(key):
            rows = [(reason, (count,)) for reason, count in summary[key].items()]
            yield section(heading, plots(("reason", "events"), rows, _most(rows)))


def _streams(summary: Summary) -> Iterator[ET.Element]:
    """A plot a measure, longest streams first; those without news are folded away."""
    streams = summary.get("streams")
    if not streams:
        return
    heads = ("stream", *STREAM_MEASURES.values())
    rows = [(name, [each[measure] for measure in STREAM_MEASURES]) for name, each in streams.items()]
    rows.sort(key=lambda row: (-row[1][0], row[0]))
    most = _most(rows)
    news = [row for row in rows if row[1][0] or row[1][1] or not streams[row[0]]["complete"]]
    rest = [row for row in rows if row not in news]
    parts = [plots(heads, news, most)] if news else []
    if rest:
        told = f"{number(len(rest))} streams without rows"
        parts.append(element("details", element("summary", told), plots(heads, rest, most)))
    shared = summary["api_calls"] - sum(each["api_calls"] for each in streams.values())
    told = f"{number(shared)} more API calls were made for several streams at once."
    yield section("By stream", *parts, element("p", told, class_="quiet"))


def _most(rows: list[tuple[str, Any]]) -> list[float]:
    """The largest value of each column."""
    return [max(column) for column in zip(*(values for _, values in rows), strict=True)]


def main() -> None:
    """Read the summary file that is named, write the page to standard output."""
    if len(sys.argv) != 2:
        sys.exit("Usage: python -m salesforce_seg.run_report summary.json > report.html")
    try:
        summary = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
        sys.stdout.write(report(summary))
    except OSError as error:
        sys.exit(f"{sys.argv[1]} cannot be read ({error.strerror}).")
    except (ValueError, TypeError, KeyError, AttributeError):
        sys.exit(f"{sys.argv[1]} is no summary of a run: give the file that summary_path names.")


if __name__ == "__main__":
    main()
