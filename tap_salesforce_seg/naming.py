"""From Salesforce's API names to the names of streams and columns, as Segment's source names them.

The rule is that of segmentio/go-snakecase: a word is a run of capitals and digits followed by a run of small
letters and digits; every other character separates words. So ``SystemModstamp`` becomes ``system_modstamp``
and ``User_ID__c`` becomes ``user_id_c``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SEGMENT = "segment"
API = "api"
STYLES = (SEGMENT, API)

_WORD = re.compile(r"[A-Z0-9]*[a-z0-9]*")


def snake_case(api_name: str) -> str:
    """The snake-case form of an API name, as Segment's warehouses have it.

    Args:
        api_name: A name such as ``NumberOfEmployees`` or ``ns__Score__c``.

    Returns:
        ``number_of_employees``, ``ns_score_c``; the empty string for a name without ASCII letters or digits.
    """
    return "_".join(word.lower() for word in _WORD.findall(api_name) if word)


def unique_names(
    api_names: Iterable[str], style: str, taken: Iterable[str] = ()
) -> tuple[dict[str, str], list[str]]:
    """A name for each API name, no two alike.

    The rule loses information (``A_c`` and ``A__c`` are both ``a_c``), so names can clash. Then the first in
    API-name order keeps the name and the next ones get ``_2``, ``_3`` and so on.

    Args:
        api_names: API names, in any order.
        style: ``segment`` for snake case, ``api`` for the API names themselves.
        taken: Names that are not free, because they are documented for something else.

    Returns:
        The names by API name, and the API names that had to give way.
    """
    ordered = sorted(set(api_names))
    if style == API:
        return {name: name for name in ordered}, []
    wanted = {name: snake_case(name) or name.lower() for name in ordered}
    natural = set(wanted.values())
    used = set(taken)
    names: dict[str, str] = {}
    gave_way: list[str] = []
    for api_name in ordered:
        name = wanted[api_name]
        if name in used:
            gave_way.append(api_name)
            name = _next_free(name, used | natural)
        used.add(name)
        names[api_name] = name
    return names, gave_way


def _next_free(name: str, used: set[str]) -> str:
    number = 2
    while f"{name}_{number}" in used:
        number += 1
    return f"{name}_{number}"
