"""The records of the stand-in for an org: kept, or known by a rule; and how they are found again."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import count
from typing import Any

_QUERY = re.compile(
    r"SELECT (?P<columns>[\w, ]+) FROM (?P<sobject>\w+) "
    r"WHERE (?P<field>\w+) (?:IN \((?P<many>.*?)\)|= (?P<one>'.*?'))"
    r"(?: AND \(IsDeleted = false OR MasterRecordId != null\))?"
    r"(?: ORDER BY \w+)?(?: LIMIT \d+)?",
    re.DOTALL | re.IGNORECASE,
)
_SEARCH = re.compile(r"FIND \{(?P<text>.+)\} +IN ALL FIELDS RETURNING (?P<sobject>\w+)\(Id\)", re.IGNORECASE)
_TEXT = re.compile(r"'((?:[^'\\]|\\.)*)'")
_PREFIXES = {"Lead": ("00Q", "EAA"), "Account": ("001", "AAA"), "Contact": ("003", "AAA")}
_KEYS = {"Lead": ("Email",), "Account": ("AccountNumber",), "Contact": ("Email",)}
_CREATED = "2026-01-31T00:00:00.000+0000"


class NotKnownError(Exception):
    """The stand-in cannot answer this; the local org can."""


def record_id(sobject: str, number: int) -> str:
    """The Id of the record of an object that was created as the so-many-th of all, from 1 on.

    Raises:
        NotKnownError: No records of this object are kept.
    """
    if sobject not in _PREFIXES:
        raise NotKnownError(sobject)
    prefix, suffix = _PREFIXES[sobject]
    return f"{prefix}{number:012d}{suffix}"


class Rule:
    """Knows people without keeping them: each is like the one who is kept, but for a number.

    Args:
        example: The record that is kept, with the number in the values that differ.
        number: The number in it.
    """

    def __init__(self, example: dict[str, Any], number: str) -> None:
        self._number = number
        self._alike = {name: value for name, value in example.items() if number not in str(value)}
        self._differing = {name: value for name, value in example.items() if number in str(value)}
        email = re.escape(example["Email"]).replace(number, rf"(\d{{{len(number)}}})")
        self._email = re.compile(email, re.IGNORECASE)

    def find(self, email: str) -> dict[str, Any] | None:
        """The record of the person who has this e-mail address."""
        found = self._email.fullmatch(email)
        if found is None:
            return None
        row = {name: value.replace(self._number, found[1]) for name, value in self._differing.items()}
        return self._alike | row | {"Id": record_id("Lead", int(found[1]))}


class Records:
    """Records by Id, and by the fields that they are looked for with."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._rows: dict[str, dict[str, Any]] = {}
        self._found_by: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(dict)
        self._rule: Rule | None = None

    def know_by_rule(self, number: str) -> None:
        """From now on know every Lead that is like the one who is kept but for this number, in its values."""
        (example,) = (row for row in self._rows.values() if number in row.get("Email", ""))
        self._rule = Rule(example, number)

    def create(self, sobject: str, fields: dict[str, Any]) -> str:
        """Keep a new record; its Id."""
        new_id = record_id(sobject, next(self._numbers))
        self._rows[new_id] = {**fields, "Id": new_id, "CreatedDate": _CREATED, "IsDeleted": False}
        for name in _KEYS[sobject]:
            if value := fields.get(name):
                self._found_by[sobject, name].setdefault(value.lower(), []).append(new_id)
        return new_id

    def update(self, known_id: str, fields: dict[str, Any]) -> None:
        """Change a record, but not what it is found by."""
        self._rows[known_id].update(fields)

    def find(self, soql: str) -> list[dict[str, Any]]:
        """The answer to a query by one key field."""
        asked = _QUERY.fullmatch(soql)
        if asked is None or asked["field"] not in ("Id", *_KEYS.get(asked["sobject"], ())):
            raise NotKnownError(soql[:200])
        columns = asked["columns"].replace(" ", "").split(",")
        attributes = {"type": asked["sobject"]}
        return [
            {"attributes": attributes} | {name: row.get(name) for name in columns}
            for text in _TEXT.findall(asked["many"] or asked["one"])
            for row in self._found(asked["sobject"], asked["field"], text)
        ]

    def search(self, sosl: str) -> list[dict[str, Any]]:
        """The answer to a search for an e-mail address in all fields."""
        asked = _SEARCH.fullmatch(sosl)
        if asked is None or "Email" not in _KEYS.get(asked["sobject"], ()):
            raise NotKnownError(sosl[:200])
        rows = self._found(asked["sobject"], "Email", asked["text"].replace("\\", ""))
        return [{"attributes": {"type": asked["sobject"]}, "Id": row["Id"]} for row in rows]

    def _found(self, sobject: str, field: str, text: str) -> list[dict[str, Any]]:
        if field == "Id":
            return [self._rows[text]] if text in self._rows else []
        by_rule = self._rule.find(text) if self._rule and sobject == "Lead" else None
        kept = self._found_by[sobject, field].get(text.lower(), ())
        return [by_rule] if by_rule else [self._rows[each] for each in kept]
