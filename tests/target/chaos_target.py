"""Chaos by hand: ``python tests/target/chaos_target.py --seeds 500``; one alone: ``--from 17 --seeds 1``."""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import suppress
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from chaos_runs import Stage  # noqa: E402


def main() -> int:
    """Play the stories, print what is wrong with each, and figures of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--from", dest="start", type=int, default=0)
    parser.add_argument("--first", type=int, help="only so many events of each story")
    parser.add_argument("--calm", action="store_true", help="without mishaps")
    parser.add_argument("--mixed", type=int, choices=(0, 1), help="reach records in several ways, or in one")
    chosen = parser.parse_args()
    started = time.monotonic()
    with Stage() as stage, suppress(KeyboardInterrupt):
        for seed in range(chosen.start, chosen.start + chosen.seeds):
            mixed = None if chosen.mixed is None else bool(chosen.mixed)
            for problem in stage.play(seed, mixed=mixed, calm=chosen.calm, first=chosen.first):
                print(f"seed {seed}: {problem}", flush=True)
    figures = stage.figures
    for name, number in sorted(figures.counts.items()):
        print(f"{number:8} {name}")
    print(f"{len(figures.mismatches):8} seeds with a mismatch: {sorted(figures.mismatches)}")
    print(f"{time.monotonic() - started:8.1f} seconds")
    return bool(figures.mismatches)


if __name__ == "__main__":
    sys.exit(main())
