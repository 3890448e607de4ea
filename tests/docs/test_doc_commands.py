"""The helper that runs a page's commands tells what differs, and lets pass what the page leaves open."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from doc_commands import Sandbox, never_run, run

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """
<!-- setup
echo hidden > hidden.txt
-->
Text, and `$ not a command`.

<!-- file made.txt -->
```yaml
a: 8765
```

<!-- append made.txt -->
```yaml
b: 'it''s'
```

```console
$ cat made.txt
a: 8765
b: 'it''s'
$ mkdir deeper && cd deeper && export GREETING=hello
$ echo "$GREETING" | tr \\
> a-z A-Z; cat ../hidden.txt; echo 2026-01-02T03:04:05Z; seq 1 5
HELLO
hid...
2020-12-31 23:59:59.123456+00:00
1
...
5
```

<!-- exit 3 -->
<!-- stderr -->
```console
$ true
$ ls nowhere 2>&1 >/dev/null; echo 8765; pwd; exec sh -c 'exit 3' & wait $!
ls: ...
8765
~/deeper
```

<!-- not run: nobody has one -->
```console
$ false
```
"""

BAD = {
    "other output": "```console\n$ echo a; echo b\na\n```\n",
    "text around the dots": "```console\n$ echo abc\nx...c\n```\n",
    "another exit code": "```console\n$ false\n```\n",
    "a failure was promised": "<!-- exit 1 -->\n```console\n$ true\n```\n",
    "output on the wrong stream": "```console\n$ echo a >&2\na\n```\n",
}


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    folder = tmp_path / "page"
    folder.mkdir()
    return Sandbox(folder, {"PATH": os.environ["PATH"], "LC_ALL": "C"}, {"8765": "45678"})


def test_a_page_that_tells_the_truth(sandbox: Sandbox) -> None:
    assert run(GOOD, sandbox) == []
    assert (sandbox.folder / "made.txt").read_text().startswith("a: 45678\n")


@pytest.mark.parametrize("what", BAD)
def test_a_page_that_does_not(sandbox: Sandbox, what: str) -> None:
    after = "\n```console\n$ touch reached\n```\n"

    (difference,) = run(BAD[what] + after, sandbox)

    assert difference.startswith("$ ")
    assert (sandbox.folder / "reached").exists() == ("exit code" not in difference)


def test_blocks_that_nobody_runs() -> None:
    excused = "<!-- not run: it asks you -->\n```sh\nread x\n```\n<!-- file y -->\n```sh\nz\n```\n"
    forgotten = "```sh\nls\nls -l\n```\n"

    assert list(never_run(GOOD + excused + forgotten)) == ["ls"]
