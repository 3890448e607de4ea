"""HTTP in front of the org: what comes over the network in, what the resources answer out.

Handlers run in threads, so that a slow one holds up nobody else. What an operator has ordered to go wrong
with a connection (wait, cut, never answer) happens here.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest

from salesforce_local_org.api import app
from salesforce_local_org.api.http import ApiError, Request, Response, decode_path, json_response
from salesforce_local_org.encoding import compress_if_wanted, decoded_body, too_large
from salesforce_local_org.limits import LONG_REQUESTS
from salesforce_local_org.protocol import TRANSPORT, HeaderName

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from datetime import datetime

    from starlette.types import Receive, Scope, Send

    from salesforce_local_org.faults import Fault
    from salesforce_local_org.org import Org
    from salesforce_local_org.usage import LoggedRequest

MAX_HEAD_BYTES = 16_384
"""The most a URI may have, and URI and headers together (app limits cheat sheet, "API Request Limits")."""

MAX_BODY_BYTES = 52_428_800
MAX_BULK_UPLOAD_BYTES = 150_000_000
LONG_REQUEST_SECONDS = 20

_EFFECTS: Mapping[str, Callable[[Org, Any], None]] = {
    "expire_sessions": lambda org, _: org.sessions.expire_all(),
    "expire_locators": lambda org, _: org.expire_locators(),
    "purge_jobs": lambda org, _: org.jobs.purge(),
    "hide": lambda org, names: org.hidden.hide(names),
}
"""What befalls the org itself, and not only the request, by the name of the fault's action."""

_log = logging.getLogger(__name__)
_OWN_PREFIXES = ("/_local/", "/_page/")


class Door:
    """The ASGI application: one org behind one address."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.served = 0
        """How many requests have come, own controls included: how the idle time-out knows."""
        self._under_way: dict[int, datetime] = {}

    @property
    def idle(self) -> bool:
        """Whether no request is being answered."""
        return not self._under_way

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        if scope["type"] != "http":
            return
        self.served += 1
        http, line = HttpRequest(scope, receive), _Line(scope, send)
        self._under_way[id(line)] = self.org.clock.now()
        try:
            if _is_own(scope["path"]):
                await self._answer_own(http, line)
            else:
                await self._answer(http, line)
        except ClientDisconnect:
            line.cut()
        except Exception as error:  # noqa: BLE001 - whatever it is, the connection ends
            # The answer is on its way: it must break off, so that nobody takes it for whole.
            _log.exception("%s could not be answered to its end", scope["path"])
            self.org.usage.unexpected(error)
            line.cut()
        finally:
            del self._under_way[id(line)]

    async def _answer_own(self, http: HttpRequest, line: _Line) -> None:
        request = _request(self.org, http)
        if not _is_loopback(http) or _is_cross_site(request.headers):
            text = "Only this machine may use this address."
            return await line.send(json_response([{"message": text, "errorCode": "LOOPBACK_ONLY"}], 403))
        try:
            request.body = await _read_body(http, request)
            response = await run_in_threadpool(app.answer_own, request)
        except ApiError as error:
            response = json_response(error.body(), error.status)
        return await line.send(response)

    async def _answer(self, http: HttpRequest, line: _Line) -> None:
        request = _request(self.org, http)
        query = http.scope["query_string"].decode("latin-1")
        entry = self.org.usage.arrived(request.method, http.url.path, query, request.headers)
        length = http.headers.get("content-length", "")
        fault = self.org.faults.take(
            request.method, http.url.path, query, int(length) if length.isdecimal() else 0
        )
        if fault and fault.when == "before" and await self._disturb(fault, http, line, entry):
            return
        response = await self._resource_answer(request, http, entry, fault)
        if fault and fault.when == "after" and await self._disturb(fault, http, line, entry):
            return
        await run_in_threadpool(compress_if_wanted, response, request.headers.get("accept-encoding", ""))
        entry.status = response.status
        await line.send(response, fault.action.get("close_after_bytes") if fault else None)

    async def _resource_answer(
        self, request: Request, http: HttpRequest, entry: LoggedRequest, fault: Fault | None
    ) -> Response:
        try:
            if refusal := _head_refusal(http):
                return refusal
            self._refuse_too_many_long_requests()
            request.body = await _read_body(http, request)
        except ApiError as error:
            return app.refuse(request, error)
        return await run_in_threadpool(app.answer, request, entry, fault)

    def _refuse_too_many_long_requests(self) -> None:
        now = self.org.clock.now()
        long = sum(
            (now - since).total_seconds() >= LONG_REQUEST_SECONDS for since in self._under_way.values()
        )
        if long >= self.org.limits.maximum(LONG_REQUESTS):
            raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.")

    async def _disturb(self, fault: Fault, http: HttpRequest, line: _Line, entry: LoggedRequest) -> bool:
        """Do to a connection what a fault says; whether that was the end of it."""
        action = fault.action
        for name, happen in _EFFECTS.items():
            if name in action:
                await run_in_threadpool(happen, self.org, action[name])
        if "delay_seconds" in action:
            await asyncio.sleep(action["delay_seconds"])
        if "hang" in action:
            await _until_client_leaves(http)
            return True
        if action.get("close_after_bytes") == 0:
            line.cut()
            return True
        if "status" in action or "body" in action:
            response = _ordered_response(action)
            entry.status = response.status
            await line.send(response, action.get("close_after_bytes"))
            return True
        return False


class _Line:
    """The way back to the client."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._send = send
        self._head_only = scope["method"] == "HEAD"
        self._transport: asyncio.Transport = scope["extensions"][TRANSPORT]["transport"]

    def cut(self) -> None:
        """Break the connection off."""
        self._transport.abort()

    async def send(self, response: Response, cut_after: int | None = None) -> None:
        """Send an answer, or the first bytes of its body and then break off."""
        await self._send(
            {"type": "http.response.start", "status": response.status, "headers": _raw_headers(response)}
        )
        sent = 0
        async for chunk in self._chunks(response):
            piece = chunk if cut_after is None else chunk[: cut_after - sent]
            sent += len(piece)
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
            if sent == cut_after:
                break
            if self._transport.is_closing():
                return
        if cut_after is not None:
            # What is written must leave before the connection breaks; close() flushes, abort() does not.
            self._transport.close()
            return
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _chunks(self, response: Response) -> AsyncIterator[bytes]:
        if self._head_only or response.status in {204, 304}:
            return
        if isinstance(response.body, bytes):
            yield response.body
            return
        async for chunk in iterate_in_threadpool(response.body):
            yield chunk


