"""Comments on the cells of a sheet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from services.parsing import markdown_writer as md
from services.parsing.markdown_writer import MarkdownBlock
from services.parsing.office.archive import Archive

#: Excel's notice for older programs before the text of a threaded comment.
_NOTICE = re.compile(r"^\[Threaded comment\].*?(?:Comment:|Kommentar\s*:|Commentaire\s*:)\s*", re.S)


def comment_blocks(
    archive: Archive, targets: dict[str, tuple[str, str]], people: Mapping[str, str]
) -> Iterator[MarkdownBlock]:
    """One paragraph per comment: cell, author and text. Threads replace the copies for older programs."""
    threads = [target for kind, target in targets.values() if kind == "threadedComment"]
    found = [comment for target in threads for comment in _threaded(archive, target, people)]
    threaded = {place for place, _, _ in found}
    for kind, target in targets.values():
        if kind == "comments":
            found.extend(comment for comment in _notes(archive, target) if comment[0] not in threaded)
    for place, author, text in found:
        by = f" by {author}" if author else ""
        yield MarkdownBlock(md.escape_lines(md.escape(f"Comment on {place}{by}: {' '.join(text.split())}")))


def _threaded(archive: Archive, part: str, people: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    root = archive.xml_or_none(part)
    for comment in root.iterfind("{*}threadedComment") if root is not None else ():
        if text := (comment.findtext("{*}text") or "").strip():
            yield comment.get("ref", ""), people.get(comment.get("personId", ""), ""), text


def _notes(archive: Archive, part: str) -> Iterator[tuple[str, str, str]]:
    root = archive.xml_or_none(part)
    if root is None:
        return
    authors = [author.text or "" for author in root.iterfind("{*}authors/{*}author")]
    for comment in root.iterfind("{*}commentList/{*}comment"):
        text = _NOTICE.sub("", "".join(t.text or "" for t in comment.iter("{*}t"))).strip()
        at = comment.get("authorId", "")
        author = authors[int(at)] if at.isdigit() and int(at) < len(authors) else ""
        if text:
            yield comment.get("ref", ""), "" if author.startswith("tc=") else author, text
