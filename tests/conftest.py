"""Fixtures every test may use: a local org in a process of its own, fresh for each test."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

sys.path.insert(0, str(Path(__file__).parent))

from local_org_client import LocalOrgProcess, OrgClient

# Each of the many commands that tests start would compile our modules anew: a fifth of its start.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# The same examples at every run: one that fails, fails because of the change.
# `--hypothesis-profile=explore` draws new ones, and more of them.
settings.register_profile("same-every-run", derandomize=True)
settings.register_profile("explore", derandomize=False, max_examples=300, print_blob=True, database=None)
settings.load_profile("same-every-run")


@pytest.fixture(scope="session")
def local_org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalOrgProcess]:
    """One server process for all tests of this worker, started by the real command line."""
    process = LocalOrgProcess(log=tmp_path_factory.mktemp("local-org") / "log.txt")
    yield process
    assert process.stop() == 0


@pytest.fixture
def org(local_org: LocalOrgProcess) -> Iterator[OrgClient]:
    """A fresh, unseeded org. A test fails when it comes upon a defect of the local org itself."""
    yield from _fresh_org(local_org, "none")


@pytest.fixture
def demo_org(local_org: LocalOrgProcess) -> Iterator[OrgClient]:
    """A fresh org with the demo company in it."""
    yield from _fresh_org(local_org, "demo")


def _fresh_org(local_org: LocalOrgProcess, seed: str) -> Iterator[OrgClient]:
    client = OrgClient(local_org.url)
    client.reset(seed)
    yield client
    errors = client.local("GET", "errors")["errors"]
    client.local("DELETE", "faults")
    client.close()
    assert not errors, "\n".join(errors)
