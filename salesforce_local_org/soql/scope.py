"""What names mean inside one query: its object, the parents it reaches, and their columns in SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from salesforce_local_org import formula
from salesforce_local_org.soql.errors import SoqlError, framed

if TYPE_CHECKING:
    from datetime import datetime

    from salesforce_local_org.schema import Field, Schema, SObject
    from salesforce_local_org.soql.statement import ChildList
    from salesforce_local_org.soql.tree import Path

MOST_LEVELS = 5
MOST_RELATIONSHIPS = 55
"""Child-to-parent relationships of one query (Relationship Query Limitations)."""


@dataclass(slots=True)
class Context:
    """What the compiler carries through one statement."""

    text: str
    schema: Schema
    now: datetime
    user_id: str
    all_rows: bool
    parameters: dict[str, Any] = field(default_factory=dict)
    children: list[ChildList] = field(default_factory=list)
    depth: int = 0
    """How many sub-queries there are around the query in hand."""
    relationships: int = 0
    _aliases: int = 0

    def again(self) -> Context:
        """A fresh context for another statement from the same text, at the same moment."""
        return Context(self.text, self.schema, self.now, self.user_id, self.all_rows)

    def bind(self, value: Any) -> str:
        """A parameter with this value; gives its placeholder."""
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f":{name}"

    def new_alias(self) -> str:
        """An unused table alias."""
        self._aliases += 1
        return f"t{self._aliases}"

    def error(self, code: str, start: int, message: str, end: int | None = None) -> SoqlError:
        """An error that points at a place of the statement."""
        return framed(code, self.text, start, message, end)

    def count_relationship(self, start: int) -> None:
        """Note a child-to-parent relationship.

        Raises:
            SoqlError: It is one too many.
        """
        self.relationships += 1
        if self.relationships > MOST_RELATIONSHIPS:
            raise self.error(
                "MALFORMED_QUERY",
                start,
                f"SOQL relationship fields cannot exceed {MOST_RELATIONSHIPS} child-to-parent relationships",
            )


class Source:
    """One object in FROM, or one parent reached through a lookup.

    Attributes:
        sobject: The object.
        alias: Its alias in SQL.
        joins: The JOIN clauses of the query, shared by all its sources.
        step: The relationship it was reached through, in canonical case; None for the object in FROM.
    """

    def __init__(
        self, context: Context, sobject: SObject, alias: str, joins: list[str], step: str | None = None
    ) -> None:
        self.context = context
        self.sobject = sobject
        self.alias = alias
        self.joins = joins
        self.step = step
        self._parents: dict[str, Source] = {}

    @property
    def entity(self) -> str:
        """The object's name, as errors and ``attributes`` give it."""
        return self.sobject.name

    @property
    def id_sql(self) -> str:
        """The record's id; NULL where the lookup is empty."""
        return f'{self.alias}."Id"'

    @property
    def type_sql(self) -> str:
        """The record's object, as SQL text."""
        return f"'{self.sobject.name}'"

    def column(self, of: Field) -> str:
        """A field's value in SQL. Booleans of an absent parent are false."""
        if of.calculated:
            context = self.context
            value = formula.field_sql(context.schema, self.sobject, of, self.alias, context.now)
        else:
            value = f'{self.alias}."{of.name}"'
        return f"ifnull({value}, 0)" if of.type == "boolean" and (self.step or of.calculated) else value

    def parent(self, name: str) -> Source | None:
        """The source behind a relationship name, joined when first asked for; None if there is none."""
        key = name.lower()
        if key not in self._parents:
            lookup = next(
                (each for each in self.sobject.fields if (each.relationship_name or "").lower() == key), None
            )
            parent = self._join(lookup) if lookup else None
            if parent is None:
                return None
            self._parents[key] = parent
        return self._parents[key]

    def _join(self, lookup: Field) -> Source | None:
        schema = self.context.schema
        targets = [found for name in lookup.reference_to if (found := schema.object(name))]
        if not targets:
            return None
        column = self.column(lookup)
        joined = [self._join_one(target, column, lookup.relationship_name) for target in targets]
        if len(lookup.reference_to) > 1 and (names := schema.object("Name")):
            return PolymorphicSource(self.context, names, joined, lookup)
        return joined[0]

    def _join_one(self, target: SObject, column: str, step: str | None) -> Source:
        alias = self.context.new_alias()
        self.joins.append(f'LEFT JOIN "{target.name}" {alias} ON {alias}."Id" = {column}')
        return Source(self.context, target, alias, self.joins, step)


