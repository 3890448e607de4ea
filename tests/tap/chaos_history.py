"""A random history of an org: what happens to records between two runs of a tap, and during one."""

from __future__ import annotations

import sqlite3
import string
from contextlib import closing
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from local_org_client import OrgClient

BEGINNING = datetime(2026, 6, 1, 9, 0, 17, tzinfo=timezone.utc)
LONGEST_STEP_SECONDS = 30 * 3600
LATEST_COMMIT = timedelta(minutes=15)
"""How long a transaction stays open: within the tap's lookback of 20 minutes."""

WIDE = "Wide__c"
_WIDE_FIELDS: dict[str, dict[str, Any]] = {
    "Essay__c": {"kind": "LongTextArea", "length": 131072, "visibleLines": 3},
    "Minutes__c": {"kind": "LongTextArea", "length": 32768, "visibleLines": 3},
    "Share__c": {"kind": "Percent", "precision": 18, "scale": 6},
    "At__c": {"kind": "DateTime"},
    "Done__c": {"kind": "Checkbox", "defaultValue": False},
    **{f"Text_{number}__c": {"length": 255} for number in range(6)},
}
"""Rows so wide that a page of REST holds few of them (Relationship Query Limitations: long text areas)."""

STREAMS = {
    "Account": "accounts",
    "Contact": "contacts",
    "Lead": "leads",
    "UserRole": "role",
    "Wide__c": "wide_c",
}
"""The objects that history happens to, and their streams."""

_WORDS = (
    "plain", 'She said "yes"', "two\nlines", "CR\r\nLF", "lone\rCR", "tab\there", ",;|", "'\\'", "NULL",
    "NaN", "日本語 \U0001f3f3\ufe0f", "#N/A", "true", "0", "=1+1", "line\u2028end", "\x7f\x1f", "é\u0301",
    "\ufeffmark", "\\u0000",
)  # fmt: skip
_ALPHABET = string.ascii_letters + ' "\n\r,;' + "äß漢😀"


def _text(rng: Random) -> str:
    return rng.choice(_WORDS) + " " + "".join(rng.choices(_ALPHABET, k=rng.randint(1, 12))) + "."


def _line(rng: Random) -> str:
    return _text(rng).replace("\n", " ").replace("\r", " ")


def _long_text(rng: Random) -> str:
    return _text(rng) * rng.choice((1, 1, 1, 5, 60, 900))


def _number(rng: Random) -> float:
    return rng.choice(
        (0, 1, -5, 0.5, 1234567.89, 912_260_031, 99_999_999_999_999, round(rng.uniform(-1e6, 1e6), 2))
    )


_FILLERS: dict[str, dict[str, Callable[[Random], Any]]] = {
    "Account": {
        "Name": _line,
        "Description": _long_text,
        "AnnualRevenue": _number,
        "BillingStreet": _text,
        "BillingCity": _line,
        "Rating": lambda rng: rng.choice(("Hot", "Cold", None)),
    },
    "Contact": {
        "LastName": _line,
        "Description": _text,
        "Birthdate": lambda rng: f"19{rng.randint(10, 99)}-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}",
        "MailingStreet": _text,
        "DoNotCall": lambda rng: rng.random() < 0.5,
    },
    "Lead": {
        "LastName": _line,
        "Company": _line,
        "Title": _line,
        "Description": _long_text,
        "NumberOfEmployees": lambda rng: rng.choice((0, 1, 99_999_999, None)),
        "Rating": lambda rng: rng.choice(("Hot", "Cold", None)),
    },
    "UserRole": {"Name": lambda rng: "Role " + "".join(rng.choices(string.ascii_letters, k=8))},
    "Wide__c": {
        "Name": _line,
        "Essay__c": lambda rng: _long_text(rng)[:8000] * rng.choice((1, 1, 1, 16)),
        "Minutes__c": _long_text,
        "Share__c": lambda rng: round(rng.uniform(0, 100), 6),
        "At__c": lambda rng: f"2026-0{rng.randint(1, 9)}-11T0{rng.randint(0, 9)}:00:00Z",
        "Done__c": lambda rng: rng.random() < 0.5,
        **{f"Text_{number}__c": _text for number in range(6)},
    },
}
_BIN = ("Account", "Contact", "Lead", "Wide__c")
_MERGEABLE = ("Account", "Contact", "Lead")
_HIDEABLE = ("Lead.Rating", "Account.Rating", "Contact.DoNotCall")

_ENVELOPE = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com">'
    "<e:Header><SessionHeader><sessionId>{}</sessionId></SessionHeader></e:Header><e:Body>{}</e:Body></e:Envelope>"
)


