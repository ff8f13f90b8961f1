"""The reference of the API: `/openapi.json`, and the same as a page to read, `/docs`. Neither needs a key.

page.py         the document as HTML: no script, nothing from elsewhere
reference.html  its template
style.css       its style, which the page contains
"""

from api.reference.page import DOCUMENT_PATH, PAGE_PATH, add_reference

__all__ = ["DOCUMENT_PATH", "PAGE_PATH", "add_reference"]
