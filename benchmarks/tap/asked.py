"""What a query asks of the recording: which fields, of which object, from which row up to which."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from recorded_rows import Timeline

_STATEMENT = re.compile(
    r"\s*SELECT\s+(?P<fields>.+?)\s+FROM\s+(?P<sobject>\w+)"
    r"(?:\s+WHERE\s+(?P<where>.+?))?"
    r"(?:\s+ORDER\s+BY\s+(?P<order>.+?))?"
    r"(?:\s+LIMIT\s+(?P<limit>\d+))?\s*",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(
    r"(?P<field>SystemModstamp|Id)\s*(?P<operator><=|>=|<|>)\s*(?P<value>'[^']*'|[^\s()]+)", re.IGNORECASE
)
_NOTHING_MORE = re.compile(r"(?:[\s()]|\bAND\b|\bOR\s+SystemModstamp\s*=\s*null)*", re.IGNORECASE)
_NATURAL_ORDER = re.compile(
    r"(?:\s*(?:Id|SystemModstamp)(?:\s+ASC)?(?:\s+NULLS\s+\w+)?\s*,?)*", re.IGNORECASE
)
_COUNT = re.compile(r"COUNT\s*\(\s*(?:Id)?\s*\)", re.IGNORECASE)


class NotRecordedError(Exception):
    """The recording has no answer to this query."""


@dataclass(frozen=True)
class Asked:
    """A query, taken apart.

    Attributes:
        sobject: The object's API name as the query spells it.
        fields: What stands between SELECT and FROM, without spaces around the commas.
        where: The condition, or an empty text.
        order: What is said after ORDER BY, or an empty text.
        limit: Rows at most; None for all.
    """

    sobject: str
    fields: tuple[str, ...]
    where: str
    order: str
    limit: int | None

    @property
    def counts(self) -> bool:
        """Whether only the number of rows is asked for."""
        return len(self.fields) == 1 and bool(_COUNT.fullmatch(self.fields[0]))

    def span(self, timeline: Timeline, rows: int) -> tuple[int, int]:
        """The first row that is asked for, and the one after the last, of so many rows there are.

        Raises:
            NotRecordedError: The rows asked for are not a span of the recording.
        """
        if not _NOTHING_MORE.fullmatch(_CONDITION.sub("", self.where)):
            raise NotRecordedError(f"WHERE {self.where}")
        if not _NATURAL_ORDER.fullmatch(self.order):
            raise NotRecordedError(f"ORDER BY {self.order}")
        first, end = 0, rows
        for condition in _CONDITION.finditer(self.where):
            before = _BOUNDS[condition["field"].lower()](timeline, condition["operator"], condition["value"])
            if condition["operator"].startswith(">"):
                first = max(first, before)
            else:
                end = min(end, before)
        if self.limit is not None:
            end = min(end, first + self.limit)
        return first, max(first, end)


def _by_clock(timeline: Timeline, operator: str, value: str) -> int:
    text = re.sub(r"Z$", "+00:00", value.replace(" ", "+"))
    moment = datetime.fromisoformat(re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", text))
    return timeline.rows_up_to(moment, inclusive=operator in {"<=", ">"})


def _by_id(timeline: Timeline, operator: str, value: str) -> int:
    return timeline.rows_up_to_id(value.strip("'"), inclusive=operator in {"<=", ">"})


_BOUNDS: dict[str, Callable[[Timeline, str, str], int]] = {"systemmodstamp": _by_clock, "id": _by_id}


def take_apart(text: str) -> Asked | None:
    """The parts of a query; None if it is not of a form that recordings are made of."""
    found = _STATEMENT.fullmatch(text)
    if found is None:
        return None
    fields = tuple(each.strip() for each in found["fields"].split(","))
    limit = int(found["limit"]) if found["limit"] else None
    return Asked(found["sobject"], fields, found["where"] or "", found["order"] or "", limit)
