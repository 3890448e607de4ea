"""Finding records by many keys at once: up to five queries a call, each with a thousand keys."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from salesforce_seg import composite, soql
from salesforce_seg.answers import of_another_shape
from salesforce_seg.errors import RecordRejected, Remedy
from target_salesforce_seg.catalog import FieldGone, missing_column
from target_salesforce_seg.intents import comparable
from target_salesforce_seg.relationships import flat, names_of_parents

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from salesforce_seg.composite import SubResponse
    from salesforce_seg.describe import SObjectDescribe
    from target_salesforce_seg.calls import Calls
    from target_salesforce_seg.intents import Match

MOST_KEYS = 1_000
LONGEST_CONDITION = 40_000
"""Characters of the keys of one query: far below SOQL's 100,000, so that selected fields have room."""

LONGEST_IN_URL = 3_000
"""The same where a query travels in a URL of its own (16,384 bytes), each character three at worst."""

log = logging.getLogger(__name__)

_OF_MERGED = ("IsDeleted", "MasterRecordId")
_LIVE_OR_MERGED = soql.any_of(soql.equals("IsDeleted", False), soql.compare("MasterRecordId", "!=", None))
"""What a merge takes away is deleted and names what it was merged into (Object Reference, "Lead")."""

_ASK_AGAIN = {Remedy.RETRY, Remedy.RETRY_ROW, Remedy.RELOGIN}
_STOP = {Remedy.FATAL, Remedy.STOP_QUOTA, Remedy.SKIP_OBJECT}


@dataclass(frozen=True, slots=True)
class Question:
    """Which records of an object match, by one way of matching.

    Attributes:
        sobject: the object.
        match_fields: the fields that the matches have in common.
        matches: one for each record looked for.
        select: fields to read, besides Id.
        merged: whether records that were merged into others are looked for too.
        again: whether it was asked with ``merged`` before, and refused.
    """

    sobject: SObjectDescribe
    match_fields: tuple[str, ...]
    matches: tuple[Match, ...]
    select: tuple[str, ...]
    merged: bool = False
    again: bool = False

    def soql(self) -> str:
        """The query. With several match fields it may find more than asked for; :meth:`key_of` tells."""
        columns = [
            soql.isin(
                name,
                dict.fromkeys(_literal(self.sobject, name, match.values[place]) for match in self.matches),
            )
            for place, name in enumerate(self.match_fields)
        ]
        more = _OF_MERGED if self.merged else ()
        return soql.select(
            ("Id", *self.match_fields, *self.select, *more),
            self.sobject.name,
            where=soql.all_of(*columns, _LIVE_OR_MERGED if self.merged else None),
        )

    @property
    def title(self) -> str:
        """How messages call it."""
        return f"looking up {self.sobject.name}"

    def key_of(self, row: dict[str, Any]) -> tuple[Any, ...]:
        """The key that a found row has, to compare with ``Match.key``."""
        return tuple(
            comparable(field, row.get(field.name)) if (field := self.sobject.field(name)) else row.get(name)
            for name in self.match_fields
        )

    def parts(self, most: int, longest: int) -> Iterator[Question]:
        """The question in several, each with so many keys and characters of keys at most."""
        chunk: list[Match] = []
        length = 0
        for match in self.matches:
            size = sum(len(str(value)) + 4 for value in match.values)
            if chunk and (len(chunk) >= most or length + size > longest):
                yield self._with(chunk)
                chunk, length = [], 0
            chunk.append(match)
            length += size
        if chunk:
            yield self._with(chunk)

    def _with(self, matches: Iterable[Match]) -> Question:
        return replace(self, matches=tuple(matches))


class Found(dict[tuple[Any, ...], list[dict[str, Any]]]):
    """Rows by the key they were looked for with, the oldest first.

    Attributes:
        masters: by key, the Ids of the records that those with this key were merged into.
        refused: keys that Salesforce would not look for, and why.
    """

    def __init__(self) -> None:
        super().__init__()
        self.masters: dict[tuple[Any, ...], dict[str, None]] = {}
        self.refused: dict[tuple[Any, ...], RecordRejected] = {}


