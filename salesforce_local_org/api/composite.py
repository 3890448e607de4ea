"""Several requests in one call: ``/composite``, with references between them, and ``/composite/batch``.

Rules from the REST guide, "Composite" and "Composite Batch": 25 members, five of them queries or collections;
a composite costs one API call, a batch one for each member.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from salesforce_local_org.api import app
from salesforce_local_org.api.http import (
    ApiError,
    Request,
    Response,
    Router,
    json_response,
    not_found,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

router = Router()

_DATA = "/services/data/"
_MOST_MEMBERS = 25
_MOST_COSTLY_MEMBERS = 5
_COSTLY = re.compile(r"/services/data/v[^/]+/(query|queryAll|composite/sobjects)(/|\?|$)", re.IGNORECASE)
_COLLECTIONS = re.compile(r"/services/data/v[^/]+/composite/sobjects(/|\?|$)", re.IGNORECASE)
_NESTED = re.compile(r"/services/data/v[^/]+/composite(/(batch|graph))?/?(\?|$)", re.IGNORECASE)
_METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"}
_REFERENCE_ID = re.compile(r"[A-Za-z0-9]\w*", re.ASCII)
_REFERENCE = re.compile(r"@\{([^{}]*)\}")
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
_FORBIDDEN_HEADERS = {"accept", "authorization", "content-type"}
_SHOWN_HEADERS = ("Location", "ETag", "Last-Modified")
_ROLLED_BACK = ApiError(
    400,
    "PROCESSING_HALTED",
    "The transaction was rolled back since another operation in the same transaction failed.",
)
_HALTED = [{"errorCode": "BATCH_PROCESSING_HALTED", "message": "Batch processing halted per request"}]


class _RolledBackError(Exception):
    """Leaves the transaction: a member failed, and the request wants all or none."""


@dataclass(slots=True)
class _Member:
    """One member of a composite request."""

    method: str
    url: str
    reference_id: str
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None


@router.route("POST", "/services/data/v{version}/composite")
def composite(request: Request) -> Response:
    """Run up to 25 requests in order; each for itself, or with ``allOrNone`` all or none."""
    body = request.json_object()
    members = _members(body)
    all_or_none = body.get("allOrNone") is True
    results: list[tuple[Any, dict[str, str], int]] = []
    try:
        if all_or_none:
            with request.org.store.transaction():
                _run(request, members, results, all_or_none=True)
        else:
            _run(request, members, results, all_or_none=False)
    except _RolledBackError:
        results = [
            result if _failed(result) else (_ROLLED_BACK.body(), {}, _ROLLED_BACK.status)
            for result in (results + [(None, {}, 200)] * len(members))[: len(members)]
        ]
    return json_response(
        {
            "compositeResponse": [
                {
                    "body": answer,
                    "httpHeaders": headers,
                    "httpStatusCode": status,
                    "referenceId": member.reference_id,
                }
                for member, (answer, headers, status) in zip(members, results, strict=True)
            ]
        }
    )


@router.route("POST", "/services/data/v{version}/composite/batch")
def batch(request: Request) -> Response:
    """Run up to 25 requests that know nothing of each other; each counts as an API call."""
    body = request.json_object()
    wanted = _list_of_objects(body, "batchRequests")
    _check_count(wanted, _MOST_MEMBERS)
    members = [_batch_member(each) for each in wanted]
    halts, halted = body.get("haltOnError") is True, False
    results: list[dict[str, Any]] = []
    for member in members:
        if halted:
            results.append({"statusCode": 412, "result": _HALTED})
            continue
        answer, _, status = _answer(request, member, member.url, member.body)
        halted = halts and status >= 400
        results.append({"statusCode": status, "result": answer})
    has_errors = any(result["statusCode"] >= 400 for result in results)
    return json_response({"hasErrors": has_errors, "results": results}, api_calls=len(members))


def _run(
    request: Request,
    members: list[_Member],
    results: list[tuple[Any, dict[str, str], int]],
    *,
    all_or_none: bool,
) -> None:
    """Run members in order, each with the answers of those before it at hand."""
    answers: dict[str, Any] = {}
    for member in members:
        try:
            url, body = _resolved(member.url, answers), _resolved(member.body, answers)
        except ApiError as error:
            result: tuple[Any, dict[str, str], int] = (error.body(), {}, error.status)
        else:
            if all_or_none and _COLLECTIONS.match(url):
                url, body = _with_all_or_none(member.method, url, body)
            result = _answer(request, member, url, body)
        results.append(result)
        if not _failed(result):
            answers[member.reference_id] = result[0]
        elif all_or_none:
            raise _RolledBackError


def _answer(request: Request, member: _Member, url: str, body: Any) -> tuple[Any, dict[str, str], int]:
    """A member's body, the headers it shows, and its status."""
    if not url.lower().startswith(_DATA) or _NESTED.match(url):
        error = not_found()
        return error.body(), {}, error.status
    answer, response = app.dispatch_inner(request, member.method, url, body, member.headers)
    shown = {name: response.headers[name] for name in _SHOWN_HEADERS if name in response.headers}
    return answer, shown, response.status


