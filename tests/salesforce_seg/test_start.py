"""A start imports what every run needs, and nothing that only some runs need."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

NEEDED_LATER = {
    "cryptography": "the JWT bearer flow signs with it",
    "jwt": "the JWT bearer flow signs with it",
    "lxml": "simple-salesforce brings it",
    "simple_salesforce": "its table escapes what SOQL does not take as it is",
    "sqlite3": "runs that look for Ids keep them in it",
    "tqdm": "terminals have a bar",
    "zeep": "simple-salesforce brings it",
}


@pytest.mark.parametrize("command", ["tap_salesforce_seg", "target_salesforce_seg"])
def test_a_start_imports_what_every_run_needs(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", command, "--version"],
        env=os.environ | {"PYTHONPROFILEIMPORTTIME": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    imported = set(re.findall(r"\| +(\w+)$", done.stderr, re.MULTILINE))
    assert "singer_sdk" in imported
    assert not imported & set(NEEDED_LATER)
