"""A multipart body: a job and its file in one request."""

from __future__ import annotations

import re
from email.message import Message
from typing import TYPE_CHECKING

from salesforce_local_org.api.bulk2.common import bulk_error

if TYPE_CHECKING:
    from salesforce_local_org.api.http import Request

_NAME = re.compile(rb'content-disposition:[^\r\n]*?[;\s]name="?([^";\r\n]*)', re.IGNORECASE)
_HEAD_END = re.compile(rb"\r?\n\r?\n")


def read_parts(request: Request) -> dict[str, bytes]:
    """The parts of a multipart/form-data request, by name (RFC 7578).

    Raises:
        ApiError: 400 when the body is not what its content type says.
    """
    message = Message()
    message["Content-Type"] = request.headers["content-type"]
    boundary = message.get_boundary()
    if not boundary:
        raise bulk_error("API_ERROR", "The multipart request names no boundary")
    pieces = re.split(rb"(?:^|\r?\n)--" + re.escape(boundary.encode()), request.body)
    parts: dict[str, bytes] = {}
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            return parts
        head, _, content = _split(piece)
        if found := _NAME.search(head):
            parts[found[1].decode("utf-8", "replace")] = content
    raise bulk_error("API_ERROR", "The multipart request ends too early")


def _split(piece: bytes) -> tuple[bytes, bytes, bytes]:
    end = _HEAD_END.search(piece)
    return (piece[: end.start()], end[0], piece[end.end() :]) if end else (piece, b"", b"")
