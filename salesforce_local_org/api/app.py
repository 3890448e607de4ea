"""All resources put together: who answers a request, who may ask, what it costs, how errors look."""

from __future__ import annotations

import functools
import json
import logging
import re
import secrets
from dataclasses import replace
from email.utils import format_datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from salesforce_local_org import faults
from salesforce_local_org.api.http import (
    ENCODED_SLASH,
    ApiError,
    Request,
    Response,
    Route,
    decode_path,
    json_response,
    not_found,
)
from salesforce_local_org.api.versions import check_version, deprecation_warning

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from salesforce_local_org.faults import Fault
    from salesforce_local_org.sessions import Session
    from salesforce_local_org.usage import LoggedRequest

RESOURCES = (
    "versions",
    "local",
    "soap",
    "oauth",
    "limits",
    "describe",
    "query",
    "sobjects",
    "collections",
    "composite",
    "tree",
    "tooling",
    "replication",
    "transactions",
    "search",
    "bulk2",
    "bulk1",
    "page",
)
"""The modules with a ``router``; imported at the first request, because some of them import this one."""

ERROR_SHAPES = {
    "/services/soap/": ("soap", "fault"),
    "/services/oauth2/": ("oauth", "error_response"),
    "/services/async/": ("bulk1", "error_document"),
}
"""Where errors are not a JSON array: path prefix -> module and function that shape an ApiError."""

SALESFORCE_HEADERS = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-XSS-Protection": "1; mode=block",
    "X-Robots-Tag": "none",
    "Cache-Control": "no-cache,must-revalidate,max-age=0,no-store,private",
    "Vary": "Accept-Encoding",
}

_SOAP = "/services/soap/"
"""Below it the session is in the body, and the resource itself says what a call costs."""

_METHODS = ("HEAD", "GET", "POST", "PUT", "PATCH", "DELETE")
_log = logging.getLogger(__name__)


def answer(request: Request, entry: LoggedRequest, fault: Fault | None = None) -> Response:
    """Answer a request that came over the network: with its session, its cost and the usual headers.

    Whatever happens, the answer is one that Salesforce could give; a defect of the local org itself becomes
    500 UNKNOWN_EXCEPTION and is kept for ``/_local/errors``.

    Args:
        request: The request, without its session.
        entry: The request's line in the log; it is charged here.
        fault: What an operator has put on this request, for the resource to act on.
    """
    request = _with_method_override(request)
    cost = 0
    try:
        _enter(request)
        with faults.under(fault):
            response = dispatch(request)
        if request.session or request.path.lower().startswith(_SOAP):
            cost = response.api_calls
    except ApiError as error:
        response = _shape(request, error)
    except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
        response = _unexpected(request, error)
    request.org.usage.charge(entry, cost)
    _add_headers(request, response)
    return response


def refuse(request: Request, error: ApiError) -> Response:
    """The answer to a request that is refused before anybody looks at what it asks."""
    response = _shape(request, error)
    _add_headers(request, response)
    return response


def answer_own(request: Request) -> Response:
    """Answer a request to what is the local org's own: no session, no cost, no Salesforce headers."""
    response = dispatch(request)
    _add_headers(request, response)
    return response


def dispatch(request: Request) -> Response:
    """Answer a request, or a member of a composite request: the resource's answer and nothing around it."""
    if request.method == "HEAD":
        request = request.member(method="GET")
    try:
        route, params = _find(request)
        return route.answer(request.member(params=params))
    except ApiError as error:
        return _shape(request, error)
    except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
        return _unexpected(request, error)


def dispatch_inner(
    request: Request, method: str, url: str, body: Any, headers: Mapping[str, str]
) -> tuple[Any, Response]:
    """Answer a request that came inside another one, in the same session.

    Args:
        request: The request around it.
        method: In capitals.
        url: Path with query string.
        body: A JSON value; None for no body.
        headers: Its own, names in lower case.

    Returns:
        The body of the answer (its JSON value, else its text, None if it is empty), and the answer.
    """
    path, _, query = url.partition("?")
    response = dispatch(
        request.member(
            method=method,
            path=decode_path(path),
            query=dict(parse_qsl(query, keep_blank_values=True)),
            headers=headers,
            body=b"" if body is None else json.dumps(body).encode(),
        )
    )
    content = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    try:
        return json.loads(content) if content else None, response
    except ValueError:
        return content.decode("utf-8", "replace"), response


