"""Which statements are SOQL: the local org against two independent parsers, on a made-up corpus.

The parsers are ``@jetstreamapp/soql-parser-js`` (npm) and tree-sitter's Apex grammar
(``tree-sitter-language-pack`` 0.13), each installed into an environment of its own beside this file.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from local_org_client import OrgClient

HERE = Path(__file__).parent / "soql"
sys.path.insert(0, str(HERE))
from corpus import Statement, statements  # noqa: E402

SCALE = int(os.environ.get("SOQL_CORPUS_SCALE", "1"))
BUILT, BROKEN = 300 * SCALE, 400 * SCALE
"""The figures in the documentation are of scale 5."""
LONGEST_RUN = 600

KNOWN_TOO_STRICT = {
    "soql-parser-js wants LIMIT before OFFSET": r"(?<!LIMIT 10) OFFSET 5",
    "soql-parser-js knows no function inside ROLLUP": r"ROLLUP\([^)]*CALENDAR_YEAR\(",
}
"""Statements that SOQL has, by the SOQL and SOSL Reference, and one of the parsers does not."""

REFUSED_FOR_MEANING = re.compile(
    r"only aggregate expressions use field aliasing|takes one|must be (grouped|the only entry)|duplicate"
)
"""Messages of statements that are well formed, as either parser may find, and still are no queries."""


def _run(command: list[str], lines: str = "", cwd: Path = HERE) -> str:
    done = subprocess.run(
        command, input=lines, text=True, capture_output=True, cwd=cwd, timeout=LONGEST_RUN, check=False
    )
    if done.returncode:
        pytest.skip(f"{' '.join(command)} did not work here: {done.stderr.strip()[-300:]}")
    return done.stdout


@pytest.fixture(scope="module")
def soql_parser_js() -> list[str]:
    """The command that runs soql-parser-js."""
    if not shutil.which("npm") or not shutil.which("node"):
        pytest.skip("soql-parser-js needs Node.js and npm, which are not on this machine")
    if not (HERE / "node_modules" / "@jetstreamapp").is_dir():
        _run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"])
    return ["node", "soql_parser_js.mjs"]


@pytest.fixture(scope="module")
def tree_sitter_apex() -> list[str]:
    """The command that runs tree-sitter's Apex grammar."""
    home = HERE / ".venv"
    python = str(home / "bin" / "python")
    if not (home / "installed").exists():
        _run([sys.executable, "-m", "venv", str(home)])
        _run([python, "-m", "pip", "install", "--quiet", "tree-sitter-language-pack==0.13.0"])
        (home / "installed").touch()
    return [python, "tree_sitter_apex.py"]


def _verdicts(command: list[str], corpus: list[Statement]) -> list[bool]:
    lines = "".join(json.dumps(each.text) + "\n" for each in corpus)
    found = [line == "true" for line in _run(command, lines).split()]
    assert len(found) == len(corpus)
    return found


def _refusal(org: OrgClient, soql: str) -> str:
    """Why the local org finds a statement malformed; empty if it does not."""
    answer = org.rest("GET", "query", params={"q": soql})
    assert answer.status_code in {200, 400}, answer.text
    if answer.status_code == 200 or answer.json()[0]["errorCode"] != "MALFORMED_QUERY":
        return ""
    return str(answer.json()[0]["message"])


def test_the_local_org_and_two_parsers_take_the_same_statements(
    org: OrgClient, soql_parser_js: list[str], tree_sitter_apex: list[str]
) -> None:
    corpus = statements(BUILT, BROKEN)
    judges = list(zip(_verdicts(soql_parser_js, corpus), _verdicts(tree_sitter_apex, corpus), strict=True))
    refusals = [_refusal(org, each.text) for each in corpus]

    table = Counter(
        ("broken" if each.change else "built", not refusal, *verdicts)
        for each, refusal, verdicts in zip(corpus, refusals, judges, strict=True)
    )
    for (kind, ours, theirs, apex), count in sorted(table.items()):
        print(f"{count:5} {kind}: local org {ours}, soql-parser-js {theirs}, tree-sitter {apex}")

    strangers = []
    for each, refusal, (javascript, apex) in zip(corpus, refusals, judges, strict=True):
        taken = not refusal
        if not each.change:
            excused = any(re.search(pattern, each.text) for pattern in KNOWN_TOO_STRICT.values())
            agreed = taken and apex and (javascript or excused)
        else:
            agreed = taken in {javascript, apex} or bool(REFUSED_FOR_MEANING.search(refusal))
            agreed = agreed or refusal.endswith("unexpected token: 'GROUP'")
        if not agreed:
            strangers.append((each, refusal, javascript, apex))

    assert not strangers
    assert table["broken", False, False, False] > BROKEN * 0.75
