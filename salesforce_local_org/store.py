"""Records in SQLite: ids, system fields, transactions; the recycle bin is next door in ``recycle_bin``."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from salesforce_local_org import catalog, derived, ids, recycle_bin, tables
from salesforce_local_org.database import Database
from salesforce_local_org.schema import ChildRelationship, Field, SObject

if TYPE_CHECKING:
    from collections.abc import Iterable

    from salesforce_local_org.clock import Clock
    from salesforce_local_org.schema import Schema

Row = dict[str, Any]
_CHUNK = 5000
_PURGE_RHYTHM = timedelta(hours=1)


class Store(Database):
    """The records of one org, in one SQLite file or in memory.

    A table is named as its object, a column as its field (API names). Text, dates and date-times are TEXT
    (``YYYY-MM-DD``, ``YYYY-MM-DDTHH:MM:SS.000Z``), booleans 0 or 1, numbers INTEGER or REAL, empty is NULL.
    Whoever uses ``connection`` directly holds ``lock``.
    """

    def __init__(self, schema: Schema, clock: Clock, path: str | None = None) -> None:
        super().__init__(path)
        self.schema = schema
        self.clock = clock
        self.user_id: str | None = None
        """Who created and modified records, where nobody else is named."""
        self._next_purge = clock.now()
        self._tables: dict[str, tables.Table] = {}
        with self.transaction():
            self._restore()
            for sobject in schema:
                tables.create_table(self.connection, sobject)

    # ---- objects and fields

    def add_object(self, sobject: SObject) -> None:
        """Add an object to the schema, and its table."""
        with self.transaction():
            self.schema.add(sobject)
            tables.create_table(self.connection, sobject)
            tables.save_custom(self.connection, sobject)

    def add_field(self, sobject: SObject, field: Field) -> None:
        """Add a field to an object, and its column. Rows that are there already have it empty."""
        with self.transaction():
            sobject.fields.append(field)
            self._tables.pop(sobject.name, None)
            tables.add_column(self.connection, sobject, field)
            tables.save_custom(self.connection, sobject, field)

    def add_child_relationship(self, parent: SObject, relationship: ChildRelationship) -> None:
        """Let a parent object know the children that a new lookup gives it."""
        parent.child_relationships.append(relationship)
        with self.transaction():
            tables.save_relationship(self.connection, parent, relationship)

    def hide_field(self, sobject: SObject, name: str) -> None:
        """Hide a field from everybody, as field-level security does; its values stay in the file."""
        sobject.hide(name)
        self.forget_table(sobject)
        self.save_setting("hidden", [*self.setting("hidden", []), [sobject.name, name]])

    def forget_table(self, sobject: SObject) -> None:
        """Make the object's statements anew when they are next needed: its fields have changed."""
        self._tables.pop(sobject.name, None)

    def refresh(self) -> None:
        """Follow a schema that features have changed: make tables and columns for what is new."""
        with self.transaction():
            self._tables.clear()
            for sobject in self.schema:
                tables.create_table(self.connection, sobject)
                for field in sobject.columns():
                    tables.add_column(self.connection, sobject, field)
            self.save_setting("features", self.schema.features)

    def table(self, sobject: SObject) -> tables.Table:
        """The object's statements."""
        found = self._tables.get(sobject.name)
        if found is None:
            found = self._tables[sobject.name] = tables.table_of(sobject)
        return found

    # ---- records

    def new_id(self, sobject: SObject) -> str:
        """An unused record id of an object, 18 characters."""
        return ids.make(sobject.key_prefix or "000", self.next_number(sobject.name))

    def insert(self, sobject: SObject | str, values: Row) -> str:
        """Write a record and give its id.

        Args:
            sobject: The object, or its API name.
            values: Stored values by field name. Booleans may be left out (false), and so may system fields:
                the id, who and when. A system field that is given wins over the clock.
        """
        return self.insert_many(sobject, (values,))[0]

    def insert_many(self, sobject: SObject | str, rows: Iterable[Row]) -> list[str]:
        """Write records, as ``insert`` does, in one transaction; gives their ids in order."""
        sobject = self._object(sobject)
        table = self.table(sobject)
        written: list[str] = []
        source = iter(rows)
        with self.transaction():
            while given := list(islice(source, _CHUNK)):
                stamp = self.clock.stamp()
                chunk = [self._new_row(sobject, table, values, stamp) for values in given]
                self.connection.executemany(table.insert_sql, map(table.row_values, chunk))
                written += [row["Id"] for row in chunk]
                if table.deletable_softly:
                    recycle_bin.log_rows_born_deleted(self, sobject, chunk)
        return written

    def get(self, sobject: SObject | str, record_id: str, include_deleted: bool = False) -> Row | None:
        """A record's stored values by field name; None if there is no such record, or it is in the bin."""
        sobject = self._object(sobject)
        rows = self._select(sobject, '"Id" = ?', record_id, include_deleted=include_deleted)
        return rows[0] if rows else None

    def peek(self, sobject: SObject, record_id: str, field_name: str = "Id") -> tuple[Any] | None:
        """One stored value of a record, cheaper than ``get``; None if there is none, or it is in the bin."""
        return next(iter(self._rows(sobject, tables.quoted(field_name), '"Id" = ?', record_id)), None)

    def find(self, sobject: SObject | str, field_name: str, value: Any) -> list[Row]:
        """The records, not deleted, whose field has this value; case counts only in case-sensitive fields."""
        sobject = self._object(sobject)
        field = sobject.field(field_name)
        if field is None:
            raise KeyError(field_name)
        nocase = isinstance(value, str) and not field.case_sensitive and field.type not in {"id", "reference"}
        condition = f"{tables.quoted(field.name)} = ?{' COLLATE NOCASE' if nocase else ''}"
        return self._select(sobject, condition, value)

    def update(self, sobject: SObject | str, record_id: str, values: Row) -> None:
        """Change a record. Its last-modified fields and SystemModstamp move, unless the values name them."""
        sobject = self._object(sobject)
        with self.transaction():
            changes = self._stamps_of_change(sobject) | values
            if derived.depends_on(sobject.name, values):
                before = self.get(sobject, record_id, include_deleted=True) or {}
                changes = derived.after_update(self, sobject.name, before, changes)
            self.write(sobject, record_id, changes)

    def write(self, sobject: SObject, record_id: str, values: Row) -> None:
        """Set columns of a record and nothing else: no stamp, no derived value."""
        columns = ", ".join(f"{tables.quoted(name)} = ?" for name in values)
        self.connection.execute(
            f'UPDATE {tables.quoted(sobject.name)} SET {columns} WHERE "Id" = ?',  # noqa: S608
            (*values.values(), record_id),
        )

    def delete(self, sobject: SObject | str, record_id: str) -> None:
        """Put a record and what hangs on it into the recycle bin; for good if its object has no bin."""
        with self.transaction():
            recycle_bin.delete(self, self._object(sobject), record_id)

    def undelete(self, sobject: SObject | str, record_id: str) -> bool:
        """Bring a record back with all that was deleted with it; False if it is not in the bin."""
        with self.transaction():
            return recycle_bin.undelete(self, self._object(sobject), record_id)

    def erase(self, sobject: SObject | str, record_id: str) -> None:
        """Remove a record for good, in the bin or not: a hard delete."""
        with self.transaction():
            recycle_bin.erase(self, self._object(sobject), record_id)

    def purge(self) -> None:
        """Remove for good what has been in the recycle bin for more than 15 days of the org's clock."""
        with self.transaction():
            recycle_bin.purge(self)

    def begun(self) -> None:
        """Look after the recycle bin now and then, at the start of a transaction."""
        now = self.clock.now()
        if not self._next_purge - _PURGE_RHYTHM <= now < self._next_purge:
            self._next_purge = now + _PURGE_RHYTHM
            recycle_bin.purge(self)

    # ---- inside

    def _object(self, sobject: SObject | str) -> SObject:
        if isinstance(sobject, SObject):
            return sobject
        found = self.schema.object(sobject)
        if found is None:
            raise KeyError(sobject)
        return found

    def _new_row(self, sobject: SObject, table: tables.Table, values: Row, now: str) -> Row:
        row = {**table.blank, **values}
        if len(row) != len(table.blank):
            raise KeyError(f"{sobject.name} has no {sorted(set(row) - set(table.blank))}")
        if row["Id"] is None:
            row["Id"] = self.new_id(sobject)
        self._stamp_new(row, now)
        if sobject.custom and row.get("Name", "") is None and "Name" not in table.auto_numbers:
            row["Name"] = row["Id"]
        for field, display_format in table.auto_numbers.items():
            row[field] = self._auto_number(f"{sobject.name}.{field}", display_format, row[field])
        derived.on_insert(self, sobject.name, row, values)
        return row

    def _auto_number(self, sequence: str, display_format: str, given: str | None) -> str:
        if given is None:
            number = str(self.next_number(sequence))
            before, _, rest = display_format.partition("{")
            zeros, _, after = rest.partition("}")
            return before + number.zfill(len(zeros)) + after
        digits = "".join(character for character in given if character.isdecimal())
        self.reserve_numbers(sequence, int(digits or 0))
        return given

    def _stamp_new(self, row: Row, now: str) -> None:
        stamp = row.get("CreatedDate") or now
        modified = row.get("LastModifiedDate") or stamp
        user = row.get("CreatedById") or self.user_id
        for name, value in (
            ("CreatedDate", stamp),
            ("LastModifiedDate", modified),
            ("SystemModstamp", modified),
            ("CreatedById", user),
            ("LastModifiedById", user),
        ):
            if name in row and row[name] is None:
                row[name] = value

    def _stamps_of_change(self, sobject: SObject) -> Row:
        stamp = self.clock.stamp()
        stamps = {"LastModifiedDate": stamp, "SystemModstamp": stamp, "LastModifiedById": self.user_id}
        return {name: value for name, value in stamps.items() if sobject.field(name)}

    def _select(self, sobject: SObject, where: str, value: Any, include_deleted: bool = False) -> list[Row]:
        table = self.table(sobject)
        rows = self._rows(sobject, table.names_sql, where, value, include_deleted)
        return [dict(zip(table.columns, row, strict=True)) for row in rows]

    def _rows(
        self, sobject: SObject, names_sql: str, where: str, value: Any, include_deleted: bool = False
    ) -> list[Any]:
        sql = f"SELECT {names_sql} FROM {tables.quoted(sobject.name)} WHERE {where}"  # noqa: S608
        if self.table(sobject).deletable_softly and not include_deleted:
            sql += ' AND "IsDeleted" = 0'
        with self.lock:
            return self.connection.execute(sql, (value,)).fetchall()

    def _restore(self) -> None:
        """Make the schema what it was when this file was last in use; keep the schema of a new file."""
        features = self.setting("features")
        if features is None:
            self.save_setting("features", self.schema.features)
        else:
            catalog.switch_on(self.schema, features)
        for name, found in tables.saved_custom(self.connection):
            sobject = self.schema.object(name)
            if isinstance(found, SObject):
                self.schema.add(found)
            elif isinstance(found, Field) and sobject and not sobject.field(found.name):
                sobject.fields.append(found)
            elif isinstance(found, ChildRelationship) and sobject:
                sobject.child_relationships.append(found)
        for name, field in self.setting("hidden", []):
            sobject = self.schema.object(name)
            if sobject:
                sobject.hide(field)
