"""The company while it is being made up: its clock, its dice, its people, and the rows written so far."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from salesforce_local_org.clock import format_stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from salesforce_local_org.org import Org
    from salesforce_local_org.schema import SObject

Row = dict[str, Any]
T = TypeVar("T")

HISTORY = timedelta(days=730)
QUIET = timedelta(minutes=40)
"""Nothing is stamped within this before now: an incremental reader's lookback finds only what came after."""


@dataclass(frozen=True, slots=True)
class Life:
    """When a record was created, last changed by a person, last touched at all; and if it was deleted."""

    created: datetime
    modified: datetime
    touched: datetime
    deleted: bool = False


class Company:
    """The rows of one part of the company, and what later rows need to know of earlier ones.

    A part is one helping of business records: scale N is N parts, each with its own dice, so that a bigger
    company starts with the same records as a smaller one.
    """

    def __init__(self, org: Org) -> None:
        self.org = org
        self.now: datetime = org.clock.now()
        self.today: date = self.now.date()
        self.dice = random.Random(0)  # noqa: S311 - made-up data must be the same every time
        self.rows: dict[str, list[Row]] = {}
        self.sellers: list[str] = []
        self.supporters: list[str] = []
        self.queues: list[str] = []
        self.price_book_entries: list[Row] = []
        self.folders: dict[str, str] = {}
        self.tag_definitions: dict[tuple[str, str], Row] = {}
        self._serials: Counter[str] = Counter()
        self._columns: dict[str, frozenset[str]] = {}

    def begin_part(self, part: str) -> None:
        """Start a part with empty tables and fresh dice."""
        self.dice.seed(f"Larkfield Sensors, {part}")
        self.rows = {}

    def store_part(self) -> None:
        """Write this part's rows to the org's store, object by object, in the order they were made up."""
        with self.org.store.transaction():
            for sobject, rows in self.rows.items():
                self.org.store.insert_many(sobject, [_stored(row) for row in rows])

    def pick(self, choices: Sequence[T]) -> T:
        """One of them."""
        return choices[int(self.dice.random() * len(choices))]

    def chance(self, probability: float) -> bool:
        """True that often."""
        return self.dice.random() < probability

    def serial(self, name: str, start: int = 1) -> int:
        """The next number of that name, over all parts: how records get numbers that nobody else has."""
        self._serials[name] += 1
        return start + self._serials[name] - 1

    def life(self, after: datetime | None = None, *, deleted: bool = False) -> Life:
        """A life between the company's beginning (or ``after``) and a little before now.

        Half the records were never changed after creation; of the others most were changed long ago, some in
        the last days, a few in the last hours. A deleted one was deleted within the 15 days that the recycle
        bin keeps it.
        """
        latest = self.now - QUIET
        start = min(after or self.now - HISTORY, latest)
        created = start + (latest - start) * (self.dice.random() ** 1.3)
        kind = self.dice.random()
        if deleted:
            modified = latest - timedelta(days=13) * self.dice.random()
        elif kind < 0.5:
            modified = created
        elif kind < 0.8:
            modified = created + (latest - created) * self.dice.random()
        elif kind < 0.93:
            modified = latest - timedelta(days=7) * self.dice.random()
        else:
            modified = latest - timedelta(hours=20) * self.dice.random()
        return self.span(created, modified, deleted=deleted)

    def span(self, created: datetime, modified: datetime, *, deleted: bool = False) -> Life:
        """A life of those dates, in order, to the second; now and then a system process touched it later."""
        created, modified = created.replace(microsecond=0), modified.replace(microsecond=0)
        modified = max(created, modified)
        touched = modified
        if self.chance(0.05):
            touched += timedelta(
                seconds=int((self.now - QUIET - modified).total_seconds() * self.dice.random())
            )
        return Life(created, modified, touched, deleted)

    def moment(self, start: datetime, end: datetime) -> datetime:
        """A time between two, to the second."""
        return (start + (end - start) * self.dice.random()).replace(microsecond=0)

    def day(self, earliest: int, latest: int) -> date:
        """A date between so many days from today and so many (negative: the past)."""
        return self.today + timedelta(days=self.dice.randint(earliest, latest))

    def phone(self, area_code: str = "206") -> str:
        """A telephone number in the range that no real person has."""
        return f"({area_code}) 555-{self.dice.randint(100, 199):04d}"

    def add(self, sobject: str, life: Life, /, **values: object) -> Row:
        """Write a row: the values given, an id, and the system fields this object has."""
        described = self._described(sobject)
        owner = values.get("OwnerId") or self.pick(self.sellers)
        author = self.pick(self.sellers) if owner in self.queues else owner
        system: Row = {
            "Id": self.org.store.new_id(described),
            "OwnerId": owner,
            "CreatedById": author,
            "LastModifiedById": self.pick(self.sellers) if life.modified > life.created else author,
            "CreatedDate": life.created,
            "LastModifiedDate": life.modified,
            "SystemModstamp": life.touched,
            "IsDeleted": life.deleted,
            "CurrencyIsoCode": "USD",
        }
        columns = self._columns[sobject]
        row = {name: value for name, value in system.items() if name in columns} | values
        self.rows.setdefault(sobject, []).append(row)
        return row

    def living(self, sobject: str) -> list[Row]:
        """This part's rows of an object that are not deleted."""
        return [row for row in self.rows.get(sobject, ()) if not row.get("IsDeleted")]

    def _described(self, name: str) -> SObject:
        sobject = self.org.schema.object(name)
        if sobject is None:
            raise LookupError(f"The demo company needs the object {name}, which this org does not have.")
        if name not in self._columns:
            self._columns[name] = frozenset(field.name for field in sobject.columns())
        return sobject


def _stored(row: Row) -> Row:
    return {name: _STORED.get(type(value), _same)(value) for name, value in row.items()}


def _same(value: object) -> object:
    return value


_STORED: dict[type, Callable[[Any], object]] = {
    datetime: format_stamp,
    bool: int,
    date: date.isoformat,
    str: lambda text: text.strip() or None,
}
