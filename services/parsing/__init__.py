"""Parsing: converts the bytes of any document to clean markdown.

from services.parsing import parse

document = parse(data, "report.docx")
document.markdown, document.pages, document.title, document.warnings

stage.py      the service: documents in, their text out
sandbox/      `parse` in confined worker processes, for untrusted files
parser.py     `parse`, a pure function; detect.py detects the format, registry.py lists all formats
reading.py    whether comments and hidden content are read, and warnings; packed.py: .gz, damaged containers
formats/      one module or package per format, and pdf/ beside them; format.py defines a format
page/         words on a page to blocks in reading order: for PDF and OCR
office/ images/ markdown_writer.py   shared by formats
"""

from __future__ import annotations

from services.parsing.document import PageSpan, ParsedDocument
from services.parsing.parser import parse
from services.parsing.reading import Choices

__all__ = ["Choices", "PageSpan", "ParsedDocument", "parse"]
