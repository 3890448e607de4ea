"""The tap piped into the judging loader, run after run, over an org whose rows fill several pages."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from chaos_loader import Loader, differences
from chaos_zygote import Strike

if TYPE_CHECKING:
    from chaos_zygote import Ended, Zygote
    from local_org_client import OrgClient
    from running import TapRunner

BEFORE = "2026-06-01T09:00:00Z"
MIDDAY = "2026-06-01T12:00:00Z"
EVENING = "2026-06-01T18:00:00Z"
ROWS = 35
PAGE_ROWS = 10
SECONDS_TO_WRITE = 1.0
"""A busy machine needs some time to write the pages that came before the one that a fault has struck."""

LOGIN = {"client_id": "app", "client_secret": "secret-of-app"}


class Pipe:
    """The tap and its loader.

    Attributes:
        loader: What has been loaded.
        config: The tap's; it logs in, so that it can do so again.
        catalog: The tap's.
        messages: Those of the last run.
        created: The ids of the Leads.
    """

    def __init__(self, org: OrgClient, zygote: Zygote, tap: TapRunner) -> None:
        self.loader = Loader()
        self.config: dict[str, Any] = {"login_url": org.url, "concurrency": 1} | LOGIN
        self.catalog = tap.catalog("leads", "role")
        self.messages: list[dict[str, Any]] = []
        self._org = org
        self._zygote = zygote
        self._tap = tap
        org.clock(freeze_at=BEFORE)
        self.created = org.create(
            "Lead",
            [{"LastName": f"Lead {number}", "Company": "Ltd", "Rating": "Hot"} for number in range(ROWS)],
        )
        org.clock(freeze_at=MIDDAY)

    def run(self, *strikes: Strike, **settings: Any) -> Ended:
        """Run the tap over small pages with the loader's state, load what it says, and calm the org down."""
        self._org.limits(QueryPageRecords={"Max": PAGE_ROWS}, BulkResultPageRecords={"Max": PAGE_ROWS})
        self._tap.config = self.config
        line = self._tap.command(catalog=self.catalog, state=self.loader.state, **settings)
        ended = self._zygote.run(line[line.index("--config") :], strikes)
        self._calm()
        assert "Traceback" not in ended.stderr, ended.stderr
        *lines, rest = ended.stdout.split(b"\n")
        assert not rest or ended.exit_code < 0, "half a line on stdout"
        self.messages = self.loader.load(lines)
        rows = [str(each["record"]) for each in self.messages if each["type"] == "RECORD"]
        assert len(rows) == len(set(rows)), "a row came twice"
        return ended

    def ids(self, stream: str = "leads") -> list[str]:
        """The ids that came in the last run."""
        return [
            each["record"]["id"]
            for each in self.messages
            if each["type"] == "RECORD" and each["stream"] == stream
        ]

    def differences(self) -> list[str]:
        """Where the loaded table differs from the org."""
        schema = self.loader.schemas["leads"]["schema"]
        return list(differences(self._org, "Lead", self.loader.tables["leads"], schema))

    def strike_at(self, rule: dict[str, Any], number: int, *, later: float = SECONDS_TO_WRITE) -> Strike:
        """Add a fault, and send a signal so many seconds after it has struck."""
        self._org.faults([rule])
        nth = len(self._org.local("GET", "faults")) - 1
        struck_at: list[float] = []

        def is_due() -> bool:
            if not struck_at and self._org.local("GET", "faults")[nth]["times"] == 0:
                struck_at.append(time.monotonic())
            return bool(struck_at) and time.monotonic() - struck_at[0] >= later

        return Strike(lambda pid: os.kill(pid, number), when=is_due)

    def _calm(self) -> None:
        """No faults, and wide pages for the judge."""
        self._org.local("DELETE", "faults")
        self._org.local("DELETE", "hidden")
        self._org.log_in_again()
        self._org.limits(QueryPageRecords={"Max": 2000}, BulkResultPageRecords={"Max": 100_000})
