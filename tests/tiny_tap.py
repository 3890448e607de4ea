"""The smallest tap that ends as both plugins do. Its setting ``does`` says what happens after three rows."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Stream, Tap

from salesforce_seg import errors
from salesforce_seg.plugin import Plugin
from salesforce_seg.redact import register
from salesforce_seg.session import Session
from salesforce_seg.settings import CONNECTION_SETTINGS, ConnectionSettings, Setting, json_schema
from salesforce_seg.shutdown import on_early_end, run_cli
from salesforce_seg.signals import shielded, stop_requested

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OWN_SETTINGS = (
    Setting("does", "string", "What happens."),
    Setting("rules", "array", "Any list.", schema={"items": {"type": "string"}}),
    Setting("names", "object", "Any object."),
)
SECRET = "correct-horse-battery"


def say(line: str) -> None:
    """A line on stdout in many small writes, so that a signal would find a gap."""
    with shielded():
        for char in line + "\n":
            sys.stdout.write(char)
            sys.stdout.flush()


def rows() -> Iterator[dict[str, Any]]:
    for number in range(10**9):
        yield {"id": number}


class Rows(Stream):
    """Counts."""

    name = "rows"
    schema: ClassVar[dict[str, Any]] = {"properties": {"id": {"type": "integer"}}}

    def get_records(self, context: Any) -> Iterable[dict[str, Any]]:
        """Rows, until what the setting says."""
        del context
        does = getattr(self, f"do_{self.config['does']}")
        for row in rows():
            if row["id"] == 3:
                print("three rows are out", file=sys.stderr, flush=True)
                does()
            yield row

    def _write_record_message(self, record: Any) -> None:
        with shielded():
            say(json.dumps({"type": "RECORD", "stream": "rows", "record": record}))
            self.tap_state["bookmarks"] = {"rows": {"seen": record["id"]}}

    def do_end(self) -> None:
        raise errors.RunFailed("The run has failed as it was told to.")

    def do_quota(self) -> None:
        raise errors.QuotaExhausted("Stopped by quota_percent_total.")

    def do_config(self) -> None:
        raise errors.ConfigurationError(f"The setting x is wrong ({SECRET}).")

    def do_crash(self) -> None:
        raise ZeroDivisionError(SECRET)

    def do_flow(self) -> None:
        """Go on, as fast as it goes."""

    def do_sleep(self) -> None:
        time.sleep(60)

    def do_ask(self) -> None:
        with Session(ConnectionSettings.from_config(self.config)) as session:
            session.call("GET", "limits")

    def do_thread(self) -> None:
        threading.Thread(target=time.sleep, args=[60]).start()
        time.sleep(60)

    def do_batch(self) -> None:
        with shielded():
            print("the batch is open", file=sys.stderr, flush=True)
            while not stop_requested():
                time.sleep(0.01)
            say(json.dumps({"type": "BATCH", "settled": True}))

    def do_disk(self) -> None:
        Path("/no/such/file").read_text()

    def do_leave(self) -> None:
        os.write(2, b"")
        sys.exit(7)


class TinyTap(Plugin, Tap):
    """A tap to be stopped."""

    name = "tiny-tap"
    package_name = "salesforce-seg"
    config_jsonschema = json_schema(CONNECTION_SETTINGS + OWN_SETTINGS)

    def discover_streams(self) -> list[Stream]:
        """The one stream."""
        register(SECRET)
        on_early_end(self._fail)
        on_early_end(self._write_state)
        return [Rows(self)]

    def _fail(self) -> None:
        if self.config.get("does") == "crash":
            raise RuntimeError("a callback fails")

    def _write_state(self) -> None:
        say(json.dumps({"type": "STATE", "value": self.state}))


if __name__ == "__main__":
    logging.captureWarnings(True)
    run_cli(lambda: TinyTap.cli)
