"""The dashboard: pages that the gateway renders, for browsers.

    request ─► middleware ─► page (pages/) ─► Page ─► rendering ─► HTML, or live parts as events
                   │
                   └ sessions: a cookie instead of a key; forms carry a token (forms)

Pages show what the API's own functions return. A page works without scripts; with them, the blocks of its
template whose names begin with `live_` are replaced as they change (live).
"""

from api.dashboard.middleware import pages
from api.dashboard.routes import add_dashboard

__all__ = ["add_dashboard", "pages"]
