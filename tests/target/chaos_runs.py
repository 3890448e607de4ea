"""Lives through a story: runs of the target with mishaps, resumed as a tap would, to the end."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from chaos_fork import Zygote
from chaos_judge import PASSING, Judge, Seen
from chaos_mishaps import FATAL, LOSSY, Mishap, Tollgate, draw, strike
from chaos_org import contents, counts_in_utf16, prepare, write_schema
from chaos_story import Story, tell
from chaos_wishes import event_of
from local_org_client import LocalOrgProcess, OrgClient
from target_pipe import SUMMARY

if TYPE_CHECKING:
    from typing_extensions import Self

SESSION = r"00D\w{12,15}!"
PASSWORD = "chaos-secret-password"
MOST_MISHAPS = 4
LONGEST = 60
STOPPED = ("Stopped by SIGTERM.", "Stopped by SIGINT.")
STARTED = "Logged in"
"""What a run says before it can have done anything."""


@dataclass
class Figures:
    """What many stories came to."""

    counts: Counter[str] = field(default_factory=Counter)
    mismatches: dict[int, list[str]] = field(default_factory=dict)


class Stage:
    """An org, a zygote and a gate between them, for many stories one after the other."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory()
        self.folder = Path(self._folder.name)
        self._process = LocalOrgProcess(f"--schema={write_schema(self.folder)}", log=self.folder / "org.log")
        self._gate = Tollgate(self._process.url)
        self._zygote = Zygote()
        with OrgClient(self._process.url) as org:
            self._astral = counts_in_utf16(org)
            plenty = {"Max": 10_000_000, "Remaining": 10_000_000}
            org.limits(DailyApiRequests=plenty, ConcurrentLongRequests=plenty)  # silence is long, too
        self.figures = Figures()

    def __enter__(self) -> Self:
        """Use it for as long as the ``with`` lasts."""
        self._gate.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        """Take it down."""
        self._zygote.__exit__()
        self._gate.__exit__()
        self._process.stop()
        self._folder.cleanup()

    def play(
        self, seed: int, *, mixed: bool | None = None, calm: bool = False, first: int | None = None
    ) -> list[str]:
        """Live through the story of a seed.

        Args:
            seed: of the story and its mishaps.
            mixed: whether records are reached in several ways; None lets the seed decide.
            calm: without mishaps.
            first: only so many of its events.

        Returns:
            What is wrong; nothing if all is right.
        """
        story = tell(seed, astral=self._astral, mixed=mixed)
        if first is not None:
            story.cut(first)
        with OrgClient(self._process.url) as org:
            cells = prepare(org, story)
            judge = Judge(story, cells, contents(org, cells))
        rng = Random(f"mishaps {seed}")
        if calm or rng.random() < 0.15:
            mishaps: list[Mishap] = []
        else:
            mishaps = [
                draw(rng, by_jobs=story.config["api_type"] == "bulk2")
                for _ in range(rng.randint(1, MOST_MISHAPS))
            ]
        runs = Life(self, story, judge).live(mishaps)
        with OrgClient(self._process.url) as org:  # faults may have ended the sessions there were
            problems = judge.judge(runs, contents(org, cells))
            problems += [f"the local org: {error}" for error in org.local("GET", "errors")["errors"]]
        self.figures.counts.update(stories=1, runs=len(runs), events=len(story.messages))
        if problems:
            self.figures.mismatches[seed] = problems
            problems.append(f"the runs were {[(run.feed[0], run.exit_code, run.covered) for run in runs]}")
            problems.append(f"the mishaps were {'; '.join(map(str, mishaps))}")
        return problems


