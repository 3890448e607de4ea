"""Chaos: an org's random history, a tap that is killed and hit by faults, and a loader that judges.

By hand::

    python tests/tap/chaos.py --seeds 500
    python tests/tap/chaos.py --seed 17        that one alone, with its whole story

A seed decides the history, the faults, and when a run is killed: by bytes read or by requests at the very
same place each time, by seconds only about there.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from chaos_faults import DONE, NO_LOGIN, Trouble, random_trouble, slow
from chaos_history import STREAMS, WIDE, History
from chaos_loader import BrokenPromiseError, Loader, differences
from chaos_zygote import Ended, Strike, Zygote
from local_org_client import LocalOrgProcess, OrgClient

if TYPE_CHECKING:
    from typing_extensions import Self

KILLED = -signal.SIGKILL
POLITE = {signal.SIGTERM: 143, signal.SIGINT: 130}
SMALL_PAGES = (3, 7, 20, 60)
_SECONDS = {"seconds": (0.02, 0.4), "late": (3.0, 5.0)}
"""When a signal comes; late: when the tap, which says STATE every few seconds, has said it between pages."""


@dataclass(slots=True)
class Figures:
    """What came to pass."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    exits: Counter[int] = field(default_factory=Counter)

    def lines(self) -> list[str]:
        """The figures, to be read."""
        return [
            *(f"{name:<42}{number:>9,}" for name, number in sorted(self.counts.items())),
            *(f"fault: {name:<35}{number:>9,}" for name, number in sorted(self.faults.items())),
            *(f"exit code {code:<32}{number:>9,}" for code, number in sorted(self.exits.items())),
        ]


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
        self._config = self._login() | {
            "api_type": self._rng.choice(("rest", "bulk2", "auto")),
            "naming": self._rng.choice(("segment", "segment", "api")),
            "concurrency": self._rng.choice((1, 4)),
            "include_objects": [WIDE],
            "max_retries": 2,
            "quota_percent_total": 100,
        }
        self._streams: dict[str, str] = {}
        self._usual_bytes = 100_000
        self._lost_a_login = False
        self._was_written_to = False
        self.history.told.append(f"config: {self._config}, pages of {self._page_rows} rows")

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
            self._figures.counts[f"struck by {number.name}, by {way}"] += 1
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
        if self._loader.state and _is_under_way(self._loader.state):
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
        if not self.history.schema_changed:
            return
        config = self._file("config", self._config)
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
        self._file("catalog", catalog)
        self.history.schema_changed = False

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
        self._figures.exits[code] += 1
        if self._lost_its_login(ended):
            counts["refresh tokens lost by a kill, and asked for anew"] += 1
            Path(self._config["refresh_token_file"]).write_text(
                json.dumps({"refresh_token": f"5Aep-{self._rng.random()}"})
            )
        else:
            _check_end(ended, trouble, struck_at_will=struck_at_will)
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
        _check_once(rows)
        if code == DONE and not self._was_written_to:
            counts["runs after which tables were compared"] += 1
            self._usual_bytes = max(2000, len(ended.stdout))
            self._compare(ended, trouble)
        if trouble.name.endswith("vanished"):
            self.history.show_all()

    def _lost_its_login(self, ended: Ended) -> bool:
        """A kill between the answer with the next refresh token and its saving: no tap can help that."""
        return ended.exit_code == NO_LOGIN and self._lost_a_login and "refresh_token" in self._config

    def _compare(self, ended: Ended, trouble: Trouble) -> None:
        hidden = {name for rule in trouble.rules for name in rule["action"].get("hide", ())}
        for stream, sobject in self._streams.items():
            if sobject in hidden or any(name.startswith(f"{sobject}.") for name in hidden):
                continue
            schema = self._loader.schemas.get(stream)
            if schema is None:
                raise BrokenPromiseError(f"{stream}: the run is done, but there was no SCHEMA")
            found = list(differences(self._org, sobject, self._loader.tables[stream], schema["schema"]))
            if found:
                state = json.dumps(self._loader.state)
                raise BrokenPromiseError(
                    "\n".join([*found[:5], f"{len(found)} differences", state, ended.stderr])
                )


def _is_under_way(state: dict[str, Any]) -> bool:
    return any(each.get("unfinished") for each in state.get("bookmarks", {}).values())


def _check_end(ended: Ended, trouble: Trouble, *, struck_at_will: bool) -> None:
    code, right = ended.exit_code, set(trouble.may_end)
    if struck_at_will:
        right |= {KILLED, *POLITE.values()}
        if not ended.stdout and not ended.stderr:  # before it had a word to say
            right |= {-number for number in POLITE}
    if code not in right:
        raise BrokenPromiseError(f"exit code {code} instead of {sorted(right)}: {ended.stderr}")
    if "Traceback" in ended.stderr or "unforeseen" in ended.stderr:
        raise BrokenPromiseError(f"a traceback, or an error that was not foreseen: {ended.stderr}")
    if code > 0 and not ended.stderr.strip():
        raise BrokenPromiseError(f"exit code {code}, but no word of an error: {ended.stderr}")


def _check_once(rows: list[dict[str, Any]]) -> None:
    seen: set[str] = set()
    for message in rows:
        line = json.dumps([message["stream"], message["record"]], sort_keys=True)
        if line in seen:
            raise BrokenPromiseError(f"the run emitted a row twice: {line[:300]}")
        seen.add(line)


def play(arena: Arena, seed: int, figures: Figures, *, aloud: bool = False) -> None:
    """Play a seed.

    Raises:
        BrokenPromiseError: The tap broke a promise; the message tells the whole story.
    """
    game = Play(arena, seed, figures)
    try:
        game.play()
        if aloud:
            print("\n".join(game.history.told))
    except (BrokenPromiseError, TimeoutError) as broken:
        story = "\n".join(game.history.told)
        raise BrokenPromiseError(
            f"seed {seed}: {broken}\n\nWhat happened:\n{story}\n\n"
            f"Again: python tests/tap/chaos.py --seed {seed}"
        ) from None
    errors = arena.org.local("GET", "errors")["errors"]
    assert not errors, f"seed {seed}: a defect of the local org itself: {errors}"


def _is_well(arena: Arena, seed: int, figures: Figures, *, aloud: bool) -> bool:
    try:
        play(arena, seed, figures, aloud=aloud)
    except BrokenPromiseError as broken:
        print(broken, end="\n\n", flush=True)
        return False
    return True


def main() -> None:
    """Play seeds from the command line, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=100, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first one")
    parser.add_argument("--seed", type=int, help="this one alone")
    parser.add_argument("--keep-going", action="store_true", help="do not end with the first seed that fails")
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.seeds) if given.seed is None else [given.seed]
    figures, failed, started = Figures(), [], time.monotonic()
    with tempfile.TemporaryDirectory() as directory, Arena(Path(directory)) as arena:
        for seed in seeds:
            if _is_well(arena, seed, figures, aloud=given.seed is not None):
                continue
            failed.append(seed)
            if not given.keep_going:
                break
    print("\n".join(figures.lines()))
    print(
        f"{'seconds':<42}{time.monotonic() - started:>9.0f}\n{'mismatches':<42}{len(failed):>9}", failed or ""
    )
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
