"""May this event go to Salesforce? Only if it says so itself, unless ``always_enabled`` is set.

Segment and RudderStack send an event to Salesforce only when it carries ``integrations: {"Salesforce":
true}``, because the org's API requests are few (Segment's "Salesforce Destination" page; the reading order
of older places is that of Segment's facade library).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from target_salesforce_seg.paths import normalised

_OLDER_PLACES = (("options", "providers"), ("options",), ("context",))
"""Where old library versions put what is now ``integrations``; read only if that is absent."""


def closed_because(record: Mapping[str, Any], *, always_enabled: bool, integration_name: str) -> str | None:
    """Why the gate is closed for an event.

    Args:
        record: the event as it came.
        always_enabled: whether events go to Salesforce without saying so.
        integration_name: the key in ``integrations``; its case counts.

    Returns:
        The reason, the same words for every event that has it; None if the event may go.
    """
    flags = _flags(record)
    own = flags.get(integration_name)
    if own is False:
        return f"integrations.{integration_name} is false"
    if own is True or isinstance(own, Mapping):
        return None
    if not always_enabled:
        return f"integrations.{integration_name} is not true (`always_enabled` sends every event)"
    if any(normalised(str(key)) == "all" and value is False for key, value in flags.items()):
        return "integrations.All is false"
    return None


def _flags(record: Mapping[str, Any]) -> Mapping[str, Any]:
    flags = record.get("integrations")
    for place in _OLDER_PLACES:
        if flags is not None:
            break
        flags = _walk(record, place)
    return flags if isinstance(flags, Mapping) else {}


def _walk(record: Mapping[str, Any], place: tuple[str, ...]) -> Any:
    value: Any = record
    for key in place:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
