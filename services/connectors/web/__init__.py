"""`web_scrape`: the pages of a website, crawled politely and safely.

lister.py      one source, opened for one run
crawl.py       which page to request next
answers.py     what a response means for the requested page
reading.py     the page in an answer
frontier.py    the order of requests: by depth and address, with room reserved for known pages
scope.py       which addresses may be requested; traps.py detects crawler traps
not_found.py   how the site says "not found" with status 200
sitemaps.py    pages listed in the site's sitemaps
outcome.py     the results, page by page, and which of them become documents
memo.py        the memo of a page for the next run; remembered.py reads those of the last run
access.py      what the deployment allows

browser/       pages that show no text without JavaScript
transport/     one page: politely, bounded, and never from a private address
pages/         what a page says, and its text as blocks
"""
