"""HTTP requests for pages: polite, bounded, and never to a private address.

visit.py       one page: redirects, delays, retries, hosts that are down
spool.py       the responses of a run, on disk until it ends
fetch.py       one request: limits on time and size, before and after decompression
addresses.py   checks the address that a socket is about to connect to
robots.py      parses robots.txt
"""
