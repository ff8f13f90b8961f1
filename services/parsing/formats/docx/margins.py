"""Headers and footers of a document's sections: text that occurs nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree  # type: ignore[import-untyped]

from services.parsing import markdown_writer as md
from services.parsing.formats.docx.runs import Inline, R
from services.parsing.formats.docx.styles import Styles, W
from services.parsing.markdown_writer import MarkdownBlock
from services.parsing.office.archive import Archive, relations
from services.parsing.office.ooxml import Graphics

#: Page numbers in several languages, with the words around them; a slash is one of the marks between.
_NUMBER = re.compile(
    r"\W*+(?:page|pg\.?|p\.|seite|s\.|página|pagina|strana|strona|sida|side|oldal|страница|стр\.|第)?\W*+"
    r"(?:\d{1,4}|[ivxlc]{1,7})?\W*+(?:(?:of|von|de|sur|di|av|af|z|из|共|页|頁|ページ)\W*+)*"
    r"(?:\d{1,4})?\W*+(?:页|頁|ページ)?\W*+",
    re.I,
)
#: Fields with results that vary by page or by day.
_FIELDS = re.compile(r"\b(?:PAGE|NUMPAGES|SECTIONPAGES|DATE|TIME|STYLEREF|FILENAME)\b")


class Margins:
    """`heads` and `feet` are the blocks before and after the text."""

    def __init__(
        self,
        archive: Archive,
        targets: dict[str, tuple[str, str]],
        content: etree._Element,
        styles: Styles,
        graphics: Graphics,
    ) -> None:
        self._archive, self._targets, self._styles, self._graphics = archive, targets, styles, graphics
        self._seen = {_squashed(p) for p in content.iter(W + "p")}
        self.heads = list(self._blocks(content, "headerReference"))
        self.feet = list(self._blocks(content, "footerReference"))

    def _blocks(self, content: etree._Element, kind: str) -> Iterator[MarkdownBlock]:
        for reference in content.iter(W + kind):
            part = self._targets.get(reference.get(R + "id", ""), ("", ""))[1]
            root = self._archive.xml_or_none(part)
            if root is None:
                continue
            inline = Inline(self._styles, relations(self._archive, part), self._graphics, False)
            for paragraph in root.iter(W + "p"):
                squashed = _squashed(paragraph)
                if squashed in self._seen or _runs(paragraph, squashed):
                    continue
                self._seen.add(squashed)
                text = inline.read(paragraph).text
                if any(c.isalnum() for c in text):
                    yield MarkdownBlock(md.escape_lines(text))


def _squashed(paragraph: etree._Element) -> str:
    """Its text without blanks; that of text boxes in it belongs to the paragraphs of the boxes."""
    own = (t.text or "" for t in paragraph.iter(W + "t") if next(t.iterancestors(W + "p")) is paragraph)
    return "".join("".join(own).split()).lower()


def _runs(paragraph: etree._Element, squashed: str) -> bool:
    """Whether a paragraph contains only a page number or a varying field."""
    codes = "".join(code.text or "" for code in paragraph.iter(W + "instrText"))
    codes += " ".join(field.get(W + "instr", "") for field in paragraph.iter(W + "fldSimple"))
    short = len(re.sub(r"\d+", "", squashed)) <= 12 and _FIELDS.search(codes) is not None
    return short or is_page_number(squashed)


def is_page_number(text: str) -> bool:
    """Whether a text is only a page number, with its words (`Page 3 of 7`)."""
    return _NUMBER.fullmatch(text) is not None
