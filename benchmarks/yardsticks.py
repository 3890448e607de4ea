"""What the local org is held against: bare ``sqlite3`` with the same rows, and Python's own file server."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.request
from typing import TYPE_CHECKING, Any

from meter import Meter, line

if TYPE_CHECKING:
    from pathlib import Path

YARDSTICK_ROWS = 100_000
PLAIN_FILE_BYTES = 400_000_000
COLLECTION = 200
"""Records of an upsert."""

CHUNK = 1 << 20


def plain_seed(database: Path, folder: Path, seeded: float) -> None:
    """The same rows into the same table with the same indexes, by ``sqlite3`` and nothing else."""
    source = sqlite3.connect(database)
    rows = source.execute("SELECT * FROM Account LIMIT ?", (YARDSTICK_ROWS,)).fetchall()
    statements = source.execute("SELECT sql FROM sqlite_master WHERE tbl_name = 'Account' AND sql != ''")
    target = plain_database(folder / "plain.sqlite")
    for (sql,) in statements.fetchall():
        target.execute(sql)
    meter = Meter(os.getpid())
    with target:
        target.executemany(f"INSERT INTO Account VALUES ({', '.join('?' * len(rows[0]))})", rows)
    wall, cpu = meter.read()
    plain = cpu / len(rows)
    what = f"  plain sqlite3, {len(rows):,} of them"
    line(what, wall, cpu, f"{1 / plain:,.0f} rows a CPU s", f"{plain / seeded:.2f}")
    source.close()
    target.close()


def plain_database(path: Path) -> sqlite3.Connection:
    """A database that waits for the disk as little as the org's own does."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    return connection


def file_server(folder: Path) -> float:
    """MB a second that ``python -m http.server`` hands out here."""
    (folder / "plain.bin").write_bytes(b"x" * PLAIN_FILE_BYTES)
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind=127.0.0.1", f"--directory={folder}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdout is not None
        port = re.search(r"port (\d+)", server.stdout.readline().decode())
        assert port is not None
        meter = Meter(server.pid)
        with urllib.request.urlopen(f"http://127.0.0.1:{port[1]}/plain.bin") as answer:
            while answer.read(CHUNK):
                pass
        wall, cpu = meter.read()
        server.terminate()
    rate = PLAIN_FILE_BYTES / 1e6 / wall
    line("Python's file server, 400 MB", wall, cpu, f"{rate:,.0f} MB/s")
    return rate


def person(key: str, turn: int) -> dict[str, Any]:
    """A Contact to upsert."""
    return {
        "Key__c": key,
        "LastName": f"Reader {turn}",
        "FirstName": "Bench",
        "Email": f"{key}@example.com",
        "Phone": "(206) 555-0100",
        "Title": f"Reader of row {turn}",
        "MailingCity": "Seattle",
        "MailingCountry": "United States",
        "LeadSource": "Web",
        "Description": "One of two hundred.",
    }


def plain_upsert(folder: Path, turns: int) -> float:
    """Seconds, the median, in which ``sqlite3`` takes the same 200 records by the same key."""
    target = plain_database(folder / "upsert.sqlite")
    names = list(person("", 0))
    target.execute(f"CREATE TABLE Contact (Key__c PRIMARY KEY, {', '.join(names[1:])})")
    walls = []
    for turn in range(turns):
        body = json.dumps([person(f"new{turn}-{row}", turn) for row in range(COLLECTION)])
        started = time.perf_counter()
        with target:
            target.executemany(
                f"INSERT OR REPLACE INTO Contact VALUES ({', '.join('?' * len(names))})",
                [tuple(each.values()) for each in json.loads(body)],
            )
        walls.append(time.perf_counter() - started)
    target.close()
    return statistics.median(walls)
