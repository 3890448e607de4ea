"""Rows of warehouse tables of events: ``identifies``, ``users``, ``groups``, ``tracks``, one for each event.

Traits stand there un-prefixed, in snake case, nested objects flattened with ``_`` (Segment's "Warehouse
Schemas"); RudderStack adds ``context_traits_*``, and a ``_`` before SQL's keywords and its own names
("Warehouse Schema").
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from target_salesforce_seg.paths import normalised

if TYPE_CHECKING:
    from collections.abc import Mapping

_SPEC_MEMBERS = ("traits", "properties", "context")
_CONTEXT_TRAITS = "context_traits_"
_OF_THE_TABLE = "the table's own"

_TYPES = {
    "identifies": "identify",
    "users": "identify",
    "groups": "group",
    "tracks": "track",
    "pages": "page",
    "screens": "screen",
    "aliases": "alias",
}
"""What the rows of a table are, by its name without a leading ``_``."""

_MESSAGE_COLUMNS = ("anonymous_id", "original_timestamp", "sent_at", "timestamp")
"""Columns of a table with a row per message, where ``id`` is the message's; ``users`` has none of them."""

_COLUMNS_OF_THE_TABLE = frozenset(
    {
        "id",
        "anonymousid",
        "userid",
        "groupid",
        "event",
        "eventtext",
        "channel",
        "timestamp",
        "originaltimestamp",
        "receivedat",
        "sentat",
        "loadedat",
        "uuid",
        "uuidts",
        "rudderevent",
    }
)
_PREFIXES_OF_THE_TABLE = ("context_", "_sdc_")

_NESTED = {
    "address": frozenset(
        {
            "street",
            "city",
            "state",
            "statecode",
            "postalcode",
            "zip",
            "country",
            "countrycode",
            "latitude",
            "longitude",
        }
    ),
    "company": frozenset({"name", "id", "industry", "employeecount", "annualrevenue", "plan"}),
}


def is_row(record: Mapping[str, Any]) -> bool:
    """Whether a record is a flat row and not an event as Segment's or RudderStack's spec has it."""
    return not any(key in record for key in _SPEC_MEMBERS)


def type_of(stream: str, record: Mapping[str, Any]) -> str | None:
    """What the rows of a stream are, by its name (``public-identifies``, ``_groups``) or their columns.

    Returns:
        identify, group, track, page, screen or alias; None if neither says it.
    """
    table = re.split(r"[-.:/]", stream)[-1].strip().lower().lstrip("_")
    kind = _TYPES.get(table)
    if kind is None and _has(record, "event") and (_has(record, "event_text") or _has(record, "received_at")):
        return "track"
    return kind


def user_id_of(record: Mapping[str, Any]) -> Any:
    """The userId of a row. A row of the ``users`` table has it in ``id``."""
    if not _has(record, "user_id") and not any(_has(record, column) for column in _MESSAGE_COLUMNS):
        return _value(record, "id")
    return _value(record, "user_id")


def _has(record: Mapping[str, Any], column: str) -> bool:
    """Whether a row has a column; Snowflake spells its columns in capitals."""
    return column in record or column.upper() in record


def _value(record: Mapping[str, Any], column: str) -> Any:
    return record[column] if column in record else record.get(column.upper())


def traits_of(record: Mapping[str, Any], *, without: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
    """The traits (or properties) of a row, with ``address`` and ``company`` nested again.

    A NULL column says nothing: the table has a column for every trait that any event ever had.

    Args:
        record: the row.
        without: a column that is no trait: the gate's.

    Returns:
        The row's own traits or properties, and the traits of its context.
    """
    own: dict[str, Any] = {}
    of_context: dict[str, Any] = {}
    for column, value in record.items():
        if value is None or column == without:
            continue
        place, head, name = _placed(column)
        if place == _OF_THE_TABLE:
            continue
        traits = of_context if place else own
        if not head:
            traits[name] = _beside(traits.get(name), value)
        else:
            traits[head] = _beside(traits.get(head), {name: value})
    return own, of_context


@lru_cache(maxsize=16_384)
def _placed(column: str) -> tuple[str, str, str]:
    """Where a column belongs: to the context's traits or the row's own; its object; its name there."""
    lower = column.lower()
    is_own_name = not column.startswith("_") and normalised(column) in _COLUMNS_OF_THE_TABLE
    place = ""
    if lower.startswith(_CONTEXT_TRAITS):
        place, column = _CONTEXT_TRAITS, column[len(_CONTEXT_TRAITS) :]
    elif is_own_name or lower.startswith(_PREFIXES_OF_THE_TABLE):
        return _OF_THE_TABLE, "", column
    column = column.lstrip("_") or column
    head, _, rest = column.partition("_")
    if normalised(rest) in _NESTED.get(head.lower(), ()):
        return place, head.lower(), rest
    return place, "", column


def _beside(there: Any, more: Any) -> Any:
    """A trait that a row has both as a text (``company``) and in parts (``company_industry``)."""
    if isinstance(there, dict):
        return there | more if isinstance(more, dict) else {"name": more} | there
    return {"name": there} | more if isinstance(there, str) and isinstance(more, dict) else more
