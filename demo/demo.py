"""The steps of ``meltano run demo`` around the taps and targets: prepare, count, show.

``prepare`` starts from nothing, ``count`` asks the running org what the run cost, ``show`` prints what
came of it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import closing
from datetime import datetime, timezone
from http.client import HTTPConnection
from pathlib import Path
from textwrap import shorten
from typing import Any

import duckdb

ORG = ("127.0.0.1", 8764)
COMMANDS = Path(sys.executable).parent
OUTPUT = Path(__file__).parent / "output"
WAREHOUSE = OUTPUT / "warehouse.duckdb"
STARTED_AT = OUTPUT / "started_at"
API_CALLS = OUTPUT / "api_calls.json"
STATE_ID = "dev:tap-salesforce-seg--demo-to-target-{}--demo"
DOORS = ("written", "unchanged", "not_for_salesforce", "rejected")
STAMPS = ("system_modstamp", "last_modified_date", "created_date")
LEAD_COLUMNS = ("first_name", "last_name", "company", "email", "title", "score_c", "test_prop_c")

Row = tuple[Any, ...]


def prepare(loader: str) -> None:
    """Remove what an earlier run left: its org, its files, its bookmarks."""
    if loader == "duckdb" and not (COMMANDS / "target-duckdb").exists():
        sys.exit("No lossless target-duckdb runs on this Python: use .venv/bin/meltano run demo-jsonl")
    run("salesforce-local-org", "stop", "--port", str(ORG[1]))
    run("meltano", "state", "clear", "--force", STATE_ID.format(loader))
    shutil.rmtree(OUTPUT, ignore_errors=True)
    (OUTPUT / "jsonl").mkdir(parents=True)
    STARTED_AT.write_text(datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z"))


def run(command: str, *arguments: str) -> None:
    """Run a command of the virtual environment; there may be nothing for it to do."""
    subprocess.run([COMMANDS / command, *arguments], capture_output=True, check=False)


def count() -> None:
    """Ask the org, while it still runs, how many API calls each client has used."""
    with closing(HTTPConnection(*ORG, timeout=10)) as connection:
        connection.request("GET", "/_local/requests")
        requests = json.load(connection.getresponse())["requests"]
    calls: Counter[str] = Counter()
    for request in requests:
        calls[request["client"]] += request["api_calls"]
    API_CALLS.write_text(json.dumps(+calls))


def show() -> None:
    """Print rows per collection, events by door, API calls, and the Leads that came from events."""
    database = warehouse()
    started_at = STARTED_AT.read_text()
    print("\nSalesforce -> DuckDB: rows per collection, and how many of them changed during the demo")
    print_table(("collection", "rows", "changed"), collections(database, started_at), side_by_side=3)
    summary = json.loads((OUTPUT / "summary.json").read_text())
    print(f"\nEvents -> Salesforce: {summary['events']} events by the door they left through")
    print_table(("door", "events"), [(door.replace("_", " "), summary[door]) for door in DOORS])
    print("\nRejected, and kept for another try in demo/output/rejected-events.jsonl")
    print_table(("event", "code", "reason"), rejects())
    print("\nAPI calls used")
    print_table(("by", "calls"), sorted(json.loads(API_CALLS.read_text()).items()))
    print("\nLeads that events created or changed, as read back from Salesforce")
    print_table(LEAD_COLUMNS, leads(database, started_at))


def warehouse() -> duckdb.DuckDBPyConnection:
    """The loaded collections as tables of a DuckDB database, whichever loader wrote them."""
    if WAREHOUSE.exists():
        database = duckdb.connect(str(WAREHOUSE), read_only=True)
        database.execute("USE salesforce")
        return database
    database = duckdb.connect()
    for file in sorted((OUTPUT / "jsonl").glob("*.jsonl")):
        # The loader appends: of the versions of a row, the last line is today's.
        database.execute(
            f'CREATE TABLE "{file.stem}" AS '
            "SELECT * EXCLUDE line FROM (SELECT *, row_number() OVER () AS line "
            f"FROM read_json_auto('{file}', sample_size=-1)) "
            "QUALIFY row_number() OVER (PARTITION BY id ORDER BY line DESC) = 1"
        )
    return database


# The stamps are compared as numbers: duckdb 1.0 compares a text cast to TIMESTAMP as the text it was.


def collections(database: duckdb.DuckDBPyConnection, started_at: str) -> list[Row]:
    """Per collection: its name, its rows, and those stamped since the demo began; names have no stamp."""
    tables = database.execute(
        "SELECT table_name, list(column_name) FROM information_schema.columns GROUP BY 1 ORDER BY 1"
    ).fetchall()
    rows = []
    for table, columns in tables:
        stamp = next((name for name in STAMPS if name in columns), "NULL")
        changed = f"count(*) FILTER (epoch({stamp}::TIMESTAMP) >= epoch(?::TIMESTAMP))"
        found = database.execute(f'SELECT count(*), {changed} FROM "{table}"', [started_at]).fetchone()
        rows.append((table, *(found or ())))
    return rows


def leads(database: duckdb.DuckDBPyConnection, started_at: str) -> list[Row]:
    """The Leads stamped since the demo began."""
    return database.execute(
        f"SELECT {', '.join(LEAD_COLUMNS)} FROM leads "
        "WHERE epoch(system_modstamp::TIMESTAMP) >= epoch(?::TIMESTAMP) ORDER BY lower(email)",
        [started_at],
    ).fetchall()


def rejects() -> list[Row]:
    """The lines of the rejects file: which event, and why."""
    lines = (OUTPUT / "rejected-events.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    return [
        (reject["event"]["messageId"], reject["code"], shorten(reject["reason"], 80, placeholder=" ..."))
        for reject in found
    ]


def print_table(header: Row, rows: list[Row], side_by_side: int = 1) -> None:
    """Print rows under a header, each column as wide as its widest cell.

    Args:
        header: The names of the columns.
        rows: The rows, as long as the header.
        side_by_side: Into how many blocks next to each other the rows are cut.
    """
    height = -(-len(rows) // side_by_side)
    empty = ("",) * len(header)
    cells = [tuple("" if cell is None else str(cell) for cell in row) for row in rows]
    cells += [empty] * (height * side_by_side - len(cells))
    blocks = [cells[first : first + height] for first in range(0, len(cells), height or 1)]
    lines = [tuple(header) * side_by_side] + [sum(parts, ()) for parts in zip(*blocks, strict=True)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, tuple("-" * width for width in widths))
    for line in lines:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


STEPS = {"prepare": prepare, "count": count, "show": show}

if __name__ == "__main__":
    STEPS[sys.argv[1]](*sys.argv[2:])
