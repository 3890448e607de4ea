"""The pictures of the docs are taken by a script that anybody can run, and show something."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from browser import needs_chromium

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "docs" / "assets"
PICTURES = {"local-org.png", "local-org-query.png", "report-tap.png", "report-target.png"}
CHANNELS = {2: 3, 6: 4}
MOST_BYTES = 150_000


def pixels(picture: Path) -> tuple[int, int, bytes]:
    """Width, height, and the filtered lines of a PNG file (RFC 2083): alike lines are alike bytes."""
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, depth, kind = struct.unpack(">IIBB", data[16:26])
    assert depth == 8
    at, packed = 8, b""
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        if data[at + 4 : at + 8] == b"IDAT":
            packed += data[at + 8 : at + 8 + length]
        at += 12 + length
    lines = zlib.decompress(packed)
    assert len(lines) == height * (1 + width * CHANNELS[kind])
    return width, height, lines


def is_blank(picture: Path) -> bool:
    width, height, lines = pixels(picture)
    length = len(lines) // height
    different = {lines[at : at + length] for at in range(0, len(lines), length)}
    return len(different) < height / 4 or width < 600


@needs_chromium
def test_the_script_takes_them(tmp_path: Path) -> None:
    script = ROOT / "scripts" / "screenshots.py"
    subprocess.run([sys.executable, script, tmp_path], capture_output=True, timeout=200, check=True)

    assert {path.name for path in tmp_path.iterdir()} == PICTURES
    assert not [path.name for path in tmp_path.iterdir() if is_blank(path)]


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_those_of_the_docs_are_light_and_not_blank(name: str) -> None:
    assert not is_blank(ASSETS / name)
    assert (ASSETS / name).stat().st_size < MOST_BYTES


@needs_chromium
def test_a_blank_page_would_be_found(tmp_path: Path) -> None:
    blank = tmp_path / "blank.png"
    sys.path.insert(0, str(ROOT / "scripts"))
    from screenshots import take

    take("about:blank", (1100, 900), blank, tmp_path / "browser")

    assert is_blank(blank)
