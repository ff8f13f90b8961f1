"""More inputs rebuilt from the trackers of other tools; each is named by the report that it comes from."""

from tests.services.parsing.relatives.trackers import (
    encodings,
    layouts,
    mails,
    main_content,
    objects,
    office,
    pages,
    pictures,
    records,
)

KINDS = (pages, main_content, encodings, records, layouts, objects, office, mails, pictures)
#: Inputs that are not read right yet.
NOT_YET = frozenset((
    "docling 4053: words that a white box covers",
    "docling 4054: words in the mode of none are told",
    "docling 4054: words in the mode of none are wanted",
    "docling 521: a bank's statement without rules",
    "docling: boxes that are ticked on a scanned form",
    "gopdf 216: words that a narrow cell breaks without a hyphen",
    "opendataloader 584: bullets from private places",
    "oxidizePdf 469: a descendant font that is no list",
    "pdf-inspector 219: an exam in two columns",
    "pdf.js 7151: a field with a comb",
    "pdf.js: a page with a unit of its own",
    "pdf_oxide 104: a picture that the tags describe",
    "pdf_oxide: Vietnamese in letters and marks of their own",
    "xberg 1660: a sheet within an old deck",
))  # fmt: skip
