"""What goes wrong in a chaos run: the local org's rules for it, the tap's settings, and how it may end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

ANYTHING = "/services/data"
DATA = "/query|/composite|/jobs/query"
PAGES = "/query(All)?[/?]|/jobs/query/.+/results"
JOB = "/jobs/query$"

DONE, FAILED, NO_LOGIN, QUOTA = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is made to go wrong in one run.

    Attributes:
        name: What it is called in the figures.
        rules: For the local org.
        settings: The tap's, beside those it has.
        may_end: Exit codes that are right.
        calls_left: API requests that the org still grants; None: as many as one likes.
    """

    name: str
    rules: list[dict[str, Any]] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    may_end: frozenset[int] = frozenset({DONE})
    calls_left: int | None = None


def answer(status: int, code: str, message: str = "") -> dict[str, Any]:
    """An action: an error answer as Salesforce words it."""
    return {"status": status, "body": [{"errorCode": code, "message": message or code}]}


PASSING: dict[str, dict[str, Any]] = {
    "503": answer(503, "SERVER_UNAVAILABLE", "Server too busy"),
    "503 as a web page": {"status": 503, "body": "<html><body>Down for maintenance</body></html>"},
    "429": {"status": 429, "body": "<html><body>Too many requests</body></html>"},
    "406": answer(406, "CustomNotAcceptable", "The server could not produce an acceptable answer"),
    "concurrent limit": answer(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."),
    "dead session": {"expire_sessions": True},
    "dead session in mid-paging": {"expire_sessions": True},
    "dead session in mid-download": {"expire_sessions": True},
    "expired locator": {"expire_locators": True},
}
"""Faults that a run gets over."""

_PLACES = {
    "dead session in mid-paging": "/query(All)?/0r8",
    "dead session in mid-download": "/jobs/query/.+/results.*locator=",
    "expired locator": "/query(All)?/0r8",
}
"""Where a fault strikes, if not anywhere."""

_SLOW = {"429", "concurrent limit"}
"""Salesforce asks clients to stay away for seconds after these, so they are struck seldom."""

JOB_FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "job failed": (JOB, {"fail_job": "InternalServerError : Retried more than 15 times"}),
    "job aborted": (JOB, {"abort_job": True}),
    "job purged": ("/jobs/query/750", {"purge_jobs": True}),
}
"""Faults of bulk jobs: what they strike, and how."""


def _strike(rng: Random, path: str, action: dict[str, Any], *, when: str = "before") -> list[dict[str, Any]]:
    return [{"path": path, "skip": rng.choice((0, 0, 1, 2, 4, 8, 16)), "when": when, "action": action}]


def _passing(rng: Random) -> Trouble:
    (name,) = rng.choices(list(PASSING), [1 if name in _SLOW else 6 for name in PASSING])
    path = _PLACES.get(name) or rng.choice((ANYTHING, DATA, PAGES))
    return Trouble(name, _strike(rng, path, PASSING[name]))


def _cut(rng: Random) -> Trouble:
    action = {"close_after_bytes": rng.choice((0, 1, 100, 1000, 5000))}
    return Trouble(
        "cut", _strike(rng, rng.choice((DATA, PAGES)), action, when=rng.choice(("before", "after")))
    )


def _silent(rng: Random) -> Trouble:
    retries = rng.choice((0, 1))
    rules = _strike(rng, PAGES, {"hang": True})
    ends = frozenset({DONE} if retries else {DONE, FAILED})
    return Trouble("silent", rules, {"request_timeout": 1, "max_retries": retries}, ends)


def _gone_for_long(rng: Random) -> Trouble:
    rules = [rule | {"times": None} for rule in _strike(rng, PAGES, PASSING["503"])]
    return Trouble("503 for ever", rules, {"max_retries": 0}, frozenset({DONE, FAILED}))


def _job(rng: Random) -> Trouble:
    name = rng.choice(list(JOB_FAULTS))
    path, action = JOB_FAULTS[name]
    return Trouble(name, _strike(rng, path, action), {"api_type": "bulk2"}, frozenset({DONE, FAILED}))


def _page_lost(rng: Random) -> Trouble:
    return Trouble(
        "page lost",
        _strike(rng, PAGES, {"lose_rows": rng.choice((1, 10_000))}),
        may_end=frozenset({DONE, FAILED}),
    )


def _object_gone(rng: Random) -> Trouble:
    rules = _strike(rng, DATA, {"hide": [rng.choice(("Lead", "Contact", "Wide__c"))]})
    return Trouble("object vanished", rules, may_end=frozenset({DONE, FAILED}))


def _field_gone(rng: Random) -> Trouble:
    names = rng.sample(("Lead.Rating", "Account.Description", "Wide__c.Text_1__c", "Contact.DoNotCall"), 2)
    return Trouble("field vanished", _strike(rng, DATA, {"hide": names}), may_end=frozenset({DONE, FAILED}))


def _quota(rng: Random) -> Trouble:
    guard = {"quota_percent_total": 100, "quota_percent_per_run": 100}
    return Trouble("quota", settings=guard, may_end=frozenset({DONE, QUOTA}), calls_left=rng.randint(0, 30))


def slow() -> Trouble:
    """Pages that take so long that a run is in the middle of a stream for seconds."""
    return Trouble("slow", [{"path": PAGES, "times": None, "action": {"delay_seconds": 0.7}}])


_TROUBLES: tuple[tuple[int, Callable[[Random], Trouble]], ...] = (
    (6, _passing),
    (3, _cut),
    (1, _silent),
    (1, _gone_for_long),
    (3, _job),
    (1, _page_lost),
    (1, _object_gone),
    (1, _field_gone),
    (1, _quota),
)


def random_trouble(rng: Random) -> Trouble:
    """Any of them, the usual ones more often."""
    (make,) = rng.choices([make for _, make in _TROUBLES], [weight for weight, _ in _TROUBLES])
    return make(rng)
