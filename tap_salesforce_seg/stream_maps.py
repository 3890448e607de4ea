"""What stream maps of the Singer SDK do, seen before a record passes through them."""

from __future__ import annotations

import json
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from singer_sdk.mapper import StreamMap

_SOURCE = "__source__"


def unused(maps: Mapping[str, Any], streams: Collection[str]) -> list[str]:
    """The names in maps that no stream has. A map may name its streams by a glob, or under ``__source__``.

    Args:
        maps: The setting ``stream_maps``.
        streams: The names of the streams that there are, or could be selected.
    """
    sources = {
        (each.get(_SOURCE) or name) if isinstance(each, dict) else name
        for name, each in maps.items()
        if not name.startswith("__")
    }
    return sorted(name for name in sources if not any(fnmatch(stream, name) for stream in streams))


def may_show(columns: Collection[str], stream: Iterable[StreamMap], maps: Mapping[str, Any]) -> bool:
    """Whether records may show any of these columns when they have passed: as they are, or in an expression.

    Args:
        columns: Names of columns.
        stream: The maps of the stream.
        maps: The setting ``stream_maps``.
    """
    kept = {name for each in stream for name in each.transformed_schema.get("properties", ())}
    text = json.dumps(maps)
    return not kept.isdisjoint(columns) or any(name in text for name in columns)
