"""Groups of HTML elements: without readable text, and blocks."""

from __future__ import annotations

_SKIPPED = """
    script style head noscript template iframe embed applet canvas video audio track
    datalist option map area meta link base param frame frameset col colgroup dialog
    progress meter
"""
_BLOCKS = """
    address article aside blockquote body center dd details dir div dl dt fieldset figcaption figure footer
    form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre search section summary
    table tbody td tfoot th thead tr ul caption listing xmp
"""
#: Elements without readable text: scripts, media, controls.
SKIPPED = frozenset(_SKIPPED.split())
#: Elements that begin a new line.
BLOCKS = frozenset(_BLOCKS.split())
