"""Chaos: an org's random history, a tap that is killed and hit by faults, and a loader that judges.

By hand::

    python tests/tap/chaos.py --seeds 500
    python tests/tap/chaos.py --seed 17        that one alone, with its whole story

A seed decides the history, the faults, and when a run is killed: by bytes read or by requests at the very
same place each time, by seconds only about there.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from chaos_game import Arena, Play
from chaos_loader import BrokenPromiseError
from chaos_promises import Figures

TOLD_EVERY = 10
"""Seeds between two lines that say how far it is."""


def play(arena: Arena, seed: int, figures: Figures, *, aloud: bool = False) -> None:
    """Play a seed.

    Raises:
        BrokenPromiseError: The tap broke a promise; the message tells the whole story.
    """
    game = Play(arena, seed, figures)
    try:
        game.play()
        if aloud:
            print("\n".join(game.history.told))
    except (BrokenPromiseError, TimeoutError) as broken:
        story = "\n".join(game.history.told)
        raise BrokenPromiseError(
            f"seed {seed}: {broken}\n\nWhat happened:\n{story}\n\n"
            f"Again: python tests/tap/chaos.py --seed {seed}"
        ) from None
    errors = arena.org.local("GET", "errors")["errors"]
    assert not errors, f"seed {seed}: a defect of the local org itself: {errors}"


def _is_well(arena: Arena, seed: int, figures: Figures, *, aloud: bool) -> bool:
    try:
        play(arena, seed, figures, aloud=aloud)
    except BrokenPromiseError as broken:
        print(broken, end="\n\n", flush=True)
        return False
    return True


def main() -> None:
    """Play seeds from the command line, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=100, help="how many")
    parser.add_argument("--from", dest="start", type=int, default=0, help="the first one")
    parser.add_argument("--seed", type=int, help="this one alone")
    parser.add_argument("--keep-going", action="store_true", help="do not end with the first seed that fails")
    given = parser.parse_args()
    seeds = range(given.start, given.start + given.seeds) if given.seed is None else [given.seed]
    figures, failed, started = Figures(), list[int](), time.monotonic()
    with tempfile.TemporaryDirectory() as directory, Arena(Path(directory)) as arena:
        for played, seed in enumerate(seeds, start=1):
            if not _is_well(arena, seed, figures, aloud=given.seed is not None):
                failed.append(seed)
            if played % TOLD_EVERY == 0:
                print(f"to seed {seed}: {figures.line()}, {len(failed)} mismatches", flush=True)
            if failed and not given.keep_going:
                break
    print("\n".join(figures.lines()))
    print(
        f"{'seconds':<42}{time.monotonic() - started:>9.0f}\n{'mismatches':<42}{len(failed):>9}", failed or ""
    )
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
