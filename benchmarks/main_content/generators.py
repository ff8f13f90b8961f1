# ruff: noqa: E501 (expressions read best on one line)
"""Measures the main content of documentation by eight generators: `python -m benchmarks.main_content.generators`.

None of them is trained on. What is content is told by the elements in which a generator puts it. The pages are those of
the Debian packages python3-doc, valgrind, groff, postgresql-doc-15, libglib2.0-doc, git-doc, apache2-doc and mkdocs-doc;
an argument names the folder in which they are unpacked. Precision and recall count words, as means over pages.
"""

from __future__ import annotations

import glob
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import html  # type: ignore[import-untyped]

from services.parsing import parse
from services.parsing.formats.html.tree import declared_charset
from services.parsing.formats.text import decode

_WORD = re.compile(r"\w+")
_TARGET = re.compile(r"\]\([^)\s]*\)")
_PAGES = 40
#: Shorter pages tell little, longer ones take long.
_BYTES = (1_500, 250_000)


@dataclass(frozen=True)
class Generator:
    """Where its pages are, and XPath expressions of what is content and of what is not although it stands there."""

    name: str
    pages: str
    content: str
    beside: str = "//script"


_GENERATORS = (
    Generator("Sphinx", "python3*-doc/**/*.html", "//div[@role='main'] | //div[@class='body']", "//a[@class='headerlink']"),
    Generator("DocBook", "valgrind/**/*.html", "//body", "//*[self::div or self::table][contains(@class, 'nav')]"),
    Generator("groff", "groff/**/*.html", "//body"),
    Generator("DocBook (PostgreSQL)", "postgresql-doc-15/**/*.html", "//body", "//div[@class='navheader' or @class='navfooter']"),
    Generator("gtk-doc", "libglib2.0-doc/**/*.html", "//body", "//table[contains(@class, 'nav')] | //div[@class='footer']"),
    Generator("AsciiDoc", "git/**/*.html", "//body", "//div[@id='footer']"),
    Generator("Apache", "apache2-doc/**/*.html*", "//div[@id='page-content' or @id='preamble']",
              "//div[@id='quickview' or @id='comments_thread' or @class='top' or contains(@class, 'lang')]"),
    Generator("MkDocs", "mkdocs/**/*.html", "//div[@role='main']", "//a[@class='headerlink']"),
)  # fmt: skip


def measured(generator: Generator, folder: Path) -> Iterator[tuple[float, float]]:
    """Precision and recall of up to 40 pages; those that are mostly links are left out."""
    paths = {Path(name).resolve() for name in glob.glob(str(folder / generator.pages), recursive=True)}
    files = sorted(file for file in paths if file.is_file() and _BYTES[0] < file.stat().st_size < _BYTES[1])
    random.Random(4).shuffle(files)
    pages = 0
    for file in files:
        if pages == _PAGES:
            return
        if wanted := _content(generator, file.read_bytes()):
            found = _words(
                _TARGET.sub("]", parse(file.read_bytes(), "page.html", main_content=True).markdown)
            )
            common = (wanted & found).total()
            yield common / (found.total() or 1), common / wanted.total()
            pages += 1


def _content(generator: Generator, page: bytes) -> Counter[str] | None:
    root = html.document_fromstring(
        decode(page, declared_charset(page))[0].encode(), parser=html.HTMLParser(encoding="utf-8")
    )
    for el in root.xpath(f"//script | //style | {generator.beside}"):
        if el.getparent() is not None:
            el.drop_tree()
    parts = root.xpath(generator.content)
    text = " ".join(part.text_content() for part in parts)
    linked = sum(len(link.text_content()) for part in parts for link in part.iter("a"))
    return _words(text) if linked * 2 < len(text) else None


def _words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text))


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/doc")
    every: list[tuple[float, float]] = []
    for generator in _GENERATORS:
        scores = list(measured(generator, folder))
        if not scores:
            print(f"{generator.name:22} no pages in {folder / generator.pages}")
            continue
        precision, recall = (sum(score) / len(scores) for score in zip(*scores, strict=True))
        every.append((precision, recall))
        print(f"{generator.name:22} {len(scores):3} pages, precision {precision:.3f}, recall {recall:.3f}")
    if every:
        precision, recall = (sum(score) / len(every) for score in zip(*every, strict=True))
        print(
            f"mean: precision {precision:.3f}, recall {recall:.3f}, F1 {2 * precision * recall / (precision + recall):.3f}"
        )


if __name__ == "__main__":
    main()
