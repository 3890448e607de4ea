"""Reads the tap's lines: one that is no message is a reject, and the lines after it are still read."""

from __future__ import annotations

import codecs
import json
import logging
from collections import Counter
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

from singer_sdk.io_base import SingerReader

from salesforce_seg.answers import one_line
from salesforce_seg.errors import ConfigurationError, RecordRejected
from salesforce_seg.exact_json import decode_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

log = logging.getLogger(__name__)


class LineReader(SingerReader):
    """singer-sdk's reader, made to go on after a line that cannot be read.

    Attributes:
        on_broken_line: takes such a line and what is wrong with it.
    """

    on_broken_line: Callable[[str, RecordRejected], None]

    def process_lines(
        self, file_input: IO[str] | None, callbacks: dict[str, Callable[[dict[str, Any]], None]]
    ) -> Counter[str]:
        """Read all lines and call the callback of each message's type.

        Args:
            file_input: the lines; standard input if None.
            callbacks: by message type.

        Returns:
            How many messages of each type there were.

        Raises:
            ConfigurationError: Standard input is closed.
        """
        read: Counter[str] = Counter()
        unknown: set[str] = set()
        for line in _lines(self.default_input if file_input is None else file_input):
            if not line.strip():
                continue
            try:
                message = _message(line)
            except RecordRejected as problem:
                self.on_broken_line(_shown(line).rstrip("\r\n"), problem)
                continue
            kind = message["type"]
            callback = callbacks.get(kind)
            if callback is not None:
                callback(message)
            elif not kind.isupper() or "record" in message:
                self.on_broken_line(_shown(line).rstrip("\r\n"), _unwrapped(kind))
            elif kind not in unknown:
                unknown.add(kind)
                log.warning("Messages of type %s are not known and are ignored.", kind[:40])
            read[kind] += 1
        return read


def _lines(file: IO[str] | None) -> Iterator[str | bytes]:
    """The lines as bytes where there are bytes: Singer is UTF-8, whatever the locale of this machine."""
    if file is None:
        raise ConfigurationError("Standard input is closed: pipe a tap into the target, or use --input.")
    lines = iter(getattr(file, "buffer", file))
    for first in lines:
        yield first.removeprefix(codecs.BOM_UTF8) if isinstance(first, bytes) else first
        yield from lines


def _shown(line: str | bytes) -> str:
    return line if isinstance(line, str) else line.decode(errors="backslashreplace")


def _message(line: str | bytes) -> dict[str, Any]:
    try:
        message = decode_json(line)
    except (ValueError, ArithmeticError):
        message = _decoded_leniently(line)
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise RecordRejected("The line on standard input is no Singer message.", code="INVALID_MESSAGE")
    return message


def _unwrapped(kind: str) -> RecordRejected:
    """What is wrong with a line that has data and a type that Singer does not know: an event as it is."""
    return RecordRejected(
        f"`{one_line(kind[:40])}` is no type of a Singer message. Send each event as the record of one: "
        '{"type": "RECORD", "stream": "events", "record": {...}}, after a SCHEMA message for the stream.',
        code="INVALID_MESSAGE",
    )


def _decoded_leniently(line: str | bytes) -> Any:
    """What Python's own decoder makes of a line: taps in Python write NaN and halves of characters, too.

    Raises:
        RecordRejected: It is no JSON by any standard, or holds a number that no computer can hold.
    """
    try:
        text = line if isinstance(line, str) else line.decode()
    except UnicodeDecodeError:
        raise RecordRejected("The line on standard input is not UTF-8.", code="INVALID_JSON") from None
    try:
        return json.loads(text, parse_float=Decimal)
    except RecursionError:
        told = "The line on standard input is nested too deep to be read."
        raise RecordRejected(told, code="INVALID_JSON") from None
    except ValueError:
        raise RecordRejected("The line on standard input is not JSON.", code="INVALID_JSON") from None
    except ArithmeticError:
        raise RecordRejected(
            "The line on standard input holds a number with an exponent out of any range.",
            code="INVALID_JSON",
        ) from None
