"""Inputs rebuilt from reports in the trackers of other tools, a fourth set."""

from tests.services.parsing.relatives.neighbours import office, prints, scans, sent, streams

KINDS = (prints, streams, office, sent, scans)
