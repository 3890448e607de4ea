"""One seed of chaos: an org's history, the runs of a tap in between, and what strikes them."""

from __future__ import annotations

import json
import os
import shutil
import signal
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from chaos_faults import DONE, NO_LOGIN, Trouble, random_trouble, slow
from chaos_history import STREAMS, WIDE, History
from chaos_loader import BrokenPromiseError, Loader, differences
from chaos_promises import KILLED, STRUCK, Figures, check_end, check_once, is_under_way
from chaos_zygote import Ended, Strike, Zygote
from local_org_client import LocalOrgProcess, OrgClient

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from typing_extensions import Self

SMALL_PAGES = (3, 7, 20, 60)
CHANGES_ITS_MIND = 0.2
"""How often the catalog selects other columns, though the org has not changed."""

_SECONDS = {"seconds": (0.02, 0.4), "late": (3.0, 5.0)}
"""When a signal comes; late: when the tap, which says STATE every few seconds, has said it between pages."""


class Arena:
    """A local org on a file, and a zygote: what seeds are played with, one after the other."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.database = directory / "org.sqlite"
        options = ["--database", str(self.database)]
        self._ends = ExitStack()
        process = self._ends.enter_context(LocalOrgProcess(*options, log=directory / "org.log"))
        self.zygote = self._ends.enter_context(Zygote())
        self.org = self._ends.enter_context(OrgClient(process.url))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()


class Play:
    """One seed.

    Args:
        arena: Where it is played.
        seed: Decides everything.
        figures: Counts it.
    """

    def __init__(self, arena: Arena, seed: int, figures: Figures) -> None:
        self._arena, self._org, self._figures = arena, arena.org, figures
        self._rng = Random(seed)
        self._org.reset()
        self._org.limits(DailyApiRequests={"Max": 10_000_000, "Remaining": 10_000_000})
        self.history = History(self._org, arena.database, self._rng)
        self._loader = Loader()
        self._page_rows = self._rng.choice(SMALL_PAGES)
        naming = self._rng.choice(("segment", "segment", "api"))
        self._config = self._login() | {
            "api_type": self._rng.choice(("rest", "bulk2", "auto")),
            "naming": naming,
            "concurrency": self._rng.choice((1, 4)),
            "include_objects": [WIDE],
            "max_retries": 2,
            "quota_percent_total": 100,
            **self._ways(STREAMS if naming == "api" else STREAMS.values()),
        }
        self._streams: dict[str, str] = {}
        self._deselected: dict[str, set[str]] = {}
        self._usual_bytes = 100_000
        self._lost_a_login = False
        self._was_written_to = False
        self.history.told.append(f"config: {self._config}, pages of {self._page_rows} rows")

    def _ways(self, streams: Iterable[str]) -> dict[str, Any]:
        """Settings that change what a run reads and how it writes, but not what is loaded in the end."""
        known_ids = self._arena.directory / "known-ids"
        shutil.rmtree(known_ids, ignore_errors=True)
        ways: tuple[dict[str, Any], ...] = (
            {"backfill_columns": "new"},
            {"emit_activate_version_messages": True},
            {"stream_maps": {stream: {} for stream in streams}},
            {"sweep_ids": "always", "known_ids_path": str(known_ids)},
        )
        return {name: value for way in ways if self._rng.random() < 0.3 for name, value in way.items()}

    def _login(self) -> dict[str, Any]:
        if self._rng.random() < 0.6:
            return {"login_url": self._org.url, "client_id": "app", "client_secret": "secret-of-app"}
        self._org.local("POST", "login", {"rotate_refresh_tokens": True})
        kept = self._arena.directory / "refresh-token.json"
        kept.unlink(missing_ok=True)
        return {
            "login_url": self._org.url,
            "client_id": "app",
            "refresh_token": f"5Aep-{self._rng.random()}",
            "refresh_token_file": str(kept),
        }

    def play(self) -> None:
        """Play it to its end.

        Raises:
            BrokenPromiseError: The tap broke a promise.
        """
        for _ in range(self._rng.randint(5, 8)):
            self.history.happen(self._rng.randint(1, 6))
            self.history.pass_time()
            self._run_in_trouble()
        self.history.commit_late()
        for _ in range(2):
            self.history.pass_time(3600)
            self._run(Trouble("none"))
        self._figures.counts["seeds"] += 1

    # Runs

    def _run_in_trouble(self) -> None:
        chance = self._rng.random()
        if chance < 0.15:
            # No fault beside it, as that might strike whoever writes.
            events = self._rng.randint(1, 3)
            meanwhile = Strike(lambda _: self._meanwhile(events), after_bytes=self._somewhere())
            self._run(Trouble("none"), [meanwhile, self._kill("bytes", "seconds")])
            return
        if chance > 0.985:
            self._run(slow(), [self._kill("late")])
            return
        trouble = random_trouble(self._rng) if chance > 0.45 else Trouble("none")
        self._run(trouble, [self._kill("bytes", "seconds", "request")] if chance < 0.6 else [])

    def _meanwhile(self, events: int) -> None:
        self._org.log_in_again()
        self._was_written_to = True
        self.history.told.append("while the tap runs:")
        self.history.happen(events)

    def _kill(self, *ways: str) -> Strike:
        number = self._rng.choice(
            (signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
        )
        way = self._rng.choice(ways)

        def act(pid: int) -> None:
            self._figures.counts[f"{STRUCK} {number.name}, by {way}"] += 1
            self.history.told.append(f"{number.name} by {way}")
            os.kill(pid, number)

        if way == "bytes":
            return Strike(act, after_bytes=self._somewhere())
        if way in _SECONDS:
            return Strike(act, after_seconds=self._rng.uniform(*_SECONDS[way]))
        skip = self._rng.randint(0, 20)
        self._org.faults([{"path": "/services/", "skip": skip, "action": {"hang": True}}])
        return Strike(act, when=lambda: self._org.local("GET", "faults")[0]["times"] == 0)

    def _somewhere(self) -> int:
        return 1 + int(self._rng.random() * self._usual_bytes)

    def _run(self, trouble: Trouble, strikes: list[Strike] | None = None) -> None:
        strikes = strikes or []
        self._discover_if_changed()
        self.history.told.append(f"{self.history.now}: run, {trouble.name} {trouble.rules}")
        if self._loader.state and is_under_way(self._loader.state):
            self._figures.counts["runs that went on with a half-read stream"] += 1
        self._org.limits(
            QueryPageRecords={"Max": self._page_rows}, BulkResultPageRecords={"Max": self._page_rows}
        )
        self._org.faults(trouble.rules)
        if trouble.calls_left is not None:
            self._org.limits(DailyApiRequests={"Remaining": trouble.calls_left})
        self._was_written_to = False
        ended = self._arena.zygote.run(self._arguments(trouble.settings), strikes)
        self._count_strikes(trouble)
        self._calm()
        self._judge(ended, trouble, struck_at_will=bool(strikes))

    def _count_strikes(self, trouble: Trouble) -> None:
        left = self._org.local("GET", "faults")[-len(trouble.rules) :] if trouble.rules else []
        if any(rule["times"] != 1 for rule in left) or trouble.calls_left is not None:
            self._figures.faults[trouble.name] += 1

    def _calm(self) -> None:
        """An org without faults, and with wide pages for the judge."""
        self._org.local("DELETE", "faults")
        self._org.log_in_again()
        self._org.limits(
            QueryPageRecords={"Max": 2000},
            BulkResultPageRecords={"Max": 100_000},
            DailyApiRequests={"Max": 10_000_000, "Remaining": 10_000_000},
        )

    def _arguments(self, settings: dict[str, Any]) -> list[str]:
        line = ["--config", self._file("config", self._config | settings), "--catalog", self._path("catalog")]
        return (
            line
            if self._loader.state is None
            else [*line, "--state", self._file("state", self._loader.state)]
        )

    def _discover_if_changed(self) -> None:
        if not self.history.schema_changed and self._rng.random() > CHANGES_ITS_MIND:
            return
        config = self._file("config", self._config)
        found = self._arena.zygote.run(["--config", config, "--discover"])
        if self._lost_its_login(found):
            self._log_in_anew()
            found = self._arena.zygote.run(["--config", config, "--discover"])
        if found.exit_code:
            raise BrokenPromiseError(f"discovery failed: {found.stderr}")
        catalog = json.loads(found.stdout)
        wanted = {*STREAMS, *STREAMS.values()}
        catalog["streams"] = [each for each in catalog["streams"] if each["tap_stream_id"] in wanted]
        by_object = {stream: sobject for sobject, stream in STREAMS.items()}
        self._streams = {
            each["tap_stream_id"]: by_object.get(each["tap_stream_id"], each["tap_stream_id"])
            for each in catalog["streams"]
        }
        for entry in catalog["streams"]:
            if self._rng.random() < 0.1:
                entry["replication_method"] = "FULL_TABLE"
            self._deselected[entry["tap_stream_id"]] = set(self._deselect_some(entry))
        self._file("catalog", catalog)
        self.history.schema_changed = False

    def _deselect_some(self, entry: dict[str, Any]) -> Iterator[str]:
        """Deselect some columns of some streams; what is not selected now, may be so again later."""
        part = self._rng.choice((0, 0, 0.2, 0.7))
        for each in entry["metadata"]:
            name, is_own = each["breadcrumb"][-1:], each["metadata"].get("inclusion") == "automatic"
            is_column = len(each["breadcrumb"]) == 2 and not is_own and name != [entry.get("replication_key")]
            if is_column and self._rng.random() < part:
                each["metadata"]["selected"] = False
                yield from name

    def _path(self, name: str) -> str:
        return str(self._arena.directory / f"{name}.json")

    def _file(self, name: str, value: Any) -> str:
        Path(self._path(name)).write_text(json.dumps(value))
        return self._path(name)

    # Judgement

    def _judge(self, ended: Ended, trouble: Trouble, *, struck_at_will: bool) -> None:
        counts, code = self._figures.counts, ended.exit_code
        self.history.told.append(
            f"the run ended with {code} after {ended.seconds:.1f} s, {len(ended.stdout):,} bytes"
        )
        counts["runs"] += 1
        counts["runs with a refresh token that is replaced"] += "refresh_token" in self._config
        self._figures.exits[code] += 1
        if self._lost_its_login(ended):
            self._log_in_anew()
        else:
            check_end(ended, trouble, struck_at_will=struck_at_will)
        if code == KILLED or "Logged in" in ended.stderr:
            self._lost_a_login = code == KILLED
        dies = self._rng if code == KILLED and self._rng.random() < 0.5 else None
        lines = ended.stdout.split(b"\n")
        rest = lines.pop()
        if rest and code != KILLED:
            raise BrokenPromiseError(f"half a line on stdout: {rest[:200]!r}")
        messages = self._loader.load(lines, dies=dies)
        rows = [message for message in messages if message["type"] == "RECORD"]
        counts["rows"] += len(rows)
        check_once(rows)
        if code == DONE and not self._was_written_to:
            counts["runs after which tables were compared"] += 1
            self._usual_bytes = max(2000, len(ended.stdout))
            self._compare(ended, trouble)
        if trouble.name.endswith("vanished"):
            self.history.show_all()

    def _lost_its_login(self, ended: Ended) -> bool:
        """A kill between the answer with the next refresh token and its saving: no tap can help that."""
        return ended.exit_code == NO_LOGIN and self._lost_a_login and "refresh_token" in self._config

    def _log_in_anew(self) -> None:
        self._figures.counts["refresh tokens lost by a kill, and asked for anew"] += 1
        token = {"refresh_token": f"5Aep-{self._rng.random()}"}
        Path(self._config["refresh_token_file"]).write_text(json.dumps(token))

    def _compare(self, ended: Ended, trouble: Trouble) -> None:
        hidden = {name for rule in trouble.rules for name in rule["action"].get("hide", ())}
        for stream, sobject in self._streams.items():
            if sobject in hidden or any(name.startswith(f"{sobject}.") for name in hidden):
                continue
            schema = self._loader.schemas.get(stream)
            if schema is None:
                raise BrokenPromiseError(f"{stream}: the run is done, but there was no SCHEMA")
            self._figures.counts["tables compared"] += 1
            table, deselected = self._loader.tables[stream], self._deselected[stream]
            found = list(differences(self._org, sobject, table, schema["schema"], deselected))
            if found:
                state = json.dumps(self._loader.state)
                raise BrokenPromiseError(
                    "\n".join([*found[:5], f"{len(found)} differences", state, ended.stderr])
                )
