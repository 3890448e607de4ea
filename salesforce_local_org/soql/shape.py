"""The records of an answer, nested as SOQL nests them, and the SQL that writes them as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field

from salesforce_local_org.soql.render import Column, json_of, object_of
from salesforce_local_org.soql.scope import PolymorphicSource, Source

Pieces = list[tuple[str, str]]
"""Literal JSON text, each with the SQL of the JSON value that follows it (``''``: none)."""


@dataclass(slots=True)
class Json:
    """An entry that is JSON already: a child list, or a TYPEOF."""

    sql: str


@dataclass(slots=True)
class RecordShape:
    """One record of the answer: its attributes, then its entries in the order asked."""

    source: Source
    entries: dict[str, Column | RecordShape | Json] = field(default_factory=dict)

    def place(self, steps: tuple[Source, ...], column: Column) -> bool:
        """Put a column where its path says; False when it is there already."""
        shape = self
        for step in steps:
            name = step.step or ""
            inner = shape.entries.setdefault(name, RecordShape(step))
            if not isinstance(inner, RecordShape):
                return False
            shape = inner
        if column.name in shape.entries:
            return False
        shape.entries[column.name] = column
        return True

    def pieces(self, *, nested: bool) -> Pieces:
        """The record as JSON text and SQL values."""
        source = self.source
        if isinstance(source, PolymorphicSource):
            kind, place = "Name", f"{source.type_sql} || '/' || {source.id_sql}"
        else:
            kind, place = source.entity, f"'{source.entity}/' || {source.id_sql}"
        pieces = [(f'{{"attributes":{{"type":"{kind}","url":"', f":sobjects || {place}")]
        text = '"}'
        for name, entry in self.entries.items():
            pieces.append((f'{text},"{name}":', _value(entry, nested=nested)))
            text = ""
        return [*pieces, (text + "}", "")]

    def json(self) -> str:
        """SQL for the record as JSON text; ``null`` where there is no such parent."""
        record = object_of(self.pieces(nested=True))
        return f"CASE WHEN {self.source.id_sql} IS NULL THEN 'null' ELSE {record} END"


def _value(entry: Column | RecordShape | Json, *, nested: bool) -> str:
    if isinstance(entry, RecordShape):
        return entry.json()
    if isinstance(entry, Json):
        return entry.sql
    return json_of(entry, nested=nested)


def group_pieces(columns: list[Column]) -> Pieces:
    """An aggregate row as JSON text and SQL values."""
    pieces = [(f',"{column.name}":', json_of(column)) for column in columns]
    first = '{"attributes":{"type":"AggregateResult"}'
    return [(first + pieces[0][0], pieces[0][1]), *pieces[1:], ("}", "")] if pieces else [(first + "}", "")]
