"""What is built for PyPI: always the same bytes, nothing but the packages, and what docs/security.md says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

ROOT = Path(__file__).parent.parent.parent
PACKAGES = {"salesforce_seg", "tap_salesforce_seg", "target_salesforce_seg", "salesforce_local_org"}
SOURCES = ("csv_lines.c", "json_lines.c", "line_steps.h", "cells.h")
METADATA = "{http://soap.sforce.com/2006/04/metadata}"


def built(outdir: Path, umask: int, **variables: str) -> dict[str, bytes]:
    """Both distributions of the committed and present files, by name."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(outdir), str(ROOT)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1767225600", **variables}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, umask=umask, check=False)
    assert done.returncode == 0, done.stderr
    assert ("This wheel has no compiled code" in done.stdout + done.stderr) == ("CC" in variables)
    return {path.name: path.read_bytes() for path in outdir.iterdir()}


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    outdir = tmp_path_factory.mktemp("dist")
    built(outdir, umask=0o022)
    return outdir


def test_builds_are_the_same_bytes(distributions: Path, tmp_path: Path) -> None:
    first = {path.name: path.read_bytes() for path in distributions.iterdir()}
    assert first == built(tmp_path / "again", umask=0o077)
    assert len(first) == 2


def test_the_wheel_holds_the_packages_and_nothing_else(distributions: Path) -> None:
    (wheel,) = distributions.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == PACKAGES
    assert {Path(name).suffix for name in names if ".dist-info/" not in name} <= {
        ".py",
        ".so",
        ".json",
        ".lark",
        ".html",
        ".css",
        ".js",
        ".typed",
        ".txt",
        ".xml",
    }
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(names)


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler here")
def test_only_with_a_compiler_there_is_compiled_code(distributions: Path, tmp_path: Path) -> None:
    (compiled,) = distributions.glob("*.whl")
    pure = next(name for name in built(tmp_path, 0o022, CC="no-such-compiler") if name.endswith(".whl"))
    assert pure.endswith("-py3-none-any.whl")
    assert re.search(r"-py3-none-(?!any)\w+\.whl$", compiled.name)
    with zipfile.ZipFile(compiled) as first, zipfile.ZipFile(tmp_path / pure) as second:
        assert set(first.namelist()) - set(second.namelist()) == {"tap_salesforce_seg/_lines.so"}


def test_the_source_distribution_can_be_tested_and_holds_no_secret(distributions: Path) -> None:
    (sdist,) = distributions.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "tests/conftest.py"} <= names
    assert {"hatch_build.py", *(f"tap_salesforce_seg/{name}" for name in SOURCES)} <= names
    private = (".env", "rejected-events.jsonl", ".meltano", ".venv", "output/")
    assert not [
        name for name in names if name not in {".env.example", "output/.gitkeep"} and name.startswith(private)
    ]


def test_pypi_will_take_them(distributions: Path) -> None:
    files = map(str, distributions.iterdir())
    done = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_every_dependency_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    needed = [requirement for group in groups for requirement in group]
    page = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    explained = dict(re.findall(r"^\| `(\S+)` \|.*\| `(\S+)` \|$", page, re.MULTILINE))
    wanted = {}
    for requirement in needed:
        name, limits = re.fullmatch(
            r"([\w\-\[\]]+?)([<>=!~].*?|)(?:;.*)?", requirement.replace("; ", ";")
        ).groups()
        if not name.startswith("salesforce-seg"):
            wanted.setdefault(name, limits)
    assert explained == wanted


def permission_set(name: str) -> ET.Element:
    return ET.parse(ROOT / f"salesforce/permissionsets/{name}.permissionset-meta.xml").getroot()


def objects_of(root: ET.Element) -> set[str]:
    return {each.findtext(f"{METADATA}object", "") for each in root.iter(f"{METADATA}objectPermissions")}


def test_the_permissions_cover_every_collection() -> None:
    from tap_salesforce_seg.collections import COLLECTIONS

    page = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    told = set(re.findall(r"[A-Za-z0-9]+", page.split("follow another:")[1].split("\n## ")[0]))
    granted = objects_of(permission_set("Salesforce_Seg_Read"))
    needed = {each.sobject for each in COLLECTIONS if not each.sobject.endswith("Tag")} - {"Name"}
    assert needed <= granted | told


def test_the_permissions_to_write_are_those_that_events_need() -> None:
    from target_salesforce_seg.mapping.tables import CONTACT, LEAD, account_table

    root = permission_set("Salesforce_Seg_Write")
    granted = {each.findtext(f"{METADATA}field", "") for each in root.iter(f"{METADATA}fieldPermissions")}
    tables = {"Lead": LEAD, "Contact": CONTACT, "Account": account_table(billing=True, shipping=True)}
    assert objects_of(root) == set(tables)
    for sobject, table in tables.items():
        filled = {name for name in table.fields if name not in ALWAYS_WRITABLE}
        addresses = {name for name in filled if name.endswith(PARTS_OF_ADDRESSES)}
        assert {f"{sobject}.{name}" for name in filled - addresses} <= granted
        assert {name for name in granted if name.startswith(sobject) and name.endswith("Address")}


ALWAYS_WRITABLE = {"FirstName", "LastName", "Company", "Name", "Status"}
"""Names and required fields have no field-level security of their own."""
PARTS_OF_ADDRESSES = (
    "Street",
    "City",
    "State",
    "StateCode",
    "PostalCode",
    "Country",
    "CountryCode",
    "Latitude",
    "Longitude",
)


def test_the_workflows_are_valid() -> None:
    files = map(str, (ROOT / ".github/workflows").glob("*.yml"))
    check = Path(sys.executable).parent / "check-jsonschema"
    done = subprocess.run(
        [check, "--builtin-schema", "vendor.github-workflows", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_contributors_are_sent_to_files_that_exist() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = re.findall(r"`((?:[\w.\-]+/)+[\w.\-]*|[A-Z]+\.md|[a-z]+\.(?:yml|toml))`", page)
    assert len(told) > 25
    assert not [path for path in told if not (ROOT / path).exists()]