def _raw_headers(response: Response) -> list[tuple[bytes, bytes]]:
    headers = dict(response.headers)
    if isinstance(response.body, bytes) and response.status not in {204, 304}:
        headers["Content-Length"] = str(len(response.body))
    return [
        (HeaderName(name.encode("latin-1")), text.encode("latin-1", "replace"))
        for name, text in headers.items()
    ]


def _request(org: Org, http: HttpRequest) -> Request:
    headers = {name.decode("latin-1"): text.decode("latin-1") for name, text in http.scope["headers"]}
    query = parse_qsl(http.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    path = decode_path(http.scope["raw_path"].decode("latin-1"))
    return Request(org, http.method, path, dict(query), headers)


def _is_own(path: str) -> bool:
    return path == "/" or path.startswith(_OWN_PREFIXES)


def _is_loopback(http: HttpRequest) -> bool:
    try:
        return http.client is not None and ipaddress.ip_address(http.client.host).is_loopback
    except ValueError:
        return False


def _is_cross_site(headers: Mapping[str, str]) -> bool:
    """Whether a page of another site made a browser send this, behind the back of whoever reads it.

    Such a page may also have its own name lead to this machine; then that name is in ``Host``.
    """
    origin, host = headers.get("origin"), headers.get("host", "localhost").lower()
    if origin is not None and origin.partition("://")[2].lower() != host:
        return True
    try:
        name = urlsplit(f"//{host}").hostname or ""
        if name != "localhost":
            ipaddress.ip_address(name)
    except ValueError:
        return True
    return False


def _head_refusal(http: HttpRequest) -> Response | None:
    uri = len(http.scope["raw_path"]) + len(http.scope["query_string"]) + 1
    head = uri + sum(len(name) + len(text) + 4 for name, text in http.scope["headers"])
    if head <= MAX_HEAD_BYTES:
        return None
    status, text = (414, "URI Too Long") if uri > MAX_HEAD_BYTES else (431, "Request Header Fields Too Large")
    title = f"{status} {text}"
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Response(status, page.encode(), {"Content-Type": "text/html;charset=UTF-8"})


async def _read_body(http: HttpRequest, request: Request) -> bytes:
    is_upload = "/jobs/ingest" in request.path.lower()
    limit = MAX_BULK_UPLOAD_BYTES if is_upload else MAX_BODY_BYTES
    body = bytearray()
    async for chunk in http.stream():
        body += chunk
        if len(body) > limit:
            raise too_large(limit)
    return await run_in_threadpool(
        decoded_body, bytes(body), request.headers.get("content-encoding", ""), limit
    )


async def _until_client_leaves(http: HttpRequest) -> None:
    while (await http.receive())["type"] != "http.disconnect":
        pass


def _ordered_response(action: Mapping[str, Any]) -> Response:
    body = action.get("body", "")
    text = body if isinstance(body, str) else json.dumps(body)
    kind = "application/json" if text.lstrip()[:1] in {"{", "["} else "text/html"
    headers = {"Content-Type": f"{kind};charset=UTF-8"} | dict(action.get("headers", {}))
    return Response(action.get("status", 200), text.encode("utf-8", "replace"), headers)
