"""Rows of warehouse tables that hold events: ``identifies``, ``users``, ``groups``, ``tracks``.

Traits stand there un-prefixed, in snake case, nested objects flattened with ``_`` (Segment's "Warehouse
Schemas").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_salesforce_seg.paths import normalised

if TYPE_CHECKING:
    from collections.abc import Mapping

_SPEC_MEMBERS = ("traits", "properties", "context")

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


def traits_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """The traits (or properties) of a row, with ``address`` and ``company`` nested again.

    A NULL column says nothing: the table has a column for every trait that any event ever had.
    """
    traits: dict[str, Any] = {}
    nested: dict[str, dict[str, Any]] = {}
    for column, value in record.items():
        if value is None or _belongs_to_the_table(column):
            continue
        head, _, rest = column.partition("_")
        if normalised(rest) in _NESTED.get(head.lower(), ()):
            nested.setdefault(head.lower(), {})[rest] = value
        else:
            traits[column] = value
    for name, parts in nested.items():
        if name == "company" and isinstance(traits.get(name), str):
            parts.setdefault("name", traits[name])
        traits[name] = parts
    return traits


def _belongs_to_the_table(column: str) -> bool:
    return normalised(column) in _COLUMNS_OF_THE_TABLE or column.lower().startswith(_PREFIXES_OF_THE_TABLE)
