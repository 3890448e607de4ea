"""Runs the commands that a page of the docs shows, in order and in one shell, and compares what they print.

A ``console`` block has commands and their output::

    ```console
    $ meltano state list
    dev:tap-salesforce-seg-to-target-jsonl
    ```

A command goes on in the next line if that begins with ``> ``. Every command must end with exit code 0. Shown
output is compared with standard output; none shown is none compared. ``...`` stands for any text within a
line, and on a line of its own for any lines. What differs from run to run (times, ids, paths) is made alike
on both sides.

HTML comments on the line before a block, invisible on the page, say what else to do with it:

======================== ==========================================================================
``<!-- exit 3 -->``      the block's last command ends with this exit code
``<!-- stderr -->``      the output shown is standard output and standard error together
``<!-- file NAME -->``   the block (of any language) is what file NAME says from here on
``<!-- append NAME -->`` the same, but added to the end of the file
``<!-- not run: WHY -->`` the block is not run
======================== ==========================================================================

A comment that begins with ``<!-- setup`` holds shell commands of its own, which the reader does not see.
"""

from __future__ import annotations

import difflib
import re
import shlex
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SECONDS_TO_WAIT = 300

SHELLS = {"sh", "bash", "shell"}
"""Languages of blocks that a reader will type in; those of ``console`` blocks are run."""

_STEP = re.compile(
    r"<!-- setup\n(?P<setup>.*?)-->"
    r"|(?P<markers>(?:^<!--.*?-->\n)*)^```(?P<language>\w*)\n(?P<block>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_MARKER = re.compile(r"<!-- (exit|stderr|file|append|not run:) ?(.*?) ?-->")

ALIKE = (
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d([.,]\d+)?(Z|\+00:00)?"), "TIME"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "UUID"),
    (re.compile(r"[ \t]+$", re.MULTILINE), ""),
)
"""What differs from run to run, and what stands for it on both sides."""


@dataclass(frozen=True)
class Command:
    """A command line, and what it shall do: print ``output`` (None: whatever) and end with ``exit_code``."""

    line: str
    output: str | None = None
    exit_code: int = 0
    stderr: bool = False


@dataclass
class Sandbox:
    """Where a page's commands run.

    Attributes:
        folder: The working directory of the first command.
        environment: The environment variables.
        instead: Text by the text of the page that stands for it, such as a free port for the page's 8765;
            what is printed is turned back.
    """

    folder: Path
    environment: Mapping[str, str]
    instead: Mapping[str, str] = field(default_factory=dict)

    def there(self, text: str) -> str:
        """A page's text as it must be here."""
        for shown, real in self.instead.items():
            text = text.replace(shown, real)
        return text

    def shown(self, text: str) -> str:
        """What was printed, as the page may show it."""
        for shown, real in {**self.instead, "~": str(self.folder)}.items():
            text = text.replace(real, shown)
        for pattern, same in ALIKE:
            text = pattern.sub(same, text)
        return text.strip("\n")


def commands(page: str) -> Iterator[Command]:
    """What a page tells its reader to do.

    Args:
        page: The Markdown text.

    Yields:
        Commands, in order; writing a file is one too.
    """
    for step in _STEP.finditer(page):
        if step["setup"] is not None:
            yield Command(step["setup"])
            continue
        markers = dict(_MARKER.findall(step["markers"]))
        if "not run:" in markers:
            continue
        for marker, operator in (("file", ">"), ("append", ">>")):
            if marker in markers:
                text = shlex.quote(step["block"])
                yield Command(f"printf %s {text} {operator} {shlex.quote(markers[marker])}")
        if step["language"] == "console":
            yield from _console(step["block"], int(markers.get("exit", 0)), stderr="stderr" in markers)


def never_run(page: str) -> Iterator[str]:
    """The first lines of blocks of shell commands that are neither run nor said to be not run.

    Args:
        page: The Markdown text.
    """
    for step in _STEP.finditer(page):
        if step["language"] in SHELLS and not _MARKER.search(step["markers"]):
            yield step["block"].partition("\n")[0]


def _console(block: str, exit_code: int, *, stderr: bool) -> Iterator[Command]:
    shown = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    for number, text in enumerate(shown, start=1):
        line, *rest = text.rstrip("\n").split("\n")
        while rest and rest[0].startswith("> "):
            line += "\n" + rest.pop(0).removeprefix("> ")
        output = "\n".join(rest) if rest else None
        yield Command(line, output, exit_code if number == len(shown) else 0, stderr)


def run(page: str, sandbox: Sandbox) -> list[str]:
    """Run a page's commands, up to the first that does not what the page says.

    Args:
        page: The Markdown text.
        sandbox: Where.

    Returns:
        What differs, one text a command; the list is empty if all is as shown.
    """
    steps = list(commands(page))
    results = sandbox.folder.parent / f"{sandbox.folder.name}-results"
    results.mkdir()
    script = [_as_script(step, sandbox, results / str(number)) for number, step in enumerate(steps)]
    (results / "script").write_text("\n".join(script))
    subprocess.run(
        ["bash", results / "script"],
        cwd=sandbox.folder,
        env=dict(sandbox.environment),
        stdin=subprocess.DEVNULL,
        timeout=SECONDS_TO_WAIT,
        check=False,
    )
    done = (
        _difference(step, sandbox, results / str(number))
        for number, step in enumerate(steps)
        if (results / f"{number}.exit").exists()
    )
    return [difference for difference in done if difference]


def _as_script(step: Command, sandbox: Sandbox, result: Path) -> str:
    """The command in the page's one shell, so that ``cd`` and ``export`` hold for those after it."""
    errors = "2>&1" if step.stderr else f"2>{result}.err"
    return (
        f"{{ {sandbox.there(step.line)}\n}} >{result}.out {errors}\n"
        f"status=$?; echo $status >{result}.exit; [ $status = {step.exit_code} ] || exit 1"
    )


def _difference(step: Command, sandbox: Sandbox, result: Path) -> str | None:
    exit_code = int(result.with_suffix(".exit").read_text())
    printed = sandbox.shown(result.with_suffix(".out").read_text())
    if exit_code != step.exit_code:
        errors = result.with_suffix(".err")
        told = sandbox.shown(errors.read_text())[-3000:] if errors.exists() else ""
        return f"$ {step.line}\nexit code {exit_code} instead of {step.exit_code}\n{printed}\n{told}"
    if step.output is None or _pattern(sandbox.shown(step.output)).fullmatch(printed + "\n"):
        return None
    shown = sandbox.shown(step.output).split("\n")
    lines = difflib.unified_diff(shown, printed.split("\n"), "the page", "this run", lineterm="", n=99)
    return f"$ {step.line}\n" + "\n".join(lines)


def _pattern(shown: str) -> re.Pattern[str]:
    """What the page shows, as a pattern of what may be printed."""
    lines = (
        "(?:.*\n)*?" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + "\n"
        for line in shown.split("\n")
    )
    return re.compile("".join(lines))
