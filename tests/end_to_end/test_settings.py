"""A setting is the same wherever a user meets it: in --about, in meltano.yml, in the README."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PLUGINS = {"tap-salesforce-seg": "extractors", "target-salesforce-seg": "loaders"}
NOT_IN_MELTANO = {"validate-records"}
KINDS = {"options": "enum", "date_iso8601": "date-time"}


@cache
def about(plugin: str) -> dict[str, Any]:
    command = [Path(sys.executable).parent / plugin, "--about", "--format=json"]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def definition(plugin: str) -> dict[str, Any]:
    plugins = yaml.safe_load((ROOT / "meltano.yml").read_text())["plugins"][PLUGINS[plugin]]
    return next(each for each in plugins if each["name"] == plugin)


def kind(schema: dict[str, Any]) -> str:
    json_type = next(each for each in schema["type"] if each != "null")
    return "enum" if "enum" in schema else schema.get("format", json_type)


def readme_rows() -> dict[str, list[str]]:
    """The README's settings tables, cells by setting; the sections of tap and target are kept apart."""
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    return {name: [cell.strip() for cell in rest.split(" | ")] for name, rest in rows}


@pytest.mark.parametrize("plugin", PLUGINS)
def test_meltano_yml_has_every_setting_as_about_tells_it(plugin: str) -> None:
    settings = {each["name"]: each for each in definition(plugin)["settings"]}
    properties = about(plugin)["settings"]["properties"]

    assert list(settings) == list(properties)
    for name, schema in properties.items():
        setting = settings[name]
        assert KINDS.get(setting["kind"], setting["kind"]) == kind(schema), name
        assert setting.get("sensitive", False) == schema.get("secret", False), name
        assert setting.get("value") == schema.get("default"), name
        assert [each["value"] for each in setting.get("options", [])] == schema.get("enum", []), name


@pytest.mark.parametrize("plugin", PLUGINS)
def test_meltano_yml_has_the_capabilities_that_about_tells(plugin: str) -> None:
    assert set(definition(plugin)["capabilities"]) == set(about(plugin)["capabilities"]) - NOT_IN_MELTANO


@pytest.mark.parametrize("plugin", PLUGINS)
def test_the_readme_has_every_setting_as_about_tells_it(plugin: str) -> None:
    rows = readme_rows()
    for name, schema in about(plugin)["settings"]["properties"].items():
        if name == "api_type":
            continue  # both plugins have one; the next test reads both rows
        shown, default, _ = rows[name]
        assert (shown == "secret") == schema.get("secret", False), name
        assert default == (f"`{json.dumps(schema['default'])}`" if "default" in schema else ""), name
        if "enum" in schema:
            assert re.findall(r"`(\w+)`", shown) == schema["enum"], name


def test_the_readme_names_no_setting_that_neither_plugin_has() -> None:
    known = {name for plugin in PLUGINS for name in about(plugin)["settings"]["properties"]}
    assert set(readme_rows()) == known


def test_the_tables_are_what_the_script_writes() -> None:
    check = [sys.executable, ROOT / "scripts" / "settings.py", "--check"]
    finished = subprocess.run(check, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
