"""One recorded server, and the runs that are measured against it."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from environments import python_environment
from ground import Ground
from limit import BOOLEAN, INTEGER, LIBRARIES, NUMBER, TEXT
from measured import FailedError, Measured, run
from servers import Server
from tls_proxy import TlsProxy

if TYPE_CHECKING:
    from contestants import Tap
    from typing_extensions import Self

LIBRARY_VERSIONS = ("polars==2.1.0", "pyarrow==26.0.1", "msgspec==0.22.0")
WARM_UP_ROWS = 2_000
SECONDS_TO_WARM_UP = 300
PAGE_ROWS = 20_000
VERSION = "62.0"
COMPOUND = {"address", "location"}
_JSON_TYPES = {"boolean": BOOLEAN, "int": INTEGER, "double": NUMBER, "currency": NUMBER, "percent": NUMBER}


@dataclass(frozen=True)
class Result:
    """What came of one run.

    Attributes:
        name: Who ran.
        api: By which API.
        ours: Whether it is this project's tap.
        failure: Why it did not work, if it did not; then there are no figures.
        rows: RECORD messages.
        seconds: Of the whole process, or of the time it had.
        rows_per_second: The two, divided.
        first_row_seconds: From the start of the process to the first row.
        cpu_seconds: Of all its processes.
        peak_megabytes: Resident memory of all its processes.
        output_megabytes: What it wrote on stdout.
        api_calls: What it cost of the org's daily allowance.
        complete: Whether all rows came in the time it had.
        columns: Columns of its first record.
        server_cpu_seconds: What the recorded server used meanwhile.
        counter_cpu_seconds: What counting the rows used meanwhile.
    """

    name: str
    api: str
    ours: bool
    failure: str = ""
    rows: int = 0
    seconds: float = 0
    rows_per_second: float = 0
    first_row_seconds: float = 0
    cpu_seconds: float = 0
    peak_megabytes: float = 0
    output_megabytes: float = 0
    api_calls: int = 0
    complete: bool = False
    columns: int = 0
    server_cpu_seconds: float = 0
    counter_cpu_seconds: float = 0


@dataclass
class Bench:
    """A recorded server in a process of its own, with a way to it for those who know only https.

    Attributes:
        cache: Below it are the environments of peers and libraries.
        recorded_rows: Rows that the server records and repeats.
        unanswered: What the server was asked in vain.
    """

    cache: Path
    recorded_rows: int
    unanswered: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Start the server."""
        program = str(Path(__file__).parent / "recorded_server.py")
        self._server = Server([sys.executable, program, f"--recorded-rows={self.recorded_rows}"])
        self._secrets = tempfile.TemporaryDirectory()
        self._proxy = TlsProxy(self._server.url, Path(self._secrets.name))
        return self

    def __exit__(self, *_: object) -> None:
        """End the server."""
        self._proxy.close()
        self._secrets.cleanup()
        self._server.close()

    def measure(self, tap: Tap, rows: int, seconds: float, *, streams: int = 1, delay: float = 0) -> Result:
        """Let a tap run once with few rows, so that all is recorded, and then measure it.

        Args:
            tap: Who.
            rows: How many rows each stream has.
            seconds: How long it may take.
            streams: How many streams it reads.
            delay: Seconds that each answer of the server takes more.
        """
        try:
            with tempfile.TemporaryDirectory() as folder:
                ground = Ground(
                    self._server.url, self._environment(Path(folder), tap), Path(folder), self.cache
                )
                self._begin(WARM_UP_ROWS)
                command = tap.prepare(ground)
                warm = run(command, ground.environment, ground.folder, SECONDS_TO_WARM_UP)
                self._expect(warm, WARM_UP_ROWS * streams)
                self._begin(rows, delay)
                measured = run(command, ground.environment, ground.folder, seconds)
                counts = self._counts()
                if measured.complete:
                    self._expect(measured, rows * streams)
                return _result(tap, measured, counts)
        except Exception as error:  # noqa: BLE001 - whatever one tap stumbles over, the others are still run
            return Result(tap.name, tap.api, tap.ours, failure=str(error) or repr(error))

    def limits(self, rows: int) -> dict[str, dict[str, float]]:
        """What a bare loop of each library makes of the same bytes; nothing else around it.

        Returns:
            By library: ``rows_per_second``, ``cores_used``, ``counter_cores_used``.
        """
        libraries = python_environment(self.cache / "limit", *LIBRARY_VERSIONS)
        loops = {}
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            files = self._page(folder)
            for library in LIBRARIES:
                told = folder / "took.json"
                program = str(Path(__file__).parent / "limit.py")
                command = [str(libraries / "python"), program, library, *files, str(rows), str(told)]
                measured = run(command, {}, folder, SECONDS_TO_WARM_UP)
                took = json.loads(told.read_text())
                loops[library] = {
                    "rows_per_second": measured.rows / took["seconds"],
                    "cores_used": took["cpu_seconds"] / took["seconds"],
                    "counter_cores_used": measured.counter_cpu_seconds / took["seconds"],
                }
        return loops

    def _page(self, folder: Path) -> tuple[str, str]:
        """A page of a bulk result and the types of its columns, as files."""
        self._begin(self.recorded_rows)
        form = b"grant_type=client_credentials&client_id=bench&client_secret=bench"
        token = json.loads(self._ask("/services/oauth2/token", form))["access_token"]
        data = f"/services/data/v{VERSION}"
        fields = json.loads(self._ask(f"{data}/sobjects/Account/describe", token=token))["fields"]
        types = {
            each["name"]: _JSON_TYPES.get(each["type"], TEXT)
            for each in fields
            if each["type"] not in COMPOUND
        }
        query = {"operation": "queryAll", "query": f"SELECT {', '.join(types)} FROM Account"}
        job = json.loads(self._ask(f"{data}/jobs/query", json.dumps(query).encode(), token))
        page = self._ask(f"{data}/jobs/query/{job['id']}/results?maxRecords={PAGE_ROWS}", token=token)
        (folder / "page.csv").write_bytes(page)
        (folder / "types.json").write_text(json.dumps(types))
        return str(folder / "page.csv"), str(folder / "types.json")

    def _environment(self, folder: Path, tap: Tap) -> dict[str, str]:
        way = {} if tap.ours else self._proxy.environment() | {"HOME": str(folder)}
        return dict(os.environ) | way

    def _expect(self, measured: Measured, rows: int) -> None:
        if measured.rows != rows:
            raise FailedError(f"{measured.rows:,} rows came, not {rows:,}. Unanswered: {self.unanswered}")

    def _begin(self, rows: int, delay: float = 0) -> None:
        self._ask(f"/_recorded/begin?rows={rows}&delay={delay}", b"")

    def _counts(self) -> dict[str, Any]:
        counts: dict[str, Any] = json.loads(self._ask("/_recorded/counts"))
        self.unanswered += counts["unanswered"]
        return counts

    def _ask(self, target: str, body: bytes | None = None, token: str = "") -> bytes:
        kind = "application/json" if token else "application/x-www-form-urlencoded"
        headers = {"Content-Type": kind, "Authorization": f"Bearer {token}"}
        request = urllib.request.Request(self._server.url + target, data=body, headers=headers)
        with urllib.request.urlopen(request) as answer:
            content: bytes = answer.read()
        return content


def _result(tap: Tap, measured: Measured, counts: dict[str, Any]) -> Result:
    record = json.loads(measured.first_record)["record"] if measured.first_record else {}
    return Result(
        tap.name,
        tap.api,
        tap.ours,
        rows=measured.rows,
        seconds=measured.seconds,
        rows_per_second=measured.rate,
        first_row_seconds=measured.first_row_seconds,
        cpu_seconds=measured.cpu_seconds,
        peak_megabytes=measured.peak_megabytes,
        output_megabytes=measured.size / 1e6,
        api_calls=counts["api_calls"],
        complete=measured.complete,
        columns=len(record.get("data", record)),
        server_cpu_seconds=counts["cpu_seconds"],
        counter_cpu_seconds=measured.counter_cpu_seconds,
    )
