"""Dead letters: list, show with the record, replay, drop.

queries.py    what the pages and the routes of `/api/v1/dead-letters` ask
record.py     a letter's record as text
settling.py   settles what something newer has made void
handlers.py   the routes
"""
