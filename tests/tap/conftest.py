from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from typing import TYPE_CHECKING

import line_ways
from chaos_pipe import Pipe
from chaos_zygote import Zygote
from running import TapRunner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local_org_client import OrgClient

    from tap_salesforce_seg import compiled


@pytest.fixture
def tap(org: OrgClient, tmp_path: Path) -> TapRunner:
    """The tap's command line, pointed at a fresh, unseeded org."""
    return TapRunner.at(org, tmp_path, "none")


@pytest.fixture
def demo_tap(demo_org: OrgClient, tmp_path: Path) -> TapRunner:
    """The tap's command line, pointed at a fresh org with the demo company in it."""
    return TapRunner.at(demo_org, tmp_path, "demo")


@pytest.fixture
def tap_at(tmp_path: Path) -> Callable[..., TapRunner]:
    """The tap's command line with any config."""
    return lambda **config: TapRunner(config, tmp_path)


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """A process that has imported the tap, and forks one for each run."""
    with Zygote() as process:
        yield process


@pytest.fixture
def pipe(org: OrgClient, zygote: Zygote, tap: TapRunner) -> Pipe:
    """The tap piped into a loader that judges, over Leads that fill several pages."""
    return Pipe(org, zygote, tap)


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> compiled.Library:
    """The compiled code, made from the sources as they are now."""
    return line_ways.compiled_now(tmp_path_factory.mktemp("compiled"))
