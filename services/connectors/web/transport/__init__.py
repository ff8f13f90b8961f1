"""Asking for a page: politely, bounded, and never from a private address.

visit.py       redirects, pauses, retries; a host that went down
spool.py       what a run has fetched, on disk until it has ended
fetch.py       one request: bounded in time and size, before and after decompression
addresses.py   checks the address that a socket is about to connect to
robots.py      what a host allows
"""
