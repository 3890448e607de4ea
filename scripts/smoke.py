"""Run what this environment has installed: the local org, a sync out of it, an event into it."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BIN = Path(sys.executable).parent

EVENT = {
    "type": "identify",
    "traits": {"email": "smoke@example.com", "lastName": "Smoke"},
    "integrations": {"Salesforce": True},
}
MESSAGES = (
    {
        "type": "SCHEMA",
        "stream": "events",
        "schema": {"type": "object", "properties": {}},
        "key_properties": [],
    },
    {"type": "RECORD", "stream": "events", "record": EVENT},
)


def run(folder: Path, *command: str | Path, lines: str = "") -> str:
    """The standard output of a command that must succeed; its log is shown if it does not."""
    done = subprocess.run(command, cwd=folder, input=lines, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command[0]} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def main() -> None:
    """Start an org, read its users, write a Lead, and read that back."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        serve = [BIN / "salesforce-local-org", "serve", "--port", "0", "--seed", "none"]
        with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL) as org:
            assert org.stdout is not None
            url = org.stdout.readline().split()[1]
            config = {"login_url": url, "client_id": "app", "client_secret": "secret-of-the-app"}
            (folder / "config.json").write_text(json.dumps(config))
            events = "".join(json.dumps(each) + "\n" for each in MESSAGES)
            run(folder, BIN / "target-salesforce-seg", "--config", "config.json", lines=events)
            time.sleep(1.1)  # a row of the second in which a run starts belongs to the next run
            rows = run(folder, BIN / "tap-salesforce-seg", "--config", "config.json")
            org.terminate()
    records = [json.loads(line) for line in rows.splitlines()]
    emails = [
        each["record"].get("email") for each in records if each.get("stream") == "leads" and "record" in each
    ]
    if emails != ["smoke@example.com"]:
        sys.exit(f"The Lead that was written was not read: {emails}")
    print(f"Python {platform.python_version()}: {len(records)} messages, and the Lead came back.")  # noqa: T201


if __name__ == "__main__":
    main()
