"""Comments on the cells of a sheet."""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.parsing import markdown_writer as md
from services.parsing.markdown_writer import MarkdownBlock
from services.parsing.office.archive import Archive

#: Excel's notice for older programs before the text of a threaded comment.
_NOTICE = re.compile(r"^\[Threaded comment\].*?(?:Comment:|Kommentar\s*:|Commentaire\s*:)\s*", re.S)


def comment_blocks(archive: Archive, targets: dict[str, tuple[str, str]]) -> Iterator[MarkdownBlock]:
    """One paragraph per comment: cell, author and text."""
    for kind, target in targets.values():
        root = archive.xml_or_none(target) if kind == "comments" else None
        if root is None:
            continue
        authors = [author.text or "" for author in root.iterfind("{*}authors/{*}author")]
        for comment in root.iterfind("{*}commentList/{*}comment"):
            text = _NOTICE.sub("", "".join(t.text or "" for t in comment.iter("{*}t"))).strip()
            at = comment.get("authorId", "")
            author = authors[int(at)] if at.isdigit() and int(at) < len(authors) else ""
            author = "" if author.startswith("tc=") else author
            if text:
                by = f" by {author}" if author else ""
                yield MarkdownBlock(
                    md.escape_lines(
                        md.escape(f"Comment on {comment.get('ref', '')}{by}: {' '.join(text.split())}")
                    )
                )
