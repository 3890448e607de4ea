"""Records as the rows of Bulk API 2.0 jobs.

Sources: Bulk API 2.0 and Bulk API Developer Guide, "Prepare CSV Files", "Valid CSV Record Rows".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from salesforce_seg import fields as field_types
from salesforce_seg.bulk2_ingest import LONGEST_CELL, LONGEST_ROW, MOST_BYTES, NULL, csv_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from target_salesforce_seg.writes import Write

_OPERATIONS = {"create": "insert", "update": "update", "delete": "delete"}
_UNFIT = re.compile(r"[\x00\r]")


class Load(NamedTuple):
    """What the rows of one job have in common: the object, the operation, and the key of an upsert."""

    sobject: str
    operation: str
    upsert_by: str = ""


def load_of(write: Write) -> Load | None:
    """The job that a write may go into; None for one that has to go another way.

    A record that is created must have a key, by which its row is found among the results. Texts that a CSV
    file cannot hold, or that would mean something else there, go by REST.
    """
    if write.operation == "create" and write.intents[0].match is None:
        return None
    texts = [value for value in write.record.values() if isinstance(value, str)]
    whole = "".join(texts)
    if NULL in texts or _UNFIT.search(whole) or any(len(text) > LONGEST_CELL for text in texts):
        return None
    if len(whole) > LONGEST_ROW - 40 * len(write.record):
        return None
    if write.operation == "create" and write.upsert_by:
        return Load(write.sobject.name, "upsert", write.upsert_by)
    return Load(write.sobject.name, _OPERATIONS[write.operation])


def parts(writes: Iterable[Write]) -> Iterator[tuple[list[str], list[Write]]]:
    """Uploads of 100 MB at most, each with the columns that its rows have."""
    part: list[Write] = []
    size = 0
    for write in writes:
        length = 4 * len("".join(map(str, write.record.values()))) + 8 * len(write.record) + 40
        if part and size + length > MOST_BYTES:
            yield _columns(part), part
            part, size = [], 0
        part.append(write)
        size += length
    if part:
        yield _columns(part), part


def content_of(load: Load, columns: Sequence[str], writes: Iterable[Write]) -> bytes:
    """What is uploaded for some writes."""
    return csv_bytes(columns, (_row(load, columns, write) for write in writes))


def parent(write: Write) -> str:
    """The records that a write locks beside its own, so that those that lock the same follow each other."""
    references = [field.name for field in write.sobject.fields if field.type == "reference"]
    values = {**write.stored, **write.record}
    return " ".join(str(values.get(name) or "") for name in references) + write.record_id


def _columns(writes: Iterable[Write]) -> list[str]:
    names: dict[str, None] = {}
    for write in writes:
        if write.record_id:
            names["Id"] = None
        if not write.record.keys() <= names.keys():
            names |= dict.fromkeys(write.record)
    return list(names)


def _row(load: Load, columns: Sequence[str], write: Write) -> list[str]:
    record = write.record | ({"Id": write.record_id} if write.record_id else {})
    if load.operation == "delete":
        record = {"Id": write.record_id}
    return [_cell(record[name]) if name in record else "" for name in columns]


def _cell(value: Any) -> str:
    """A value as a cell: an empty text clears the field, as in REST."""
    return field_types.csv_text(value) or NULL
