"""How fast the local org is in bulk: a query of a million Accounts from job to last byte, and a load.

    python benchmarks/local_org_bulk.py [--rows 1000000] [--load-rows 50000]

Both run against the real command line over a socket, one connection. CPU seconds are those of the org's
process alone, so that they mean "on one core" however busy the machine is.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from bulk_jobs import ingest, start_query, wait
from local_org_client import LocalOrgProcess, OrgClient

from salesforce_local_org.filler import seed_bulk
from salesforce_local_org.org import Org

FEW_FIELDS = (
    "Id, Name, Phone, Industry, AnnualRevenue, NumberOfEmployees, OwnerId, CreatedDate, SystemModstamp,"
    " IsDeleted"
)


class Meter:
    """Wall-clock and CPU seconds of the org since it was made."""

    def __init__(self, process_id: int) -> None:
        self._stat = Path(f"/proc/{process_id}/stat")
        self._started, self._cpu = time.perf_counter(), self._cpu_seconds()

    def _cpu_seconds(self) -> float:
        user, system = self._stat.read_text().rpartition(") ")[2].split()[11:13]
        return (int(user) + int(system)) / 100

    def line(self, what: str, rows: int, size: int = 0) -> str:
        wall = time.perf_counter() - self._started
        cpu = max(self._cpu_seconds() - self._cpu, 0.01)
        megabytes = f"{size / 1e6 / wall:9.0f} {size / 1e6 / cpu:9.0f}" if size else " " * 19
        return f"{what:34} {wall:7.2f} {cpu:7.2f} {rows / wall:11,.0f} {rows / cpu:11,.0f} {megabytes}"


def main() -> None:
    """Run it and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--load-rows", type=int, default=50_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "org.sqlite"
        started = time.perf_counter()
        org = Org(database=database)
        seed_bulk(org, "Account", options.rows)
        org.store.close()
        print(f"seeded {options.rows:,} Accounts in {time.perf_counter() - started:.0f} s")
        process = LocalOrgProcess(f"--database={database}")
        try:
            measure(process, OrgClient(process.url), options)
        finally:
            process.stop()


def measure(process: LocalOrgProcess, org: OrgClient, options: Any) -> None:
    print(f"{'':34} {'wall s':>7} {'CPU s':>7} {'rows/s':>11} {'rows/CPU s':>11} {'MB/s':>9} {'MB/CPU s':>9}")
    fields = org.rest("GET", "sobjects/Account/describe").json()["fields"]
    all_fields = ", ".join(each["name"] for each in fields if each["type"] not in {"address", "location"})
    for name, selected in (("10 fields", FEW_FIELDS), ("all fields", all_fields)):
        meter = Meter(process.process.pid)
        job_id = start_query(org, f"SELECT {selected} FROM Account")
        wait(org, "query", job_id)
        job = meter.line(f"query job, {name}", options.rows)
        for coding in ("identity", "gzip"):
            meter = Meter(process.process.pid)
            rows, size = download(org, job_id, coding)
            if coding == "identity":
                plain = size
                print(job + f"{plain / 1e6:9.0f} MB")
            print(meter.line(f"  results, {coding}", rows, plain))
    content = "Name,Phone,Industry,AnnualRevenue\n" + "".join(
        f"Loaded {number},+49 30 {number},Banking,{number}\n" for number in range(options.load_rows)
    )
    meter = Meter(process.process.pid)
    ingest(org, "Account", content)
    print(meter.line("ingest job, 4 fields", options.load_rows))
    memory = Path(f"/proc/{process.process.pid}/status").read_text()
    print(next(line for line in memory.splitlines() if line.startswith("VmHWM")))


def download(org: OrgClient, job_id: str, coding: str) -> tuple[int, int]:
    """Read a result page by page; its rows, and its bytes on the wire."""
    rows = size = 0
    locator = ""
    while locator != "null":
        answer = org.rest(
            "GET",
            f"jobs/query/{job_id}/results",
            params={"locator": locator} if locator else {},
            headers={"Accept-Encoding": coding},
            stream=True,
        )
        size += sum(map(len, answer.raw.stream(1 << 20, decode_content=False)))
        rows += int(answer.headers["Sforce-NumberOfRecords"])
        locator = answer.headers["Sforce-Locator"]
    return rows, size


if __name__ == "__main__":
    main()
