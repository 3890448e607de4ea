"""Take the pictures of the docs, in real Chromium: the local org's page, and both run reports.

    python scripts/screenshots.py [FOLDER]

The org is that of ``--seed demo``, its clock stands still, and the tap asks for one thing at a time, so that
every run takes the same pictures of the org. Only the times in the run reports differ.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from urllib.request import Request, urlopen

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "assets"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NOON = "2026-12-31T12:00:00Z"
QUERY = (
    "SELECT Name, Industry, NumberOfEmployees, Owner.Name, (SELECT LastName, Email FROM Contacts LIMIT 1) "
    "FROM Account WHERE Name > 'B' AND NumberOfEmployees > 500 ORDER BY Name LIMIT 6"
)
SECONDS_TO_WAIT = 120


def main(folder: Path) -> None:
    """Take all pictures.

    Args:
        folder: Where they go.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch, local_org() as url:
        extracted = extract(url, Path(scratch))
        sent = send_events(url, Path(scratch))
        pages = {
            "local-org.png": (f"{url}/", (1100, 900)),
            "local-org-query.png": (f"{url}/_page/query?q={quote(QUERY)}", (1100, 620)),
            "report-tap.png": (extracted.as_uri(), (1100, 900)),
            "report-target.png": (sent.as_uri(), (1100, 900)),
        }
        for name, (address, size) in pages.items():
            take(address, size, folder / name, Path(scratch) / "browser")


@contextmanager
def local_org() -> Iterator[str]:
    """The address of an org with the demo company, at noon of a certain day for as long as it runs."""
    command = [sys.executable, "-m", "salesforce_local_org", "serve", "--seed=demo", "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = process.stdout.readline().split()[1] if process.stdout else ""
            ask(f"{url}/_local/clock", {"freeze_at": NOON})
            ask(f"{url}/_local/reset", {"seed": "demo"})
            ask(f"{url}/_local/clock", {"freeze_at": NOON})
            yield url
        finally:
            process.terminate()


def ask(url: str, body: dict[str, Any]) -> None:
    """Send JSON to one of the org's own controls."""
    request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310
    urlopen(request, timeout=SECONDS_TO_WAIT).close()  # noqa: S310


def extract(url: str, scratch: Path) -> Path:
    """Run the tap, so that the org has requests to show; its run report."""
    return reported("tap_salesforce_seg", scratch, {"login_url": url, "concurrency": 1})


def send_events(url: str, scratch: Path) -> Path:
    """Run the target on the events of the demo; its run report."""
    settings = {"login_url": url, "rejects_path": str(scratch / "rejects.jsonl")}
    return reported("target_salesforce_seg", scratch, settings, run(str(ROOT / "demo" / "tap-events")))


def reported(package: str, scratch: Path, settings: dict[str, Any], messages: bytes = b"") -> Path:
    """Run a plugin and have it write its run report."""
    config, report = scratch / f"{package}.json", scratch / f"{package}.html"
    config.write_text(json.dumps({"client_id": "key", "client_secret": "secret", **settings}))
    run(sys.executable, "-m", package, "--config", str(config), "--report", str(report), messages=messages)
    return report


def run(*command: str, messages: bytes = b"") -> bytes:
    """What a command prints when it reads these messages."""
    done = subprocess.run(command, input=messages, capture_output=True, timeout=SECONDS_TO_WAIT, check=False)
    if done.returncode:
        sys.exit(done.stderr.decode())
    return done.stdout


def take(address: str, size: tuple[int, int], picture: Path, profile: Path) -> None:
    """Photograph a page.

    Args:
        address: Where it is.
        size: Width and height in pixels.
        picture: The PNG file.
        profile: Where the browser may keep things.
    """
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit("No Chromium on this machine: install it, and run this again.")
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    options += ["--force-device-scale-factor=1", "--blink-settings=preferredColorScheme=1"]
    width, height = size
    run(
        browser,
        *options,
        f"--user-data-dir={profile}",
        f"--window-size={width},{height}",
        f"--screenshot={picture}",
        address,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
