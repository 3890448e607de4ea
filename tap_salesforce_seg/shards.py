"""Which worker reads which stream, when several workers share an org."""

from __future__ import annotations

import re
from dataclasses import dataclass
from zlib import crc32

from salesforce_seg.errors import ConfigurationError
from tap_salesforce_seg.collections import COLLECTIONS

_PLACES = {each.sobject: place for place, each in enumerate(COLLECTIONS)}


@dataclass(frozen=True, slots=True)
class Shard:
    """One of so many workers.

    A stream always falls to the same worker, whatever else is selected: its state lies there.
    """

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """A shard from ``2/4``: the second of four.

        Raises:
            ConfigurationError: It is none.
        """
        match = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text.strip())
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            raise ConfigurationError(
                f"shard must be like 2/4, the second of four workers; the first is 1. It is {text[:40]!r}."
            )
        return cls(int(match[1]), int(match[2]))

    @property
    def remark(self) -> str:
        """Which worker this is, for the end of a sentence; the empty string if it is the only one."""
        return f" that shard {self.number}/{self.of} reads" if self.of > 1 else ""

    def reads(self, sobject: str) -> bool:
        """Whether this worker reads the stream of an object: the documented ones take turns."""
        place = _PLACES.get(sobject, crc32(sobject.encode()))
        return place % self.of == self.number - 1


WHOLE = Shard()
"""The only worker: it reads everything."""
