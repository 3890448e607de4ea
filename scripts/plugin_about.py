"""What the plugins say of themselves, for every file that tells their settings."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

from salesforce_seg.auth.choice import CLIENT_CREDENTIALS, FLOWS

ROOT = Path(__file__).parent.parent
PLUGINS = {"tap-salesforce-seg": "extractors", "target-salesforce-seg": "loaders"}
NOT_MELTANOS = {"validate-records"}
"""Capabilities that the SDK names and Meltano's own schema of meltano.yml refuses."""
KINDS = {"number": "decimal"}
"""JSON schema types whose Meltano kind has another name."""

SDK_SETTINGS = {
    "stream_maps": "Renames, filters and computes columns per stream; see the SDK's page on stream maps.",
    "stream_map_config": "Values that stream maps may use.",
    "faker_config": "Seed and locale of the made-up values that stream maps may use.",
    "flattening_enabled": "Whether nested objects become columns of their own.",
    "flattening_max_depth": "How many levels of nesting become columns.",
    "flattening_max_key_length": "How long a column's name may become by that.",
    "flattening_separator": "What stands between the parts of such a name.",
    "validate_records": "Whether each record is checked against its stream's schema.",
}
"""Settings that singer-sdk adds to every plugin, described in our words."""

Properties = dict[str, dict[str, Any]]


def about(plugin: str) -> dict[str, Any]:
    """What a plugin says of itself."""
    command = [Path(sys.executable).parent / plugin, "--about", "--format=json"]
    described: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    for name, schema in described["settings"]["properties"].items():
        schema["description"] = SDK_SETTINGS.get(name, schema["description"])
    described["capabilities"] = [each for each in described["capabilities"] if each not in NOT_MELTANOS]
    return described


def kind(schema: dict[str, Any]) -> str:
    """The Meltano kind of a setting."""
    if "enum" in schema:
        return "options"
    if schema.get("format") == "date-time":
        return "date_iso8601"
    json_type = next(each for each in schema["type"] if each != "null")
    return KINDS.get(json_type, json_type)


def login_groups() -> list[list[str]]:
    """The settings of each login flow, the recommended first: Meltano's ``settings_group_validation``.

    Client credentials also need ``login_url``: Salesforce accepts the flow at a My Domain only.
    """
    groups = []
    for flow in reversed(FLOWS):
        needs = ("login_url", *flow.needs) if flow.key == CLIENT_CREDENTIALS else flow.needs
        groups += [list(group) for group in product(*(need.split("|") for need in needs))]
    return groups


def python_versions() -> list[str]:
    """The Python versions that pyproject.toml claims."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return re.findall(r'"Programming Language :: Python :: (3\.\d+)"', text)
