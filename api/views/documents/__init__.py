"""The index of documents: a materialised view of `document-states`, and of failures on `progress`.

    document-states ─► what a collection contains ──┐
                                                    ├─► one row per document with its state; totals
    progress ────────► failures of the last 7 days ─┘

tables.py  the tables
fates.py   what has become of a document, for its dead letters
fold.py    applies one record to the tables
index.py   the queries
"""

from api.views.documents.fates import Fate
from api.views.documents.index import (
    DocumentFilter,
    DocumentIndex,
    DocumentRow,
    PageStart,
    Place,
    Total,
)

__all__ = ["DocumentFilter", "DocumentIndex", "DocumentRow", "Fate", "PageStart", "Place", "Total"]
