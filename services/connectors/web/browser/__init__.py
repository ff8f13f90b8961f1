"""Pages that show no text without JavaScript, rendered in a Chromium that has no network of its own.

    a page ──► Browser ──► Chromium: no resolver, no proxy that exists, no downloads, an empty profile
                  ▲             │ every request
                  └── Gate ◄────┘ ──► the run's own transport: addresses, robots.txt, pauses, limits

renderer.py    what one run has of it
browser.py     one for all runs of a process: started for the first page, ended with the last run
chromium.py    one process: its options, its memory, its end
gate.py        what a page may ask for, answered by our own transport

Playwright is the extra `headrace[browser]`; it is imported when the first page is rendered.
"""

from services.connectors.web.browser.browser import Browser
from services.connectors.web.browser.chromium import NotRendered
from services.connectors.web.browser.gate import Visitors
from services.connectors.web.browser.renderer import Renderer

__all__ = ["Browser", "NotRendered", "Renderer", "Visitors"]
