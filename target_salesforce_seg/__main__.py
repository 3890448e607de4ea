"""``target-salesforce-seg``, and ``python -m target_salesforce_seg``."""

from __future__ import annotations

import gc
import signal


def main() -> None:
    """Run the command line; never returns."""
    # Until there are handlers of our own, Ctrl-C must not end in the traceback of some import.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # What imports make stays: to look for garbage in it is a tenth of a start.
    gc.disable()
    from salesforce_seg.shutdown import run_cli  # noqa: PLC0415
    from target_salesforce_seg.garbage import collect_rarely  # noqa: PLC0415
    from target_salesforce_seg.target import TargetSalesforceSeg  # noqa: PLC0415

    collect_rarely()
    run_cli(lambda: TargetSalesforceSeg.cli)


if __name__ == "__main__":
    main()
