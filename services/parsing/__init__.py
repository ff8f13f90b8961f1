"""Parsing: the bytes of any document in, clean markdown out.

from services.parsing import parse

document = parse(data, "report.docx")
document.markdown, document.pages, document.title, document.warnings

stage.py      the service: documents in, their text out
sandbox/      `parse` in confined worker processes, for files that nobody vouches for
parser.py     `parse`, a pure function; detect.py tells the format, registry.py lists them
formats/      one module or package per format, and pdf/ beside them; format.py says what a format is
page/         words on a page to blocks in reading order: for PDF and OCR
office/ images/ markdown_writer.py   what formats share
"""

from __future__ import annotations

from services.parsing.document import PageSpan, ParsedDocument
from services.parsing.parser import parse

__all__ = ["PageSpan", "ParsedDocument", "parse"]
