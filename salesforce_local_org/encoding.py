"""Content coding: compressed requests in, compressed answers out."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from salesforce_local_org.api.http import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from salesforce_local_org.api.http import Response

_GZIP, _GZIP_OR_ZLIB = 16 + zlib.MAX_WBITS, 32 + zlib.MAX_WBITS
_FASTEST = 1
_SMALLEST_WORTH_IT = 512


def too_large(limit: int) -> ApiError:
    """The refusal of a request body over the limit, in the words that Salesforce's clients report."""
    text = f"Maximum size of request reached. Maximum size of request is {limit} bytes."
    return ApiError(400, "JSON_PARSER_ERROR", text)


def decoded_body(body: bytes, coding: str, limit: int) -> bytes:
    """A request body without its ``Content-Encoding``.

    Args:
        body: The bytes as they came.
        coding: The header's value, empty when there is none.
        limit: The most bytes it may have when decoded.

    Raises:
        ApiError: 415 for an unknown coding; 400 for a body that is not of its coding, cut short or too large.
    """
    coding = coding.strip().lower()
    if coding in {"", "identity"}:
        return body
    if coding not in {"gzip", "x-gzip", "deflate"}:
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", f"Content-Encoding {coding} is not supported")
    decompressor = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        decoded = decompressor.decompress(body, limit + 1)
    except zlib.error as error:
        raise ApiError(400, "MALFORMED_REQUEST", f"The request body is not {coding}") from error
    if len(decoded) > limit:
        raise too_large(limit)
    if not decompressor.eof:
        raise ApiError(400, "MALFORMED_REQUEST", f"The {coding} request body ends too early")
    return decoded


def compress_if_wanted(response: Response, accept_encoding: str) -> None:
    """Compress an answer's body with gzip when the client takes it and it is worth it."""
    if "gzip" not in accept_encoding.lower() or "Content-Encoding" in response.headers:
        return
    if isinstance(response.body, bytes):
        if len(response.body) < _SMALLEST_WORTH_IT:
            return
        response.body = b"".join(_compressed([response.body]))
    else:
        response.body = _compressed(response.body)
    response.headers["Content-Encoding"] = "gzip"


def _compressed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(_FASTEST, wbits=_GZIP)
    for chunk in chunks:
        if compressed := compressor.compress(chunk):
            yield compressed
    yield compressor.flush()
