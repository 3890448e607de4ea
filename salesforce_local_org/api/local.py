"""The org's own controls under ``/_local``: what no Salesforce org has. JSON in, JSON out, no token."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from salesforce_local_org.api.http import ApiError, Request, Response, Router, json_response
from salesforce_local_org.faults import Fault
from salesforce_local_org.org import SEED_FEATURES

if TYPE_CHECKING:
    from collections.abc import Mapping

router = Router()

_LARGEST_OFFSET = 100 * 365 * 86_400
_LARGEST_SCALE = 10_000


@router.route("GET", "/_local/status", needs_session=False)
def status(request: Request) -> Response:
    """That this is a local org, and which process serves it: how ``status`` and ``stop`` know it."""
    return json_response(
        {"product": "salesforce-local-org", "pid": os.getpid(), "org_id": request.org.org_id}
    )


@router.route("POST", "/_local/stop", needs_session=False)
def stop(request: Request) -> Response:
    """End the server."""
    request.org.shut_down()
    return json_response({})


@router.route("POST", "/_local/reset", needs_session=False)
def reset(request: Request) -> Response:
    """A fresh org: ``{"seed": "none"}`` or ``{"seed": "demo", "scale": 1}``."""
    wanted = _object(request, {"seed", "scale"})
    seed, scale = wanted.get("seed", "none"), wanted.get("scale", 1)
    if seed not in SEED_FEATURES:
        raise _bad(f"seed: expected one of {', '.join(SEED_FEATURES)}")
    if not _is_number(scale, int) or not 1 <= scale <= _LARGEST_SCALE:
        raise _bad(f"scale: expected a number from 1 to {_LARGEST_SCALE}")
    try:
        request.org.reset(seed, scale)
    except ValueError as error:
        raise _bad(f"the org is as far as it came: {error}") from error
    return json_response({"seed": seed, "scale": scale})


@router.route("POST", "/_local/clock", needs_session=False)
def set_clock(request: Request) -> Response:
    """``{"freeze_at": "2026-01-01T00:00:00Z"}``, ``{"offset_seconds": -600}``, or ``{}`` for real time."""
    wanted, clock = _object(request, {"freeze_at", "offset_seconds"}), request.org.clock
    if len(wanted) > 1:
        raise _bad("give freeze_at or offset_seconds, not both")
    if "freeze_at" in wanted:
        clock.freeze(_moment(wanted["freeze_at"]))
    elif "offset_seconds" in wanted:
        seconds = wanted["offset_seconds"]
        if not _is_number(seconds, int, float) or abs(seconds) > _LARGEST_OFFSET:
            raise _bad(f"offset_seconds: expected a number of seconds within {_LARGEST_OFFSET}")
        clock.shift(timedelta(seconds=seconds))
    else:
        clock.free()
    request.org.store.purge()
    return json_response({"now": clock.stamp()})


@router.route("GET", "/_local/clock", needs_session=False)
def show_clock(request: Request) -> Response:
    """The org's time."""
    return json_response({"now": request.org.clock.stamp()})


@router.route("POST", "/_local/faults", needs_session=False)
def add_faults(request: Request) -> Response:
    """Add rules; see ``faults.Fault``. All of them are good, or none is added."""
    rules = request.json()
    if not isinstance(rules, list):
        raise _bad("expected an array of faults")
    try:
        request.org.faults.add([Fault.from_json(rule) for rule in rules])
    except ValueError as error:
        raise _bad(str(error)) from error
    return show_faults(request)


@router.route("GET", "/_local/faults", needs_session=False)
def show_faults(request: Request) -> Response:
    """The rules, with what is left of their ``times``."""
    return json_response([rule.as_json() for rule in request.org.faults.rules])


@router.route("DELETE", "/_local/faults", needs_session=False)
def remove_faults(request: Request) -> Response:
    """Remove all rules."""
    request.org.faults.clear()
    return json_response([])


@router.route("POST", "/_local/hidden", needs_session=False)
def hide(request: Request) -> Response:
    """``["Lead.Rating", "Case"]``: fields and objects that nobody may see any more, beside those before."""
    names = request.json()
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _bad("expected an array of names such as Lead.Rating or Case")
    request.org.hidden.hide(names)
    return show_hidden(request)


