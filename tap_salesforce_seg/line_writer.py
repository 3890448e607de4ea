"""stdout: only ever whole lines, in blocks, and no signal is taken while one is written."""

from __future__ import annotations

import sys

import msgspec
from singer_sdk.singerlib.encoding.base import GenericSingerWriter
from singer_sdk.singerlib.encoding.simple import Message, RecordMessage

from salesforce_seg.errors import RunFailed
from salesforce_seg.signals import shielded

FLUSH_AT = 64 * 1024
"""Bytes that are collected before they are written: about what a pipe holds."""

_encoder = msgspec.json.Encoder(decimal_format="number")


class LoaderGone(RunFailed):
    """The program behind the pipe has ended."""


class LineWriter(GenericSingerWriter[bytes, Message]):
    """Writes Singer messages to stdout, in blocks of whole lines."""

    def __init__(self) -> None:
        super().__init__()
        self._lines = bytearray()
        self._reader_is_gone = False

    def serialize_message(self, message: Message) -> bytes:
        """A message as one line of JSON."""
        return _encoder.encode(message.to_dict()) + b"\n"

    def write_message(self, message: Message) -> None:
        """Write a message; all but records reach stdout at once."""
        self._lines += self.serialize_message(message)
        if not isinstance(message, RecordMessage) or len(self._lines) >= FLUSH_AT:
            self.flush()

    def write_lines(self, lines: bytes) -> None:
        """Write a block of whole lines."""
        if len(lines) >= FLUSH_AT:
            self.flush(lines)
            return
        self._lines += lines
        if len(self._lines) >= FLUSH_AT:
            self.flush()

    def flush(self, more: bytes = b"") -> None:
        """Put on stdout what has been collected, and some more lines.

        Raises:
            LoaderGone: Nobody reads stdout any more. What is written after that is dropped.
        """
        with shielded():
            lines, self._lines = self._lines, bytearray()
            if self._reader_is_gone:
                return
            try:
                _write(lines)
                _write(more)
            except BrokenPipeError:
                self._reader_is_gone = True
                raise LoaderGone("The program that reads this one's output has ended.") from None


def _write(lines: bytes | bytearray) -> None:
    sys.stdout.flush()
    rest = memoryview(lines)
    while rest:  # an unbuffered stdout (PYTHONUNBUFFERED) takes only a part when a signal comes
        rest = rest[sys.stdout.buffer.write(rest) :]
    sys.stdout.buffer.flush()
