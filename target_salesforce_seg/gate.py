"""May this event go to Salesforce? Only if it says so itself, unless ``always_enabled`` is set.

Segment and RudderStack send an event to Salesforce only when it carries ``integrations: {"Salesforce":
true}``, because the org's API requests are few (Segment's "Salesforce Destination" page; the reading order
of older places is that of Segment's facade library). Warehouse rows have no ``integrations``: a column may
stand for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from target_salesforce_seg.paths import normalised

_OLDER_PLACES = (("options", "providers"), ("options",), ("context",))
"""Where old library versions put what is now ``integrations``; read only if that is absent."""

_OPEN = {"true": True, "t": True, "yes": True, "1": True, "false": False, "f": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True)
class Gate:
    """What opens the way to Salesforce.

    Attributes:
        always_enabled: whether events go to Salesforce without saying so.
        integration_name: the key in ``integrations``; its case counts.
        column: a column of warehouse rows that says it for them; none if empty.
    """

    always_enabled: bool = False
    integration_name: str = "Salesforce"
    column: str = ""

    def closed_because(self, record: Mapping[str, Any], *, is_row: bool = False) -> str | None:
        """Why the gate is closed for an event.

        Args:
            record: the event as it came.
            is_row: whether it is a warehouse row.

        Returns:
            The reason, the same words for every event that has it; None if the event may go.
        """
        flags = record.get("integrations")
        if flags is None:
            flags = _older(record)
        if not isinstance(flags, dict):
            flags = {}
        own = flags.get(self.integration_name)
        by_column = own is None and is_row and self.column
        if by_column:
            own = _as_flag(record.get(self.column))
        if own is True or isinstance(own, dict):
            return None
        where = f"column {self.column}" if by_column else f"integrations.{self.integration_name}"
        if own is False:
            return f"{where} is false"
        if not self.always_enabled:
            return f"{where} is not true (`always_enabled` sends every event)"
        if any(normalised(str(key)) == "all" and value is False for key, value in flags.items()):
            return "integrations.All is false"
        return None


def _as_flag(value: Any) -> Any:
    """A column's value as true or false: databases have several ways to keep them."""
    return _OPEN.get(str(value).strip().lower(), value)


def _older(record: Mapping[str, Any]) -> Any:
    for place in _OLDER_PLACES:
        value: Any = record
        for key in place:
            value = value.get(key) if isinstance(value, Mapping) else None
        if value is not None:
            return value
    return None
