"""Finding a value in an event by name, as Segment's libraries do: case, spaces and underscores do not count.

The rule is that of Segment's facade library (``facade.proxy``), which its classic destinations read events
with.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final


class Missing:
    """The type of :data:`MISSING`."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing()
"""What a look-up gives when the event does not have the name at all (``None`` is an explicit null)."""

_LONGEST_PLACE = 10
"""Digits: int() takes its time for millions of them."""
_IGNORED = str.maketrans("", "", " _\t\n")


@lru_cache(maxsize=16_384)
def normalised(name: str) -> str:
    """A name without what does not count: ``"Postal_Code"`` and ``"postalCode"`` are both ``postalcode``."""
    return name.translate(_IGNORED).lower()


def member(container: object, name: str) -> Any:
    """One member of an object or a list; the exact name wins over one that differs in case or underscores.

    Args:
        container: a JSON value.
        name: a key, or a position such as ``0`` in a list.

    Returns:
        The value, or ``MISSING``.
    """
    if isinstance(container, dict):
        if name in container:
            return container[name]
        wanted = normalised(name)
        return next((value for key, value in container.items() if normalised(str(key)) == wanted), MISSING)
    if not isinstance(container, list):
        return MISSING
    is_place = name.isdecimal() and len(name) < _LONGEST_PLACE
    return container[int(name)] if is_place and int(name) < len(container) else MISSING


def find(container: object, path: str) -> Any:
    """The value at a dotted path; a key that holds the dots itself wins over the walk.

    Args:
        container: a JSON value.
        path: such as ``address.postalCode``.

    Returns:
        The value, or ``MISSING``.
    """
    whole = member(container, path)
    if whole is not MISSING or "." not in path:
        return whole
    head, _, rest = path.partition(".")
    inner = member(container, head)
    return MISSING if inner is MISSING else find(inner, rest)


def is_blank(value: object) -> bool:
    """Whether a value says nothing: not there, null, or text without a visible character."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or value is MISSING


def first_present(container: object, paths: tuple[str, ...]) -> Any:
    """The first value that says something, of several places.

    Returns:
        That value; else None if one of the places holds an explicit null; else ``MISSING``.
    """
    found = [find(container, path) for path in paths]
    for value in found:
        if not is_blank(value):
            return value
    return None if None in found else MISSING
