"""Write what ``--about`` tells: meltano.yml and README.md between their markers, hub/ and plugins/ whole.

``python scripts/settings.py`` writes; with ``--check`` it only says, by exit code 1, that they differ.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import hub_files
from plugin_about import PLUGINS, ROOT, SDK_SETTINGS, Properties, about, kind, login_groups

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KINDS_IN_WORDS = {"date_iso8601": "date-time"}


def meltano_block(described: dict[str, Any]) -> str:
    """Capabilities and settings of a plugin, as meltano.yml has them."""
    lines = [f"capabilities: [{', '.join(described['capabilities'])}]", "settings_group_validation:"]
    lines += [f"- [{', '.join(group)}]" for group in login_groups()]
    lines.append("settings:")
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


def written() -> Iterator[tuple[Path, str]]:
    """Every file and what it shall say."""
    described = {plugin: about(plugin) for plugin in PLUGINS}
    tables = readme_tables(*(each["settings"]["properties"] for each in described.values()))
    marked = {
        ROOT / "meltano.yml": ({p: meltano_block(described[p]) for p in PLUGINS}, ("#", "")),
        ROOT / "README.md": (tables, ("<!--", "-->")),
    }
    for path, (blocks, comment) in marked.items():
        text = path.read_text(encoding="utf-8")
        for marker, block in blocks.items():
            text = with_block(text, marker, block, comment)
        yield path, text
    for each in described.values():
        for name, text in hub_files.files(each).items():
            yield ROOT / name, text


def main() -> None:
    """Write the files, or check them."""
    stale = []
    for path, text in written():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(str(path.relative_to(ROOT)))
            if "--check" not in sys.argv:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    if stale and "--check" in sys.argv:
        sys.exit(f"{' and '.join(stale)} differ from --about; run python scripts/settings.py")


if __name__ == "__main__":
    main()
