"""More inputs rebuilt from the trackers of other tools; each is named by the report that it comes from."""

from tests.services.parsing.relatives.trackers import (
    encodings,
    layouts,
    mails,
    main_content,
    more_layouts,
    objects,
    office,
    pages,
    pictures,
    records,
)

KINDS = (
    *(pages, main_content, encodings, records),
    *(layouts, more_layouts, objects, office, mails, pictures),
)
