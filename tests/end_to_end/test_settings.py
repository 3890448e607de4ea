"""A setting is the same wherever a user meets it: --about, meltano.yml, README, Hub definition, lock file."""

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

from salesforce_seg.auth.choice import choose_flow
from salesforce_seg.settings import ConnectionSettings

ROOT = Path(__file__).parents[2]
PLUGINS = {"tap-salesforce-seg": "extractors", "target-salesforce-seg": "loaders"}
DEFINITIONS = ("meltano.yml", "hub", "plugins")
NOT_IN_MELTANO = {"validate-records"}
KINDS = {"options": "enum", "date_iso8601": "date-time"}


@cache
def about(plugin: str) -> dict[str, Any]:
    command = [Path(sys.executable).parent / plugin, "--about", "--format=json"]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def definition(plugin: str, where: str) -> dict[str, Any]:
    """A plugin as the project's meltano.yml, the Hub's definition, or the lock file has it."""
    folder = PLUGINS[plugin]
    if where == "hub":
        return yaml.safe_load((ROOT / "hub" / folder / f"{plugin}.yml").read_text())
    if where == "plugins":
        return json.loads((ROOT / "plugins" / folder / f"{plugin}--salesforce-seg.lock").read_text())
    plugins = yaml.safe_load((ROOT / where).read_text())["plugins"][folder]
    return next(each for each in plugins if each["name"] == plugin)


def kind(schema: dict[str, Any]) -> str:
    json_type = next(each for each in schema["type"] if each != "null")
    return "enum" if "enum" in schema else schema.get("format", json_type)


def readme_rows() -> dict[str, list[str]]:
    """The README's settings tables, cells by setting; the sections of tap and target are kept apart."""
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    return {name: [cell.strip() for cell in rest.split(" | ")] for name, rest in rows}


@pytest.mark.parametrize("where", DEFINITIONS)
@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_definition_has_every_setting_as_about_tells_it(plugin: str, where: str) -> None:
    settings = {each["name"]: each for each in definition(plugin, where)["settings"]}
    properties = about(plugin)["settings"]["properties"]

    assert list(settings) == (list(properties) if where == "meltano.yml" else sorted(properties))
    for name, schema in properties.items():
        setting = settings[name]
        assert KINDS.get(setting["kind"], setting["kind"]) == kind(schema), name
        assert setting.get("sensitive", False) == schema.get("secret", False), name
        assert setting.get("value") == schema.get("default"), name
        assert [each["value"] for each in setting.get("options", [])] == schema.get("enum", []), name


@pytest.mark.parametrize("where", DEFINITIONS)
@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_definition_has_the_capabilities_that_about_tells(plugin: str, where: str) -> None:
    capabilities = definition(plugin, where)["capabilities"]

    assert set(capabilities) == set(about(plugin)["capabilities"]) - NOT_IN_MELTANO


@pytest.mark.parametrize("where", DEFINITIONS)
@pytest.mark.parametrize("plugin", PLUGINS)
def test_each_settings_group_is_a_complete_login(plugin: str, where: str) -> None:
    groups = definition(plugin, where)["settings_group_validation"]

    assert len(groups) == len({tuple(sorted(group)) for group in groups})
    for group in groups:
        values = dict.fromkeys(group, "some value")
        urls = {name: "https://example.my.salesforce.com" for name in group if name.endswith("_url")}
        assert choose_flow(ConnectionSettings.from_config(values | urls))


@pytest.mark.parametrize("plugin", PLUGINS)
def test_the_hub_s_keys_are_sorted(plugin: str) -> None:
    keys = list(definition(plugin, "hub"))

    assert keys == sorted(keys)
    assert {"quality", "maintenance_status", "domain_url", "keywords", "pip_url", "variant"} <= set(keys)


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


def test_meltano_s_own_schema_takes_the_project_and_the_lock_files(tmp_path: Path) -> None:
    plugins: dict[str, list[dict[str, Any]]] = {}
    for plugin, folder in PLUGINS.items():
        locked = definition(plugin, "plugins")
        plugins.setdefault(locked.pop("plugin_type"), []).append(locked)
        assert folder in plugins
    project = tmp_path / "meltano.yml"
    project.write_text(yaml.safe_dump({"plugins": plugins}))

    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.meltano"]
    finished = subprocess.run(
        [*check, ROOT / "meltano.yml", project], capture_output=True, text=True, check=False
    )

    assert finished.returncode == 0, finished.stdout
