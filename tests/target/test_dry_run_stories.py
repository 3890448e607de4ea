"""The chaos test's stories, dry and then for real: both say the same, and the dry run changes nothing."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from chaos_judge import Judge
from chaos_mishaps import Mishap
from chaos_org import contents, prepare
from chaos_runs import Life, Stage
from chaos_story import tell
from local_org_client import OrgClient
from target_pipe import counts_in

if TYPE_CHECKING:
    from collections.abc import Iterator

UNFORESEEN = "INVALID_EMAIL_ADDRESS"
"""What Salesforce minds about an address that is no key is known to Salesforce only."""


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage() as stage:
        yield stage


def count(life: Life, *options: str) -> tuple[dict[str, int], dict[str, str]]:
    """Run a story, and give back the doors and the numbers of rejects by code."""
    _, exit_code = life._watched(Mishap(), [f"--config={life.stage.folder / 'config.json'}", *options])
    log = (life.stage.folder / "log").read_text()
    assert exit_code == 0, log
    doors = {name: number for name, number in counts_in(log).items() if name != "api_calls"}
    codes = {code: number for number, code in re.findall(r"Rejected: (\d+) with (\w+);", log)}
    return doors, codes


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_dry_run_foresees_the_real_one(stage: Stage, seed: int) -> None:
    story = tell(seed)
    rejects = stage.folder / "rejects.jsonl"
    rejects.unlink(missing_ok=True)
    with OrgClient(stage._process.url) as org:
        cells = prepare(org, story)
        before = contents(org, cells)
        life = Life(stage, story, Judge(story, cells, before))
        account = {"login_url": org.url, "username": "user@example.com", "password": "any"}
        config = story.config | account | {"rejects_path": str(rejects)}
        (stage.folder / "config.json").write_text(json.dumps(config))
        (stage.folder / "input.singer").write_text(life._lines(0))
        dry, foreseen = count(life, "--dry-run")
        assert contents(org, cells) == before
        assert not rejects.exists()
        real, rejected = count(life)
    assert dry["events"] == real["events"]
    assert dry["skipped"] == real["skipped"]
    if foreseen.get(UNFORESEEN) == rejected.get(UNFORESEEN):
        assert (dry, foreseen) == (real, rejected)
    else:
        assert dry["rejected"] <= real["rejected"]
