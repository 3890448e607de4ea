"""``tap-salesforce-seg``, and ``python -m tap_salesforce_seg``."""

from __future__ import annotations

import ctypes
import gc
import signal
from contextlib import suppress

_M_ARENA_MAX, _M_MMAP_THRESHOLD = -8, -3
"""Names in mallopt(3): how many heaps glibc keeps for its threads; from which size on it asks the system for
memory of its own."""

_LARGE_PAGE = 6 << 20
"""Bytes."""


def main() -> None:
    """Run the command line; never returns."""
    # Until there are handlers of our own, Ctrl-C must not end in the traceback of some import.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # What imports make stays: to look for garbage in it is a tenth of a start.
    gc.disable()
    from salesforce_seg.shutdown import run_cli  # noqa: PLC0415
    from tap_salesforce_seg.tap import TapSalesforceSeg  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    _keep_memory_small()
    run_cli(lambda: TapSalesforceSeg.cli)


def _keep_memory_small() -> None:
    """Have glibc keep one heap for all threads, and give pages back to the system when they are freed.

    Each page of a result is fetched by another thread. With a heap for each, all heaps grow to a page's size
    and stay so: a third more memory, and more time. Large pages on the heap leave gaps: a tenth more memory.
    For smaller ones, asking the system each time costs more than the gaps.
    """
    with suppress(OSError, AttributeError):  # other C libraries have no such switches, and few need them
        library = ctypes.CDLL(None)
        library.mallopt(_M_ARENA_MAX, 1)
        library.mallopt(_M_MMAP_THRESHOLD, _LARGE_PAGE)


if __name__ == "__main__":
    main()
