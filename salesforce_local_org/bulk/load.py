"""Loading records in: the rows of a file become drafts, and the drafts are written like any other record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from salesforce_local_org import writes
from salesforce_local_org.rules import draft, references
from salesforce_local_org.rules.errors import RecordError, key_given_twice, without_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from salesforce_local_org.org import Org
    from salesforce_local_org.schema import Field, SObject
    from salesforce_local_org.writes import Options

BATCH_ROWS = 10_000
"""The rows of one internal batch (Bulk API 2.0 guide, "Limits"): a key may be in it once."""
STEP_ROWS = 1_000
"""The rows that are written in one transaction."""
OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
NULL = "#N/A"
"""The cell that empties a field; an empty cell leaves it as it is."""

Record = dict[str, Any]


class FileRefusedError(Exception):
    """A file that cannot be loaded at all; the message is the job's ``errorMessage``."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row."""

    record_id: str | None = None
    created: bool = False
    error: RecordError | None = None

    @property
    def error_text(self) -> str:
        """The error as result files write it: ``CODE:message:fields --``."""
        if self.error is None:
            return ""
        names = f"{', '.join(self.error.fields)} " if self.error.fields else ""
        return f"{self.error.code}:{self.error.message}:{names}--"


@dataclass(slots=True)
class Column:
    """Where a CSV column's values belong in a record: a field, or a key field of a parent."""

    name: str
    key: str | None = None
    """A field of the parent that ``name`` (a relationship) leads to."""
    parent: str | None = None
    """The parent's object, where the header names it."""

    def put(self, record: Record, text: str) -> None:
        """Put a cell's text into a record; an empty cell changes nothing, ``#N/A`` empties the field."""
        if not text:
            return
        value = None if text == NULL else text
        if self.key is None or value is None:
            record[self.name] = value
        else:
            attributes = {"attributes": {"type": self.parent}} if self.parent else {}
            record[self.name] = attributes | {self.key: value}


def columns_of(
    sobject: SObject, header: Sequence[str], known_object: Callable[[str], SObject | None]
) -> list[Column]:
    """What the header of a file means ("Relationship Fields in a Header Row" in the Bulk API 2.0 guide).

    Raises:
        FileRefusedError: For the first name that is none.
    """
    columns: list[Column] = []
    seen: set[str] = set()
    for name in header:
        column = _column(sobject, name, known_object)
        if column is None or name.lower() in seen:
            raise FileRefusedError(f"InvalidBatch : Field name not found : {name}")
        seen.add(name.lower())
        columns.append(column)
    return columns


def _column(sobject: SObject, name: str, known_object: Callable[[str], SObject | None]) -> Column | None:
    path, dot, key = name.rpartition(".")
    if not dot:
        found = sobject.field(name)
        return Column(found.name) if found and not found.compound else None
    parent, colon, relationship = path.rpartition(":")
    lookup = lookup_of(sobject, relationship)
    if lookup is None or bool(colon) != (len(lookup.reference_to) > 1):
        return None
    target = known_object(parent or lookup.reference_to[0])
    if target is None or target.name not in lookup.reference_to or not references.is_key(target, key):
        return None
    return Column(relationship, key, target.name)


def record_of(columns: Sequence[Column], row: Sequence[str]) -> Record:
    """A row of a CSV file as a record: empty cells are left out."""
    record: Record = {}
    for column, text in zip(columns, row, strict=True):
        column.put(record, text)
    return record


def lookup_of(sobject: SObject, relationship: str) -> Field | None:
    """The reference field behind a relationship name, in any case."""
    wanted = relationship.lower()
    named = (each for each in sobject.fields if each.relationship_name)
    return next((each for each in named if str(each.relationship_name).lower() == wanted), None)


