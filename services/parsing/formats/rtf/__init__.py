"""Rich Text Format (.rtf).

reader.py   control words and groups to blocks; head.py   fonts, styles, state of groups; rows.py   tables
"""

from __future__ import annotations

from services.parsing.document import ParsedDocument
from services.parsing.format import Format, from_bytes
from services.parsing.formats.rtf.reader import Reader

__all__ = ["FORMAT", "parse_rtf"]


def parse_rtf(data: bytes) -> ParsedDocument:
    """Raises CorruptDocument if groups are nested too deeply."""
    reader = Reader(data)
    reader.run()
    markdown, _ = reader.writer.finish()
    return ParsedDocument(markdown, title=reader.title)


FORMAT = Format(
    "application/rtf",
    from_bytes(parse_rtf),
    signature=lambda data: data[:32].lstrip().startswith(b"{\\rtf"),
)
