"""What a reader is asked for: some fields of an object, in a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from salesforce_seg import soql

if TYPE_CHECKING:
    from collections.abc import Iterable

    from salesforce_seg.soql import Condition
    from tap_salesforce_seg.replication import Window


@dataclass(frozen=True, slots=True)
class Query:
    """A read of one object.

    Attributes:
        sobject: The object's API name.
        fields: API names of the fields to select.
        window: Which rows.
        key_may_be_null: Whether rows may have no value in the window's key; they are then read every time, as
            no filter on the key ever finds them.
        limit: Rows at most; None for all.
        is_incremental: Whether it goes on from a bookmark, so that few rows are to be expected.
    """

    sobject: str
    fields: tuple[str, ...]
    window: Window
    key_may_be_null: bool = False
    limit: int | None = None
    is_incremental: bool = False

    @property
    def where(self) -> Condition | None:
        """The window as a condition."""
        window = self.window
        if window.key is None or not window.bounded:
            return None
        inside = soql.all_of(
            soql.compare(window.key, ">=", window.start) if window.start else None,
            soql.compare(window.key, "<", window.end) if window.end else None,
        )
        return soql.any_of(inside, soql.equals(window.key, None) if self.key_may_be_null else None)

    @property
    def soql(self) -> str:
        """The whole query."""
        return self.soql_of(self.fields)

    def soql_of(self, fields: Iterable[str]) -> str:
        """The query with other fields."""
        return soql.select(fields, self.sobject, where=self.where, limit=self.limit)

    @property
    def count_soql(self) -> str:
        """A query for the number of rows."""
        return soql.count(self.sobject, where=self.where)

    def by_id(self, after: str, limit: int) -> str:
        """The next rows in the order of their Ids: a read that needs no other index and no cursor."""
        where = soql.all_of(self.where, soql.compare("Id", ">", after) if after else None)
        return soql.select(self.fields, self.sobject, where=where, order_by=["Id"], limit=limit)
