"""Documents of collections: list, show with chunks and history, delete; and the failures of a run.

queries.py    what the pages and the routes of `/api/v1/documents` ask
failures.py   failed documents of a run by reason, and their retry
originals.py  the bytes that were parsed, while they are kept
cursor.py     where a page ends, as a text
handlers.py   the routes

Functions take the dependencies and the caller, check what the caller may see, and return bodies of the API:
whoever serves the caller otherwise (a page, a tool) calls them, too.
"""