@router.route("GET", "/_local/hidden", needs_session=False)
def show_hidden(request: Request) -> Response:
    """What is hidden now."""
    return json_response(request.org.hidden.names)


@router.route("DELETE", "/_local/hidden", needs_session=False)
def show_all(request: Request) -> Response:
    """Let everybody see again what was hidden."""
    request.org.hidden.show_all()
    return show_hidden(request)


@router.route("POST", "/_local/limits", needs_session=False)
def set_limits(request: Request) -> Response:
    """``{"DailyApiRequests": {"Max": 15000, "Remaining": 10}}``; either number may be left out."""
    limits, wanted = request.org.limits, request.json_object()
    for name, numbers in wanted.items():
        if name not in limits:
            raise _bad(f"there is no limit {name!r}; GET /services/data/vXX.X/limits lists them")
        if not isinstance(numbers, dict) or not numbers or set(numbers) - {"Max", "Remaining"}:
            raise _bad(f'{name}: expected {{"Max": number, "Remaining": number}}')
        if not all(_is_number(number, int) and 0 <= number < 10**15 for number in numbers.values()):
            raise _bad(f"{name}: expected whole numbers, 0 or more")
        if numbers.get("Remaining", 0) > numbers.get("Max", limits.maximum(name)):
            raise _bad(f"{name}: more can't remain than there is in all")
    for name, numbers in wanted.items():
        limits.set(name, numbers.get("Max"), numbers.get("Remaining"))
    return json_response(dict(limits.listing()))


@router.route("GET", "/_local/requests", needs_session=False)
def show_requests(request: Request) -> Response:
    """What came since the last reset or ``DELETE``, and what it cost."""
    usage = request.org.usage
    return json_response(
        {"api_calls": usage.api_calls, "requests": [entry.as_json() for entry in list(usage.requests)]}
    )


@router.route("DELETE", "/_local/requests", needs_session=False)
def forget_requests(request: Request) -> Response:
    """Empty the list."""
    request.org.usage.forget()
    return show_requests(request)


@router.route("GET", "/_local/errors", needs_session=False)
def show_errors(request: Request) -> Response:
    """Defects of the local org that requests have come upon, as tracebacks: bugs to report."""
    return json_response({"errors": list(request.org.usage.unexpected_errors)})


@router.route("GET", "/_local/login", needs_session=False)
def show_login_policy(request: Request) -> Response:
    """What an administrator has set about logging in."""
    policy = request.org.sessions.policy
    return json_response(
        {
            "rotate_refresh_tokens": policy.rotate_refresh_tokens,
            "soap_login": policy.soap_login,
            "jwt_public_key": policy.jwt_public_key,
        }
    )


@router.route("POST", "/_local/login", needs_session=False)
def set_login_policy(request: Request) -> Response:
    """Set any of ``rotate_refresh_tokens``, ``soap_login`` (booleans), ``jwt_public_key`` (PEM or null)."""
    policy = request.org.sessions.policy
    wanted = _object(request, {"rotate_refresh_tokens", "soap_login", "jwt_public_key"})
    for name, value in wanted.items():
        types = (str, type(None)) if name == "jwt_public_key" else (bool,)
        if not isinstance(value, types):
            kind = "a PEM text or null" if name == "jwt_public_key" else "true or false"
            raise _bad(f"{name}: expected {kind}")
    for name, value in wanted.items():
        setattr(policy, name, value)
    return show_login_policy(request)


def _object(request: Request, keys: set[str]) -> Mapping[str, Any]:
    wanted = request.json_object() if request.body.strip() else {}
    unknown = set(wanted) - keys
    if unknown:
        raise _bad(f"unknown key {min(unknown)!r}; known are {', '.join(sorted(keys))}")
    return wanted


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        moment = None
    if moment is None or not 1970 <= moment.year <= 2999:
        raise _bad("freeze_at: expected a date-time such as 2026-01-01T00:00:00Z")
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _is_number(value: object, *types: type) -> bool:
    return isinstance(value, types) and not isinstance(value, bool)


def _bad(message: str) -> ApiError:
    return ApiError(400, "INVALID_LOCAL_CONTROL", message)
