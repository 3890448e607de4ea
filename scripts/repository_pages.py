"""A hook of MkDocs: what docs pages link to outside of ``docs/`` becomes pages of the site.

So one relative link leads to the file on a code host and to its page on the site. A file is shown as it is,
a folder as a list of its files, a Markdown file as a page.
"""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
DOCS = "docs"
PAGES = "repository"
LANGUAGES = {"": "sh", ".py": "python", ".yml": "yaml", ".xml": "xml", ".sh": "sh", ".toml": "toml"}

_LINK = re.compile(r"(?<=\]\()(?!\w+:|#)(?P<path>[^)#\s]+)(?P<anchor>#[^)\s]*)?(?=\))")


_CHART = re.compile(r"!\[[^\]]*\]\((?:\.\./docs/)?(?P<path>benchmarks/\w+\.svg)\)")
"""A picture that a benchmark draws; it is left out until the benchmark was run."""

_sources: dict[str, str] = {}
"""The file or folder of the repository that a page of the site shows, by the page's URI."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for everything that is linked to, and for what those pages link to.

    Raises:
        PluginError: A link leads to nothing.
    """
    _sources.update({file.src_uri: f"{DOCS}/{file.src_uri}" for file in files.documentation_pages()})
    waiting = list(_sources.values())
    seen = set(waiting)
    while waiting:
        for path in _linked_from(waiting.pop()):
            if path in seen or path.startswith(f"{DOCS}/"):
                continue
            seen.add(path)
            waiting.append(path)
            uri = _uri(path)
            _sources[uri] = path
            files.append(File.generated(config, uri, content=_text(path)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Turn links out of ``docs/`` into links to the pages made of what they lead to."""
    uri = page.file.src_uri
    source = _sources[uri]

    def turned(found: re.Match[str]) -> str:
        there = _uri(_target(source, found["path"]))
        return posixpath.relpath(there, posixpath.dirname(uri) or ".") + (found["anchor"] or "")

    return _LINK.sub(turned, _with_charts(markdown)) if _has_links(source) else markdown


def _linked_from(source: str) -> list[str]:
    """The paths that a file or folder links to."""
    if not _has_links(source):
        return []
    return [_target(source, found["path"]) for found in _LINK.finditer(_text(source))]


def _target(source: str, link: str) -> str:
    """The path in the repository that a link of a file leads to."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), link))
    if path.startswith("..") or not (ROOT / path).exists():
        raise PluginError(f"{source} links to {link}, which is not there.")
    return path


def _has_links(source: str) -> bool:
    return source.endswith(".md") or (ROOT / source).is_dir()


def _uri(path: str) -> str:
    """The site's page of a path."""
    if path.startswith(f"{DOCS}/"):
        return path.removeprefix(f"{DOCS}/")
    if (ROOT / path).is_dir():
        return f"{PAGES}/{path}/index.md"
    return f"{PAGES}/{path}" if path.endswith(".md") else f"{PAGES}/{path}.md"


@lru_cache
def _text(path: str) -> str:
    """The Markdown of a file or folder."""
    there = ROOT / path
    if there.is_dir():
        names = sorted(each.name for each in there.iterdir() if each.name != "__pycache__")
        return f"# {path}/\n\n" + "".join(f"- [{name}]({there.name}/{name})\n" for name in names)
    text = there.read_text(encoding="utf-8")
    if path.endswith(".md"):
        return _with_charts(text)
    return f"# {path}\n\n````{LANGUAGES.get(there.suffix, 'text')}\n{text.rstrip()}\n````\n"


def _with_charts(markdown: str) -> str:
    """The text without pictures that are not drawn yet."""
    return _CHART.sub(lambda found: found[0] if (ROOT / DOCS / found["path"]).exists() else "", markdown)
