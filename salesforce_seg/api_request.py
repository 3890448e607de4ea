"""What a call to the org says: method, path, headers and body."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict
from urllib.parse import urlencode, urlsplit

from salesforce_seg.exact_json import encode_json

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION_LIST = "/services/data"
"""The list of API versions: the one call that costs nothing (REST API Developer Guide, "Limit Info
Header")."""


class CallOptions(TypedDict, total=False):
    """What a call may say besides method and path.

    Attributes:
        params: Query string parameters.
        json: A JSON value for the body; Decimal, date and datetime are allowed in it.
        data: The body as bytes or text, instead of ``json``.
        headers: More headers.
        repeatable: Whether sending it twice does the same as once (default). If not, it is sent again only
            when the first try surely did nothing.
    """

    params: Mapping[str, Any] | None
    json: Any
    data: bytes | str | None
    headers: Mapping[str, str] | None
    repeatable: bool


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One request to the org, as it goes out on every try.

    Attributes:
        method: HTTP method.
        path: Path with query string, from the origin on.
        headers: All headers but Authorization.
        body: What is sent, encoded.
        repeatable: See CallOptions.
        stream: Whether the caller reads the body of the answer itself.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    repeatable: bool = True
    stream: bool = False

    @property
    def title(self) -> str:
        """How messages call the request; without its query string, which may hold data."""
        return f"{self.method} {urlsplit(self.path).path}"

    @property
    def costs_a_call(self) -> bool:
        """Whether it counts against the org's daily API requests."""
        return urlsplit(self.path).path.rstrip("/") != VERSION_LIST


def api_request(
    method: str, path: str, client_name: str, options: CallOptions, *, stream: bool = False
) -> ApiRequest:
    """A request with what the options add to it.

    Args:
        method: HTTP method.
        path: Path from the origin on, with or without a query string.
        client_name: Sent as ``Sforce-Call-Options: client=...``.
        options: See CallOptions.
        stream: Whether the caller reads the body of the answer itself.
    """
    if params := options.get("params"):
        path += ("&" if "?" in path else "?") + urlencode(params)
    headers = {"Accept": "application/json", "Sforce-Call-Options": f"client={client_name}"}
    data = options.get("data")
    body = data.encode() if isinstance(data, str) else data
    if (value := options.get("json")) is not None:
        body = encode_json(value)
        headers["Content-Type"] = "application/json; charset=UTF-8"
    headers |= options.get("headers") or {}
    return ApiRequest(method, path, headers, body, options.get("repeatable", True), stream)
