"""The answers about rows: pages of JSON, pages of CSV, and the locators that lead to them."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tiny_http import JSON, Piece, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recorded_rows import RecordedRows

CSV = (("Content-Type", "text/csv; charset=UTF-8"),)


@dataclass(frozen=True)
class Cursor:
    """What a locator or a job stands for: rows of a recording, from one number up to another."""

    rows: RecordedRows
    first: int
    end: int
    page_rows: int
    job: dict[str, Any] | None = None


def json_reply(value: Any) -> Reply:
    return Reply.of(json.dumps(value, separators=(",", ":")).encode())


def refusal(message: str, code: str = "MALFORMED_QUERY") -> Reply:
    return Reply.of(json.dumps([{"message": message, "errorCode": code}]).encode(), 400)


def json_page(cursor: Cursor, version: str, locator: str, start: int) -> Reply:
    stop = min(start + cursor.page_rows, cursor.end)
    head = f'{{"totalSize":{cursor.end - cursor.first},"done":{"true" if stop == cursor.end else "false"}'
    if stop < cursor.end:
        url = f"/services/data/v{version}/query/{locator}-{stop - cursor.first}"
        head += f',"nextRecordsUrl":"{url}"'
    opening = f'{head},"records":['.encode()
    rows = max(0, cursor.rows.size(start, stop) - 1)
    pieces: Iterator[Piece] = chain((opening,), _without_last_byte(cursor.rows.pieces(start, stop)), (b"]}",))
    return Reply(200, JSON, len(opening) + rows + 2, pieces)


def _without_last_byte(pieces: Iterator[memoryview]) -> Iterator[memoryview]:
    """The pieces without the separator after the last row."""
    held = next(pieces, None)
    for piece in pieces:
        assert held is not None
        yield held
        held = piece
    if held is not None:
        yield held[:-1]


def csv_page(rows: RecordedRows, start: int, stop: int, headers: Sequence[tuple[str, str]]) -> Reply:
    pieces: Iterator[Piece] = chain((rows.head,), rows.pieces(start, stop))
    return Reply(200, (*CSV, *headers), len(rows.head) + rows.size(start, stop), pieces)


def locator_of(row: int) -> str:
    return base64.urlsafe_b64encode(str(row).encode()).decode().rstrip("=")


def row_of_locator(locator: str) -> int:
    text = unquote(locator)
    return int(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) if text else 0
