"""One org: its clock, schema, records, sessions, limits and faults, held together."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from salesforce_local_org import base_records, catalog, demo, ids, schema_file
from salesforce_local_org.clock import Clock
from salesforce_local_org.cursors import Cursors
from salesforce_local_org.faults import Faults
from salesforce_local_org.hidden import Hidden
from salesforce_local_org.jobs import Jobs
from salesforce_local_org.limits import Limits
from salesforce_local_org.long_transactions import LongTransactions
from salesforce_local_org.sessions import Sessions
from salesforce_local_org.soql import functions as soql_functions
from salesforce_local_org.store import Store
from salesforce_local_org.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from salesforce_local_org.schema import Schema

SEED_FEATURES = {"none": {"tagging": False}, "demo": {"tagging": True}}
"""The seeds there are, and the features an org has on with each."""

_SQLITE_COMPANIONS = ("", "-wal", "-shm", "-journal")


class Org:
    """Everything a resource may touch. ``reset`` makes it a fresh org.

    Args:
        database: The SQLite file that keeps the records; None keeps them in memory.
        schema_file: YAML or JSON with more objects, fields and features, applied at every reset.
        seed: What a new org starts with, a key of ``SEED_FEATURES``. A database file that has an org in it is
            taken as it is.
        scale: How many times over the demo company is made.

    Raises:
        ValueError: The schema file asks for something that cannot be.
    """

    clock: Clock
    schema: Schema
    store: Store
    sessions: Sessions
    limits: Limits
    usage: Usage
    faults: Faults
    long_transactions: LongTransactions
    cursors: Cursors
    jobs: Jobs
    hidden: Hidden

    def __init__(
        self,
        database: Path | None = None,
        schema_file: Path | None = None,
        seed: str = "none",
        scale: int = 1,
    ) -> None:
        self._database = database
        self._schema_file = schema_file
        self._lock = threading.Lock()
        self.org_id = ids.make("00D", 1)
        self.user_id = ids.make("005", 1)
        self.url = ""
        """Where the org listens, such as ``http://127.0.0.1:8765``."""
        self.shut_down: Callable[[], None] = lambda: None
        """Ends the server, if one serves this org."""
        self.locator_epoch = 0
        """A query locator is good while this is what it was when the locator was made."""
        if database and database.exists() and database.stat().st_size:
            self._begin()
            self._open_store(None)
            self._apply_schema_file(reopened=True)
        else:
            self.reset(seed, scale)

    def reset(self, seed: str = "none", scale: int = 1) -> None:
        """Make this a fresh org: records, custom fields, sessions, limits, faults, requests, clock.

        Args:
            seed: A key of ``SEED_FEATURES``.
            scale: How many times over the demo company is made.
        """
        with self._lock:
            self._begin()
            self._delete_database()
            self._open_store(seed)
            self._apply_schema_file()
            base_records.seed_base(self)
            if seed == "demo":
                demo.seed(self, scale)

    def expire_locators(self) -> None:
        """Make every query locator there is now one that nobody knows any more."""
        self.locator_epoch += 1

    def _begin(self) -> None:
        self.clock = Clock()
        self.limits = Limits(self.clock)
        self.usage = Usage(self.limits)
        self.faults = Faults()
        self.long_transactions = LongTransactions()
        self.sessions = Sessions(self.org_id)
        self.description_stamps: dict[str, tuple[str, datetime]] = {}
        if hasattr(self, "cursors"):
            self.cursors.close()
        self.cursors = Cursors(self)
        if hasattr(self, "jobs"):
            self.jobs.close()
        self.jobs = Jobs(self.clock, self.usage)

    def _open_store(self, seed: str | None) -> None:
        self.schema = catalog.load(SEED_FEATURES[seed] if seed else None)
        self.store = Store(self.schema, self.clock, str(self._database) if self._database else None)
        self.store.user_id = self.user_id
        soql_functions.register(self.store.connection)
        self.hidden = Hidden(self.schema, self.store)

    def _apply_schema_file(self, *, reopened: bool = False) -> None:
        if self._schema_file:
            wanted = schema_file.read_schema_file(self._schema_file)
            if reopened:
                wanted = schema_file.without_known(self.schema, wanted)
            schema_file.apply_schema_file(self, wanted)

    def close(self) -> None:
        """Stop what still works in the background, and close the files."""
        self.jobs.close()
        self.cursors.close()
        self.store.close()

    def _delete_database(self) -> None:
        if self._database:
            if hasattr(self, "store"):
                self.store.close()
            for companion in _SQLITE_COMPANIONS:
                self._database.with_name(self._database.name + companion).unlink(missing_ok=True)
