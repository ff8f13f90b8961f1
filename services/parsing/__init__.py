"""Parsing: the bytes of any document in, clean markdown out.

    from services.parsing import parse

    document = parse(data, "report.docx")
    document.markdown, document.pages, document.title, document.warnings

`parse` is a pure function of its arguments; `services.parsing.sandbox.pool.Sandbox` runs it on files that
nobody vouches for, in worker processes with limits. Every format is a module of its own below this
package and is imported when the first file of its kind comes.
"""

from __future__ import annotations

from services.parsing.document import PageSpan, ParsedDocument
from services.parsing.parser import parse

__all__ = ["PageSpan", "ParsedDocument", "parse"]
