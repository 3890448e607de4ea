"""From describe to streams: which objects are streams, which fields columns, what is left out and why."""

from __future__ import annotations

import difflib
import fnmatch
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from salesforce_seg import fields
from salesforce_seg.errors import ObjectUnavailable, SalesforceError
from tap_salesforce_seg import deletes, naming
from tap_salesforce_seg.collections import BY_OBJECT, COLLECTIONS, READ
from tap_salesforce_seg.lookups import LEADING_OBJECTS, NAME, lookups
from tap_salesforce_seg.replication import REPLICATION_KEYS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from salesforce_seg.describe import FieldDescribe, ObjectSummary, SObjectDescribe
    from salesforce_seg.describer import Describer

DELETED_AT = "_sdc_deleted_at"
"""Singer's column for the time a row was found deleted; loaders with ``hard_delete`` act on it."""

_AUTOMATIC = frozenset({"Id", "IsDeleted"})
_DATE_TIME = {"type": ["string", "null"], "format": "date-time"}
_BOOLEAN = {"type": ["boolean", "null"]}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a stream."""

    name: str
    schema: dict[str, Any]
    field: FieldDescribe | None = None
    """The field it shows; None for a column that Salesforce has no field for."""
    selected_by_default: bool = True
    automatic: bool = False
    """Whether it comes along whatever is selected: the Id, and what tells a deleted row from a living one."""


@dataclass(frozen=True, slots=True)
class StreamDefinition:
    """What a stream is: an object, its columns in describe's order, and what it is replicated by."""

    name: str
    sobject: SObjectDescribe
    columns: tuple[Column, ...]
    key: Column
    replication_key: Column | None
    snake_case: bool
    sources: tuple[SObjectDescribe, ...] = ()
    """The objects whose lookups lead to its rows, if it answers no queries itself."""

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of a row."""
        return {"type": "object", "properties": {each.name: each.schema for each in self.columns}}

    def column(self, name: str) -> Column | None:
        """The column of that name."""
        return next((each for each in self.columns if each.name == name), None)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A stream that this org cannot give, and why."""

    stream: str
    reason: str
    failed: bool = False
    """Whether the reason may pass, so that rows may be missing."""
    known: bool = True
    """Whether it is a stream that an org could have, by its name and these settings."""
    asked_for: bool = False
    """Whether the user named it: in a catalog, or in ``include_objects`` by more than a glob."""


