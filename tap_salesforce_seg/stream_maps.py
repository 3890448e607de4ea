"""Stream maps of the Singer SDK that would change nothing, because they name no stream."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

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
