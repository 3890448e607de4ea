"""Opens a page in Chromium, as wide as a phone, and tells what is seen there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")

LOOK = """<!DOCTYPE html><body><pre id="found"></pre><script>
const frame = document.createElement("iframe")
frame.width = 390
frame.onload = () => {
  const page = frame.contentDocument, root = page.documentElement
  const texts = (within, what) => [...within.querySelectorAll(what)].map(each => each.textContent)
  document.getElementById("found").textContent = JSON.stringify({
    title: page.title,
    text: root.innerText + texts(page, "details").join(" "),
    rows: [...page.querySelectorAll("tr")].map(row => texts(row, "td")),
    tiles: Object.fromEntries([...page.querySelectorAll(".tile")].map(
      tile => texts(tile, "span, b").reverse())),
    bars: [...page.querySelectorAll("tr")].map(row => [...row.querySelectorAll("rect.bar")].map(
      bar => bar.getBoundingClientRect().width)),
    images: page.querySelectorAll("img, script").length,
    overflow: root.scrollWidth - root.clientWidth,
    paper: getComputedStyle(page.body).backgroundColor,
  })
}
frame.src = "SOURCE"
document.body.append(frame)
</script>"""


@dataclass(frozen=True)
class Seen:
    """What a browser made of a page.

    Attributes:
        complaints: What it wrote on its console.
        title: The title.
        text: All that can be read, closed parts as well.
        rows: The cells of all rows of tables.
        tiles: The figures in large print, by their names.
        bars: The widths of the bars of each row of ``rows``, in pixels.
        images: How many images and scripts there are.
        overflow: Pixels that do not fit the width of a phone.
        paper: The colour of the page.
    """

    complaints: list[str]
    title: str
    text: str
    rows: list[list[str]]
    tiles: dict[str, str]
    bars: list[list[float]]
    images: int
    overflow: int
    paper: str

    def row(self, name: str) -> list[str]:
        """The cells after the name, in the only row of that name."""
        (cells,) = [row[1:] for row in self.rows if row and row[0] == name]
        return cells

    def bars_of(self, name: str) -> list[float]:
        """The widths of the bars of that row."""
        (bars,) = [bars for row, bars in zip(self.rows, self.bars, strict=True) if row and row[0] == name]
        return bars


def opened(page: Path, directory: Path, *, dark: bool = False) -> Seen:
    """Open a page.

    Args:
        page: The file.
        directory: Where the browser may keep things.
        dark: Whether the reader likes it dark.
    """
    looking = directory / "look.html"
    looking.write_text(LOOK.replace("SOURCE", page.as_uri()))
    assert CHROMIUM
    command = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
    command += [f"--user-data-dir={directory / 'browser'}", "--allow-file-access-from-files", "--dump-dom"]
    command += [f"--blink-settings=preferredColorScheme={0 if dark else 1}", looking.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    (found,) = re.findall(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    seen: dict[str, Any] = json.loads(unescape(found))
    return Seen([line for line in done.stderr.splitlines() if ":CONSOLE" in line], **seen)
