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
    third,
)

KINDS = (letters, grids, decks, mails, pages, prints, files, second, third)
