"""Stories by seed: random events, faults, kills, replays; an oracle knows what must come of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from chaos_runs import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

SEEDS = range(16)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage() as stage:
        yield stage


def told(problems: list[str], seed: int) -> str:
    again = (
        f"python {os.path.relpath(__file__).replace('test_chaos', 'chaos_target')} --from {seed} --seeds 1"
    )
    return "\n".join([*problems, f"Again: {again}"])


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_lost_and_nothing_twice(stage: Stage, seed: int) -> None:
    problems = stage.play(seed)
    assert not problems, told(problems, seed)
