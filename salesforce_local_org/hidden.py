"""What an operator hides while clients are at work: fields and objects that were there a moment ago.

On a real org an administrator does it, by field-level security and object permissions, or by deleting a
custom field. Records and values stay, and are seen again when it ends. The database file does not keep it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from salesforce_local_org.schema import Schema, SObject
    from salesforce_local_org.store import Store


class Hidden:
    """The hidden fields and objects of one org.

    Args:
        schema: The org's objects.
        store: Its records.
    """

    def __init__(self, schema: Schema, store: Store) -> None:
        self._schema = schema
        self._store = store
        self._fields: list[tuple[SObject, str, int]] = []
        self._objects: list[SObject] = []

    @property
    def names(self) -> list[str]:
        """What is hidden now, as ``hide`` takes it."""
        fields = [f"{sobject.name}.{field}" for sobject, field, _ in self._fields]
        return fields + [sobject.name for sobject in self._objects]

    def hide(self, names: Iterable[str]) -> None:
        """Hide fields (``Lead.Rating``) and objects (``Case``); what is not there is left as it is."""
        with self._store.lock:
            for name in names:
                object_name, _, field_name = name.partition(".")
                sobject = self._schema.object(object_name)
                if sobject and field_name:
                    self._hide_field(sobject, field_name)
                elif sobject:
                    self._schema.remove(sobject.name)
                    self._objects.append(sobject)

    def show_all(self) -> None:
        """Let everybody see it again."""
        with self._store.lock:
            while self._objects:
                self._schema.add(self._objects.pop())
            while self._fields:
                sobject, name, place = self._fields.pop()
                sobject.show(name, place)
                self._store.forget_table(sobject)

    def _hide_field(self, sobject: SObject, name: str) -> None:
        field = sobject.field(name)
        if field is not None:
            self._fields.append((sobject, field.name, sobject.fields.index(field)))
            sobject.hide(field.name)
            self._store.forget_table(sobject)
