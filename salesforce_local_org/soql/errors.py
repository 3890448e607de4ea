"""A SOQL statement that Salesforce would refuse, and the message it would refuse it with."""

from __future__ import annotations

import re

QUERY_TOO_COMPLICATED = (
    "Query is either selecting too many fields or the filter conditions are too complicated."
)
_TOKEN = re.compile(r"'(?:[^'\\]|\\.)*'|\w+|[<>!]=|\S", re.DOTALL)
_CHARACTERS_BEFORE = 48
_TOKENS_AFTER = 4


class SoqlError(Exception):
    """A refused statement.

    Attributes:
        code: Salesforce's errorCode, such as ``MALFORMED_QUERY``.
        message: Its text, with the frame that points at the place where there is one.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def framed(code: str, text: str, start: int, message: str, end: int | None = None) -> SoqlError:
    """An error with the caret frame, as recorded from live orgs.

    The frame shows the row around the place (about 48 characters before, four tokens after), a caret below
    it, ``ERROR at Row:r:Column:c`` (both from 1), and the message.

    Args:
        code: Salesforce's errorCode.
        text: The whole statement.
        start: Where the blamed word starts, as an offset into the statement.
        message: What is wrong.
        end: Where the blamed word ends.
    """
    row_start = text.rfind("\n", 0, start) + 1
    row_end = text.find("\n", start)
    row = text[row_start : row_end if row_end >= 0 else len(text)]
    column = start - row_start
    words = [match.span() for match in _TOKEN.finditer(row)]
    first = next((a for a, _ in words if a >= column - _CHARACTERS_BEFORE and row[a] != ","), 0)
    after = [b for a, b in words if a >= (end or start + 1) - row_start][:_TOKENS_AFTER]
    stop = after[-1] if len(after) == _TOKENS_AFTER else len(row)
    first = min(first, column)
    frame = f"\n{row[first:stop].rstrip()}\n{' ' * (column - first)}^\n"
    where = f"ERROR at Row:{text.count(chr(10), 0, start) + 1}:Column:{column + 1}\n"
    return SoqlError(code, frame + where + message)


def unexpected_token(text: str, start: int) -> SoqlError:
    """``unexpected token: 'x'`` at an offset; ``'<EOF>'`` when the statement ends too early."""
    match = _TOKEN.match(text, start)
    word = match[0] if match else "<EOF>"
    return framed("MALFORMED_QUERY", text, start, f"unexpected token: '{word}'")
