from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent

LOADER = {
    "name": "target-jsonl",
    "namespace": "target_jsonl",
    "executable": f"{os.environ['LOADERS_BIN']}/target-jsonl",
    "settings": [{"name": "destination_path"}, {"name": "do_timestamp_file", "kind": "boolean"}],
    "config": {"destination_path": "output", "do_timestamp_file": False},
}


def meltano_yml(url: str) -> str:
    """A project with the plugin as Meltano Hub would define it, installed here already."""
    extractor = yaml.safe_load((ROOT / "hub/extractors/tap-salesforce-seg.yml").read_text())
    del extractor["pip_url"]
    extractor["executable"] = str(BIN / "tap-salesforce-seg")
    extractor["config"] = {"login_url": url, "client_id": "app", "client_secret": "secret-of-the-app"}
    return yaml.safe_dump(
        {
            "project_id": "orchestration-test",
            "default_environment": "dev",
            "send_anonymous_usage_stats": False,
            "environments": [{"name": "dev"}],
            "plugins": {"extractors": [extractor], "loaders": [LOADER]},
        }
    )


class Project:
    """A Meltano project in a folder of its own, with the local org as its Salesforce."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        (folder / "output").mkdir()
        (folder / "meltano.yml").write_text(meltano_yml(url))
        self.run(
            self.meltano, "state", "list"
        )  # makes Meltano's database, which workers cannot do side by side

    @property
    def meltano(self) -> Path:
        return BIN / "meltano"

    def environment(self, **more: str) -> dict[str, str]:
        return {**os.environ, "MELTANO_PROJECT": str(self.folder), "MELTANO": str(self.meltano), **more}

    def run(self, *command: str | Path, **environment: str) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def extract(self, state_id: str, **environment: str) -> str:
        command = (self.meltano, "el", f"--state-id={state_id}", "tap-salesforce-seg", "target-jsonl")
        return self.run(*command, **environment)

    @property
    def rows(self) -> dict[str, list[str]]:
        """What was loaded, in no order: rows by stream."""
        files = (self.folder / "output").glob("*.jsonl")
        return {path.stem: sorted(path.read_text().splitlines()) for path in files}

    def bookmarks(self, state_id: str) -> dict[str, object]:
        told = self.run(self.meltano, "state", "get", state_id)
        (line,) = [line for line in told.splitlines() if line.startswith("{")]
        return json.loads(line)["singer_state"]["bookmarks"]


@pytest.fixture(scope="session")
def org_url() -> Iterator[str]:
    command = [BIN / "salesforce-local-org", "serve", "--port", "0", "--seed", "demo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as org:
        assert org.stdout is not None
        yield org.stdout.readline().split()[1]
        org.terminate()


@pytest.fixture
def project(tmp_path: Path, org_url: str) -> Project:
    return Project(tmp_path, org_url)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory, org_url: str) -> Project:
    """What one worker loads."""
    project = Project(tmp_path_factory.mktemp("whole"), org_url)
    project.extract("whole")
    return project
