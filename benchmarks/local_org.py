"""How fast the local org is, beside what this machine can do at all.

    python benchmarks/local_org.py [--rows 1000000] [--load-rows 50000] [--upserts 15]

Everything goes through the real command line, over a socket, on one connection. "CPU s" are those of the
org's process alone: they mean "on one core", however busy the machine is. The last column compares each
figure with a yardstick that is measured in the same run: plain ``sqlite3`` for rows, Python's own file server
for bytes.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from bulk_jobs import ingest, start_query, wait
from local_org_client import LocalOrgProcess, OrgClient
from meter import Meter, line
from yardsticks import CHUNK, COLLECTION, YARDSTICK_ROWS, file_server, person, plain_seed, plain_upsert

from salesforce_local_org.filler import seed_bulk
from salesforce_local_org.org import Org

TEN_FIELDS = (
    "Id, Name, Phone, Industry, AnnualRevenue, NumberOfEmployees, OwnerId, CreatedDate, SystemModstamp,"
    " IsDeleted"
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--load-rows", type=int, default=50_000)
    parser.add_argument("--upserts", type=int, default=15)
    options = parser.parse_args()
    print(f"{'':42} {'wall s':>8} {'CPU s':>8} {'':>24}  beside the yardstick")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = folder / "org.sqlite"
        seeded = seed(database, options.rows)
        plain_seed(database, folder, seeded)
        process = LocalOrgProcess(f"--database={database}")
        try:
            org, process_id = OrgClient(process.url), process.process.pid
            before = memory(process_id, "VmRSS")
            stream(org, process_id, options.rows, file_server(folder))
            query(org, process_id, database)
            upsert(org, process_id, folder, options.upserts)
            load(org, process_id, options.load_rows)
            peak = memory(process_id, "VmHWM")
            print(f"{'memory of the org':42} {before} MB when it started, {peak} MB at most")
        finally:
            process.stop()


def seed(database: Path, rows: int) -> float:
    """CPU seconds a row."""
    org = Org(database=database)
    meter = Meter(os.getpid())
    seed_bulk(org, "Account", rows)
    wall, cpu = meter.read()
    org.store.close()
    line(f"seed {rows:,} Accounts", wall, cpu, f"{rows / cpu:,.0f} rows a CPU s")
    return cpu / rows


def stream(org: OrgClient, process_id: int, rows: int, yardstick: float) -> None:
    fields = org.rest("GET", "sobjects/Account/describe").json()["fields"]
    every = ", ".join(each["name"] for each in fields if each["type"] not in {"address", "location"})
    for name, selected in (("10 fields", TEN_FIELDS), ("all fields", every)):
        meter = Meter(process_id)
        job_id = start_query(org, f"SELECT {selected} FROM Account")
        wait(org, "query", job_id)
        wall, cpu = meter.read()
        line(f"bulk query job, {name}", wall, cpu, f"{rows / wall:,.0f} rows/s")
        plain = 0
        for coding in ("identity", "gzip"):
            meter = Meter(process_id)
            size = download(org, job_id, coding)
            plain = plain or size
            wall, cpu = meter.read()
            rate = plain / 1e6 / wall
            line(
                f"  its result, {plain / 1e6:,.0f} MB, {coding}",
                wall,
                cpu,
                f"{rate:,.0f} MB/s, {plain / 1e6 / cpu:,.0f} a CPU s",
                f"{rate / yardstick:.2f}",
            )


def download(org: OrgClient, job_id: str, coding: str) -> int:
    """Read a result page by page; its bytes on the wire."""
    size, locator = 0, ""
    while locator != "null":
        answer = org.rest(
            "GET",
            f"jobs/query/{job_id}/results",
            params={"locator": locator} if locator else {},
            headers={"Accept-Encoding": coding},
            stream=True,
        )
        size += sum(map(len, answer.raw.stream(CHUNK, decode_content=False)))
        locator = answer.headers["Sforce-Locator"]
    return size


def query(org: OrgClient, process_id: int, database: Path) -> None:
    """Page through REST query; beside ``sqlite3`` rows made into the same JSON."""
    source = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    started = time.perf_counter()
    names = TEN_FIELDS.split(", ")
    cursor = source.execute(f"SELECT {TEN_FIELDS} FROM Account LIMIT {YARDSTICK_ROWS}")
    count = sum(1 for row in cursor if json.dumps(dict(zip(names, row, strict=True))))
    plain_wall = time.perf_counter() - started
    source.close()

    meter, rows = Meter(process_id), 0
    answer = org.rest("GET", "query", params={"q": f"SELECT {TEN_FIELDS} FROM Account LIMIT {count}"})
    while True:
        page = json.loads(answer.content)
        rows += len(page["records"])
        if page["done"]:
            break
        answer = org.rest("GET", page["nextRecordsUrl"])
    wall, cpu = meter.read()
    rate = f"{rows / wall:,.0f} rows/s, {rows / cpu:,.0f} a CPU s"
    line(f"REST query, 10 fields, {rows:,} rows", wall, cpu, rate, f"{plain_wall / wall:.2f}")
    line("  plain sqlite3 and json.dumps", plain_wall, None, f"{count / plain_wall:,.0f} rows/s")


def upsert(org: OrgClient, process_id: int, folder: Path, turns: int) -> None:
    """The median of a collections upsert of 200 by a unique external id: all new, then all there."""
    org.custom_field("Contact.Key__c", externalId=True, unique=True, length=80)
    plain = plain_upsert(folder, turns)
    for what, key in (("created", "new{0}-{1}"), ("updated", "new0-{1}")):
        walls, meter = [], Meter(process_id)
        for turn in range(turns):
            records = [person(key.format(turn, row), turn) for row in range(COLLECTION)]
            body = json.dumps({"records": [{"attributes": {"type": "Contact"}} | each for each in records]})
            started = time.perf_counter()
            answer = org.rest(
                "PATCH",
                "composite/sobjects/Contact/Key__c",
                data=body,
                headers={"Content-Type": "application/json"},
            )
            walls.append(time.perf_counter() - started)
            assert all(row["success"] for row in answer.json()), answer.text
        median, cpu = statistics.median(walls), meter.read()[1] / turns
        rate = f"{median * 1000:.0f} ms, {cpu * 1000:.0f} ms of CPU"
        line(
            f"collections upsert of {COLLECTION}, {what}",
            sum(walls),
            cpu * turns,
            rate,
            f"{plain / median:.2f}",
        )
    line("  plain sqlite3 and json.loads", plain * turns, None, f"{plain * 1000:.0f} ms")


def load(org: OrgClient, process_id: int, rows: int) -> None:
    content = "Name,Phone,Industry,AnnualRevenue\n" + "".join(
        f"Loaded {number},+49 30 {number},Banking,{number}\n" for number in range(rows)
    )
    meter = Meter(process_id)
    ingest(org, "Account", content)
    wall, cpu = meter.read()
    line(f"bulk ingest of {rows:,} Accounts, 4 fields", wall, cpu, f"{rows / wall:,.0f} rows/s")


def memory(process_id: int, name: str) -> int:
    """Megabytes."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{process_id}/status").read_text())
    assert found is not None
    return int(found[1]) // 1000


if __name__ == "__main__":
    main()