@dataclass(slots=True)
class Discovery:
    """Finds the streams of an org.

    Args:
        describer: Asks the org.
        style: ``segment`` or ``api`` naming.
        include_objects: API names and globs of objects beyond the documented collections.
        select_fields: Whether fields are selected unless the catalog says otherwise.
        detect_hard_deletes: Whether the log of deletes will be read.
        sweep_ids: Whether all Ids will be looked through for deletes that no log tells.
    """

    describer: Describer
    style: str = naming.SEGMENT
    include_objects: tuple[str, ...] = ()
    select_fields: bool = True
    detect_hard_deletes: bool = True
    sweep_ids: bool = False
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What a user should know of names and types, a sentence each."""
    _unknown_types: dict[str, list[str]] = field(default_factory=dict)
    _has_catalog: bool = False

    def streams(self, wanted: Collection[str] | None = None) -> list[StreamDefinition]:
        """The streams of the org, documented collections first, in the documented order.

        Args:
            wanted: The names of the streams to look for, or None for all. With names, only those objects are
                described, and the global describe is spared unless ``include_objects`` needs it.

        Raises:
            SalesforceError: The org cannot be asked at all. A single object never raises; it is left out.
        """
        names = self._stream_names()
        self._has_catalog = wanted is not None
        if wanted is None:
            present = self.describer.objects()
            names = {
                sobject: name for sobject, name in names.items() if self._present(sobject, name, present)
            }
        else:
            names = {sobject: name for sobject, name in names.items() if name in wanted}
            for unknown in sorted(set(wanted) - set(names.values())):
                self._leave_out(unknown, self._why_unknown(unknown), known=False)
        described = self.describer.describe([*names, *(LEADING_OBJECTS if NAME in names else ())])
        found = (
            self._stream(name, sobject, described[sobject], described) for sobject, name in names.items()
        )
        definitions = [each for each in found if each is not None]
        self.notes += [
            f"Fields of the unknown type {kind} are read as text: {', '.join(names_of)}"
            for kind, names_of in self._unknown_types.items()
        ]
        return definitions

    def _stream_names(self) -> dict[str, str]:
        """Stream names by object: the documented collections, then the included objects by API name."""
        included = self._included() if self.include_objects else []
        if self.style == naming.API:
            return {name: name for name in [each.sobject for each in COLLECTIONS] + included}
        documented = {each.sobject: each.name for each in COLLECTIONS}
        names, gave_way = naming.unique_names(included, self.style, taken=documented.values())
        self.notes += [
            f"The stream of {each} is {names[each]}, as {naming.snake_case(each)} is another stream's name"
            for each in gave_way
        ]
        return documented | names

    def _included(self) -> list[str]:
        objects = self.describer.objects()
        included: set[str] = set()
        for pattern in self.include_objects:
            matches = {name for name in objects if fnmatch.fnmatchcase(name.lower(), pattern.lower())}
            is_glob = any(char in pattern for char in "*?[")
            if not matches and is_glob:
                self.notes.append(f"include_objects names {pattern}, but {_no_such_object(pattern, objects)}")
            elif not matches:
                reason = f"include_objects names it, but {_no_such_object(pattern, objects)}"
                self._leave_out(pattern, reason, sobject=pattern)
            passed_over = {name for name in matches if is_glob and not _readable(objects[name])}
            if told := sorted(passed_over - BY_OBJECT.keys()):
                names = ", ".join(told)
                self.notes.append(
                    f"include_objects {pattern}: Salesforce answers no queries on these, left out: {names}"
                )
            included |= matches - passed_over
        return sorted(included - BY_OBJECT.keys())

    def _present(self, sobject: str, name: str, present: dict[str, ObjectSummary]) -> bool:
        if sobject not in present:
            collection = BY_OBJECT.get(sobject)
            reason = collection.if_absent if collection else "this org does not have it"
            return self._leave_out(name, reason, sobject=sobject)
        if not present[sobject].queryable and sobject != NAME:
            return self._leave_out(name, f"Salesforce answers no queries on {sobject}", sobject=sobject)
        return True

    def _leave_out(
        self, name: str, reason: str, *, sobject: str = "", failed: bool = False, known: bool = True
    ) -> bool:
        asked_for = self._has_catalog or sobject in self.include_objects
        self.left_out.append(LeftOut(name, reason, failed, known, asked_for))
        return False

    def _why_unknown(self, name: str) -> str:
        return (
            "this org has no such stream; if it is an object beyond the documented collections, name it in "
            f"include_objects (naming is {self.style})"
        )

    def _stream(
        self,
        name: str,
        sobject: str,
        described: SObjectDescribe | SalesforceError,
        others: Mapping[str, SObjectDescribe | SalesforceError],
    ) -> StreamDefinition | None:
        collection = BY_OBJECT.get(sobject)
        reason, failed = "", False
        if isinstance(described, ObjectUnavailable):
            reason = collection.if_absent if collection else f"{str(described).rstrip('.')} ({READ})"
        elif isinstance(described, SalesforceError):
            reason, failed = str(described), True
        elif described.field("Id") is None:
            reason = f"the user cannot see the Id of {sobject} ({READ})"
        elif sobject == NAME:
            return self._names(name, described, others.values())
        elif not described.queryable:
            reason = f"Salesforce answers no queries on {sobject}"
        else:
            return self._definition(name, described)
        self._leave_out(name, reason, sobject=sobject, failed=failed)
        return None

    def _names(
        self,
        name: str,
        sobject: SObjectDescribe,
        others: Iterable[SObjectDescribe | SalesforceError],
    ) -> StreamDefinition:
        """The stream of Name, with those of the objects that lead to names."""
        visible = [each for each in others if not isinstance(each, SalesforceError)]
        sources = tuple(each for each in visible if each.queryable and lookups(each))
        return replace(self._definition(name, sobject), sources=sources)

    def _definition(self, name: str, sobject: SObjectDescribe) -> StreamDefinition:
        visible = [each for each in sobject.fields if not each.deprecated_and_hidden]
        names, gave_way = naming.unique_names((each.name for each in visible), self.style)
        self.notes += [
            f"{sobject.name}.{each} is column {names[each]}, as {naming.snake_case(each)} is another field's"
            for each in gave_way
        ]
        for each in visible:
            if not fields.is_known(each.type):
                self._unknown_types.setdefault(each.type, []).append(f"{sobject.name}.{each.name}")
        snake_case = self.style == naming.SEGMENT
        key_field = choose_replication_key(sobject)
        needed = {"Id", "IsDeleted", key_field.name if key_field else None}
        columns = [
            Column(
                names[each.name],
                fields.json_schema(each, snake_case=snake_case),
                each,
                selected_by_default=each.name in needed or (self.select_fields and each.type != "base64"),
                automatic=each.name in _AUTOMATIC,
            )
            for each in visible
        ]
        columns += self._columns_of_our_own(sobject)
        by_field = {each.field.name: each for each in columns if each.field}
        return StreamDefinition(
            name,
            sobject,
            tuple(columns),
            by_field["Id"],
            by_field[key_field.name] if key_field else None,
            snake_case,
        )

    def _columns_of_our_own(self, sobject: SObjectDescribe) -> Iterable[Column]:
        """``is_deleted`` for objects that can be deleted but have no such field, and ``_sdc_deleted_at``.

        What describe calls not deletable may still be removed in Setup (stages, fiscal periods): no log tells
        of that, but a sweep of Ids finds it.
        """
        has_flag = sobject.field("IsDeleted") is not None
        is_swept = self.sweep_ids and sobject.queryable
        if (sobject.deletable or is_swept) and not has_flag:
            name = "is_deleted" if self.style == naming.SEGMENT else "IsDeleted"
            yield Column(name, dict(_BOOLEAN), automatic=True)
        is_told = self.detect_hard_deletes and deletes.are_logged(sobject)
        if has_flag or is_told or is_swept:
            yield Column(DELETED_AT, dict(_DATE_TIME), automatic=True)


def choose_replication_key(sobject: SObjectDescribe) -> FieldDescribe | None:
    """The clock field to replicate by: the first of REPLICATION_KEYS that can be filtered and sorted by."""
    for name in REPLICATION_KEYS:
        found = sobject.field(name)
        if found and found.filterable and found.sortable and not found.deprecated_and_hidden:
            return found
    return None


def _readable(summary: ObjectSummary) -> bool:
    return summary.queryable and not summary.deprecated_and_hidden


def _no_such_object(pattern: str, objects: Iterable[str]) -> str:
    close = difflib.get_close_matches(pattern, list(objects), n=1, cutoff=0.7)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"this org has no such object, or the user may not see it{hint}"
