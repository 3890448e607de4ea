"""Write the settings that ``--about`` tells into meltano.yml and README.md, between their markers.

``python scripts/settings.py`` writes; with ``--check`` it only says, by exit code 1, that they differ.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PLUGINS = ("tap-salesforce-seg", "target-salesforce-seg")
NOT_MELTANOS = {"validate-records"}
"""Capabilities that the SDK names and Meltano's own schema of meltano.yml refuses."""
KINDS_IN_WORDS = {"date_iso8601": "date-time"}
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
    return described


def kind(schema: dict[str, Any]) -> str:
    """The Meltano kind of a setting."""
    if "enum" in schema:
        return "options"
    if schema.get("format") == "date-time":
        return "date_iso8601"
    json_type = next(each for each in schema["type"] if each != "null")
    return KINDS.get(json_type, json_type)


def meltano_block(described: dict[str, Any]) -> str:
    """Capabilities and settings of a plugin, as meltano.yml has them."""
    capabilities = [each for each in described["capabilities"] if each not in NOT_MELTANOS]
    lines = [f"capabilities: [{', '.join(capabilities)}]", "settings:"]
    for name, schema in described["settings"]["properties"].items():
        lines += [f"- name: {name}", f"  kind: {kind(schema)}"]
        if schema.get("secret"):
            lines.append("  sensitive: true")
        if "default" in schema:
            lines.append(f"  value: {json.dumps(schema['default'])}")
        if "enum" in schema:
            options = ", ".join(f"{{label: {value}, value: {value}}}" for value in schema["enum"])
            lines.append(f"  options: [{options}]")
        lines.append(f"  description: {json.dumps(schema['description'])}")
    return textwrap.indent("\n".join(lines), "    ")


def readme_table(properties: Properties) -> str:
    """A Markdown table of settings."""
    rows = ["| setting | type | default | meaning |", "|--|--|--|--|"]
    for name, schema in properties.items():
        shown = "secret" if schema.get("secret") else KINDS_IN_WORDS.get(kind(schema), kind(schema))
        if "enum" in schema:
            shown = ", ".join(f"`{value}`" for value in schema["enum"])
        default = f"`{json.dumps(schema['default'])}`" if "default" in schema else ""
        rows.append(
            f"| `{name}` | {shown} | {default} | {schema['description'].replace('|', chr(92) + '|')} |"
        )
    return "\n".join(rows)


def readme_tables(tap: Properties, target: Properties) -> dict[str, str]:
    """The README's tables by marker: what both share, the SDK's own, and each plugin's."""
    shared = {name: schema for name, schema in tap.items() if target.get(name) == schema}
    sdk = {name: schema for name, schema in shared.items() if name in SDK_SETTINGS}
    connection = {name: schema for name, schema in shared.items() if name not in sdk}
    own = [{n: s for n, s in properties.items() if n not in shared} for properties in (tap, target)]
    tables = {"connection": connection, "tap": own[0], "target": own[1], "sdk": sdk}
    return {marker: readme_table(properties) for marker, properties in tables.items()}


def with_block(text: str, marker: str, block: str, comment: tuple[str, str]) -> str:
    """The text with what stands between two marker lines replaced."""
    lines = (f"{comment[0]} {edge} settings of {marker} {comment[1]}".rstrip() for edge in ("begin", "end"))
    begin, end = map(re.escape, lines)
    pattern = re.compile(rf"({begin}\n).*?([ ]*{end}\n)", re.DOTALL)
    if len(pattern.findall(text)) != 1:
        sys.exit(f"The markers of {marker} are missing.")
    return pattern.sub(lambda found: f"{found[1]}{block}\n{found[2]}", text)


def main() -> None:
    """Write both files, or check them."""
    described = {plugin: about(plugin) for plugin in PLUGINS}
    tables = readme_tables(*(each["settings"]["properties"] for each in described.values()))
    files = {
        ROOT / "meltano.yml": ({p: meltano_block(described[p]) for p in PLUGINS}, ("#", "")),
        ROOT / "README.md": (tables, ("<!--", "-->")),
    }
    stale = []
    for path, (blocks, comment) in files.items():
        text = before = path.read_text(encoding="utf-8")
        for marker, block in blocks.items():
            text = with_block(text, marker, block, comment)
        if text != before:
            stale.append(path.name)
            if "--check" not in sys.argv:
                path.write_text(text, encoding="utf-8")
    if stale and "--check" in sys.argv:
        sys.exit(f"{' and '.join(stale)} differ from --about; run python scripts/settings.py")


if __name__ == "__main__":
    main()
