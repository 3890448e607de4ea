"""How the store lays an object out in SQLite: a table an object, a column a field, and few indexes."""

from __future__ import annotations

import functools
import json
from dataclasses import asdict, dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from salesforce_local_org.schema import ChildRelationship, Field, PicklistValue, SObject

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

INTERNAL_TABLES = """
CREATE TABLE IF NOT EXISTS _sequences (name TEXT PRIMARY KEY, last INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS _deleted (
    object TEXT NOT NULL, id TEXT NOT NULL, deleted_date TEXT NOT NULL,
    operation INTEGER NOT NULL, in_bin INTEGER NOT NULL, PRIMARY KEY (object, id));
CREATE INDEX IF NOT EXISTS _deleted_by_date ON _deleted (object, deleted_date);
CREATE INDEX IF NOT EXISTS _deleted_by_operation ON _deleted (operation);
CREATE INDEX IF NOT EXISTS _bin_by_date ON _deleted (deleted_date) WHERE in_bin;
CREATE TABLE IF NOT EXISTS _cleared_lookups (
    operation INTEGER NOT NULL, object TEXT NOT NULL, id TEXT NOT NULL,
    field TEXT NOT NULL, value TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS _cleared_by_operation ON _cleared_lookups (operation);
CREATE TABLE IF NOT EXISTS _settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS _custom (object TEXT NOT NULL, field TEXT NOT NULL, definition TEXT NOT NULL,
    PRIMARY KEY (object, field));
"""

_COLUMN_TYPES = {
    "boolean": "INTEGER NOT NULL DEFAULT 0",
    "int": "INTEGER",
    "long": "INTEGER",
    "double": "REAL",
    "currency": "REAL",
    "percent": "REAL",
}
_UNINDEXED_REFERENCES = {"CreatedById", "LastModifiedById", "OwnerId"}


@dataclass(slots=True)
class Table:
    """What inserting and reading an object's rows needs, worked out once."""

    columns: tuple[str, ...]
    blank: dict[str, Any]
    """A row without values: None, and 0 for booleans."""
    insert_sql: str
    names_sql: str
    """The columns, as SELECT writes them."""
    row_values: Callable[[dict[str, Any]], tuple[Any, ...]]
    deletable_softly: bool
    auto_numbers: dict[str, str]
    """Display formats of the fields that number records, by field name."""
    remembered: dict[str, Any]
    """What others work out from the object's fields and want to keep until the fields change."""


def table_of(sobject: SObject) -> Table:
    """The statements for an object as its fields are now."""
    fields = list(sobject.columns())
    columns = tuple(each.name for each in fields)
    names = ", ".join(map(quoted, columns))
    marks = ", ".join("?" * len(columns))
    return Table(
        columns=columns,
        blank={each.name: 0 if each.type == "boolean" else None for each in fields},
        insert_sql=f"INSERT INTO {quoted(sobject.name)} ({names}) VALUES ({marks})",  # noqa: S608
        names_sql=names,
        row_values=itemgetter(*columns),
        deletable_softly=sobject.soft_deletes,
        auto_numbers={each.name: each.display_format for each in fields if each.auto_number},
        remembered={},
    )


def create_table(connection: sqlite3.Connection, sobject: SObject) -> None:
    """Make an object's table and indexes, if they are not there yet."""
    columns = ", ".join(_column(each) for each in sobject.columns())
    connection.execute(f"CREATE TABLE IF NOT EXISTS {quoted(sobject.name)} ({columns})")
    for each in sobject.columns():
        create_index(connection, sobject, each)


def add_column(connection: sqlite3.Connection, sobject: SObject, field: Field) -> None:
    """Add a field's column to an object's table, if it has one and it is not there yet."""
    if field.compound or field.calculated:
        return
    there = connection.execute(f"PRAGMA table_info({quoted(sobject.name)})").fetchall()
    if field.name not in {row[1] for row in there}:
        connection.execute(f"ALTER TABLE {quoted(sobject.name)} ADD COLUMN {_column(field)}")
    create_index(connection, sobject, field)


def create_index(connection: sqlite3.Connection, sobject: SObject, field: Field) -> None:
    """Index a field that records are found by. The index is SQLite's own kind, without custom collations."""
    if not _is_indexed(field):
        return
    is_text_key = field.type not in {"reference", "datetime", "double", "int"} and not field.case_sensitive
    collation = " COLLATE NOCASE" if is_text_key else ""
    where = f" WHERE {quoted(field.name)} IS NOT NULL" if field.type != "datetime" else ""
    connection.execute(
        f"CREATE INDEX IF NOT EXISTS {quoted(f'{sobject.name}_by_{field.name}')}"
        f" ON {quoted(sobject.name)} ({quoted(field.name)}{collation}){where}"
    )


@functools.lru_cache(maxsize=8192)
def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def save_custom(connection: sqlite3.Connection, sobject: SObject, field: Field | None = None) -> None:
    """Remember a custom object or field for when the file is opened again."""
    definition = asdict(field or sobject)
    connection.execute(
        "INSERT OR REPLACE INTO _custom VALUES (?, ?, ?)",
        (sobject.name, field.name if field else "", json.dumps(definition)),
    )


def save_relationship(
    connection: sqlite3.Connection, parent: SObject, relationship: ChildRelationship
) -> None:
    """Remember how a parent reaches the children that a custom lookup gives it."""
    connection.execute(
        "INSERT OR REPLACE INTO _custom VALUES (?, ?, ?)",
        (parent.name, f"{relationship.child}.{relationship.field}", json.dumps(asdict(relationship))),
    )


def saved_custom(connection: sqlite3.Connection) -> Iterator[tuple[str, SObject | Field | ChildRelationship]]:
    """What was remembered: the object's name, and the object, field or relationship; objects first."""
    for name, field, text in connection.execute(
        "SELECT * FROM _custom ORDER BY field != '', rowid"
    ).fetchall():
        definition = json.loads(text)
        if "." in field:
            yield name, ChildRelationship(**definition)
        elif field:
            yield name, _field(definition)
        else:
            definition["fields"] = [_field(each) for each in definition["fields"]]
            definition["hidden_fields"] = [_field(each) for each in definition["hidden_fields"]]
            definition["child_relationships"] = [
                ChildRelationship(**each) for each in definition["child_relationships"]
            ]
            definition |= {"_by_name": {}, "_named": 0}
            yield name, SObject(**definition)


def _field(definition: dict[str, Any]) -> Field:
    definition["picklist_values"] = [PicklistValue(**each) for each in definition["picklist_values"]]
    return Field(**definition)


def _column(field: Field) -> str:
    if field.name == "Id":
        return '"Id" TEXT PRIMARY KEY NOT NULL'
    return f"{quoted(field.name)} {_COLUMN_TYPES.get(field.type, 'TEXT')}"


def _is_indexed(field: Field) -> bool:
    if field.type == "reference":
        return field.name not in _UNINDEXED_REFERENCES
    return field.name == "SystemModstamp" or (
        field.name != "Id" and (field.id_lookup or field.external_id or field.unique)
    )
