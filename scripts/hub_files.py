"""Both plugins as Meltano Hub defines plugins, and the lock files that let a project do without the Hub.

The Hub's rules: keys and settings sorted, ``quality`` given, no tabs; see ``_data/meltano`` in meltano/hub.
"""

from __future__ import annotations

import json
from typing import Any

import yaml
from plugin_about import PLUGINS, kind, login_groups, python_versions

VARIANT = "salesforce-seg"
ACRONYMS = {"api": "API", "id": "ID", "sdk": "SDK", "url": "URL"}

COMMON: dict[str, Any] = {
    "domain_url": "https://developer.salesforce.com/docs/apis",
    "keywords": ["api", "meltano_sdk"],
    "maintenance_status": "beta",
    "pip_url": "salesforce-seg",
    "quality": "unknown",
    "variant": VARIANT,
}
"""What both definitions say; ``quality`` is the Hub's to judge."""

OWN: dict[str, dict[str, Any]] = {
    "tap-salesforce-seg": {
        "label": "Salesforce (Segment's collections)",
        "select": ["*.*", "!documents.body"],
    },
    "target-salesforce-seg": {"label": "Salesforce (Segment's destination)"},
}

HUB_ONLY = {"domain_url", "keywords", "maintenance_status", "quality"}
"""What the Hub shows and a lock file has no use for."""


def label(setting: str) -> str:
    """A setting's name in words, such as ``Login URL``."""
    words = [ACRONYMS.get(word, word) for word in setting.split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def hub_setting(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A setting as the Hub has it."""
    setting = {
        "name": name,
        "label": label(name),
        "kind": kind(schema),
        "description": schema["description"],
    }
    if schema.get("secret"):
        setting["sensitive"] = True
    if "default" in schema:
        setting["value"] = schema["default"]
    if "enum" in schema:
        setting["options"] = [{"label": value, "value": value} for value in schema["enum"]]
    return setting


def definition(described: dict[str, Any]) -> dict[str, Any]:
    """A plugin's Hub definition.

    Args:
        described: What the plugin's ``--about`` says.

    Returns:
        The definition, as ``meltano add --from-ref`` reads it.
    """
    name = described["name"]
    settings = [hub_setting(*each) for each in sorted(described["settings"]["properties"].items())]
    return {
        **COMMON,
        **OWN[name],
        "name": name,
        "namespace": name.replace("-", "_"),
        "executable": name,
        "description": described["description"],
        "capabilities": sorted(described["capabilities"]),
        "settings": settings,
        "settings_group_validation": login_groups(),
        "supported_python_versions": python_versions(),
    }


def lock(defined: dict[str, Any]) -> dict[str, Any]:
    """The lock file of a definition, as Meltano writes one for a plugin from the Hub."""
    locked = {name: value for name, value in defined.items() if name not in HUB_ONLY}
    return {"plugin_type": PLUGINS[defined["name"]], **locked}


def files(described: dict[str, Any]) -> dict[str, str]:
    """A plugin's definition and lock file: text by path from the project's root."""
    defined = definition(described)
    name, folder = defined["name"], PLUGINS[defined["name"]]
    dumped = yaml.safe_dump(defined, sort_keys=True, allow_unicode=True, width=110)
    return {
        f"hub/{folder}/{name}.yml": dumped,
        f"plugins/{folder}/{name}--{VARIANT}.lock": json.dumps(lock(defined), indent=2) + "\n",
    }
