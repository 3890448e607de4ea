"""``target-salesforce-seg``, and ``python -m target_salesforce_seg``."""

from __future__ import annotations

from salesforce_seg.shutdown import run_cli
from target_salesforce_seg.target import TargetSalesforceSeg


def main() -> None:
    """Run the command line; never returns."""
    run_cli(lambda: TargetSalesforceSeg.cli)


if __name__ == "__main__":
    main()