def _unexpected(request: Request, error: Exception) -> Response:
    """The answer to a request that has come upon a defect of the local org."""
    _log.error("%s %s could not be answered", request.method, request.path, exc_info=error)
    request.org.usage.unexpected(error)
    number = f"{secrets.randbelow(10**9)}-{secrets.randbelow(10**5)} ({secrets.randbelow(10**9)})"
    text = "An unexpected error occurred. Please include this ErrorId if you contact support"
    return json_response(ApiError(500, "UNKNOWN_EXCEPTION", f"{text}: {number}").body(), 500)


@functools.cache
def routes() -> Sequence[Route]:
    """Every route of every resource, the more specific before the more general."""
    found: list[Route] = []
    for name in RESOURCES:
        found += import_module(f"{__package__}.{name}").router.routes
    return sorted(found, key=_generality)


def _generality(route: Route) -> tuple[bool, int, int]:
    pattern = route.pattern.pattern
    return ">.+)" in pattern, route.pattern.groups, -len(re.sub(r"\(.*?\)", "", pattern))


def _matches(request: Request) -> dict[str, tuple[Route, Mapping[str, str]]]:
    """The routes of a request's path: the most specific for each method."""
    found: dict[str, tuple[Route, Mapping[str, str]]] = {}
    for route in routes():
        if match := route.pattern.fullmatch(request.path):
            found.setdefault(route.method, (route, match.groupdict()))
    return found


def _find(request: Request) -> tuple[Route, Mapping[str, str]]:
    matches = _matches(request)
    version = re.match(r"/services/data/v([^/]+)", request.path, re.IGNORECASE)
    if version:
        check_version(version[1])
    if request.method not in matches:
        raise _method_not_allowed(request.method, matches) if matches else not_found()
    route, params = matches[request.method]
    return route, {name: value.replace(ENCODED_SLASH, "/") for name, value in params.items()}


def _method_not_allowed(method: str, allowed: Mapping[str, object]) -> ApiError:
    names = [each for each in _METHODS if each in allowed or (each == "HEAD" and "GET" in allowed)]
    return ApiError(
        405, "METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed. Allowed are {','.join(names)}"
    )


def _enter(request: Request) -> None:
    """Give a request that needs one its session, if the org has an API request left for it.

    On a path below an API version one is always needed: a stranger learns nothing but 401, not even which
    resources or methods there are.
    """
    matches = _matches(request)
    method = "GET" if request.method == "HEAD" else request.method
    route = matches[method][0] if method in matches else None
    if route.needs_session if route else request.path.lower().startswith("/services/data/v"):
        request.session = find_session(request)
        if request.org.usage.used_up:
            raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")


def find_session(request: Request) -> Session:
    """The session whose token the request carries.

    Raises:
        ApiError: 401 INVALID_SESSION_ID when the token is none of this org's, 401 INVALID_AUTH_HEADER when
            the Authorization header is of another kind than ``Bearer`` or ``OAuth``.
    """
    token = request.headers.get("x-sfdc-session")
    if token is None:
        kind, _, token = request.headers.get("authorization", "Bearer").partition(" ")
        if kind.lower() not in {"bearer", "oauth"}:
            raise ApiError(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
    session = request.org.sessions.find(token.strip())
    if session is None:
        raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
    if session.password_expired:
        text = "The users password has expired, you must call SetPassword before any other API operation"
        raise ApiError(403, "INVALID_OPERATION_WITH_EXPIRED_PASSWORD", text)
    return session


def _with_method_override(request: Request) -> Request:
    """``POST ...?_HttpMethod=PATCH`` is for clients that cannot PATCH (REST guide, "Update a Record")."""
    wanted = request.query.get("_HttpMethod")
    if request.method != "POST" or not wanted:
        return request
    query = {name: value for name, value in request.query.items() if name != "_HttpMethod"}
    return replace(request, method=wanted.upper(), query=query)


def _shape(request: Request, error: ApiError) -> Response:
    path = request.path.lower()
    for prefix, (module, function) in ERROR_SHAPES.items():
        if path.startswith(prefix):
            shaped: Response = getattr(import_module(f"{__package__}.{module}"), function)(request, error)
            return shaped
    return json_response(error.body(), error.status)


def _add_headers(request: Request, response: Response) -> None:
    org, headers = request.org, response.headers
    headers["Date"] = format_datetime(org.clock.now(), usegmt=True)
    if not request.path.startswith("/services/"):
        return
    for name, value in SALESFORCE_HEADERS.items():
        headers.setdefault(name, value)
    if response.status == 401:
        headers["WWW-Authenticate"] = "Token"
    if request.session:
        headers["Sforce-Limit-Info"] = org.usage.limit_info()
        if warning := deprecation_warning(request.path):
            headers["Warning"] = warning
