"""A person's name in two parts."""

from __future__ import annotations


def split_name(name: object) -> tuple[str, str]:
    """First word and the rest of a full name, spaces between words made one; empty if there is none.

    One word is a first name only (Segment's facade library).
    """
    first, _, rest = " ".join(name.split()).partition(" ") if isinstance(name, str) else ("", "", "")
    return first, rest
