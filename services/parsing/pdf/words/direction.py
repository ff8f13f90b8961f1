"""Puts the letters of right-to-left words in the order in which they stand on the page.

The PDF reader takes all such letters for drawn from left to right. Browsers draw some words from right to
left, and the letters of a ligature (lam-alef) are in reading order already: it turns both round.
"""

from __future__ import annotations

from bisect import bisect_left

from services.parsing.page.geometry import Page
from services.parsing.page.lines import right_to_left, turned
from services.parsing.pdf.sheets import Sheets


def order_letters(sheets: Sheets, page: Page) -> None:
    suspects = [word for word in page.words if len(word.text) > 1 and right_to_left(word.text)]
    if not suspects or (letters := sheets.letters(page)) is None:
        return
    boxes = [(letters.box(at), at) for at in range(letters.text.count_chars())]
    placed = sorted((box.center, at, box.middle) for box, at in boxes)
    for word in suspects:
        first, last = (bisect_left(placed, (x,)) for x in (word.x0, word.x1))
        inside = [at for _, at, middle in placed[first:last] if word.y0 < middle < word.y1]
        seen = "".join("".join(chr(letters.unit(at)) for at in inside).split())
        if sorted(seen) == sorted(word.text):  # else some are marks, or over each other
            word.text = turned(seen)
