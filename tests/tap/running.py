"""Runs the tap as a user does: by its command line, with files for config, catalog and state."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local_org_client import OrgClient

SECONDS_TO_WAIT = 120

_discovered: dict[tuple[str, str], str] = {}


@dataclass(frozen=True)
class Outcome:
    """What a run left behind."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def messages(self) -> list[dict[str, Any]]:
        assert self.stdout == "" or self.stdout.endswith("\n"), "half a line on stdout"
        return [json.loads(line) for line in self.stdout.split("\n") if line]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [each for each in self.messages if each["type"] == kind]

    def records(self, stream: str) -> list[dict[str, Any]]:
        return [each["record"] for each in self.of_type("RECORD") if each["stream"] == stream]

    def counts(self) -> dict[str, int]:
        return dict(Counter(each["stream"] for each in self.of_type("RECORD")))

    def schema(self, stream: str) -> dict[str, Any]:
        (message,) = [each for each in self.of_type("SCHEMA") if each["stream"] == stream]
        return message

    @property
    def state(self) -> dict[str, Any]:
        """The last STATE."""
        return self.of_type("STATE")[-1]["value"]

    def bookmark(self, stream: str) -> str | None:
        return self.state.get("bookmarks", {}).get(stream, {}).get("replication_key_value")

    @property
    def errors(self) -> list[str]:
        """The lines of the log that are errors."""
        return [line for line in self.stderr.splitlines() if "| ERROR" in line]

    def ended(self, exit_code: int = 0) -> Outcome:
        """This outcome, having ended so and without a traceback."""
        assert self.exit_code == exit_code, self.stderr
        assert "Traceback" not in self.stderr, self.stderr
        return self


class TapRunner:
    """The tap with one config."""

    def __init__(self, config: dict[str, Any], directory: Path, seed: str = "") -> None:
        self.config = config
        self.directory = directory
        self.seed = seed

    @classmethod
    def at(cls, org: OrgClient, directory: Path, seed: str) -> TapRunner:
        return cls({"instance_url": org.url, "access_token": org.token()}, directory, seed)

    def command(self, *arguments: str, catalog: Any = None, state: Any = None, **settings: Any) -> list[str]:
        line = [
            sys.executable,
            "-m",
            "tap_salesforce_seg",
            "--config",
            self._file("config", self.config | settings),
        ]
        if catalog is not None:
            line += ["--catalog", self._file("catalog", catalog)]
        if state is not None:
            line += ["--state", self._file("state", state)]
        return [*line, *arguments]

    def run(self, *arguments: str, catalog: Any = None, state: Any = None, **settings: Any) -> Outcome:
        answer = subprocess.run(
            self.command(*arguments, catalog=catalog, state=state, **settings),
            capture_output=True,
            timeout=SECONDS_TO_WAIT,
            check=False,
        )
        return Outcome(answer.returncode, answer.stdout.decode(), answer.stderr.decode())

    def discover(self, **settings: Any) -> dict[str, Any]:
        """The catalog that ``--discover`` prints now."""
        return json.loads(self.run("--discover", **settings).ended().stdout)

    def discovered(self, **settings: Any) -> dict[str, Any]:
        """The catalog of the org as it was seeded; asked for once."""
        found_under = (self.seed, json.dumps(settings))
        if found_under not in _discovered:
            _discovered[found_under] = json.dumps(self.discover(**settings))
        return json.loads(_discovered[found_under])

    def catalog(self, *streams: str, columns: dict[str, list[str]] | None = None, **settings: Any) -> Any:
        """A catalog of the org as it was seeded that selects these streams, of some only these columns."""
        catalog = self.discovered(**settings)
        for entry in catalog["streams"]:
            name = entry["tap_stream_id"]
            wanted = (columns or {}).get(name)
            for item in entry["metadata"]:
                breadcrumb, metadata = item["breadcrumb"], item["metadata"]
                if not breadcrumb:
                    metadata["selected"] = name in streams
                elif len(breadcrumb) == 2 and wanted is not None:
                    metadata["selected"] = breadcrumb[1] in wanted
        return catalog

    def _file(self, name: str, value: Any) -> str:
        if isinstance(value, Path):
            return str(value)
        path = self.directory / f"{name}.json"
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return str(path)


def purge(org: OrgClient, sobject: str, record_id: str) -> None:
    """Delete a record for good: past the recycle bin, as Bulk API 2.0 can."""
    job = org.rest("POST", "jobs/ingest", json={"object": sobject, "operation": "hardDelete"}).json()
    body = f"Id\n{record_id}\n".encode()
    org.rest("PUT", f"jobs/ingest/{job['id']}/batches", data=body, headers={"Content-Type": "text/csv"})
    org.rest("PATCH", f"jobs/ingest/{job['id']}", json={"state": "UploadComplete"})
    while True:
        info = org.rest("GET", f"jobs/ingest/{job['id']}").json()
        if info["state"] in {"JobComplete", "Failed", "Aborted"}:
            break
    assert (info["state"], info["numberRecordsFailed"]) == ("JobComplete", 0), info
