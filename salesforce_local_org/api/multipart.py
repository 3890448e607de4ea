"""Multipart bodies: a file beside what is told about it in JSON."""

from __future__ import annotations

import base64
import re
from email.message import Message
from typing import TYPE_CHECKING, Any

from salesforce_local_org.api.http import ApiError

if TYPE_CHECKING:
    from salesforce_local_org.api.http import Request
    from salesforce_local_org.schema import SObject

_NAME = re.compile(rb'content-disposition:[^\r\n]*?[;\s]name="?([^";\r\n]*)', re.IGNORECASE)
_HEAD_END = re.compile(rb"\r?\n\r?\n")


class MultipartError(ValueError):
    """A body that is not what its content type says."""


def is_multipart(request: Request) -> bool:
    """Whether the request says that its body has several parts."""
    return request.headers.get("content-type", "").lower().startswith("multipart/")


def read_parts(request: Request) -> dict[str, bytes]:
    """The parts of a multipart/form-data request, by name (RFC 7578).

    Raises:
        MultipartError: The body is not what its content type says.
    """
    message = Message()
    message["Content-Type"] = request.headers["content-type"]
    boundary = message.get_boundary()
    if not boundary:
        raise MultipartError("The multipart request names no boundary")
    pieces = re.split(rb"(?:^|\r?\n)--" + re.escape(boundary.encode()), request.body)
    parts: dict[str, bytes] = {}
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            return parts
        head, _, content = _split(piece)
        if found := _NAME.search(head):
            parts[found[1].decode("utf-8", "replace")] = content
    raise MultipartError("The multipart request ends too early")


def record_body(request: Request, sobject: SObject) -> dict[str, Any]:
    """A record to write: a JSON object, or one with a blob beside it.

    (REST guide, "Insert or Update Blob Data".)

    Returns:
        Field name -> value as in JSON; the content of a blob field in base64.

    Raises:
        ApiError: 400 JSON_PARSER_ERROR, or INVALID_MULTIPART_REQUEST when the parts are not one JSON object
            and blob fields of the object.
    """
    if not is_multipart(request):
        return request.json_object()
    try:
        parts = read_parts(request)
    except MultipartError as error:
        raise ApiError(400, "INVALID_MULTIPART_REQUEST", str(error)) from None
    blobs = {name: content for name, content in parts.items() if _is_blob(sobject, name)}
    others = [content for name, content in parts.items() if name not in blobs]
    if len(others) != 1:
        text = f"One part with the fields of the {sobject.name} is needed, and parts named as its blob fields"
        raise ApiError(400, "INVALID_MULTIPART_REQUEST", text)
    fields = request.member(body=others[0]).json_object()
    return fields | {name: base64.b64encode(content).decode() for name, content in blobs.items()}


def _is_blob(sobject: SObject, name: str) -> bool:
    field = sobject.field(name)
    return field is not None and field.type == "base64"


def _split(piece: bytes) -> tuple[bytes, bytes, bytes]:
    end = _HEAD_END.search(piece)
    return (piece[: end.start()], end[0], piece[end.end() :]) if end else (piece, b"", b"")
