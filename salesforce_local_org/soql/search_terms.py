"""Search terms of SOSL: words, phrases, wildcards, AND, OR, AND NOT, brackets."""

from __future__ import annotations

import json
import re
from functools import lru_cache

_WORD = re.compile(r"\w+")
_TERM_PART = re.compile(r'"([^"]*)"|([()])|([^\s"()]+)')
_OPERATORS = frozenset({"AND", "OR", "NOT"})


def matches(term: str, text: str) -> bool:
    """Whether text holds what a search term asks for.

    Words stand in any order, and all of them must be there; ``AND``, ``OR`` and ``AND NOT`` join them,
    brackets group them, quotes make a phrase, ``*`` is any run of characters and ``?`` one.
    """
    return _Expression(_parts(term)).holds(text)


@lru_cache(maxsize=64)
def _parts(term: str) -> tuple[str, ...]:
    """A term's words, brackets, operators (upper case) and phrases (as JSON lists of words)."""
    parts = []
    for phrase, bracket, word in _TERM_PART.findall(re.sub(r"\\.", " ", term)):
        if bracket:
            parts.append(bracket)
        elif not word:
            parts.append(json.dumps(_WORD.findall(phrase)))
        elif word.upper() in _OPERATORS:
            parts.append(word.upper())
        else:
            parts += [json.dumps([each]) for each in re.findall(r"[\w*?]+", word)]
    return tuple(parts)


class _Expression:
    """A search term, read from left to right: OR binds loosest, words side by side are ANDed."""

    def __init__(self, parts: tuple[str, ...]) -> None:
        self._parts = parts
        self._at = 0

    def holds(self, text: str) -> bool:
        """Whether the rest of the term, to its end or closing bracket, holds for a text."""
        words = text.casefold()
        found = self._all_of(words)
        while self._next_is("OR"):
            self._at += 1
            found = self._all_of(words) or found
        return found

    def _all_of(self, words: str) -> bool:
        found = True
        while self._at < len(self._parts) and not self._next_is("OR") and not self._next_is(")"):
            part = self._parts[self._at]
            self._at += 1
            if part == "AND":
                continue
            found = (not self._one(words) if part == "NOT" else self._one(words, part)) and found
        return found

    def _one(self, words: str, part: str | None = None) -> bool:
        if part is None:
            if self._at == len(self._parts):
                return False
            part = self._parts[self._at]
            self._at += 1
        if part == "(":
            inside = self.holds(words)
            self._at += self._next_is(")")
            return inside
        return bool(_phrase(part).search(words)) if part.startswith("[") else True

    def _next_is(self, word: str) -> bool:
        return self._at < len(self._parts) and self._parts[self._at] == word


@lru_cache(maxsize=256)
def _phrase(words: str) -> re.Pattern[str]:
    """A pattern for words that follow each other; a word is found where a word of the text begins with it."""
    patterns = [
        re.escape(word.casefold()).replace(r"\*", r"\w*").replace(r"\?", r"\w") for word in json.loads(words)
    ]
    return re.compile(r"\b" + r"\W+".join(patterns) + r"\b")