class Lookup:
    """Asks many questions in few API calls.

    Args:
        calls: the connection.

    Attributes:
        asks_for_all_parents: whether parents are looked up that Salesforce itself would find on writing.
    """

    asks_for_all_parents = False

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._session = calls.session
        self._shows_no_merged: set[str] = set()

    def ask(self, questions: Iterable[Question]) -> list[Found]:
        """Ask all questions.

        Returns:
            What each found, in order.

        Raises:
            FieldGone: a field is no longer there, or no longer visible: describe the object again.
            SalesforceError: the lookup cannot be made: no connection, no permission, no quota.
        """
        asked = list(questions)
        answers = [Found() for _ in asked]
        longest = LONGEST_IN_URL if self._calls.composite_refused else LONGEST_CONDITION
        pending = [
            (number, part)
            for number, question in enumerate(asked)
            for part in self._possible(question).parts(MOST_KEYS, longest)
        ]
        tries = 0
        while pending:
            queries = [
                composite.query(self._session, question.soql(), all_rows=question.merged)
                for _, question in pending
            ]
            responses = self._calls.send(queries)
            again: list[tuple[int, Question]] = []
            wait = False
            for (number, question), response in zip(pending, responses, strict=True):
                if response.ok:
                    if question.again:
                        self._note_refused(question.sobject.name)
                    self._keep(answers[number], question, response)
                elif response.remedy in _ASK_AGAIN and tries < self._session.settings.max_retries:
                    again.append((number, question))
                    wait = True
                else:
                    again.extend((number, part) for part in _smaller(answers[number], question, response))
            pending = again
            if wait:
                tries += 1
                backoff = self._session.backoff
                backoff.sleep(backoff.wait_before(tries + 1, 1.0, None))
        for found in answers:
            for rows in found.values():
                if len(rows) > 1:
                    rows.sort(key=lambda row: (row.get("CreatedDate") or "", row["Id"]))
        return answers

    def _possible(self, question: Question) -> Question:
        """A question without merged records where the object does not show them, or refused to."""
        if not question.merged:
            return question
        fields = [question.sobject.field(name) for name in _OF_MERGED]
        is_shown = all(field is not None and field.filterable for field in fields)
        is_refused = question.sobject.name in self._shows_no_merged
        return question if is_shown and not is_refused else replace(question, merged=False)

    def _note_refused(self, name: str) -> None:
        if name not in self._shows_no_merged:
            self._shows_no_merged.add(name)
            log.warning(
                "Salesforce answers no queryAll of %s: this run does not find what records were merged into.",
                name,
            )

    def _keep(self, found: Found, question: Question, response: SubResponse) -> None:
        page, of_parents = response.body, names_of_parents(question.select)
        while True:
            if not isinstance(page, dict) or not isinstance(page.get("records"), list):
                raise of_another_shape(f"Looking up {question.sobject.name}: the answer holds no records.")
            for row in page["records"]:
                key = question.key_of(row)
                if question.merged and row.get("IsDeleted"):
                    found.masters.setdefault(key, {})[row["MasterRecordId"]] = None
                else:
                    found.setdefault(key, []).append(flat(row, of_parents))
            if page.get("done", True) or not page.get("nextRecordsUrl"):
                return
            page = self._session.call_json("GET", page["nextRecordsUrl"])


def _smaller(found: Found, question: Question, response: SubResponse) -> list[Question]:
    """What to ask instead of a refused question; a single bad key is noted.

    First the same without merged records, then in two halves, so that one bad key spoils no other.
    """
    error = response.error(question.title)
    if (column := missing_column(error)) and column not in _OF_MERGED:
        raise FieldGone(question.sobject.name, column, error)
    if question.merged and response.remedy not in {*_ASK_AGAIN, Remedy.STOP_QUOTA}:
        return [replace(question, merged=False, again=True)]
    if response.remedy in _STOP or response.remedy in _ASK_AGAIN:
        raise error
    if len(question.matches) > 1:
        question = replace(question, again=False)
        return list(question.parts((len(question.matches) + 1) // 2, LONGEST_CONDITION))
    found.refused[question.matches[0].key] = RecordRejected(
        error.message, code=error.code, fields=question.match_fields
    )
    return []


def _literal(sobject: SObjectDescribe, name: str, value: Any) -> Any:
    """A key as the type that SOQL's literals are made of: dates are not quoted there."""
    field = sobject.field(name)
    if field is None or not isinstance(value, str):
        return value
    if field.type == "date":
        return date.fromisoformat(value)
    if field.type == "datetime":
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    return value
