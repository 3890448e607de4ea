"""``tap-salesforce-seg``, and ``python -m tap_salesforce_seg``."""

from __future__ import annotations

import signal


def main() -> None:
    """Run the command line; never returns."""
    # Until there are handlers of our own, Ctrl-C must not end in the traceback of some import.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from salesforce_seg.shutdown import run_cli  # noqa: PLC0415
    from tap_salesforce_seg.tap import TapSalesforceSeg  # noqa: PLC0415

    run_cli(lambda: TapSalesforceSeg.cli)


if __name__ == "__main__":
    main()
