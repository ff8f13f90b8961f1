"""Inputs rebuilt from reports in the trackers of other tools, a sixth set."""

from tests.services.parsing.relatives.hunted import letters, lists, office, pages, sent

KINDS = (letters, lists, office, pages, sent)
