"""Reads statements, a JSON string a line; writes true or false a line: SOQL by the Apex grammar or not."""

from __future__ import annotations

import json
import sys

from tree_sitter_language_pack import get_parser

parser = get_parser("apex")
for line in sys.stdin:
    source = f"class A {{ Object a = [{json.loads(line)}]; }}"
    print("false" if parser.parse(source.encode()).root_node.has_error else "true")
