"""Every command of a docs page does what the page says, in a project of its own and without Meltano Hub."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import pytest
from doc_commands import Sandbox, never_run, run
from local_org_client import LocalOrgProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_org_client import OrgClient

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
OTHERS_SETTINGS = ("MELTANO", "TAP_", "TARGET_", "VIRTUAL_ENV", "UV_")

TEXTS = {
    str(page.relative_to(ROOT)): page.read_text(encoding="utf-8")
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
}
PAGES = sorted(page for page, text in TEXTS.items() if "```console\n" in text)
NEEDS_DUCKDB = {"docs/extracting.md", "docs/meltano.md"}
NEEDS_TWO_ORGS = {"docs/meltano.md"}


@pytest.fixture(scope="module")
def second_org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalOrgProcess]:
    log = tmp_path_factory.mktemp("second-org") / "log.txt"
    with LocalOrgProcess("--seed=demo", "--scale=2", log=log) as process:
        yield process


@pytest.fixture
def sandbox(page: str, demo_org: OrgClient, request: pytest.FixtureRequest, tmp_path: Path) -> Sandbox:
    """An empty folder beside a copy of this project, and the orgs that the page speaks of.

    Its name is new each time: uv never looks again into a wheel of a path that it knows.
    """
    folder = Path(mkdtemp(dir=tmp_path))
    (tmp_path / "salesforce-seg").symlink_to(ROOT)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OTHERS_SETTINGS)}
    environment = kept | {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "NO_COLOR": "1",
        "COLUMNS": "200",
        "MELTANO_HUB_URL": "http://127.0.0.1:9",  # nobody answers there
    }
    orgs = {"127.0.0.1:8765": demo_org.url}
    if page in NEEDS_TWO_ORGS:
        orgs["127.0.0.1:8766"] = request.getfixturevalue("second_org").url
    return Sandbox(folder, environment, {shown: url.removeprefix("http://") for shown, url in orgs.items()})


@pytest.mark.parametrize("page", PAGES)
def test_commands(page: str, sandbox: Sandbox) -> None:
    if page in NEEDS_DUCKDB and sys.version_info >= (3, 13):
        pytest.skip("no lossless target-duckdb exists for this Python")

    differences = run(TEXTS[page], sandbox)

    assert not differences, "\n\n".join(differences)


@pytest.mark.parametrize("page", sorted(TEXTS))
def test_what_is_not_run_says_why(page: str) -> None:
    assert not list(never_run(TEXTS[page]))
