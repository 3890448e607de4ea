"""What every resource speaks: a request in, a response out, an error as Salesforce shapes it.

Nothing here knows the web server: composite calls answer their members through the same door.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import unquote

if TYPE_CHECKING:
    from salesforce_local_org.org import Org
    from salesforce_local_org.sessions import Session

ENCODED_SLASH = "\udc2f"
"""Stands in a decoded path for a ``%2F`` that belongs to a value; no decoded text can hold it otherwise."""


@dataclass(slots=True)
class Request:
    """One call on the org."""

    org: Org
    method: str
    path: str
    """As ``decode_path`` gives it, without the query string."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    session: Session | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    """What the route's ``{names}`` matched."""

    @property
    def version(self) -> str:
        """The API version in the path, such as ``64.0``."""
        return self.params["version"]

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            ApiError: 400 JSON_PARSER_ERROR when it is not.
        """
        try:
            value = json.loads(self.body, parse_constant=_refuse_constant)
            if b"\\u" in self.body:
                json.dumps(value, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise ApiError(
                400, "JSON_PARSER_ERROR", f"Unexpected character or end of input: {error}"
            ) from error
        return value

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises:
            ApiError: 400 JSON_PARSER_ERROR when it is anything else.
        """
        body = self.json()
        if not isinstance(body, dict):
            raise ApiError(400, "JSON_PARSER_ERROR", "Cannot deserialize request body as an object")
        return body

    def member(self, **changes: Any) -> Request:
        """A copy of this request with other parts: how composite makes its members."""
        return replace(self, **changes)


@dataclass(slots=True)
class Response:
    """An answer: bytes, or an iterable of bytes that is sent as it comes."""

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    headers: dict[str, str] = field(default_factory=dict)
    api_calls: int = 1
    """What the call costs of the org's daily API requests."""


class ApiError(Exception):
    """An error answer: ``[{"message", "errorCode", "fields"?}]`` with its HTTP status."""

    def __init__(
        self, status: int, code: str, message: str, fields: list[str] | None = None, **extra: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields
        self.extra = extra

    def body(self) -> list[dict[str, Any]]:
        """The error array. NOT_FOUND and METHOD_NOT_ALLOWED put errorCode first, as recorded."""
        entry: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.code in {"NOT_FOUND", "METHOD_NOT_ALLOWED"}:
            entry = {"errorCode": self.code, "message": self.message}
        if self.fields is not None:
            entry["fields"] = self.fields
        return [self.extra | entry]


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def decode_path(raw: str) -> str:
    """A percent-encoded path, decoded; an encoded slash stays apart from those that part the segments.

    Slashes in a row count as one: the Salesforce CLI asks for ``//services/data``, and gets it.
    """
    return unquote(re.sub("//+", "/", re.sub("%2f", ENCODED_SLASH, raw, flags=re.IGNORECASE)))


def not_found() -> ApiError:
    """The answer to an unknown record, object or URL."""
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist")


def json_response(
    value: Any, status: int = 200, headers: dict[str, str] | None = None, api_calls: int = 1
) -> Response:
    """A JSON answer with Salesforce's content type."""
    return Response(
        status,
        json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(),
        {"Content-Type": "application/json;charset=UTF-8"} | (headers or {}),
        api_calls,
    )


Handler = Callable[[Request], Response]

JSON_BODY = ("application/json",)
JSON_BODY_OR_PARTS = (*JSON_BODY, "multipart/form-data")
"""With a file beside the JSON (REST guide, "Insert or Update Blob Data")."""


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path pattern, and who answers it."""

    method: str
    pattern: re.Pattern[str]
    handler: Handler
    needs_session: bool = True
    takes: tuple[str, ...] = ()
    """Media types of the body; none: whatever comes."""

    def answer(self, request: Request) -> Response:
        """What the handler says, if the body is of a kind it takes; one without a type is taken at its word.

        Raises:
            ApiError: 415 (REST guide, "Status Codes and Error Responses"), or what the handler raises.
        """
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if request.body and self.takes and media_type not in {"", *self.takes}:
            text = f"MediaType of '{media_type}' is not supported by this resource"
            raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", text)
        return self.handler(request)


class Router:
    """The routes of one resource; ``@router.route("GET", "/services/data/v{version}/limits")``.

    ``{name}`` matches one path segment, ``{name:path}`` the rest. A trailing slash is allowed.
    """

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def route(
        self, method: str, path: str, *, needs_session: bool = True, takes: tuple[str, ...] | None = None
    ) -> Callable[[Handler], Handler]:
        """Register a handler; REST resources take JSON unless they say otherwise."""
        takes = (JSON_BODY if path.startswith("/services/data/") else ()) if takes is None else takes
        pattern = re.compile(_pattern(path) + "/?", re.IGNORECASE)

        def register(handler: Handler) -> Handler:
            self.routes.append(Route(method, pattern, handler, needs_session, takes))
            return handler

        return register


def _pattern(path: str) -> str:
    def segment(match: re.Match[str]) -> str:
        name, _, kind = match[1].partition(":")
        wanted = r"\d+\.\d" if name == "version" else ".+" if kind == "path" else "[^/]+"
        return f"(?P<{name}>{wanted})"

    return re.sub(r"\{([^}]+)\}", segment, path)
