"""A few seeds of chaos; ``python tests/tap/chaos.py --seeds 500`` plays hundreds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from chaos import play
from chaos_game import Arena
from chaos_promises import Figures

if TYPE_CHECKING:
    from collections.abc import Iterator

SEEDS = range(8)


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    with Arena(tmp_path_factory.mktemp("chaos")) as made:
        yield made


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_strikes_the_loaded_tables_equal_the_org(arena: Arena, seed: int) -> None:
    figures = Figures()
    play(arena, seed, figures)
    assert figures.counts["runs after which tables were compared"] >= 2
    assert figures.counts["rows"] > 0
