"""Pages as a vision model reads them, checked against the words on the page."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from services.parsing import questions
from services.parsing.page.blocks import Block, Kind
from services.parsing.page.geometry import Page
from services.parsing.pdf.sheets import Sheets
from services.parsing.pdf.transcripts.doubts import has_doubtful_table
from services.parsing.pdf.transcripts.evidence import contradiction

_FENCES = ("```", "```markdown", "```md")
#: The other notation for formulas, `\\(…\\)` and `\\[…\\]`.
_INLINE = re.compile(r"\\\((.+?)\\\)", re.S)
_DISPLAY = re.compile(r"\\\[(.+?)\\\]", re.S)


class Transcripts:
    """The transcripts of one document; there are none unless something is asked."""

    def __init__(self, sheets: Sheets) -> None:
        self._sheets = sheets
        self._file = hashlib.sha256(sheets.content).hexdigest()
        self._questions = questions.current()

    def collects(self, page: Page) -> bool:
        """Whether a scanned page is only asked about in this pass, so that its words are not needed yet."""
        asked = self._questions
        return asked is not None and asked.collecting and asked.pages != "never" and page.scanned

    def read(self, page: Page, blocks: Sequence[Block]) -> list[Block] | None:
        """The blocks of a page as the model reads it; None if it does not, or if its answer is refused.

        `blocks` are those that the layout found.
        """
        asked = self._questions
        if asked is None or not _is_wanted(page, blocks, asked.pages):
            return None
        answer = asked.page(self._file, page.number, lambda: self._sheets.draw(page, questions.SIDE))
        if asked.collecting:
            return []  # nothing is asked about the pictures on it
        if answer is None or not (answer or page.words):
            return None
        markdown = as_markdown(answer)
        if reason := contradiction(markdown, page.words, page.scanned):
            asked.refuse(self._file, page.number, f"not read: {reason}")
            return None
        return [Block(Kind.MARKDOWN, markdown, page.number)]


def as_markdown(answer: str) -> str:
    """An answer without a fence around all of it, with formulas between dollar signs."""
    lines = answer.strip().split("\n")
    if len(lines) > 1 and lines[0] in _FENCES and lines[-1] == "```":
        lines = lines[1:-1]
    text = "\n".join(lines).strip()
    text = _DISPLAY.sub(lambda m: f"$$\n{m[1].strip()}\n$$", text)
    return _INLINE.sub(lambda m: f"${m[1].strip()}$", text)


def _is_wanted(page: Page, blocks: Sequence[Block], pages: questions.Pages) -> bool:
    if pages == "unsure":
        return page.scanned or page.formulas or has_doubtful_table(blocks)
    return pages == "always" or (pages == "scans" and page.scanned)