def step_rows(rows: int, *, doomed: bool) -> int:
    """The rows of a step; a job that is to fail gets half of its file done first."""
    return max(1, rows // 2) if doomed else STEP_ROWS


@dataclass(slots=True)
class Loader:
    """Writes records for one job.

    Attributes:
        org: Where to.
        sobject: The records' object.
        operation: One of ``OPERATIONS``.
        options: Who writes, and how.
        external_id_field: The key of an upsert.
    """

    org: Org
    sobject: SObject
    operation: str
    options: Options
    external_id_field: str | None = None
    _key: str = field(init=False)

    def __post_init__(self) -> None:
        """Find the upsert key.

        Raises:
            FileRefusedError: The object has no such key.
        """
        name = self.external_id_field or "Id"
        found = self.sobject.field(name)
        if found is None or not (found.name == "Id" or references.is_key(self.sobject, name)):
            raise FileRefusedError(
                f"InvalidBatch : Field name provided, {name} does not match an External ID, Salesforce Id, or"
                f" indexed field for {self.sobject.name}"
            )
        self._key = found.name

    def check_names(self, names: Sequence[str]) -> None:
        """Refuse fields that the operation does not take.

        Args:
            names: The fields and relationships that any record of the file has.

        Raises:
            FileRefusedError: A delete brings more than ids, or the object has no such field.
        """
        if self.operation in {"delete", "hardDelete"} and [name.lower() for name in names] != ["id"]:
            raise FileRefusedError(f"InvalidBatch : The '{self.operation}' batch must contain only ids")
        for name in names:
            if self.sobject.field(name) is None and lookup_of(self.sobject, name) is None:
                raise FileRefusedError(f"InvalidBatch : Field name not found : {name}")

    def load(self, records: Sequence[Record], step_rows: int = STEP_ROWS) -> Iterator[list[Outcome]]:
        """Write one batch of records, one transaction a step.

        Args:
            records: JSON-like records, at most ``BATCH_ROWS``.
            step_rows: The rows of one transaction.

        Yields:
            What became of the records of each step, in order. Whoever stops asking leaves the rest unwritten.
        """
        twice = self._keys_given_twice(records)
        for start in range(0, len(records), step_rows):
            with self.org.store.transaction():
                outcomes = [self._outcome(record, twice) for record in records[start : start + step_rows]]
            yield outcomes

    def _keys_given_twice(self, records: Sequence[Record]) -> set[str]:
        if self.operation != "upsert":
            return set()
        seen: set[str] = set()
        twice: set[str] = set()
        for record in records:
            key = self._key_text(record)
            if key:
                (twice if key in seen else seen).add(key)
        return twice

    def _key_text(self, record: Mapping[str, Any]) -> str:
        return str(_get(record, self._key) or "").strip().casefold()

    def _outcome(self, record: Record, twice: set[str]) -> Outcome:
        try:
            if twice and self._key_text(record) in twice:
                raise key_given_twice(self._key, _get(record, self._key))
            record_id, created = self._write(record)
        except RecordError as error:
            return Outcome(_id_of_failed(record), error=without_json(error))
        return Outcome(record_id, created)

    def _write(self, record: Record) -> tuple[str, bool]:
        read = draft.read(self.sobject, record)
        if self.operation == "insert":
            return writes.create(self.org, read, self.options), True
        if self.operation == "upsert":
            return self._upsert(read)
        if read.id is None:
            raise RecordError("MISSING_ARGUMENT", f"Id not specified in an {self.operation} call")
        if self.operation == "update":
            return writes.update(self.org, read, read.id, self.options), False
        record_id = writes.delete(self.org, self.sobject, read.id)
        if self.operation == "hardDelete":
            self.org.store.erase(self.sobject, record_id)
        return record_id, False

    def _upsert(self, read: draft.Draft) -> tuple[str, bool]:
        if self._key == "Id":
            return writes.upsert(self.org, read, "Id", read.id, self.options)
        value = read.values.pop(self._key, None)
        if value is None:
            raise RecordError("MISSING_ARGUMENT", f"{self._key} not specified")
        return writes.upsert(self.org, read, self._key, value, self.options)


def _get(record: Mapping[str, Any], name: str) -> Any:
    if name in record:
        return record[name]
    return next((value for key, value in record.items() if key.lower() == name.lower()), None)


def _id_of_failed(record: Mapping[str, Any]) -> str | None:
    value = _get(record, "Id")
    return value if isinstance(value, str) else None
