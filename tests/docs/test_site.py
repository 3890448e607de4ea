"""The docs as a site: no complaint, every link leads somewhere, and nothing comes from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "object": "data"}
MARKDOWN = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")]


class Links(HTMLParser):
    """What a page loads, links to, and can be linked at."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("id"):
            self.anchors.add(str(given["id"]))
        address = given.get(LOADED.get(tag, ""))
        if address and given.get("rel") not in {"next", "prev", "canonical"}:
            self.loaded.append(address)
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))


def test_every_link_of_the_site_leads_somewhere(site: Path) -> None:
    pages = {page: Links(page) for page in site.rglob("*.html")}
    broken = []
    for page, found in pages.items():
        for link in [*found.links, *found.loaded]:
            address, anchor = urldefrag(unquote(link))
            if urlsplit(address).scheme or page.name == "404.html":
                continue
            there = (page.parent / address).resolve() if address else page
            there = there / "index.html" if there.is_dir() else there
            if not there.exists() or (anchor and there in pages and anchor not in pages[there].anchors):
                broken.append(f"{page.relative_to(site)}: {link}")
    assert not broken
    assert len(pages) > 20


def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        assert not [link for link in Links(page).loaded if urlsplit(link).netloc], page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", sheet.read_text()), sheet


def test_every_page_of_the_docs_is_in_the_menu() -> None:
    menu = (ROOT / "mkdocs.yml").read_text().partition("nav:\n")[2]
    assert set(re.findall(r"(\S+\.md)$", menu, re.MULTILINE)) == {
        page.name for page in ROOT.glob("docs/*.md")
    }


def relative_links(page: Path) -> Iterator[tuple[str, str]]:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    yield from re.findall(r"\]\((?!\w+:)([^)#\s]*)#?([^)\s]*)\)", text)


def anchors(page: Path) -> set[str]:
    """What a code host makes of a page's headings."""
    heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_holds_on_a_code_host(page: Path) -> None:
    for address, anchor in relative_links(page):
        there = (page.parent / address) if address else page
        is_chart = there.parent.name == "benchmarks" and there.suffix == ".svg"
        assert there.exists() or is_chart, address
        assert not anchor or anchor in anchors(there), f"{address}#{anchor}"


def test_the_picture_of_the_demo_is_what_the_demo_prints(tmp_path: Path) -> None:
    picture = tmp_path / "demo.svg"
    subprocess.run([sys.executable, ROOT / "scripts" / "demo_picture.py", picture], timeout=60, check=True)

    assert picture.read_text() == (ROOT / "docs" / "assets" / "demo.svg").read_text()
