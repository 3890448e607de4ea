"""The parts of a person that Segment sends in more than one shape: the name and the company."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from target_salesforce_seg.paths import MISSING, find, is_blank

Complaint = Callable[[str], None]
"""Takes the trait that has the wrong shape and is left out."""


def person_name(traits: Mapping[str, Any], complain: Complaint) -> dict[str, Any]:
    """FirstName and LastName.

    ``firstName`` and ``lastName`` win, each on its own; what they leave open comes from ``name``: the first
    word, and the rest (Segment's facade library). One word is a first name only.

    Returns:
        What the traits say; an explicit null is None.
    """
    first, rest = split_name(_text(traits, "name", complain))
    own = {"FirstName": _text(traits, "firstName", complain), "LastName": _text(traits, "lastName", complain)}
    parts = {"FirstName": first, "LastName": rest}
    return {
        field: parts[field] if is_blank(value) and parts[field] else value
        for field, value in own.items()
        if value is not MISSING or parts[field]
    }


def split_name(name: object) -> tuple[str, str]:
    """First word and the rest of a full name, spaces between words made one; empty if there is none."""
    first, _, rest = " ".join(name.split()).partition(" ") if isinstance(name, str) else ("", "", "")
    return first, rest


def company_name(traits: Mapping[str, Any], complain: Complaint) -> Any:
    """Company: a text, or the ``name`` of an object, as other destinations want it.

    Returns:
        The name, None for an explicit null, else ``MISSING``.
    """
    company = find(traits, "company")
    if isinstance(company, Mapping):
        return _text(company, "name", lambda _: complain("company.name"))
    return _text(traits, "company", complain)


def _text(container: Mapping[str, Any], name: str, complain: Complaint) -> Any:
    value = find(container, name)
    if value is MISSING or value is None:
        return value
    if not isinstance(value, str):
        complain(name)
        return MISSING
    return value.strip() or MISSING
