"""What every benchmark tells of a run: tables in a README, figures as JSON, a chart; and of which machine."""

from __future__ import annotations

import json
import os
import platform
import re
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "benchmarks" / "README.md"
DOCS = ROOT / "docs" / "benchmarks"

Figures = dict[str, Any]


def add_options(parser: argparse.ArgumentParser, parts: Sequence[str]) -> None:
    """The options of every benchmark: which parts of it run, and where the figures go."""
    parser.add_argument("--only", dest="parts", nargs="+", choices=parts, default=parts, metavar="PART")
    parser.add_argument("--write", action="store_true", help="the figures into README and docs")
    parser.add_argument("--docs", type=Path, default=DOCS, help="folder for JSON and chart")
    parser.add_argument("--readme", type=Path, default=README, help="with marks for the tables")


def surroundings() -> Figures:
    """When and where a run takes place."""
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "machine": {
            "processor": found[1].strip() if found else platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "load": round(os.getloadavg()[0], 2),
        },
    }


def as_json(result: Any) -> Figures:
    """A result (a dataclass) with figures that mean something: three digits after the point."""
    return {
        name: round(value, 3) if isinstance(value, float) else value for name, value in asdict(result).items()
    }


def head(figures: Figures) -> str:
    """A sentence that says when and where it was measured, and whether undisturbed."""
    machine = figures["machine"]
    busy = " **Other work was using the machine, too: compare CPU seconds.**" if machine["load"] > 1 else ""
    return (
        f"{figures['date']}, {machine['cores']} cores ({machine['processor']}), Python {machine['python']};"
        f" load before the start {machine['load']:.1f}.{busy}"
    )


def table(names: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1) -> str:
    """A table in Markdown: so many columns of words, all others of numbers."""
    rule = [*["--"] * words, *["--:"] * (len(names) - words)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (names, rule, *rows))


def write(name: str, figures: Figures, tables: str, chart: str, options: argparse.Namespace) -> None:
    """Put the tables between the benchmark's marks in the README, and JSON and chart into the docs."""
    options.docs.mkdir(parents=True, exist_ok=True)
    (options.docs / f"{name}.json").write_text(json.dumps(figures, indent=2) + "\n")
    (options.docs / f"{name}.svg").write_text(chart)
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    between = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    told = f"{begin}\n{tables}\n{end}"
    options.readme.write_text(between.sub(lambda _: told, options.readme.read_text()))
