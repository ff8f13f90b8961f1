"""Collections as Headrace knows them: what fills them, how much is in them; verify and repair.

queries.py        what the pages and the routes of `/api/v1/collections` ask
verification.py   begin to compare a collection with what is recorded of it, and to repair it
handlers.py       the routes
"""
