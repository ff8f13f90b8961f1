"""Inputs rebuilt from reports in the trackers of other tools, a fifth set."""

from tests.services.parsing.relatives.further import layouts, objects, office, pictures, printed, sent

KINDS = (layouts, printed, objects, office, sent, pictures)
