"""The steps of ``meltano run demo`` around the taps and targets: prepare, count, show.

``prepare`` starts from nothing, ``count`` asks the running org what the run cost, ``show`` prints what came of it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.request
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import duckdb

OUTPUT = Path(__file__).parent / "output"
ORG = "http://127.0.0.1:8765"
WAREHOUSE = OUTPUT / "warehouse.duckdb"
STATE_IDS = (
    "dev:tap-salesforce-seg--demo-to-target-duckdb--demo",
    "dev:tap-salesforce-seg--demo-to-target-jsonl--demo",
)


def prepare(loader: str) -> None:
    """Remove what an earlier run left: its files and its bookmarks."""
    commands = Path(sys.executable).parent
    if loader == "duckdb" and not (commands / "target-duckdb").exists():
        sys.exit("target-duckdb loses no rows only up to Python 3.12; here, run: .venv/bin/meltano run demo-jsonl")
    shutil.rmtree(OUTPUT, ignore_errors=True)
    (OUTPUT / "jsonl").mkdir(parents=True)
    for state_id in STATE_IDS:
        clear = [commands / "meltano", "state", "clear", "--force", state_id]
        subprocess.run(clear, capture_output=True, check=False)
    (OUTPUT / "started_at").write_text(datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S"))


def count() -> None:
    """Ask the org, while it still runs, how many API calls each client made."""
    with urllib.request.urlopen(f"{ORG}/_local/requests", timeout=10) as answer:
        requests = json.load(answer)["requests"]
    calls: Counter[str] = Counter()
    for request in requests:
        calls[request["client"]] += request["api_calls"]
    (OUTPUT / "api_calls.json").write_text(json.dumps(calls))


def show() -> None:
    """Print rows per collection, events by the four doors, API calls, and the Leads that came from events."""
    database = warehouse()
    started_at = (OUTPUT / "started_at").read_text()
    print("\nSalesforce -> DuckDB: rows per collection (changed: stamped since the demo began)")
    print_table(("collection", "rows", "deleted", "changed"), collections(database, started_at))
    print("\nEvents -> Salesforce: 20 events, by door")
    summary = json.loads((OUTPUT / "summary.json").read_text())
    print_table(("door", "events"), [(door, summary[door]) for door in DOORS])
    print("\nWhy events were rejected (demo/output/rejected-events.jsonl)")
    print_table(("event", "code", "reason"), rejects())
    print("\nAPI calls used")
    print_table(("client", "calls"), sorted(json.loads((OUTPUT / "api_calls.json").read_text()).items()))
    print("\nLeads that events created or changed")
    columns = ("first_name", "last_name", "company", "email", "title", "score_c", "test_prop_c")
    print_table(columns, leads(database, columns, started_at))


DOORS = ("written", "unchanged", "not_for_salesforce", "rejected")


def warehouse() -> duckdb.DuckDBPyConnection:
    """The loaded collections as tables of a DuckDB database, whichever loader wrote them."""
    if WAREHOUSE.exists():
        database = duckdb.connect(str(WAREHOUSE), read_only=True)
        database.execute("USE salesforce")
        return database
    database = duckdb.connect()
    for file in sorted((OUTPUT / "jsonl").glob("*.jsonl")):
        database.execute(
            f'CREATE TABLE "{file.stem}" AS FROM read_json_auto(\'{file}\', sample_size=-1) '
            "QUALIFY row_number() OVER (PARTITION BY id ORDER BY file_row_number DESC) = 1"
        )
    return database


def collections(database: duckdb.DuckDBPyConnection, started_at: str) -> list[tuple[Any, ...]]:
    """Per collection: its name, rows, deleted rows, and rows stamped since the demo began."""
    tables = database.execute(
        "SELECT table_name, list(column_name) FROM information_schema.columns GROUP BY 1 ORDER BY 1"
    ).fetchall()
    rows = []
    for table, columns in tables:
        deleted = "count(*) FILTER (is_deleted)" if "is_deleted" in columns else "''"
        stamp = next(name for name in ("system_modstamp", "last_modified_date", "created_date") if name in columns)
        changed = f"count(*) FILTER ({stamp}::TIMESTAMP >= '{started_at}'::TIMESTAMP)"
        found = database.execute(f'SELECT count(*), {deleted}, {changed} FROM "{table}"').fetchone()
        rows.append((table, *(found or ())))
    return rows


def leads(database: duckdb.DuckDBPyConnection, columns: tuple[str, ...], started_at: str) -> list[tuple[Any, ...]]:
    """The Leads stamped since the demo began."""
    return database.execute(
        f"SELECT {', '.join(columns)} FROM leads "
        f"WHERE system_modstamp::TIMESTAMP >= '{started_at}'::TIMESTAMP ORDER BY email"
    ).fetchall()


def rejects() -> list[tuple[str, str, str]]:
    """The lines of the rejects file: which event, and why."""
    lines = (OUTPUT / "rejected-events.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    return [(reject["event"].get("messageId", ""), reject["code"], reject["reason"]) for reject in found]


def print_table(header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """Print rows under a header, each column as wide as its widest cell."""
    cells = [header, *(tuple("" if cell is None else str(cell) for cell in row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    for number, row in enumerate(cells):
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if number == 0:
            print("  " + "  ".join("-" * width for width in widths))


STEPS = {"prepare": prepare, "count": count, "show": show}

if __name__ == "__main__":
    STEPS[sys.argv[1]](*sys.argv[2:])
