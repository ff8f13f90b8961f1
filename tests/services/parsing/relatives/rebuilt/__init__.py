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
    texts,
    third,
    whole_pages,
)

KINDS = (
    *(letters, grids, decks, mails, pages, prints, files, second, third),
    *(texts, whole_pages, fonts, drawn, beside, scanned, odd_office, letters_sent),
)
