"""Inputs rebuilt from public reports about other document tools, one module per kind."""

from tests.services.parsing.relatives.rebuilt import (
    decks,
    files,
    grids,
    letters,
    mails,
    pages,
    prints,
    second,
    texts,
    third,
    whole_pages,
)

KINDS = (letters, grids, decks, mails, pages, prints, files, second, third, texts, whole_pages)
