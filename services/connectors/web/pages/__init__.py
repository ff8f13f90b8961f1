"""What a page says, and its text as blocks. Nothing is fetched here.

content.py     what a body is
parser.py      HTML in a worker process
page.py        HTML: title, links, what it says to robots
blocks.py      its text as blocks, and the page without some of them
furniture.py   blocks that repeat on most pages of a site
verdicts.py    pages that are no content: shells, challenges, logins
sitemap.py     a sitemap
"""