def _failed(result: tuple[Any, dict[str, str], int]) -> bool:
    """Whether a member failed; collections answer 200 even then, and tell it of their rows."""
    answer, _, status = result
    rows = answer if isinstance(answer, list) else []
    return status >= 300 or any(isinstance(row, dict) and row.get("success") is False for row in rows)


def _members(body: dict[str, Any]) -> list[_Member]:
    members = [_member(each) for each in _list_of_objects(body, "compositeRequest")]
    _check_count(members, _MOST_MEMBERS)
    costly = [each for each in members if _COSTLY.match(each.url)]
    if len(costly) > _MOST_COSTLY_MEMBERS:
        raise _bad(f"No more than {_MOST_COSTLY_MEMBERS} subrequests can be sObject Collections or queries")
    seen: set[str] = set()
    for member in members:
        if member.reference_id in seen:
            raise _bad(f"Duplicate ReferenceId: {member.reference_id}")
        seen.add(member.reference_id)
    return members


def _member(given: dict[str, Any]) -> _Member:
    reference_id = given.get("referenceId")
    if not isinstance(reference_id, str) or not _REFERENCE_ID.fullmatch(reference_id):
        raise _bad("Each subrequest needs a referenceId of letters, digits and underscores")
    headers = given.get("httpHeaders") or {}
    if not isinstance(headers, dict) or not all(isinstance(each, str) for each in headers.values()):
        raise _bad(f"{reference_id}: httpHeaders must be an object of strings")
    lowered = {name.lower(): text for name, text in headers.items()}
    if forbidden := sorted(_FORBIDDEN_HEADERS & lowered.keys()):
        raise _bad(f"{reference_id}: the header {forbidden[0]} is not allowed in a subrequest")
    method, url = _method_and_url(given)
    return _Member(method, url, reference_id, lowered, given.get("body"))


def _batch_member(given: dict[str, Any]) -> _Member:
    method, url = _method_and_url(given)
    if not url.lower().startswith(_DATA):
        url = _DATA + url.lstrip("/")
    return _Member(method, url, "", body=given.get("richInput"))


def _method_and_url(given: dict[str, Any]) -> tuple[str, str]:
    method, url = given.get("method"), given.get("url")
    if not isinstance(method, str) or method.upper() not in _METHODS:
        raise _bad(f"HTTP method {method!r} is not allowed in a subrequest")
    if not isinstance(url, str) or not url:
        raise _bad("Each subrequest needs a url")
    return method.upper(), url


def _list_of_objects(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = body.get(name)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise _bad(f"Cannot deserialize {name}: an array of objects is needed")
    if not found:
        raise _bad(f"{name} holds no subrequests")
    return found


def _check_count(members: Iterable[object], most: int) -> None:
    if len(list(members)) > most:
        raise ApiError(400, "LIMIT_EXCEEDED", f"The request cannot have more than {most} subrequests")


def _with_all_or_none(method: str, url: str, body: Any) -> tuple[str, Any]:
    """A collections member under an ``allOrNone`` composite obeys that, whatever it says itself."""
    if method == "DELETE":
        return f"{url}{'&' if '?' in url else '?'}allOrNone=true", body
    return url, body | {"allOrNone": True} if isinstance(body, dict) else body


def _resolved(value: Any, answers: dict[str, Any]) -> Any:
    """A URL or body with each ``@{referenceId.path}`` replaced by what that member answered."""
    if isinstance(value, str):
        return _REFERENCE.sub(lambda match: _referenced(match[1], answers), value)
    if isinstance(value, list):
        return [_resolved(each, answers) for each in value]
    if isinstance(value, dict):
        return {name: _resolved(each, answers) for name, each in value.items()}
    return value


def _referenced(path: str, answers: dict[str, Any]) -> str:
    name = re.split(r"[.\[]", path, maxsplit=1)[0]
    value = answers.get(name)
    for key, index in _STEP.findall(path[len(name) :]):
        if isinstance(value, dict) and key:
            value = next((each for own, each in value.items() if own.lower() == key.lower()), None)
        elif isinstance(value, list) and index and int(index) < len(value):
            value = value[int(index)]
        else:
            value = None
    if value is None or isinstance(value, (dict, list)):
        message = f"Invalid reference specified. No value for {path} found in {name}"
        raise ApiError(400, "PROCESSING_HALTED", message)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _bad(message: str) -> ApiError:
    return ApiError(400, "JSON_PARSER_ERROR" if message.startswith("Cannot") else "INVALID_INPUT", message)
