"""``/_local/transactions``: writes that become visible later than their SystemModstamp says."""

from __future__ import annotations

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
from salesforce_local_org.clock import format_stamp

if TYPE_CHECKING:
    from salesforce_local_org.long_transactions import LongTransaction

router = Router()

_KEYS = {"method", "path", "body"}


@router.route("POST", "/_local/transactions", needs_session=False)
def begin(request: Request) -> Response:
    """Open a transaction now: ``{"requests": [{"method", "path", "body"}]}`` is what it writes."""
    body = request.json_object()
    requests = body.get("requests", [])
    if not isinstance(requests, list) or not all(_is_request(each) for each in requests):
        raise ApiError(
            400,
            "INVALID_INPUT",
            "requests: expected a list of objects with method, path (from /services/data/ on) and body",
        )
    opened = request.org.long_transactions.begin(request.org.clock.now(), requests)
    return json_response(_shown(opened))


@router.route("GET", "/_local/transactions", needs_session=False)
def listing(request: Request) -> Response:
    """The open ones, oldest first."""
    return json_response([_shown(each) for each in request.org.long_transactions.listing()])


@router.route("POST", "/_local/transactions/{id}/commit", needs_session=False)
def commit(request: Request) -> Response:
    """End a transaction: its writes take effect now, stamped with its start. Answers the status of each."""
    transaction = _ended(request)
    with request.org.clock.at(transaction.started), request.org.store.transaction():
        answers = [_perform(request, each) for each in transaction.requests]
    return json_response({"id": transaction.id, "responses": answers})


@router.route("DELETE", "/_local/transactions/{id}", needs_session=False)
def roll_back(request: Request) -> Response:
    """End a transaction without its writes."""
    return json_response(_shown(_ended(request)))


def _ended(request: Request) -> LongTransaction:
    number = request.params["id"]
    ended = request.org.long_transactions.end(int(number)) if number.isdecimal() else None
    if ended is None:
        raise not_found()
    return ended


def _perform(request: Request, wanted: dict[str, Any]) -> dict[str, Any]:
    answer, response = app.dispatch_inner(
        request, wanted["method"].upper(), wanted["path"], wanted.get("body"), {}
    )
    return {"status": response.status, "body": answer}


def _is_request(value: object) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() <= _KEYS
        and isinstance(value.get("method"), str)
        and isinstance(value.get("path"), str)
        and str(value["path"]).startswith("/services/data/")
    )


def _shown(transaction: LongTransaction) -> dict[str, Any]:
    return {"id": transaction.id, "started": format_stamp(transaction.started)}
