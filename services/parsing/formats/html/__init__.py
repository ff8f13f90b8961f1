"""HTML to markdown: a whole page, or its main content without the furniture."""

from services.parsing.formats.html.page import parse_html

__all__ = ["parse_html"]
