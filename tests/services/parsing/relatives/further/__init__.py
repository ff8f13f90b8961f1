"""Inputs rebuilt from reports in the trackers of other tools, a fifth set."""

from tests.services.parsing.relatives.further import (
    layouts,
    objects,
    office,
    pictures,
    printed,
    sent,
    set_apart,
    turned,
)

KINDS = (layouts, printed, turned, set_apart, objects, office, sent, pictures)