class History:
    """What happens in one org, decided by a random number generator, told in ``told``.

    Args:
        org: The org, fresh.
        database: Its SQLite file: the only way in for a NUL, which the org itself would refuse.
        rng: Decides.
    """

    def __init__(self, org: OrgClient, database: Path, rng: Random) -> None:
        self.org = org
        self.now = BEGINNING
        self.told: list[str] = []
        self.fields_added = 0
        self.schema_changed = True
        """Whether the org's fields may have changed since somebody last asked."""
        self._database = database
        self._rng = rng
        self._late: tuple[int, datetime] | None = None
        self.org.clock(freeze_at=self.now.isoformat())
        self._make_wide()
        for sobject in STREAMS:
            self._create(
                sobject, rng.randint(3, 12) if sobject == "UserRole" else rng.choice((0, 20, 60, 150))
            )
        if rng.random() < 0.5:
            self.hide([rng.choice(_HIDEABLE)])

    def _make_wide(self) -> None:
        metadata = {"label": "Wide", "pluralLabel": "Wide", "nameField": {"type": "Text", "label": "Name"}}
        answer = self.org.rest(
            "POST", "tooling/sobjects/CustomObject", json={"FullName": WIDE, "Metadata": metadata}
        )
        assert answer.status_code == 201, answer.text
        for name, metadata in _WIDE_FIELDS.items():
            self.org.custom_field(f"{WIDE}.{name}", **metadata)

    # Time

    def pass_time(self, seconds: int | None = None) -> None:
        """Let the clock go on: an open transaction is committed before the lookback would miss it."""
        step = timedelta(seconds=seconds or self._rng.choice((61, 150, 1000, 9000, LONGEST_STEP_SECONDS)))
        if self._late and self.now + step > self._late[1] + LATEST_COMMIT:
            self.commit_late()
        self.now += step
        self.org.clock(freeze_at=self.now.isoformat())

    def happen(self, events: int) -> None:
        """Let so many things happen, one after the other."""
        for _ in range(events):
            if self._rng.random() < 0.5:
                self.pass_time(self._rng.randint(1, 200))
            self._rng.choice(_EVENTS)(self)

    def commit_late(self) -> None:
        """End the open transaction, if there is one: its rows appear, with stamps of when it began."""
        if self._late:
            self.org.local("POST", f"transactions/{self._late[0]}/commit")
            self.told.append(f"{self.now}: the transaction of {self._late[1]} is committed")
            self._late = None

    # Sight

    def hide(self, names: list[str]) -> None:
        """Nobody sees these any more."""
        self.org.local("POST", "hidden", names)
        self.told.append(f"{self.now}: {names} are hidden")
        self.schema_changed = True

    def show_all(self) -> None:
        """Everybody sees everything."""
        if self.org.local("GET", "hidden"):
            self.org.local("DELETE", "hidden")
            self.told.append(f"{self.now}: all is seen again")
            self.schema_changed = True

    # Events

    def _create_some(self) -> None:
        self._create(self._rng.choice(list(STREAMS)), self._rng.choice((1, 3, 10, 40)))

    def _create(self, sobject: str, count: int) -> None:
        records = [self._values(sobject) for _ in range(count)]
        if sobject == "Contact":
            accounts = self._alive("Account")
            for record in records:
                record["AccountId"] = (
                    self._rng.choice(accounts) if accounts and self._rng.random() < 0.7 else None
                )
        self._write("POST", sobject, records)

    def _update_some(self) -> None:
        sobject = self._rng.choice(list(STREAMS))
        chosen = self._some(self._alive(sobject), 30)
        self._write("PATCH", sobject, [{"id": each} | self._values(sobject, some=True) for each in chosen])

    def _delete_some(self) -> None:
        sobject = self._rng.choice(list(STREAMS))
        chosen = self._some(self._alive(sobject), 8)
        if chosen:
            self.org.rest("DELETE", f"composite/sobjects?ids={','.join(chosen)}&allOrNone=false")
        self.told.append(f"{self.now}: delete {sobject} {chosen}")

    def _undelete_some(self) -> None:
        chosen = self._some(self._binned(self._rng.choice(_BIN)), 5)
        self._soap("undelete", "".join(f"<ids>{each}</ids>" for each in chosen))

    def _empty_bin(self) -> None:
        chosen = self._some(self._binned(self._rng.choice(_BIN)), 8)
        self._soap("emptyRecycleBin", "".join(f"<ids>{each}</ids>" for each in chosen))

    def _hard_delete(self) -> None:
        sobject = self._rng.choice(_BIN)
        chosen = self._some(self._alive(sobject), 5)
        job = self.org.rest(
            "POST", "jobs/ingest", json={"object": sobject, "operation": "hardDelete"}
        ).json()["id"]
        body = "\n".join(["Id", *chosen, ""]).encode()
        self.org.rest("PUT", f"jobs/ingest/{job}/batches", data=body, headers={"Content-Type": "text/csv"})
        self.org.rest("PATCH", f"jobs/ingest/{job}", json={"state": "UploadComplete"})
        while self.org.rest("GET", f"jobs/ingest/{job}").json()["state"] in {"UploadComplete", "InProgress"}:
            pass
        self.told.append(f"{self.now}: delete for good {sobject} {chosen}")

    def _merge_some(self) -> None:
        sobject = self._rng.choice(_MERGEABLE)
        winner, *losers = [*self._some(self._alive(sobject), 3), ""]
        ids = "".join(f"<recordToMergeIds>{each}</recordToMergeIds>" for each in losers if each)
        if ids:
            self._soap(
                "merge",
                f"<request><masterRecord><type>{sobject}</type><Id>{winner}</Id></masterRecord>{ids}</request>",
            )

    def _begin_late(self) -> None:
        if self._late:
            return
        sobject = self._rng.choice(("Account", "Lead", "Wide__c"))
        path = f"/services/data/v{self.org.version}/sobjects/{sobject}"
        requests = [
            {"method": "POST", "path": path, "body": self._values(sobject)}
            for _ in range(self._rng.choice((1, 5)))
        ]
        requests += [
            {"method": "PATCH", "path": f"{path}/{each}", "body": self._values(sobject, some=True)}
            for each in self._some(self._alive(sobject), 4)
        ]
        opened = self.org.local("POST", "transactions", {"requests": requests})
        self._late = opened["id"], self.now
        self.told.append(f"{self.now}: a transaction with {len(requests)} {sobject} begins")

    def _add_field(self) -> None:
        if self.fields_added == 2:
            return
        self.fields_added += 1
        sobject, name = self._rng.choice(_MERGEABLE), f"Added_{self.fields_added}__c"
        self.org.custom_field(f"{sobject}.{name}")
        self.schema_changed = True
        records = [{"id": each, name: _line(self._rng)} for each in self._some(self._alive(sobject), 10)]
        self.told.append(f"{self.now}: {sobject} gets the field {name}")
        self._write("PATCH", sobject, records)

    def _write_nul(self) -> None:
        sobject, field = self._rng.choice(
            (("Lead", "Title"), ("Account", "Description"), ("Wide__c", "Essay__c"))
        )
        chosen = self._some(self._alive(sobject), 3)
        with closing(sqlite3.connect(self._database)) as database, database:
            for each in chosen:
                values = f"a\0{_line(self._rng)}\0\0\nb", each
                database.execute(f'UPDATE "{sobject}" SET "{field}" = ? WHERE Id = ?', values)
        touched = {"Account": "BillingCity", "Lead": "Company", "Wide__c": "Text_0__c"}[sobject]
        self._write("PATCH", sobject, [{"id": each, touched: _line(self._rng)} for each in chosen])

    # Records

    def _values(self, sobject: str, *, some: bool = False) -> dict[str, Any]:
        fillers = _FILLERS[sobject]
        names = self._rng.sample(sorted(fillers), min(2, len(fillers))) if some else fillers
        return {name: fillers[name](self._rng) for name in names}

    def _write(self, method: str, sobject: str, records: list[dict[str, Any]]) -> None:
        """Write records; one that is refused, say for a field that is hidden, is none."""
        done = 0
        for start in range(0, len(records), 200):
            members = [{"attributes": {"type": sobject}} | each for each in records[start : start + 200]]
            answer = self.org.rest(
                method, "composite/sobjects", json={"allOrNone": False, "records": members}
            )
            if answer.status_code == 200:
                done += sum(row["success"] for row in answer.json())
        self.told.append(f"{self.now}: {method} {done} of {len(records)} {sobject}")

    def _soap(self, operation: str, body: str) -> None:
        envelope = _ENVELOPE.format(self.org.token(), f"<{operation}>{body}</{operation}>")
        headers = {"Content-Type": "text/xml", "SOAPAction": '""'}
        answer = self.org.http(
            "POST", f"/services/Soap/u/{self.org.version}", data=envelope.encode(), headers=headers
        )
        self.told.append(f"{self.now}: {operation} {body}: {answer.text.count('<success>true')} done")

    def _alive(self, sobject: str) -> list[str]:
        return [row["Id"] for row in self.org.query(f"SELECT Id FROM {sobject} ORDER BY Id")]

    def _binned(self, sobject: str) -> list[str]:
        rows = self.org.query(f"SELECT Id FROM {sobject} WHERE IsDeleted = true ORDER BY Id", all_rows=True)
        return [row["Id"] for row in rows]

    def _some(self, ids: list[str], most: int) -> list[str]:
        return self._rng.sample(ids, min(len(ids), self._rng.randint(1, most)))


_EVENTS: tuple[Callable[[History], None], ...] = (
    History._create_some,
    History._create_some,
    History._update_some,
    History._update_some,
    History._update_some,
    History._delete_some,
    History._undelete_some,
    History._empty_bin,
    History._hard_delete,
    History._merge_some,
    History._begin_late,
    History._begin_late,
    History._add_field,
    History._write_nul,
    History.show_all,
)
