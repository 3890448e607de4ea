"""Answers of ``query`` and ``queryAll``: the frame decoded, each record left as the JSON it came as."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, overload

import msgspec

from salesforce_seg.exact_json import decode_json, encode_json

Record = dict[str, Any]


class RawRecords(Sequence[Record]):
    """Records of an answer; each is decoded only when it is asked for, numbers with all their digits.

    Args:
        texts: The JSON of each record, in UTF-8.
    """

    def __init__(self, texts: Sequence[msgspec.Raw | bytes]) -> None:
        self.texts = texts

    @classmethod
    def of(cls, records: Iterable[Record]) -> RawRecords:
        """Records that were decoded, or put together, as if they had come so."""
        if isinstance(records, RawRecords):
            return records
        return cls([encode_json(record) for record in records])

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> RawRecords: ...
    def __getitem__(self, index: int | slice) -> Record | RawRecords:
        if isinstance(index, slice):
            return RawRecords(self.texts[index])
        record: Record = decode_json(bytes(self.texts[index]))
        return record


class _Answer(msgspec.Struct, rename="camel"):
    total_size: int
    done: bool
    records: list[msgspec.Raw]
    next_records_url: str | None = None


_answers = msgspec.json.Decoder(_Answer)


def is_utf8(text: bytes) -> bool:
    """Whether bytes are UTF-8."""
    try:
        text.decode()
    except ValueError:
        return False
    return True


def decode_query(body: bytes, is_utf8: Callable[[bytes], bool] = is_utf8) -> dict[str, Any]:
    """Decode the answer to a query.

    Args:
        body: What the ``query`` or ``queryAll`` resource answered (REST API Developer Guide, "Query").
        is_utf8: Whether bytes are UTF-8; a caller may know a faster way.

    Returns:
        ``totalSize``, ``done``, ``records`` (:class:`RawRecords`), and ``nextRecordsUrl`` if there are more.

    Raises:
        ValueError: It is not such an answer.
    """
    try:
        answer = _answers.decode(body)
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from None
    if not answer.done and not answer.next_records_url:
        raise ValueError("there are more rows, but it does not say where")
    if answer.records and not bytes(answer.records[-1]).startswith(b"{"):
        raise ValueError("a row is no object")
    if not body.isascii() and not is_utf8(body):  # what is passed on unread must be UTF-8 all the same
        raise ValueError("an answer is not UTF-8")
    return {
        "totalSize": answer.total_size,
        "done": answer.done,
        "records": RawRecords(answer.records),
        "nextRecordsUrl": answer.next_records_url,
    }
