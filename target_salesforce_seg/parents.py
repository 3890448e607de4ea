"""Parents named by a field that is no external id, such as ``Account.AccountNumber``.

Salesforce finds parents by external ids and idLookup fields only (REST API Developer Guide, "Insert or Update
(Upsert) a Record Using an External ID"); by any other field they are looked up here.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from salesforce_seg import fields
from salesforce_seg.errors import RecordRejected
from target_salesforce_seg.intents import Match
from target_salesforce_seg.lookup import Question
from target_salesforce_seg.relationships import field_behind, names_of_parents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from salesforce_seg.describe import FieldDescribe, SObjectDescribe
    from target_salesforce_seg.catalog import Catalog
    from target_salesforce_seg.intents import Intent
    from target_salesforce_seg.lookup import Found, Lookup
    from target_salesforce_seg.writes import Write


class _Way(NamedTuple):
    """An object, and the field of it that names its records."""

    sobject: SObjectDescribe
    key: FieldDescribe


class Parents:
    """The Ids of the parents that the intents of one round name.

    Args:
        lookup: asks the org; not at all if Salesforce finds all parents itself.
        catalog: the objects.
        intents: of the round.
        written: by object, the fields that the intents write.

    Attributes:
        named: by object, those of the fields that name a parent.
    """

    def __init__(
        self,
        lookup: Lookup,
        catalog: Catalog,
        intents: Iterable[Intent],
        written: Mapping[str, Iterable[str]],
    ) -> None:
        self._catalog = catalog
        self.named = {
            sobject: dotted for sobject, names in written.items() if (dotted := names_of_parents(names))
        }
        self._ways: dict[tuple[str, str], _Way | None] = {}
        self._found: dict[tuple[str, str], Found] = {}
        wanted: dict[tuple[str, str], dict[Any, Match]] = defaultdict(dict)
        for intent in intents if self.named else ():
            for name in self.named.get(intent.object, ()):
                if match := self._match(intent.object, name, intent.fields.get(name)):
                    wanted[intent.object, name][match.key] = match
        questions = [
            Question(way.sobject, (way.key.name,), tuple(matches.values()), ())
            for place, matches in wanted.items()
            if (way := self._ways[place])
        ]
        if questions:
            self._found = dict(zip(wanted, lookup.ask(questions), strict=True))

    def check(self, intent: Intent) -> None:
        """See that each parent that an intent names is there.

        Raises:
            RecordRejected: There is none, or there are several.
        """
        if self._found:
            for name, value in intent.fields.items():
                self._id_of(intent.object, name, value)

    def put_ids(self, write: Write) -> None:
        """Write the Ids of the parents instead of what names them."""
        if not self._found:
            return
        for name in names_of_parents(write.record):
            field = field_behind(write.sobject, name)
            parent_id = self._id_of(write.sobject.name, name, write.record[name])
            if field is not None and parent_id:
                del write.record[name]
                write.record[field.name] = parent_id

    def _id_of(self, sobject: str, name: str, value: Any) -> str:
        match = self._match(sobject, name, value) if (sobject, name) in self._found else None
        if match is None:
            return ""
        rows = self._found[sobject, name].get(match.key, [])
        if len(rows) != 1:
            raise RecordRejected(
                f"{len(rows) or 'No'} parent records have the value of {name}; one is needed.",
                code="MULTIPLE_MATCHES" if rows else "INVALID_FIELD",
                fields=[name],
            )
        return str(rows[0]["Id"])

    def _match(self, sobject: str, name: str, value: Any) -> Match | None:
        if (sobject, name) not in self._ways:
            self._ways[sobject, name] = self._way(self._catalog.of_event(sobject), name)
        way = self._ways[sobject, name]
        if way is None or value is None:
            return None
        try:
            return Match.on([(way.key, fields.write_value(way.key, value))])
        except ValueError:
            return None

    def _way(self, sobject: SObjectDescribe, name: str) -> _Way | None:
        """How a parent is to be looked up; None if Salesforce does it, or will say what is wrong."""
        field = field_behind(sobject, name)
        path, _, key_name = name.rpartition(".")
        of = path.partition(":")[0] if ":" in path else ""
        if field is None or len(targets := (of,) if of else field.reference_to) != 1:
            return None
        self._catalog.load(targets)
        try:
            parent = self._catalog.of_event(targets[0])
        except RecordRejected:
            return None
        key = parent.field(key_name)
        if key is None or not key.filterable or key.external_id or key.id_lookup:
            return None
        return _Way(parent, key)
