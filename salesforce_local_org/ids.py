"""Record ids: a three-character key prefix, a number in base 62, and three characters that keep the case."""

from __future__ import annotations

import functools
import re
import string

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CASE_CHARACTERS = string.ascii_uppercase + "012345"
_INSTANCE = "Lo0"
_NUMBER_LENGTH = 9
_PAIRS = [first + second for first in _DIGITS for second in _DIGITS]
_ID = re.compile(r"[0-9A-Za-z]{15}(?:[A-Za-z0-5]{3})?")


def make(prefix: str, number: int) -> str:
    """The 18-character id of the record with this number (from 1), below a key prefix."""
    text, rest = "", number
    while rest:
        rest, pair = divmod(rest, len(_PAIRS))
        text = _PAIRS[pair] + text
    return with_suffix(prefix + _INSTANCE + text[-_NUMBER_LENGTH:].rjust(_NUMBER_LENGTH, "0"))


def with_suffix(id15: str) -> str:
    """The 18-character form of a 15-character id: a character for the case of every five characters."""
    return id15 + "".join(_case_character(id15[start : start + 5]) for start in (0, 5, 10))


def normalise(text: str) -> str | None:
    """The 18-character form of an id of 15 or 18 characters; None if it is not an id.

    An 18-character id whose case was lost on the way gets it back from its last three characters.
    """
    if not _ID.fullmatch(text):
        return None
    full = with_suffix(text[:15])
    if len(text) == 15 or full == text:
        return full
    return with_suffix(_restore_case(text[:15], text[15:].upper()))


@functools.lru_cache(maxsize=8192)
def _case_character(five: str) -> str:
    bits = 0
    for place, character in enumerate(five):
        if "A" <= character <= "Z":
            bits |= 1 << place
    return _CASE_CHARACTERS[bits]


def _restore_case(id15: str, suffix: str) -> str:
    def cased(place: int) -> str:
        upper = _CASE_CHARACTERS.index(suffix[place // 5]) >> place % 5 & 1
        return id15[place].upper() if upper else id15[place].lower()

    return "".join(cased(place) for place in range(15))
