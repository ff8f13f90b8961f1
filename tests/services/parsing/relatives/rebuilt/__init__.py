"""Inputs rebuilt from public reports about other document tools, one module per kind."""

from tests.services.parsing.relatives.rebuilt import (
    beside,
    decks,
    drawn,
    files,
    fonts,
    grids,
    letters,
    letters_sent,
    mails,
    odd_office,
    pages,
    prints,
    scanned,
    second,
    third,
)

KINDS = (
    *(letters, grids, decks, mails, pages, prints, files, second, third),
    *(fonts, drawn, beside, scanned, odd_office, letters_sent),
)
