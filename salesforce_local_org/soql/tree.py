"""What a SOQL statement says, before anyone asks whether the org has such objects and fields.

Every name keeps its place in the text (``start``, ``end``: offsets), so that an error can point at it.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Path:
    """A field, or a field of a related record: ``Name``, ``Account.Owner.Name``."""

    parts: tuple[str, ...]
    start: int
    end: int

    @property
    def text(self) -> str:
        """The path as written, without blanks."""
        return ".".join(self.parts)


@dataclass(slots=True)
class Function:
    """``NAME(argument, ...)``; arguments are paths, functions, or literals."""

    name: str
    arguments: tuple[Path | Function | Literal, ...]
    start: int
    end: int


@dataclass(slots=True)
class Literal:
    """A value as written: its kind is the grammar's terminal (STRING, NUMBER, DATE, NAME ...)."""

    kind: str
    text: str
    start: int
    end: int


Expression = Path | Function


@dataclass(slots=True)
class Selected:
    """One entry of the select list, with its alias."""

    expression: Expression
    alias: Literal | None = None


@dataclass(slots=True)
class ChildQuery:
    """A parent-to-child sub-query in the select list."""

    query: Query
    start: int


@dataclass(slots=True)
class TypeofBranch:
    """``WHEN Type THEN fields``."""

    sobject: str
    start: int
    fields: tuple[Expression, ...]


@dataclass(slots=True)
class Typeof:
    """``TYPEOF Relationship WHEN ... ELSE ... END``."""

    path: Path
    branches: tuple[TypeofBranch, ...]
    otherwise: tuple[Expression, ...] | None
    start: int


SelectItem = Selected | ChildQuery | Typeof


@dataclass(slots=True)
class Compare:
    """``expression operator value``; operators ``= != < <= > >= LIKE``."""

    expression: Expression
    operator: str
    value: Literal


@dataclass(slots=True)
class Member:
    """``expression IN | NOT IN | INCLUDES | EXCLUDES (values)``."""

    expression: Expression
    operator: str
    values: tuple[Literal, ...]


@dataclass(slots=True)
class SemiJoin:
    """``expression IN | NOT IN (SELECT ...)``."""

    expression: Expression
    operator: str
    query: Query
    start: int


@dataclass(slots=True)
class Not:
    """``NOT condition``."""

    operand: Condition


@dataclass(slots=True)
class Logic:
    """Conditions under one operator, ``AND`` or ``OR``."""

    operator: str
    operands: tuple[Condition, ...]


Condition = Compare | Member | SemiJoin | Not | Logic


@dataclass(slots=True)
class SourceName:
    """One entry of FROM: an object, or a relationship path, with its alias."""

    path: Path
    alias: Literal | None


@dataclass(slots=True)
class OrderItem:
    """One entry of ORDER BY; ``nulls`` is FIRST, LAST or None."""

    expression: Expression
    descending: bool
    nulls: str | None


@dataclass(slots=True)
class Query:
    """A SELECT statement, outermost or in brackets."""

    items: tuple[SelectItem, ...]
    sources: tuple[SourceName, ...]
    scope: str | None = None
    where: Condition | None = None
    with_filters: tuple[Literal, ...] = ()
    group_by: tuple[Expression, ...] = ()
    having: Condition | None = None
    order_by: tuple[OrderItem, ...] = ()
    limit: Literal | None = None
    offset: Literal | None = None
    locking: tuple[Literal, ...] = ()
    all_rows: Literal | None = None
    start: int = 0
    children: list[ChildQuery] = field(default_factory=list)


@dataclass(slots=True)
class Search:
    """A FIND statement: what to look for, in which fields, and a query for each object in RETURNING."""

    term: str
    fields: str
    targets: tuple[Query, ...]
    limit: Literal | None = None
