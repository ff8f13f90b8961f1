"""Dead letters: list, show with the record, replay, drop.

queries.py    what the pages and the routes of `/api/v1/dead-letters` ask
record.py     a letter's record as text
handlers.py   the routes
"""
