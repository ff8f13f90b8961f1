"""Inputs rebuilt from reports in the trackers of other tools, a fourth set."""

from tests.services.parsing.relatives.neighbours import (
    office,
    parts,
    prints,
    scans,
    sent,
    sheets_of_paper,
    streams,
)

KINDS = (prints, sheets_of_paper, streams, parts, office, sent, scans)