class PolymorphicSource(Source):
    """A parent that may be of several objects: offers the fields of the object ``Name``."""

    def __init__(self, context: Context, names: SObject, targets: list[Source], lookup: Field) -> None:
        super().__init__(context, names, "", targets[0].joins, lookup.relationship_name)
        self.targets = targets
        self.lookup = lookup

    @property
    def id_sql(self) -> str:
        """The record's id, whatever object it is of."""
        return _coalesce([target.id_sql for target in self.targets])

    @property
    def type_sql(self) -> str:
        """The record's object, as SQL text; NULL where the lookup is empty."""
        cases = " ".join(f"WHEN {each.id_sql} IS NOT NULL THEN '{each.entity}'" for each in self.targets)
        return f"CASE {cases} END"

    def column(self, of: Field) -> str:
        """A field of ``Name``, taken from the object at hand."""
        if of.name == "Id":
            return self.id_sql
        if of.name == "Type":
            return self.type_sql
        columns = [sql for target in self.targets if (sql := _name_column(target, of.name))]
        value = _coalesce(columns) if columns else "NULL"
        return f"ifnull({value}, 0)" if of.type == "boolean" else value

    def target(self, sobject: str) -> Source | None:
        """The source of one of the objects this parent may be."""
        return next((each for each in self.targets if each.entity.lower() == sobject.lower()), None)


def _name_column(target: Source, name: str) -> str | None:
    """A field of ``Name`` on one of the objects it stands for: every object has some name."""
    found = target.sobject.name_field if name == "Name" else target.sobject.field(name)
    if name == "NameOrAlias":
        found = target.sobject.field("Alias") or target.sobject.name_field
    return f'{target.alias}."{found.name}"' if found else None


def _coalesce(columns: list[str]) -> str:
    return columns[0] if len(columns) == 1 else f"coalesce({', '.join(columns)})"


@dataclass(slots=True)
class Resolved:
    """A field that a path leads to."""

    field: Field
    source: Source
    steps: tuple[Source, ...]
    """The parents on the way, outermost first."""

    @property
    def sql(self) -> str:
        """The value in SQL."""
        return self.source.column(self.field)

    @property
    def path(self) -> tuple[str, ...]:
        """The path in canonical case."""
        return (*(step.step or "" for step in self.steps), self.field.name)


@dataclass(slots=True)
class Scope:
    """The names of one query: its object, its aliases."""

    context: Context
    root: Source
    aliases: dict[str, Source] = field(default_factory=dict)

    def resolve(self, path: Path) -> Resolved:
        """The field a path leads to.

        Raises:
            SoqlError: INVALID_FIELD for an unknown field or relationship, or too many levels.
        """
        steps = self.walk(path, path.parts[:-1])
        source = steps[-1] if steps else self.root
        found = source.sobject.field(path.parts[-1])
        if found is None:
            raise self.no_such_column(path, path.parts[-1], source)
        return Resolved(found, source, steps)

    def walk(self, path: Path, relationships: tuple[str, ...]) -> tuple[Source, ...]:
        """The parents along a path's relationships, outermost first.

        Raises:
            SoqlError: INVALID_FIELD for an unknown relationship, or too many levels.
        """
        steps: list[Source] = []
        source = self.root
        names = list(relationships)
        if names and (start := self._start(names[0])):
            source, names = start, names[1:]
            steps = self._steps_to(source)
        if len(names) > MOST_LEVELS:
            raise self.context.error(
                "MALFORMED_QUERY",
                path.start,
                f"SOQL relationships cannot exceed {MOST_LEVELS} levels",
                path.end,
            )
        for name in names:
            found = source.parent(name)
            if found is None:
                raise self.context.error(
                    "INVALID_FIELD",
                    path.start,
                    f"Didn't understand relationship '{name}' in field path. If you are attempting to use a"
                    " custom relationship, be sure to append the '__r' after the custom relationship name."
                    " Please reference your WSDL or the describe call for the appropriate names.",
                    path.end,
                )
            source = found
            steps.append(found)
        return tuple(steps)

    def no_such_column(self, path: Path, name: str, source: Source) -> SoqlError:
        """The error for an unknown field."""
        return self.context.error(
            "INVALID_FIELD",
            path.start,
            f"No such column '{name}' on entity '{source.entity}'. If you are attempting to use a custom"
            " field, be sure to append the '__c' after the custom field name. Please reference your WSDL or"
            " the describe call for the appropriate names.",
            path.end,
        )

    def _start(self, name: str) -> Source | None:
        """The source that a path's first word names outright: an alias, or the object in FROM."""
        alias = self.aliases.get(name.lower())
        if alias:
            return alias
        is_object = name.lower() == self.root.entity.lower() and not self._is_relationship(name)
        return self.root if is_object else None

    def _is_relationship(self, name: str) -> bool:
        return any(
            (each.relationship_name or "").lower() == name.lower() for each in self.root.sobject.fields
        )

    def _steps_to(self, source: Source) -> list[Source]:
        return [] if source is self.root else list(self.alias_steps[id(source)])

    alias_steps: dict[int, tuple[Source, ...]] = field(default_factory=dict)
    """For each aliased parent, the parents that lead to it."""
