"""`web_scrape`: the pages of a website, crawled politely and safely.

lister.py      one source, opened for one run
crawl.py       which page is asked for next
answers.py     what an answer means for the page that was asked for
reading.py     the page in an answer
frontier.py    the order: known pages keep their place, new ones come by depth and address
scope.py       which addresses may be asked for; traps.py those that never end
not_found.py   how the site says "not found" with status 200
sitemaps.py    pages that the site names itself
outcome.py     what was found, page by page, and what of it becomes a document
memo.py        what is remembered of a page until the next run; remembered.py what the last one has
access.py      what the deployment allows

browser/       pages that show no text without JavaScript
transport/     one page: politely, bounded, and never from a private address
pages/         what a page says, and its text as blocks
"""
