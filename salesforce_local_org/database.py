"""One SQLite file: its connection, nested transactions, numbers that are given once, and settings."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from salesforce_local_org.tables import INTERNAL_TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

_PRAGMAS = ("journal_mode = WAL", "synchronous = OFF", "temp_store = MEMORY", "cache_size = -65536")


class Database:
    """A SQLite file, or one in memory. Whoever uses ``connection`` directly holds ``lock``."""

    def __init__(self, path: str | None) -> None:
        self.lock = threading.RLock()
        self.connection = sqlite3.connect(
            path or ":memory:", isolation_level=None, check_same_thread=False, cached_statements=1024
        )
        for pragma in _PRAGMAS:
            self.connection.execute(f"PRAGMA {pragma}")
        self.connection.create_function("formula_regex", 2, _matches, deterministic=True)
        self.connection.executescript(INTERNAL_TABLES)
        self._depth = 0
        self._sequences: dict[str, int] = dict(self.connection.execute("SELECT name, last FROM _sequences"))
        self._used_sequences: set[str] = set()

    def close(self) -> None:
        """Close the file; the store is of no use afterwards."""
        with self.lock:
            self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside takes effect together, or not at all if an exception leaves it. They nest."""
        with self.lock:
            depth = self._depth
            begin, commit, undo = (
                (f"SAVEPOINT s{depth}", f"RELEASE s{depth}", (f"ROLLBACK TO s{depth}", f"RELEASE s{depth}"))
                if depth
                else ("BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",))
            )
            self.connection.execute(begin)
            self._depth += 1
            try:
                if not depth:
                    self.begun()
                yield
                if not depth:
                    self._save_sequences()
            except BaseException:
                self._depth = depth
                for statement in undo:
                    self.connection.execute(statement)
                raise
            self._depth = depth
            self.connection.execute(commit)

    def next_number(self, sequence: str) -> int:
        """The next number of a sequence, from 1; a number is given once, even after a rollback."""
        number = self._sequences.get(sequence, 0) + 1
        self._sequences[sequence] = number
        self._used_sequences.add(sequence)
        return number

    def begun(self) -> None:
        """Called inside each outermost transaction, before anything else."""

    def reserve_numbers(self, sequence: str, last: int) -> None:
        """Let a sequence go on after a number that was given elsewhere."""
        self._sequences[sequence] = max(self._sequences.get(sequence, 0), last)
        self._used_sequences.add(sequence)

    def setting(self, name: str, default: Any = None) -> Any:
        """A JSON value that is kept beside the records, such as the org's id."""
        row = self.connection.execute("SELECT value FROM _settings WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else default

    def save_setting(self, name: str, value: Any) -> None:
        """Keep a JSON value beside the records."""
        with self.transaction():
            self.connection.execute(
                "INSERT OR REPLACE INTO _settings VALUES (?, ?)", (name, json.dumps(value))
            )

    def _save_sequences(self) -> None:
        self.connection.executemany(
            "INSERT OR REPLACE INTO _sequences VALUES (?, ?)",
            [(name, self._sequences[name]) for name in self._used_sequences],
        )
        self._used_sequences.clear()


def _matches(pattern: str | None, text: str | None) -> int:
    """REGEX() of the formula language: the whole text must match."""
    try:
        return int(re.fullmatch(pattern or "", text or "") is not None)
    except re.error:
        return 0
