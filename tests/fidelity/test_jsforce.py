"""jsforce drives a local org: logins, reads, writes, bulk. Its tests are in ``node/*.test.mjs``."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from local_org_client import LocalOrgProcess

TESTS = sorted((Path(__file__).parent / "node").glob("*.test.mjs"))
SECONDS_FOR_A_FILE = 120


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.name.partition(".")[0])
def test_jsforce(local_org: LocalOrgProcess, node_packages: Path, file: Path) -> None:
    done = subprocess.run(
        ["node", file.name],
        cwd=node_packages,
        env=os.environ | {"LOCAL_ORG_URL": local_org.url},
        capture_output=True,
        text=True,
        timeout=SECONDS_FOR_A_FILE,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_tests() -> None:
    assert len(TESTS) > 1