@dataclass
class Life:
    """The runs of one story."""

    stage: Stage
    story: Story
    judge: Judge
    runs: list[Seen] = field(default_factory=list)

    def live(self, mishaps: list[Mishap]) -> list[Seen]:
        """Run with each mishap, and then without, until a run ends well; then replay what faults spoiled."""
        for left in self.stage.folder.glob("rejects.jsonl*"):
            left.unlink()
        covered = 0
        for mishap in (*mishaps, Mishap(), Mishap()):
            feed = range(covered, len(self.story.messages))
            seen = self._run(mishap, self._lines(covered), feed)
            self.runs.append(seen)
            if not seen.exit_code:
                break
            covered = seen.covered if seen.covered is not None else covered
            if covered == len(self.story.messages):
                break
        else:
            self.judge.problems.append("no run ended well")
        self._replay()
        return self.runs

    def _lines(self, covered: int) -> str:
        schema = {"type": "SCHEMA", "key_properties": [], "schema": {"type": "object"}}
        streams = dict.fromkeys(stream for stream, _ in self.story.messages if stream)
        lines = [json.dumps(schema | {"stream": stream}) for stream in streams]
        for line in self.story.lines():
            if line.start < covered:
                continue
            stream, record = self.story.messages[line.start]
            if line.start in self.story.batches:
                _, shared, events = self.story.batches[line.start]
                record = shared | {"batch": events}
            message = {"type": "RECORD", "stream": stream, "record": record}
            lines.append(record if isinstance(record, str) else json.dumps(message))
            if line.stop in self.story.marks:
                lines.append(json.dumps({"type": "STATE", "value": {"seen": line.stop}}))
        return "".join(line + "\n" for line in lines)

    def _rejects(self) -> Path:
        return self.stage.folder / "rejects.jsonl"

    def _replay(self) -> None:
        """Replay the rejects that faults caused in the run that had the last word on their event."""
        last: dict[int, Seen] = {event: run for run in self.runs for event in run.feed}
        lines = self._rejects().read_text().splitlines() if self._rejects().exists() else []
        chosen: dict[tuple[int, str, str], str] = {}
        for line in lines:
            entry = json.loads(line)
            name = (event_of(entry["event"]), entry["object"] or "", entry["operation"] or "")
            code = last[name[0]].rejects.get(name)
            if code == entry["code"] and code in PASSING - {"OUTCOME_UNKNOWN"}:
                chosen[name] = line
        if not chosen:
            return
        path = self.stage.folder / "replay.jsonl"
        path.write_text("".join(line + "\n" for line in chosen.values()))
        feed = [event for event, _, _ in chosen]
        seen = self._run(Mishap(), "", feed, f"--replay={path}")
        seen.only = list(chosen)
        if seen.exit_code:
            self.judge.problems.append(f"the replay ended with {seen.exit_code}")
        self.runs.append(seen)
        self.stage.figures.counts["replays"] += 1

    def _run(self, mishap: Mishap, lines: str, feed: Any, *arguments: str) -> Seen:
        stage, folder = self.stage, self.stage.folder
        config = self.story.config | {
            "login_url": stage._gate.url,
            "username": "user@example.com",
            "password": PASSWORD,
            "rejects_path": str(self._rejects()),
            "max_retries": 2,
            "request_timeout": 1 if "silent" in mishap.faults else 20,
            "quota_percent_per_run": 100,
        }
        (folder / "config.json").write_text(json.dumps(config))
        (folder / "input.singer").write_text(lines)
        before = self._rejects().stat().st_size if self._rejects().exists() else 0
        with OrgClient(stage._process.url) as org:
            org.local("POST", "faults", mishap.rules)
            out, exit_code = self._watched(mishap, [f"--config={folder / 'config.json'}", *arguments])
            org.local("DELETE", "faults")
        log = (folder / "log").read_text()
        seen = Seen(
            feed,
            exit_code,
            unsteady=bool(mishap),
            faulty=bool(mishap.faults),
            lossy=bool(LOSSY & set(mishap.faults)),
        )
        self._read(seen, mishap, out, log)
        if self._rejects().exists():
            with self._rejects().open() as file:
                file.seek(before)
                self._read_rejects(seen, file.read())
        stage.figures.counts.update(f"fault {name}" for name in mishap.faults)
        stage.figures.counts[f"exit {exit_code}"] += 1
        return seen

    def _watched(self, mishap: Mishap, arguments: list[str]) -> tuple[str, int]:
        """Run the target, kill it when it is time; its standard out, and its exit code."""
        stage, place = self.stage, mishap.at[0] if mishap.kill else ""
        read_end, write_end = os.pipe()
        started = threading.Event()
        pid = 0

        def act() -> bool:
            started.wait(LONGEST)
            strike(pid, mishap.kill)
            stage.figures.counts[f"kill {signal.Signals(mishap.kill).name}"] += 1
            return mishap.kill != signal.SIGKILL

        stage._gate.arm(mishap.at if place.endswith("call") else ("", 0), act)
        with (stage.folder / "input.singer").open() as given, (stage.folder / "log").open("w") as log:
            pid = stage._zygote.start(arguments, self.story.seed, given.fileno(), write_end, log.fileno())
        os.close(write_end)
        started.set()
        timer = threading.Timer(LONGEST, strike, (pid, signal.SIGKILL))
        timer.start()
        if place == "time":
            time.sleep(mishap.at[1])
            act()
        out = ""
        with open(read_end, encoding="utf-8") as pipe:  # noqa: PTH123  a descriptor
            for number, line in enumerate(pipe, 1):
                out += line
                if place == "state" and number == int(mishap.at[1]):
                    act()
        exit_code = stage._zygote.wait()
        timer.cancel()
        stage._gate.arm(("", 0), act)
        stage._gate.settle()
        return out, exit_code

    def _read(self, seen: Seen, mishap: Mishap, out: str, log: str) -> None:
        """Take in what a run said, and complain about what no run may say."""
        complain = self.judge.problems.append
        lines = out.split("\n")
        if lines.pop() and seen.exit_code != -signal.SIGKILL:
            complain("half a line on standard out")
        states = [json.loads(line)["seen"] for line in lines]
        seen.covered = states[-1] if states else None
        if states != sorted(states):
            complain(f"states go back: {states}")
        for bad in ("Traceback", "unforeseen", PASSWORD, SESSION):
            if re.search(bad, log + out):
                complain(f"{bad} in the output:\n{log[-3000:]}")
        allowed = {0}
        if mishap.kill:
            too_early = mishap.kill == signal.SIGKILL or STARTED not in log
            allowed |= {-mishap.kill} if too_early else set()
            allowed |= {128 + mishap.kill} if mishap.kill != signal.SIGKILL else set()
        if FATAL & set(mishap.faults):
            allowed |= {1, 3} if "quota" in mishap.faults else {1}
            allowed |= (
                {2} if {"session", "400", "quota"} & set(mishap.faults) else set()
            )  # a login without a session
        if seen.exit_code not in allowed:
            complain(f"exit code {seen.exit_code} of {sorted(allowed)} after {mishap!s}:\n{log[-1500:]}")
        last = [line for line in log.splitlines() if not line.endswith(tuple(STOPPED))][-1:]
        found = SUMMARY.search("".join(last))
        if found:
            seen.counts = {name: int(number) for name, number in found.groupdict().items()}
        elif seen.exit_code >= 0 and STARTED in log:
            complain(f"no counts on the last line:\n{log[-1500:]}")

    def _read_rejects(self, seen: Seen, text: str) -> None:
        if text and not text.endswith("\n"):
            self.judge.problems.append("half a line in the rejects file")
            return
        for line in text.splitlines():
            entry = json.loads(line)
            if list(entry) != ["stream", "event", "object", "operation", "code", "reason", "fields", "at"]:
                self.judge.problems.append(f"a line of rejects with {list(entry)}")
            number = event_of(entry["event"])
            stream, record = self.story.messages[number]
            same = entry["event"] == record or (
                isinstance(record, list) or not isinstance(record, (str, dict))
            )
            if not same or (entry["stream"] or "") != stream or not entry["reason"]:
                self.judge.problems.append(f"a line of rejects is not event {number}: {line[:500]}")
            seen.rejects[number, entry["object"] or "", entry["operation"] or ""] = entry["code"]
