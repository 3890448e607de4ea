"""Reading answers: error bodies in all their shapes, never HTML as JSON; and the exceptions they mean."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from salesforce_seg.error_table import RULES, rule_for
from salesforce_seg.errors import ApiError, RunFailed, SalesforceError
from salesforce_seg.exact_json import decode_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    import requests

    from salesforce_seg.error_rules import Rule

LONGEST_MESSAGE = 600
"""Characters of Salesforce's own text that a message shows."""

_QUERY_FRAME = re.compile(r"\n[^^]*\n\s*\^\s*\nERROR at Row:\d+:Column:\d+\n")
"""How SOQL errors quote the query, values and all, with a caret under the culprit."""


def is_html(response: requests.Response) -> bool:
    """Whether an answer is a web page: an error or login page, or no Salesforce at all."""
    return "html" in response.headers.get("Content-Type", "").lower()


def errors_in(response: requests.Response) -> tuple[ApiError, ...]:
    """The entries of an error answer; one entry without a code when the body is HTML, empty or not JSON."""
    if is_html(response):
        return (ApiError("", "the answer is a web page, not an API answer"),)
    try:
        return ApiError.list_from_json(decode_json(response.content))
    except ValueError:
        return (ApiError("", "the answer cannot be read" if response.content else "the answer is empty"),)


def decisive(status: int, errors: Sequence[ApiError]) -> tuple[ApiError, Rule]:
    """The entry of an error answer that decides what to do: the one whose rule stands first in the table."""
    judged = [(error, rule_for(status, error.code, error.message)) for error in errors or (ApiError("", ""),)]
    return min(judged, key=lambda pair: RULES.index(pair[1]))


def refusal(what: str, status: int, errors: Sequence[ApiError]) -> SalesforceError:
    """The exception that an error answer means.

    Args:
        what: What was asked for, to begin the message with.
        status: HTTP status.
        errors: The entries of the answer.

    Returns:
        An exception of the class the error table names, with Salesforce's words and the table's advice.
    """
    error, rule = decisive(status, errors)
    told = one_line(_QUERY_FRAME.sub("", str(error))) or "no reason given"
    http = f" (HTTP {status})" if status else ""
    message = f"{what}: {told}{http}{'' if told.endswith('.') else '.'} {rule.advice}".rstrip()
    return rule.error(message, code=error.code, status=status, fields=error.fields, errors=errors)


def of_another_shape(told: str) -> RunFailed:
    """The exception for an answer of success that has not the shape of Salesforce's.

    Args:
        told: what is wrong with it, as a sentence.
    """
    return RunFailed(
        f"{told} Salesforce answers otherwise: look for a proxy or gateway in between that changes answers, "
        "and run again without it."
    )


def printable(text: str) -> str:
    """A text whose characters that a terminal would obey or hide are escaped."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def one_line(text: str) -> str:
    """A text on one line, cut when it is very long, without characters that a terminal would obey."""
    flat = printable(re.sub(r"\s+", " ", text).strip())
    return flat if len(flat) <= LONGEST_MESSAGE else flat[: LONGEST_MESSAGE - 1] + "…"
