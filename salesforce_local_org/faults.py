"""What can be made to go wrong: a list of rules, each hitting the requests it matches."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_in_force: ContextVar[Mapping[str, Any]] = ContextVar("faults_in_force", default=MappingProxyType({}))


def in_force(action: str) -> Any:
    """The value of an action that a rule has put on the request being handled; None when none has.

    For what goes wrong inside a resource: ``lock_rows``, ``fail_job``, ``abort_job``, ``lose_rows``,
    ``delay_job_seconds``.
    """
    return _in_force.get().get(action)


@contextmanager
def under(fault: Fault | None) -> Iterator[None]:
    """Handle a request under the actions of a fault."""
    token = _in_force.set(fault.action if fault else {})
    try:
        yield
    finally:
        _in_force.reset(token)


def _text(value: object) -> bool:
    return isinstance(value, str)


def _true(value: object) -> bool:
    return value is True


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _seconds(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def _status(value: object) -> bool:
    return _count(value) and value in range(200, 600)


def _headers(value: object) -> bool:
    return isinstance(value, dict) and all(
        re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name)
        and _text(text)
        and text.isprintable()
        and text.isascii()
        for name, text in value.items()
    )


ACTIONS = {
    "status": (_status, "a status from 200 to 599"),
    "headers": (_headers, "an object of header names and texts"),
    "body": (lambda value: isinstance(value, (str, dict, list)), "a text, or JSON to be sent as such"),
    "close_after_bytes": (_count, "a number of bytes, 0 or more"),
    "delay_seconds": (_seconds, "a number of seconds, 0 or more"),
    "hang": (_true, "true"),
    "expire_sessions": (_true, "true"),
    "expire_locators": (_true, "true"),
    "purge_jobs": (_true, "true"),
    "hide": (_texts, "an array of names such as Lead.Rating or Case"),
    "lock_rows": (_true, "true"),
    "fail_job": (_text, "an error message"),
    "abort_job": (_true, "true"),
    "lose_rows": (_count, "a number of rows"),
    "delay_job_seconds": (_seconds, "a number of seconds, 0 or more"),
}


@dataclass(slots=True)
class Fault:
    """One rule: which requests it hits, how often, and what happens to them."""

    action: Mapping[str, Any]
    method: str | None = None
    path: re.Pattern[str] = field(default_factory=lambda: re.compile(""))
    skip: int = 0
    every: int = 1
    times: int | None = 1
    when: str = "before"
    longer_than: int = -1
    _seen: int = 0

    @classmethod
    def from_json(cls, rule: object) -> Fault:
        """Read a rule as ``POST /_local/faults`` takes it.

        Raises:
            ValueError: Naming the key that is unknown or of the wrong type.
        """
        if not isinstance(rule, dict):
            raise ValueError("a fault is an object with an action")  # noqa: TRY004 - a bad value to its caller
        _check_keys(rule, _RULE_KEYS, "fault")
        action = rule.get("action")
        if not isinstance(action, dict) or not action:
            raise ValueError(f"action: expected an object with one of {', '.join(ACTIONS)}")
        _check_keys(action, ACTIONS, "action")
        try:
            path = re.compile(rule.get("path") or "")
        except (re.error, RecursionError) as error:
            raise ValueError(f"path: not a regular expression: {error}") from error
        method = rule.get("method")
        return cls(
            action,
            None if method in {None, "*"} else str(method).upper(),
            path,
            rule.get("skip", 0),
            rule.get("every", 1),
            rule.get("times", 1),
            rule.get("when", "before"),
            rule.get("longer_than", -1),
        )

    def as_json(self) -> dict[str, Any]:
        """The rule as it stands now: ``times`` is what is left of it."""
        return {
            "method": self.method,
            "path": self.path.pattern,
            "skip": self.skip,
            "every": self.every,
            "times": self.times,
            "when": self.when,
            **({"longer_than": self.longer_than} if self.longer_than >= 0 else {}),
            "action": dict(self.action),
        }

    def hits(self, method: str, path: str, query: str, body_bytes: int) -> bool:
        """Whether the rule takes this request; one that it lets by (``skip``, ``every``) is counted."""
        if self.times == 0 or self.method not in {None, method} or body_bytes <= self.longer_than:
            return False
        if not self.path.search(path) and not (query and self.path.search(f"{path}?{query}")):
            return False
        self._seen += 1
        if self._seen <= self.skip or (self._seen - self.skip) % self.every:
            return False
        if self.times is not None:
            self.times -= 1
        return True


_RULE_KEYS = {
    "method": (lambda value: value is None or _text(value), "an HTTP method"),
    "path": (lambda value: value is None or _text(value), "a regular expression"),
    "skip": (_count, "a number, 0 or more"),
    "every": (lambda value: _count(value) and value != 0, "a number, 1 or more"),
    "times": (lambda value: value is None or _count(value), "a number, or null for ever"),
    "when": (lambda value: value in ("before", "after"), 'either "before" or "after"'),
    "longer_than": (_count, "a number of bytes, 0 or more"),
    "action": (lambda value: isinstance(value, dict), "an object"),
}


def _check_keys(given: Mapping[str, object], known: Mapping[str, tuple[Any, str]], what: str) -> None:
    for key, value in given.items():
        if key not in known:
            raise ValueError(f"{what}: unknown key {key!r}; known are {', '.join(known)}")
        is_right, expected = known[key]
        if not is_right(value):
            raise ValueError(f"{key}: expected {expected}")


class Faults:
    """The rules of one org, tried in order; the first that takes a request is the only one to hit it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.rules: list[Fault] = []

    def add(self, rules: list[Fault]) -> None:
        """Add rules behind those there are."""
        with self._lock:
            self.rules.extend(rules)

    def clear(self) -> None:
        """Remove all rules."""
        with self._lock:
            self.rules.clear()

    def take(self, method: str, path: str, query: str, body_bytes: int = 0) -> Fault | None:
        """The fault that hits this request, if any; it is used up by that once.

        A rule's pattern is searched in the path alone, and in the path with ``?`` and the query string; the
        length of the body is what the request declares.
        """
        if not self.rules:
            return None
        with self._lock:
            return next((rule for rule in self.rules if rule.hits(method, path, query, body_bytes)), None)
