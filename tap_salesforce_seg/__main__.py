"""``tap-salesforce-seg``, and ``python -m tap_salesforce_seg``."""

from __future__ import annotations

from salesforce_seg.shutdown import run_cli
from tap_salesforce_seg.tap import TapSalesforceSeg


def main() -> None:
    """Run the tap's command line."""
    run_cli(lambda: TapSalesforceSeg.cli)


if __name__ == "__main__":
    main()
