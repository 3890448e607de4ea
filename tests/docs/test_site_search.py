"""The site's search works in a browser that reaches nothing but the site."""

from __future__ import annotations

import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from browser import CHROMIUM, needs_chromium

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECONDS_TO_WAIT = 60
LOOK = b"""<!DOCTYPE html><iframe src="/watching/?q=report" width="1200" height="900"></iframe>
<img src="/wait"><script>
const look = setInterval(() => {
  const found = document.querySelector("iframe").contentDocument.querySelector(".md-search-result__meta")
  if (found && /\\d/.test(found.textContent)) {
    clearInterval(look)
    fetch("/found?" + encodeURIComponent(found.textContent.trim()))
  }
}, 100)
</script>"""


class Site(SimpleHTTPRequestHandler):
    """The site, and a page that looks at it: it is loaded once something is found."""

    found = ""
    has_found = threading.Event()

    def do_GET(self) -> None:
        if self.path.startswith("/found?"):
            Site.found = unquote(self.path.partition("?")[2])
            Site.has_found.set()
        if self.path == "/look":
            self._answer(LOOK)
        elif self.path.startswith("/found?"):
            self._answer(b"")
        elif self.path == "/wait":
            Site.has_found.wait(SECONDS_TO_WAIT)
            self._answer(b"")
        else:
            super().do_GET()

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Site, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@needs_chromium
def test_the_search_finds_pages(address: str, tmp_path: Path) -> None:
    assert CHROMIUM
    nothing_else = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    command = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
    command += [f"--user-data-dir={tmp_path / 'browser'}", nothing_else, "--dump-dom", f"{address}/look"]

    seen = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_TO_WAIT, check=True)

    assert Site.found.endswith("matching documents")
    assert not [line for line in seen.stderr.splitlines() if ":CONSOLE" in line]
