"""More inputs rebuilt from the trackers of other tools; each is named by the report that it comes from."""

from tests.services.parsing.relatives.trackers import encodings, main_content, pages, records

KINDS = (pages, main_content, encodings, records)
