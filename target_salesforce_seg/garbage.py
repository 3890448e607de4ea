"""How often Python looks for objects that only refer to each other."""

from __future__ import annotations

import gc

_NEW_OBJECTS = 100_000
_GENERATIONS = (20, 50)


def collect_rarely() -> None:
    """Let the garbage collector look again, but less often, and never at what the imports have made.

    By default it looks after 700 new objects. An event is some dozens, and a batch of them lives long: it
    would look through all of them again and again, for a third of the time, and find nothing.
    """
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, *_GENERATIONS)
    gc.enable()
