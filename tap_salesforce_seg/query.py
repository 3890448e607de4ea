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
        after: Only rows whose Id is greater: from where a read goes on that was cut short.
        in_id_order: Whether the object's Ids can be sorted and compared.
        limit: Rows at most; None for all.
        is_incremental: Whether it goes on from a bookmark, so that few rows are to be expected.
    """

    sobject: str
    fields: tuple[str, ...]
    window: Window
    key_may_be_null: bool = False
    after: str = ""
    in_id_order: bool = True
    limit: int | None = None
    is_incremental: bool = False

    @property
    def where(self) -> Condition | None:
        """The window, and what is left of it, as a condition."""
        return soql.all_of(self._in_window, soql.compare("Id", ">", self.after) if self.after else None)

    @property
    def _in_window(self) -> Condition | None:
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
        """The query for REST: in the order of Ids, so that "after this one" says what is left."""
        order = ["Id"] if self.in_id_order else []
        return soql.select(self.fields, self.sobject, where=self.where, order_by=order, limit=self.limit)

    @property
    def opens_with_others(self) -> bool:
        """Whether few rows are to be expected, so that several first pages are asked for in one API call."""
        return self.is_incremental and len(self.soql) <= soql.LONGEST_QUERY

    def unordered_soql(self, fields: Iterable[str]) -> str:
        """The query with other fields and in no order, for Bulk API 2.0.

        ORDER BY keeps Salesforce from cutting the work into chunks (Bulk API 2.0 and Bulk API Developer
        Guide, "Query Jobs").
        """
        return soql.select(fields, self.sobject, where=self.where)

    @property
    def count_soql(self) -> str:
        """A query for the number of rows."""
        return soql.count(self.sobject, where=self.where)
