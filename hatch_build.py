"""Compiles the part of the tap that also exists in C; without a compiler the wheel is a pure one."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = [Path("tap_salesforce_seg/csv_lines.c"), Path("tap_salesforce_seg/json_lines.c")]
LIBRARY = Path("tap_salesforce_seg/_lines.so")
FLAGS = ["-O2", "-std=c11", "-shared", "-fPIC"]
STRIPPED = ["-s"] if sys.platform == "linux" else []
"""Leaves out the names of temporary files, so that the same compiler always makes the same bytes."""

ONLY_PYTHON = "SALESFORCE_SEG_PURE"
"""The environment variable that asks for a wheel without compiled code, if it is not empty."""


class CustomBuildHook(BuildHookInterface[Any]):
    """Puts the compiled library beside its module, in wheels and in the source tree of editable installs."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the library; only an editable install finds it in the source tree."""
        root = Path(self.root)
        self._folder = tempfile.TemporaryDirectory()
        library = root / LIBRARY if version == "editable" else Path(self._folder.name, LIBRARY.name)
        library.unlink(missing_ok=True)
        reason = _compile(root, library)
        if reason:
            self.app.display_warning(f"This wheel has no compiled code, and reads more slowly: {reason}")
            return
        if version != "editable":
            build_data["force_include"][str(library)] = LIBRARY.as_posix()
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{_platform(self.build_config.builder)}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was compiled for a wheel that is done."""
        del version, build_data, artifact_path
        self._folder.cleanup()


def _compile(root: Path, library: Path) -> str:
    """Make the library; the empty string, or why there is none."""
    if os.environ.get(ONLY_PYTHON):
        return f"{ONLY_PYTHON} is set."
    compiler = shlex.split(os.environ.get("CC", "cc"))
    given = [flag for name in ("CFLAGS", "ARCHFLAGS") for flag in shlex.split(os.environ.get(name, ""))]
    command = [*compiler, *given, *FLAGS, *STRIPPED, "-o", str(library), *map(str, SOURCES)]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError as error:
        return f"there is no C compiler ({error})."
    return f"{shlex.join(command)} failed: {done.stderr.strip()}" if done.returncode else ""


def _platform(builder: Any) -> str:
    """The platform's name in a wheel's tag."""
    return str(builder.get_best_matching_tag()).rpartition("-")[2]
