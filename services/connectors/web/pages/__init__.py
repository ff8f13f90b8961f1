"""Extract what a crawl needs from a response body. Nothing is fetched here.

content.py     detects the media type of a body
parser.py      runs the extraction in a worker process
page.py        HTML: title, links, robots directives
blocks.py      splits the text of a page into blocks and removes some of them
furniture.py   finds blocks that repeat on most pages of a site
verdicts.py    detects pages without content: shells, challenges, logins
sitemap.py     parses sitemaps
"""
