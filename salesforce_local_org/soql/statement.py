"""A compiled statement: what to ask SQLite, and how a row becomes JSON or CSV."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from salesforce_local_org.schema import SObject
    from salesforce_local_org.soql.render import Column

RECORDS, GROUPS, COUNT = "records", "groups", "count"


@dataclass(slots=True)
class ChildList:
    """A child sub-query.

    Attributes:
        name: The relationship, in canonical case.
        depth: How many sub-queries there are around it.
        for_one_parent: Gives the statement that reads the list of one parent, whose id is its parameter
            ``parent``: for lists longer than a page.
    """

    name: str
    depth: int
    for_one_parent: Callable[[], Statement]


@dataclass(slots=True)
class Statement:
    """A SOQL statement as SQL.

    Attributes:
        sobject: The object in FROM.
        kind: RECORDS, GROUPS (aggregate rows) or COUNT (``SELECT COUNT()``).
        columns: Every value of a row, flat, in the order asked, as CSV writers need it. Child lists and
            TYPEOF have no such column: see ``has_children`` and ``has_typeof``.
        pieces: A row's JSON as literal text, each followed by the SQL of the JSON value after it. In the
            literal text ``{sobjects}`` stands for ``/services/data/vXX.X/sobjects/``.
        body: FROM, joins, WHERE and GROUP BY.
        tail: ORDER BY, LIMIT and OFFSET.
        parameters: Named SQL parameters; ``sobjects`` is added when it runs.
        limited: Whether the statement has a LIMIT.
        ordered: Whether it has an ORDER BY.
        children: Its child sub-queries.
    """

    sobject: SObject
    kind: str
    columns: list[Column]
    pieces: list[tuple[str, str]]
    body: str
    tail: str
    parameters: dict[str, Any]
    limited: bool = False
    ordered: bool = False
    has_typeof: bool = False
    children: list[ChildList] = field(default_factory=list)

    @property
    def has_children(self) -> bool:
        """Whether the select list holds sub-queries."""
        return bool(self.children)

    def select(self, expressions: list[str]) -> str:
        """The SQL that gives these expressions of every row."""
        return f"SELECT {', '.join(expressions)} {self.body} {self.tail}"
