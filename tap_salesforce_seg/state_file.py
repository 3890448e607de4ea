"""State files, ours or another tap's, taken for what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from salesforce_seg.errors import ConfigurationError
from tap_salesforce_seg.replication import REPLICATION_KEYS, parse_moment
from tap_salesforce_seg.state import (
    ACTIVATED,
    BOOKMARK,
    BOOKMARK_KEY,
    COMPLETED_AT,
    COVERED_FIELDS,
    DELETES_SINCE,
    FULL_SYNC_AT,
    OBJECTS,
    SOBJECT,
    SWEPT_AT,
    VERSION,
    WRITTEN,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def read_state(state: Any) -> dict[str, dict[str, Any]]:
    """The bookmarks of a state file, ours or another tap's, by stream.

    Takes the plain Singer state, a whole STATE message and Meltano's ``singer_state``; a bookmark may be an
    object with ``replication_key_value``, one keyed by the replication key's own name (as singer-io's tap
    writes), or a bare date. What an interrupted run of an SDK tap left in ``progress_markers`` is not used.

    Raises:
        ConfigurationError: It is not a state.
    """
    if not isinstance(state, dict):
        raise ConfigurationError(
            "The state file does not hold a JSON object; give the last STATE line's value"
        )
    for wrapper in ("value", "singer_state"):
        if isinstance(state.get(wrapper), dict):
            state = state[wrapper]
    bookmarks = state.get("bookmarks")
    if bookmarks is None:
        return {}
    if not isinstance(bookmarks, dict):
        raise ConfigurationError('The state file is broken: "bookmarks" is not a JSON object')
    return {stream: _stream_state(stream, found) for stream, found in bookmarks.items() if found is not None}


def _stream_state(stream: str, found: object) -> dict[str, Any]:
    if isinstance(found, str):
        found = {BOOKMARK: found}
    if not isinstance(found, dict):
        raise ConfigurationError(f"The state file is broken: the bookmark of {stream} is not a JSON object")
    kept = {name: value for name, value in found.items() if name not in _SDK_LEFTOVERS}
    if kept.get(BOOKMARK) is None:
        own_name = next((name for name in REPLICATION_KEYS if kept.get(name)), None)
        if own_name:
            kept = {BOOKMARK_KEY: own_name, BOOKMARK: kept[own_name]}
    for name, check in _CHECKS.items():
        if kept.get(name) is not None:
            try:
                check(kept[name])
            except ValueError as error:
                raise ConfigurationError(
                    f"The state file is broken: {name} of {stream}: {error}; the bookmark cannot be used"
                ) from None
    return kept


def _check(kind: Any, name: str) -> Callable[[object], object]:
    def check(value: object) -> object:
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError:
            raise ValueError(f"{value!r} is not {name}") from None

    return check


_CHECKS: dict[str, Callable[[object], object]] = {
    **dict.fromkeys((BOOKMARK, FULL_SYNC_AT, DELETES_SINCE, COMPLETED_AT, SWEPT_AT), parse_moment),
    **dict.fromkeys((BOOKMARK_KEY, SOBJECT), _check(str, "a name")),
    **dict.fromkeys((VERSION, WRITTEN, ACTIVATED), _check(int, "a whole number")),
    COVERED_FIELDS: _check(list[str], "a list of names"),
    OBJECTS: _check(dict[str, Any], "a JSON object"),
}
"""What must hold of a value that is there; raises ValueError."""


_SDK_LEFTOVERS = {"progress_markers", "replication_key_signpost", "starting_replication_value", "partitions"}
