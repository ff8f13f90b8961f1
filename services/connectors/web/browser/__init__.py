"""Pages that show no text without JavaScript, rendered in a Chromium that has no network of its own.

    a page ──► Browser ──► Chromium: no resolver, no proxy that exists, no downloads, an empty profile
                  ▲             │ every request
                  └── Gate ◄────┘ ──► the run's own transport: addresses, robots.txt, pauses, limits

renderer.py    renders the pages of one run
browser.py     the browser of all runs of a process: starts with the first page, ends with the last run
chromium.py    one Chromium process: options, memory limit, shutdown
gate.py        the requests of a page, answered by the run's transport

Playwright is the extra `headrace[browser]`; it is imported when the first page is rendered.
"""

from services.connectors.web.browser.browser import Browser
from services.connectors.web.browser.chromium import NotRendered
from services.connectors.web.browser.gate import Visitors
from services.connectors.web.browser.renderer import Renderer

__all__ = ["Browser", "NotRendered", "Renderer", "Visitors"]
