"""Installs each client at its own version into an environment of its own, once."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from measured import FailedError, output_of

SECONDS_TO_INSTALL = 600
OLDEST_NODE = 22
"""What the Salesforce CLI needs; where the machine has an older one, npm brings this one along."""


def python_environment(folder: Path, *requirements: str) -> Path:
    """A virtual environment with these requirements in it; its ``bin`` folder."""
    programs = folder / "bin"
    requirement = " ".join(map(_with_age, requirements))
    wanted = folder / "installed.txt"
    if not wanted.exists() or wanted.read_text() != requirement:
        uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        python = str(programs / "python")
        shutil.rmtree(folder, ignore_errors=True)
        if uv:
            _run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)])
            _run([uv, "pip", "install", "--quiet", "--python", python, *requirements])
        else:
            _run([sys.executable, "-m", "venv", str(folder)])
            _run([python, "-m", "pip", "install", "--quiet", *requirements])
        wanted.write_text(requirement)
    return programs


def _with_age(requirement: str) -> str:
    """A requirement; of a folder also when its files last changed, so that it is then installed anew."""
    folder = Path(requirement)
    if not folder.is_dir():
        return requirement
    return f"{requirement} of {max(each.stat().st_mtime_ns for each in folder.rglob('*'))}"


def node_environment(folder: Path, package: str) -> Path:
    """A folder with one npm package in it, and a Node.js young enough; its folder of programs."""
    programs = folder / "node_modules" / ".bin"
    wanted = folder / "installed.txt"
    if not wanted.exists() or wanted.read_text() != package:
        npm = shutil.which("npm")
        if npm is None:
            raise FailedError("npm is not on this machine")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "package.json").write_text('{"private": true}')
        packages = [package]
        if _node_version() < OLDEST_NODE:
            machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
            packages.append(f"node-{platform.system().lower()}-{machine}@{OLDEST_NODE}")
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        _run([npm, "install", *options, *packages], folder)
        wanted.write_text(package)
    return programs


def _node_version() -> int:
    node = shutil.which("node")
    if node is None:
        return 0
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return int(answer.strip().lstrip("v").partition(".")[0])


def _run(arguments: list[str], folder: Path | None = None) -> None:
    output_of(arguments, folder or Path.cwd(), {}, SECONDS_TO_INSTALL)
