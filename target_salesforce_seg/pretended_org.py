"""The org as it would be if a dry run had written: later events find what earlier ones would have made."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from target_salesforce_seg.lookup import Lookup

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_salesforce_seg.calls import Calls
    from target_salesforce_seg.lookup import Found, Question
    from target_salesforce_seg.writes import Write

Row = dict[str, Any]


class _Index:
    """The changed records of an object by the values of some fields."""

    def __init__(self, question: Question, rows: Iterable[Row]) -> None:
        self._key_of = question.key_of
        self._ids: dict[tuple[Any, ...], dict[str, None]] = defaultdict(dict)
        for row in rows:
            self.add(row)

    def add(self, row: Row) -> None:
        self._ids[self._key_of(row)][row["Id"]] = None

    def remove(self, row: Row) -> None:
        self._ids[self._key_of(row)].pop(row["Id"], None)

    def __getitem__(self, key: tuple[Any, ...]) -> Iterable[str]:
        return self._ids.get(key, ())


class PretendedOrg:
    """Keeps what would have been written, and puts it into what lookups find."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Row]] = defaultdict(dict)
        self._changes: dict[str, Row] = defaultdict(dict)
        self._gone: set[str] = set()
        self._indexes: dict[str, dict[tuple[str, ...], _Index]] = defaultdict(dict)
        self._made: Counter[str] = Counter()

    def write(self, write: Write) -> str:
        """Take a write.

        Returns:
            The record's Id; one that tells so (``new Lead 1``) if it would be created.
        """
        name = write.sobject.name
        record_id = write.record_id
        if not record_id:
            self._made[name] += 1
            record_id = f"new {name} {self._made[name]}"
        rows = self._rows[name]
        before = rows.pop(record_id, None)
        for index in self._indexes[name].values():
            if before is not None:
                index.remove(before)
        if write.operation == "delete":
            self._gone.add(record_id)
            return record_id
        self._changes[record_id] |= write.record
        rows[record_id] = {**write.stored, **(before or {}), **write.record, "Id": record_id}
        for index in self._indexes[name].values():
            index.add(rows[record_id])
        return record_id

    def put_into(self, question: Question, found: Found) -> None:
        """Make what a question has found in the org what it would find after all that was pretended."""
        rows = self._rows[question.sobject.name]
        indexes = self._indexes[question.sobject.name]
        index = indexes.get(question.match_fields)
        if index is None:
            index = indexes[question.match_fields] = _Index(question, rows.values())
        really = {row["Id"]: row for several in found.values() for row in several}
        for key, several in found.items():
            changed = (
                row | self._changes.get(row["Id"], {}) for row in several if row["Id"] not in self._gone
            )
            found[key] = [row for row in changed if question.key_of(row) == key]
        for match in question.matches:
            there = {row["Id"] for row in found.get(match.key, ())}
            for record_id in index[match.key]:
                if record_id in there:
                    continue
                whole = rows[record_id] | really.get(record_id, {}) | self._changes[record_id]
                names = ("Id", *question.match_fields, *question.select)
                found.setdefault(match.key, []).append({name: whole.get(name) for name in names})


class PretendedLookup(Lookup):
    """Looks up in the org as it would be.

    Args:
        calls: the connection.
        org: what would have been written.
    """

    asks_for_all_parents = True

    def __init__(self, calls: Calls, org: PretendedOrg) -> None:
        super().__init__(calls)
        self._org = org

    def ask(self, questions: Iterable[Question]) -> list[Found]:
        """Ask all questions; as :meth:`Lookup.ask`."""
        asked = list(questions)
        answers = super().ask(asked)
        for question, found in zip(asked, answers, strict=True):
            self._org.put_into(question, found)
        return answers
